"""Reads of the trail, the files and the outbox."""

from __future__ import annotations

import hashlib
import logging
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Count, Max, Min, Q

from weimin.base import contents, crypto
from weimin.base.errors import NotFound, NotReady
from weimin.kernel.record.models import AuditEntry, Blob, OutboxMessage, RememberedAnswer, WorkerBeat
from weimin.kernel.record.registry import verb_text
from weimin.kernel.record.types import BlobRef

FILE_KEY = "record.file"
#: How a sealed file begins; what was stored before begins like the kind of file it is.
SEALED = b"WMF1"
#: The folder of a store in which broken contents are noted.
BROKEN = "broken"

log = logging.getLogger("weimin.files")


class BlobMissing(NotFound):
    """The file's content is not in the store."""

    code = "record.blob_missing"


class BlobBroken(NotReady):
    """The file's content is no longer what was stored; it is not handed out."""

    code = "record.blob_broken"


def content_name(sha256: str) -> str:
    """Under which name a content lies in a store: two levels of folders from its digest."""
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"


def broken_mark(sha256: str) -> str:
    """Under which name a content that was found broken is noted: in the store, so that no rollback takes it away."""
    return f"{BROKEN}/{sha256}"


def list_broken() -> list[str]:
    """The digests of contents that were found broken or missing and not found whole by a check since, sorted."""
    return sorted({one.name.rpartition("/")[2] for store in contents.stores() for one in store.walk(BROKEN)})


def read_blob(blob_id: int) -> bytes:
    """The plain content of a stored file, checked against its digest; sealed ones are opened.

    Raises: BlobMissing — no such content
            BlobBroken — what lies in the store is not what was stored; noted for the operator
            StoreDown — the store does not answer; nothing is known of the content
    Cost:   one query, one call of the store; some 8 ms a megabyte
    """
    blob = Blob.objects.filter(pk=blob_id).first()
    if blob is None:
        raise BlobMissing("找不到这个文件，可能已被移除。")
    try:
        content = open_stored(blob)
        if hashlib.sha256(content).hexdigest() != blob.sha256:
            raise crypto.SealBroken("这个文件和存入时不同。")
    except (OSError, crypto.SealBroken) as fault:
        log.error("file %s does not open: %s", blob.sha256, type(fault).__name__)
        note_broken(blob.sha256, type(fault).__name__)
        raise BlobBroken("这个文件已损坏或丢失，暂时打不开。已通知运维人员从备份恢复，请稍后再试。") from None
    return content


def note_broken(sha256: str, why: str) -> None:
    """Note a content for the operator; a store that does not take the note keeps nobody from being told."""
    try:
        contents.write(broken_mark(sha256), why.encode())
    except contents.StoreDown:
        log.error("file %s could not be noted as broken", sha256)


def open_stored(blob: Blob) -> bytes:
    """What lies in the store, opened when it is sealed; whether it is what was stored its digest tells.

    Raises: OSError — no file; SealBroken — it does not open; StoreDown — the store does not answer
    """
    return open_raw(blob, contents.read(content_name(blob.sha256)))


def open_raw(blob: Blob, raw: bytes) -> bytes:
    """What was read from a store, opened when it is sealed.

    Raises: SealBroken — it does not open
    """
    if blob.key_sealed is not None and raw.startswith(SEALED):
        key = bytes.fromhex(crypto.unseal(blob.key_sealed, purpose=FILE_KEY))
        raw = crypto.decrypt_content(key, raw[len(SEALED) :], context=blob.sha256)
    return raw


def list_blob_ids(*, after: int = 0, limit: int = 500) -> list[int]:
    """The next ids of stored contents, for whoever walks all of them."""
    return list(Blob.objects.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:limit])


def count_blobs() -> dict[str, int]:
    """How many contents are stored, and how many of them in clear from before.

    Cost:   one query over all of them
    """
    return Blob.objects.aggregate(all=Count("pk"), clear=Count("pk", filter=Q(key_sealed=None)))


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


def count_subjects(*, verb: str, since: datetime, limit: int = 50) -> list[tuple[str, int, datetime]]:
    """How often something was written about each subject since a moment, the latest first.

    Shape:  rows as (subject id, count, latest moment)
    Cost:   one query on an index
    """
    rows = AuditEntry.objects.filter(verb=verb, at__gte=since).values_list("subject_id")
    return list(rows.annotate(times=Count("pk"), latest=Max("at")).order_by("-latest", "subject_id")[:limit])


def count_outbox() -> dict[str, int]:
    """How many outbox messages wait, and how many gave up.

    Cost:   two queries on a partial index
    """
    waiting = OutboxMessage.objects.filter(delivered_at=None, failed_at=None).count()
    failed = OutboxMessage.objects.filter(delivered_at=None, failed_at__isnull=False).count()
    return {"waiting": waiting, "failed": failed}


def waiting_subjects(key: str) -> str:
    """SQL for the ids that waiting outbox messages carry under a name in their payload, as `subject`.

    For a statement that must see them at the same moment as the records. A name is code's own, never input.
    """
    return (
        f"SELECT (payload->>'{key}')::bigint FROM record_outboxmessage"  # noqa: S608 — a name of our own
        f" WHERE delivered_at IS NULL AND failed_at IS NULL AND jsonb_typeof(payload->'{key}') = 'number'"
    )


def find_oldest_waiting() -> datetime | None:
    """When the oldest message was queued that still waits for its delivery; None when none waits.

    Cost:   one query on a partial index, which is short unless the worker stands
    """
    oldest: datetime | None = OutboxMessage.objects.filter(delivered_at=None, failed_at=None).aggregate(
        oldest=Min("queued_at")
    )["oldest"]
    return oldest


def list_failed(limit: int = 100) -> list[OutboxMessage]:
    """The outbox messages that gave up, newest first, for the operator."""
    return list(OutboxMessage.objects.filter(failed_at__isnull=False, delivered_at=None).order_by("-id")[:limit])


def list_workers() -> list[WorkerBeat]:
    """The background workers and their last sign of life."""
    return list(WorkerBeat.objects.order_by("name"))


def read_edition() -> int:
    """How often what public pages show has changed, counting only what is committed: the edition of now.

    What is read after this, in this transaction or a later one of the same server, is of this edition or a newer one.

    Cost:   one statement over some rows; works on a standby
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(sum(rises), 0) FROM record_edition")
        return int(cursor.fetchone()[0])
