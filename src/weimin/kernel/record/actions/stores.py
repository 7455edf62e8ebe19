"""Writes that accompany every change. Each is called inside the caller's transaction."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F

from weimin.base import contents, crypto, keys, tracing
from weimin.base.crypto import sm3_hex
from weimin.base.errors import Conflict, Invalid
from weimin.base.scrubbing import scrub
from weimin.kernel.record import registry, rules
from weimin.kernel.record.models import AuditEntry, Blob, Edition, OutboxMessage, RememberedAnswer, WorkerBeat
from weimin.kernel.record.queries.disk import read_disk
from weimin.kernel.record.queries.stores import FILE_KEY, SEALED, broken_mark, content_name, read_blob
from weimin.kernel.record.types import Actor, BlobRef, Remembered

MAX_FILE_BYTES = 20 * 1024 * 1024
MAX_ATTEMPTS = 8
NO_ROOM = (
    "存储空间快满了，现在暂时收不了文件，运维人员已经收到提醒。填好的其他内容都在；请过一会儿再传，"
    "着急的可以把纸质材料交到乡镇便民服务中心窗口。"
)
#: The first key of the advisory lock of a content, by its digest.
_ONE_CONTENT = 617_001

_FOLD = """WITH gone AS (DELETE FROM record_edition RETURNING rises)
INSERT INTO record_edition (at, rises) SELECT %s, sum(rises) FROM gone HAVING count(*) > 0"""

log = logging.getLogger("weimin.outbox")


class FileRefused(Invalid):
    """The file is empty, too large, or not what its name says."""

    code = "record.file_refused"


class NoRoom(FileRefused):
    """The disk is nearly full: files are taken in no more, all else goes on."""

    code = "record.no_room"


class KeyReused(Conflict):
    """The same idempotency key came with another content."""

    code = "record.key_reused"


def record_audit(
    *,
    by: Actor,
    at: datetime,
    verb: str,
    subject_type: str,
    subject_id: object,
    changes: dict[str, Any],
) -> None:
    """Write one audit entry with old and new values, and the SM3 digest of the entry.

    The worker links it into the chain within about a second of the commit: writers never wait for each other.
    A verb that is not registered as quiet begins a new edition of the public pages.

    Cost:   one insert; one more for what may show in public
    """
    fields: dict[str, Any] = {
        "at": at,
        "verb": verb,
        "subject_type": subject_type,
        "subject_id": str(subject_id),
        "actor_kind": by.kind,
        "actor_id": by.account_id,
        "actor_name": by.label[:120],
        "agency_id": by.agency_id,
        "via": by.via,
        "changes": rules.clean_changes(changes),
    }
    AuditEntry.objects.create(**fields, digest=rules.entry_digest(fields))
    if not registry.is_quiet(verb):
        raise_edition(at=at)


def raise_edition(*, at: datetime) -> None:
    """Say that public pages may show something else once this transaction is committed.

    It adds a row and changes none: nobody waits, and two transactions that commit in another order than they wrote
    count all the same, each from its own commit on. A sequence would rise before the commit, and a page made in
    between would be kept for a new one; one counter row would have everybody who publishes wait for the other.

    Cost:   one insert
    """
    Edition.objects.create(at=at)


def fold_editions(*, at: datetime) -> None:
    """Put the rows of the edition together into one of the same sum, so that reading it stays cheap.

    Cost:   one statement; the edition is the same before, during and after it
    """
    with connection.cursor() as cursor:
        cursor.execute(_FOLD, [at])


def queue_event(*, at: datetime, topic: str, payload: dict[str, Any], due_at: datetime | None = None) -> None:
    """Put one message into the outbox; it leaves after the transaction commits.

    Cost:   one insert
    """
    OutboxMessage.objects.create(
        topic=topic, payload=payload, queued_at=at, due_at=due_at or at, trace=tracing.current()
    )


def queue_events(*, at: datetime, topic: str, payloads: list[dict[str, Any]]) -> None:
    """Put many messages of one topic into the outbox.

    Cost:   one insert a thousand messages
    """
    trace = tracing.current()
    rows = (OutboxMessage(topic=topic, payload=one, queued_at=at, due_at=at, trace=trace) for one in payloads)
    OutboxMessage.objects.bulk_create(rows, batch_size=1000)


def deliver_outbox(*, at: datetime, batch: int = 100, tell: Callable[[int, int, float], None] | None = None) -> int:
    """Deliver waiting outbox messages to their listeners; safe with many workers.

    A message that fails is tried again after 1, 2, 4 … minutes and given up after eight attempts,
    for the operator to see. What is for systems outside goes by `lanes.deliver_outside`. `tell` hears how many were
    delivered, how many failed, and in how many seconds.

    Shape:  the number of messages handled; 0 when nothing waits
    Cost:   two queries a batch beside what the listeners do
    """
    began = time.perf_counter()
    with transaction.atomic():
        rows = list(
            OutboxMessage.objects.select_for_update(skip_locked=True)
            .filter(delivered_at=None, failed_at=None, due_at__lte=at)
            .exclude(topic__in=registry.outside_topics())
            .order_by("due_at", "id")[:batch]
        )
        done = []
        for row in rows:
            # what a listener queues and logs belongs to what began it
            with tracing.tracing(row.trace):
                if _deliver_one(row, at):
                    done.append(row.pk)
        OutboxMessage.objects.filter(pk__in=done).update(delivered_at=at, attempts=F("attempts") + 1)
    if tell is not None and rows:
        tell(len(done), len(rows) - len(done), time.perf_counter() - began)
    return len(rows)


def _deliver_one(row: OutboxMessage, at: datetime) -> bool:
    """Give a message to its listeners; a failure is written on the row and blocks no other."""
    payload = {**row.payload, "topic": row.topic, "source": f"outbox:{row.pk}"}
    try:
        with transaction.atomic():
            for listener in registry.listeners_of(row.topic):
                registry.call(listener, at=at, payload=payload)
    except Exception as problem:
        log.warning("outbox message %s (%s) failed: %s", row.pk, row.topic, type(problem).__name__)
        row.attempts += 1
        row.last_error = reason_of(problem)
        row.due_at = at + wait_after(row.attempts)
        row.failed_at = at if row.attempts >= MAX_ATTEMPTS else None
        row.save(update_fields=["attempts", "last_error", "due_at", "failed_at"])
        return False
    return True


def reason_of(problem: Exception) -> str:
    """Why a message was not delivered, as the operator reads it."""
    return scrub(f"{type(problem).__name__}: {problem}")[:300]


def wait_after(attempts: int) -> timedelta:
    """How long to wait after so many tries: 1, 2, 4 … minutes."""
    return timedelta(minutes=2 ** (attempts - 1))


def store_blob(*, at: datetime, content: bytes, name: str, allowed: tuple[str, ...]) -> BlobRef:
    """Check a file by its content and store it once under its digest, sealed under a key of its own.

    Raises: FileRefused — empty, over 20 MB, of a kind not taken, lying about its kind, or made to do harm
            NoRoom — the disk is nearly full
            StoreDown — the store of files does not take it
    Cost:   as `store_made`; some 8 ms a megabyte
    """
    if read_disk().pressure == "stop":
        raise NoRoom(NO_ROOM)
    kind = _check_file(content, name, allowed)
    return store_made(at=at, content=content, media_type=rules.MEDIA_TYPES[kind], name=rules.clean_name(name))


def store_made(*, at: datetime, content: bytes, media_type: str, name: str) -> BlobRef:
    """Store a content that the platform made itself, sealed under a key of its own; its kind is not checked.

    The content lies in the store before the row can be committed: no row is ever without its content, whatever
    fails. A content without a row is swept away later.

    Raises: StoreDown — the store of files does not take it
    Cost:   three queries, one or two calls of the store; locks the digest until commit
    """
    sha256 = hashlib.sha256(content).hexdigest()
    key = os.urandom(keys.DATA_KEY_BYTES)
    with transaction.atomic():
        lock_content(sha256)
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
        # whoever makes the row writes the content: one left by an abandoned transaction is under another key
        if made or not contents.exists(content_name(sha256)):
            _write_content(blob, key if made else None, content)
            contents.delete(broken_mark(sha256))
    return BlobRef(blob.pk, blob.sha256, blob.size_bytes, blob.media_type, name)


def lock_content(sha256: str) -> None:
    """Let nobody else store, move or take away a content until the transaction ends.

    Cost:   one query
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_ONE_CONTENT, int(sha256[:8], 16) - 2**31])


def _write_content(blob: Blob, key: bytes | None, content: bytes) -> None:
    """Write a content sealed under its row's key, in one step; a row from before sealing has none."""
    if key is None and blob.key_sealed is not None:
        key = bytes.fromhex(crypto.unseal(blob.key_sealed, purpose=FILE_KEY))
    if key is not None:
        content = SEALED + crypto.encrypt_content(key, content, context=blob.sha256)
    contents.write(content_name(blob.sha256), content)


def seal_file(*, blob_id: int) -> bool:
    """Check one stored content against its digest, and seal it when it still lies there in clear.

    Safe while others read: the row has its key before the content is replaced in one step, and a reader tells by its
    first bytes whether it is sealed.

    Raises: BlobMissing, BlobBroken, StoreDown — as `read_blob`; the content is left as it is
    Cost:   some 8 ms a megabyte, twice that when it is sealed
    """
    content = read_blob(blob_id)
    blob = Blob.objects.get(pk=blob_id)
    contents.delete(broken_mark(blob.sha256))
    if contents.read(content_name(blob.sha256)).startswith(SEALED):
        return False
    if blob.key_sealed is None:
        key = os.urandom(keys.DATA_KEY_BYTES)
        sealed = crypto.seal(key.hex(), purpose=FILE_KEY)
        Blob.objects.filter(pk=blob_id, key_sealed=None).update(key_sealed=sealed)
        blob.refresh_from_db(fields=["key_sealed"])
    _write_content(blob, None, content)
    return True


def _check_file(content: bytes, name: str, allowed: tuple[str, ...]) -> str:
    """The kind of a file that may be stored.

    Raises: FileRefused — with what to do
    """
    shown = rules.clean_name(name)
    wanted = "、".join(allowed)
    if not content:
        raise FileRefused(f"“{shown}”是空文件，请重新选择。")
    if len(content) > MAX_FILE_BYTES:
        size = len(content) / 1024 / 1024
        raise FileRefused(f"“{shown}”有 {size:.1f} MB，超过 20 MB。请压缩或分开上传。")
    kind = rules.sniff(content)
    if kind is None:
        raise FileRefused(f"“{shown}”不是能打开的文件。请上传 {wanted} 格式。")
    if kind != rules.extension_of(name):
        raise FileRefused(f"“{shown}”的内容其实是 {kind}，和文件名不符。请用原来的文件重新上传。")
    if kind not in allowed:
        raise FileRefused(f"这里不收 {kind} 文件，请上传 {wanted} 格式。")
    if fault := rules.find_danger(kind, content):
        raise FileRefused(f"“{shown}”{fault}")
    return kind


def remember(*, at: datetime, scope: str, key: str, request: object) -> Remembered | None:
    """Claim an idempotency key in the caller's transaction, or give the first call's answer.

    A second call that arrives while the first still runs waits for it.

    Raises: KeyReused — the key came before with another content
    Cost:   one query; two on a repeat
    """
    digest = hashlib.sha256(json.dumps(request, ensure_ascii=False, sort_keys=True, default=str).encode()).hexdigest()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO record_rememberedanswer (scope, key, request_digest, at)"
            " VALUES (%s, %s, %s, %s) ON CONFLICT (scope, key) DO NOTHING",
            [scope, key, digest, at],
        )
        if cursor.rowcount == 1:
            return None
    row = RememberedAnswer.objects.get(scope=scope, key=key)
    if row.request_digest != digest:
        raise KeyReused("这个提交编号已用于另一份内容，请刷新页面后重新提交。")
    return Remembered(row.answer or {})


def keep_answer(*, scope: str, key: str, answer: dict[str, object]) -> None:
    """Keep the answer of a claimed key for repeats; same transaction as the claim.

    Cost:   one update
    """
    RememberedAnswer.objects.filter(scope=scope, key=key).update(answer=answer)


def do_once(
    *, at: datetime, scope: str, key: str, request: object, run: Callable[[], dict[str, Any]]
) -> tuple[dict[str, Any], bool]:
    """Do a write once for a key; a repeat gets the first answer. A failure undoes the whole unit of work around it.

    Shape:  (the answer, whether it was a repeat)
    Raises: KeyReused — the key came before with another content
    Cost:   two queries beside the write; one on a repeat
    """
    with transaction.atomic(savepoint=False):
        said = remember(at=at, scope=scope, key=key, request=request)
        if said is not None:
            return dict(said.answer), True
        answer = run()
        keep_answer(scope=scope, key=key, answer=answer)
        return answer, False


def beat(*, name: str, at: datetime, note: str = "", version: str = "", facts: dict[str, float] | None = None) -> None:
    """Leave a worker's sign of life, with what only it can count; those of workers gone for a day are forgotten."""
    values = {"at": at, "note": note[:200], "version": version, "facts": facts or {}}
    WorkerBeat.objects.update_or_create(name=name, defaults=values)
    WorkerBeat.objects.filter(at__lt=at - timedelta(days=1)).delete()


def retry_failed(*, by: Actor, at: datetime, message_id: int) -> bool:
    """Put a given-up outbox message back into the queue; False when it is not given up."""
    changed = OutboxMessage.objects.filter(pk=message_id, failed_at__isnull=False).update(
        failed_at=None, due_at=at, attempts=0
    )
    if changed:
        record_audit(
            by=by,
            at=at,
            verb="record.outbox.retried",
            subject_type="outbox",
            subject_id=message_id,
            changes={},
        )
    return bool(changed)


def forget_old(*, at: datetime, keep: timedelta) -> int:
    """Delete delivered outbox rows older than `keep` and remembered answers older than 30 days; fold the edition."""
    fold_editions(at=at)
    gone, _ = OutboxMessage.objects.filter(delivered_at__lt=at - keep).delete()
    answers, _ = RememberedAnswer.objects.filter(at__lt=at - timedelta(days=30)).delete()
    return gone + answers
