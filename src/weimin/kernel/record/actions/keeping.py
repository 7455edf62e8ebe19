"""Contents that the platform makes itself, and contents that are no longer needed."""

from __future__ import annotations

import hashlib
import os
from datetime import datetime

from django.db import transaction
from django.db.models import ProtectedError

from weimin.base import crypto, keys
from weimin.base.crypto import sm3_hex
from weimin.kernel.record.actions.stores import _write_file
from weimin.kernel.record.models import Blob
from weimin.kernel.record.queries.stores import FILE_KEY, blob_path
from weimin.kernel.record.types import BlobRef


def store_made(*, at: datetime, content: bytes, media_type: str, name: str) -> BlobRef:
    """Store a content that the platform made itself, sealed under a key of its own; its kind is not checked.

    Cost:   two queries, one file write
    """
    sha256 = hashlib.sha256(content).hexdigest()
    key = os.urandom(keys.DATA_KEY_BYTES)
    with transaction.atomic():
        blob, made = Blob.objects.get_or_create(
            sha256=sha256,
            defaults={
                "sm3": sm3_hex(content),
                "size_bytes": len(content),
                "media_type": media_type,
                "stored_at": at,
                "key_sealed": crypto.seal(key.hex(), purpose=FILE_KEY),
            },
        )
        if made or not blob_path(sha256).exists():
            _write_file(blob, key if made else None, content)
    return BlobRef(blob.pk, blob.sha256, blob.size_bytes, blob.media_type, name)


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
