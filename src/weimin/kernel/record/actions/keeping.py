"""Contents that are no longer needed."""

from __future__ import annotations

from django.db import transaction
from django.db.models import ProtectedError

from weimin.kernel.record.models import Blob
from weimin.kernel.record.queries.stores import blob_path


def drop_blobs(*, ids: list[int]) -> int:
    """Destroy contents that nothing refers to any more: their keys with the rows, the files once that is committed.

    A content that something still refers to stays. Gives how many went.

    Cost:   two queries a content
    """
    gone: list[str] = []
    for blob in Blob.objects.filter(pk__in=ids):
        try:
            with transaction.atomic():
                blob.delete()
        except ProtectedError:
            continue
        gone.append(blob.sha256)
    transaction.on_commit(lambda: _unlink(gone))
    return len(gone)


def _unlink(digests: list[str]) -> None:
    """Take away the files of contents that nobody stored again meanwhile."""
    again = set(Blob.objects.filter(sha256__in=digests).values_list("sha256", flat=True))
    for sha256 in set(digests) - again:
        blob_path(sha256).unlink(missing_ok=True)
