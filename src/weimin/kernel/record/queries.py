"""Reads of the trail, the files and the outbox."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings

from weimin.base.errors import NotFound
from weimin.kernel.record.models import AuditEntry, Blob, OutboxMessage, RememberedAnswer, WorkerBeat
from weimin.kernel.record.registry import verb_text
from weimin.kernel.record.types import BlobRef


class BlobMissing(NotFound):
    """The file's content is not in the store."""

    code = "record.blob_missing"


def blob_path(sha256: str) -> Path:
    """Where a content lives under the file root: two levels of folders from its digest."""
    return Path(settings.WEIMIN_FILES_ROOT) / sha256[:2] / sha256[2:4] / sha256


def get_blob(blob_id: int) -> BlobRef:
    """What is known of a stored content.

    Raises: BlobMissing — no such content
    Cost:   one query
    """
    blob = Blob.objects.filter(pk=blob_id).first()
    if blob is None:
        raise BlobMissing("找不到这个文件，可能已被移除。")
    return BlobRef(blob.pk, blob.sha256, blob.size_bytes, blob.media_type)


def find_answer(*, scope: str, key: str) -> dict[str, Any] | None:
    """What the first call with an idempotency key was answered; None while there was none.

    Cost:   one query
    """
    return RememberedAnswer.objects.filter(scope=scope, key=key).values_list("answer", flat=True).first()


def list_history(*, subject_type: str, subject_id: str, limit: int = 200) -> list[dict[str, Any]]:
    """The audit entries of one subject, oldest first.

    Shape:  dicts with at, verb, verb_text, actor_name, via, changes
    Cost:   one query
    """
    rows = AuditEntry.objects.filter(subject_type=subject_type, subject_id=subject_id).order_by("id")
    return [
        {
            "at": row.at,
            "verb": row.verb,
            "verb_text": verb_text(row.verb),
            "actor_name": row.actor_name,
            "via": row.via,
            "changes": row.changes,
        }
        for row in rows[:limit]
    ]


def count_outbox() -> dict[str, int]:
    """How many outbox messages wait, and how many gave up.

    Cost:   two queries on a partial index
    """
    waiting = OutboxMessage.objects.filter(delivered_at=None, failed_at=None).count()
    failed = OutboxMessage.objects.filter(delivered_at=None, failed_at__isnull=False).count()
    return {"waiting": waiting, "failed": failed}


def list_failed(limit: int = 100) -> list[OutboxMessage]:
    """The outbox messages that gave up, newest first, for the operator."""
    return list(OutboxMessage.objects.filter(failed_at__isnull=False, delivered_at=None).order_by("-id")[:limit])


def list_workers() -> list[WorkerBeat]:
    """The background workers and their last sign of life."""
    return list(WorkerBeat.objects.order_by("name"))
