"""A copy of everything that is kept about a person: asked for, made, and deleted again after some days."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.template.loader import render_to_string

from weimin.base.clock import local_date
from weimin.base.errors import Conflict, Forbidden
from weimin.kernel.cases.queries import keeping
from weimin.kernel.record import queries as record
from weimin.kernel.record.actions import drop_blobs, queue_event, record_audit, store_made
from weimin.kernel.record.types import Actor
from weimin.kernel.rights import queries
from weimin.kernel.rights.models import DataCopy

#: How long a finished copy can be fetched.
KEEP = timedelta(days=7)
#: Above this the worker makes it; below, the person waits a moment.
AT_ONCE_BYTES = 10 * 1024 * 1024


def ask_copy(*, by: Actor, at: datetime, resident_id: int | None = None) -> int:
    """Ask for a copy of one's data, or at the counter for the person in front. Gives its id.

    One's own small copy is made at once; a big one, and every one at the counter, by the worker.

    Raises: Forbidden — neither a registered resident nor the counter
            Conflict — one is being made
    Law:    pipl-2021 art. 45
    """
    own = by.resident_id if by.kind == "resident" else None
    if own is None and not (resident_id and "front_desk" in by.roles):
        raise Forbidden("请先登记身份信息；没有手机的，带身份证到窗口要一份。")
    person = own or resident_id or 0
    mine = DataCopy.objects.filter(resident_id=person, account_id=by.account_id, blob=None, expires_at__gt=at)
    if mine.exists():
        raise Conflict("已经在做一份了，过一会儿来取。")
    with transaction.atomic():
        row = DataCopy.objects.create(
            resident_id=person,
            asked_at=at,
            asked_by="本人" if own else by.label[:120],
            account_id=by.account_id,
            expires_at=at + KEEP,
        )
        record_audit(
            by=by, at=at, verb="rights.copy.asked", subject_type="resident", subject_id=person, changes={"copy": row.pk}
        )
        small = own and sum(one.size_bytes for one in keeping.list_files_of(by)) <= AT_ONCE_BYTES
        if small:
            _make(row, by, at)
        else:
            queue_event(at=at, topic="rights.copy.asked", payload={"copy_id": row.pk, "account_id": by.account_id})
    return row.pk


def make_copy(*, at: datetime, payload: dict[str, Any]) -> None:
    """Make a copy that waits; an unknown or finished one is left alone."""
    row = DataCopy.objects.filter(pk=payload["copy_id"], blob=None).select_related("resident").first()
    if row is None:
        return
    person = Actor(
        kind="resident",
        name=row.resident.name,
        via="job",
        account_id=row.resident.account_id,
        resident_id=row.resident_id,
    )
    _make(row, person, at)


def _make(row: DataCopy, person: Actor, at: datetime) -> None:
    content = _pack(person, at)
    blob = store_made(at=at, content=content, media_type="application/zip", name="copy.zip")
    row.blob_id, row.made_at = blob.blob_id, at
    row.save(update_fields=["blob", "made_at"])


def _pack(person: Actor, at: datetime) -> bytes:
    """The copy as a zip: one file to read, one for machines, and the files that were handed in."""
    data = queries.collect(person, at=at)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bundle:
        page = render_to_string("rights/copy.html", {"data": _shape(data), "on": local_date(at)})
        bundle.writestr("我的资料.html", page)
        bundle.writestr("我的资料.json", json.dumps(data, ensure_ascii=False, indent=1, default=str))
        for one in keeping.list_files_of(person):
            name = f"文件/{one.number or '没交上去的'}/{one.file_id}-{one.name.replace('/', '_')}"
            bundle.writestr(name, record.read_blob(one.blob_id))
    return out.getvalue()


def _shape(value: Any) -> dict[str, Any]:
    """A value as the page walks it: a mapping, a list, or a text."""
    if isinstance(value, dict):
        return {"kind": "map", "rows": [(str(name), _shape(one)) for name, one in value.items()]}
    if isinstance(value, list | tuple):
        return {"kind": "list", "rows": [_shape(one) for one in value]}
    return {"kind": "text", "text": "没有" if value in (None, "") else str(value)}


def forget_copies(*, at: datetime) -> int:
    """Delete copies whose time is over, their contents with them. Gives how many."""
    rows = DataCopy.objects.filter(expires_at__lte=at)
    blobs = [one for one in rows.values_list("blob_id", flat=True) if one]
    count, _ = rows.delete()
    drop_blobs(ids=blobs)
    return count


def fetch_copy(*, by: Actor, at: datetime, copy_id: int) -> bytes:
    """Give out a finished copy, and write down that it was.

    Raises: CopyUnknown — not theirs, not finished, or its time is over
    Cost:   two queries, one file read
    """
    row = queries.get_copy(by, copy_id, at=at)
    record_audit(
        by=by,
        at=at,
        verb="rights.copy.fetched",
        subject_type="resident",
        subject_id=row.resident_id,
        changes={"copy": row.pk},
    )
    return record.read_blob(row.blob_id or 0)
