"""The report of where townships differ from the list: asked for every night or by a keeper, counted by the worker.

A finding stands from the first report that had it to the first that had it no more, so the report of any past day can
be read, and "since when" is not lost when a township sends the same text again.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction

from weimin.base.clock import local_date
from weimin.base.crypto import sm3_hex
from weimin.base.errors import Forbidden
from weimin.kernel.catalogue.access import KEEPER
from weimin.kernel.catalogue.models import DriftFinding, DriftRun
from weimin.kernel.catalogue.queries.drift import Drift, find_drift, find_running, list_live_offers
from weimin.kernel.directory import queries as directory
from weimin.kernel.record.actions import record_audit
from weimin.kernel.record.types import Actor

#: The longest text of either side that a finding keeps; the whole stands in the list and at the township.
MOST = 1000


class DriftNotYours(Forbidden):
    """Only a list keeper has the townships compared by day."""

    code = "catalogue.drift_not_yours"


def request_drift(*, by: Actor, at: datetime) -> int:
    """Have the townships compared with the list; the worker does it. One that waits or runs is not doubled.

    Raises: DriftNotYours — not a list keeper
    Cost:   two queries
    """
    if by.kind != "system" and KEEPER not in by.roles:
        raise DriftNotYours("请由清单管理员核对，每天夜里也会自动核对一次。")
    if (standing := find_running()) is not None:
        return standing.pk
    try:
        with transaction.atomic():
            run = DriftRun.objects.create(on=local_date(at), at=at, by_label=by.label)
            _note(by, at, "catalogue.drift.requested", run, {})
    except IntegrityError:  # somebody else asked in the same moment
        if (standing := find_running()) is None:
            raise
        return standing.pk
    return run.pk


def work_on_drift(*, at: datetime) -> int:
    """Count the run that waits, if one does, and keep what is new and what is gone since the report before.

    Shape:  how many runs were done, 0 when none waits. One that broke off is counted again from its start
    Cost:   two queries and the reading of what differs; two statements for what changed since the last report
    """
    run = find_running()
    if run is None:
        return 0
    on, townships = local_date(at), [one.code for one in directory.list_townships()]
    waiting = DriftRun.objects.filter(pk=run.pk, state__in=("queued", "counting"))
    if not waiting.update(state="counting", on=on, done=0, total=len(townships)):
        return 0  # another worker was done with it in the same moment
    found = _count(run.pk, on, townships)
    with transaction.atomic():
        run = DriftRun.objects.select_for_update().get(pk=run.pk)
        if run.state != "counting":
            return 1
        run.fresh, run.gone = _keep(found, on)
        run.offers = list_live_offers(on=on).count()
        run.allowed = sum(one.allowed for one in found.values())
        run.forbidden = len(found) - run.allowed
        run.state, run.done, run.finished_at = "done", run.total, at
        run.save()
        counts = {name: getattr(run, name) for name in ("forbidden", "allowed", "fresh", "gone")}
        _note(Actor.system("系统（清单核对）"), at, "catalogue.drift.reported", run, counts)
    return 1


def _count(run_id: int, on: date, townships: list[str]) -> dict[str, Drift]:
    """Everything that differs, by digest, telling how far it is."""
    place = {code: number for number, code in enumerate(sorted(townships), start=1)}
    found: dict[str, Drift] = {}
    last = ""
    for one in find_drift(on=on):
        if one.township_code != last:
            last = one.township_code
            DriftRun.objects.filter(pk=run_id, state="counting").update(done=place.get(last, 0))
        found[_digest(one)] = one
    return found


def _digest(one: Drift) -> str:
    """What makes a finding the same as yesterday's: place, item, what differs and how; not who or when."""
    told = [one.township_code, one.item_code, one.path, one.base, one.theirs, one.allowed]
    return sm3_hex(json.dumps(told, ensure_ascii=False).encode())


def _keep(found: dict[str, Drift], on: date) -> tuple[int, int]:
    """Write what is new, close what is gone; returns how many of each."""
    standing = dict(DriftFinding.objects.filter(gone_on=None).values_list("digest", "pk"))
    gone = [pk for digest, pk in standing.items() if digest not in found]
    DriftFinding.objects.filter(pk__in=gone).update(gone_on=on)
    fresh = [
        DriftFinding(
            digest=digest,
            township_id=one.township_code,
            item_code=one.item_code,
            item_name=one.item_name[:120],
            what=one.what[:300],
            base=one.base[:MOST],
            theirs=one.theirs[:MOST],
            since=one.since or on,
            approved_by=one.approved_by,
            allowed=one.allowed,
            first_on=on,
        )
        for digest, one in found.items()
        if digest not in standing
    ]
    DriftFinding.objects.bulk_create(fresh, batch_size=1000)
    return len(fresh), len(gone)


def _note(by: Actor, at: datetime, verb: str, run: DriftRun, changes: dict[str, Any]) -> None:
    record_audit(by=by, at=at, verb=verb, subject_type="drift_run", subject_id=str(run.pk), changes=changes)
