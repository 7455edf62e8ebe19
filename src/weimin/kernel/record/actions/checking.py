"""Checks that are kept: each leaves a row with what it found, and what is broken leaves an audit entry too."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction

from weimin.kernel.record import queries
from weimin.kernel.record.actions.stores import record_audit
from weimin.kernel.record.models import AuditCheck, ChainState
from weimin.kernel.record.queries.verifying import Progress, Run, in_turn, quiet
from weimin.kernel.record.types import Actor, Verdict


def check_chain(
    *,
    by: Actor,
    at: datetime,
    since: date | None = None,
    published: dict[date, str] | None = None,
    run: Run = in_turn,
    progress: Progress = quiet,
) -> Verdict:
    """Check the chain from a day on, or from its first, and keep what was found.

    Raises: ChainUnknown — no chain on the day asked for
    Cost:   see `queries.verify_chain`
    """
    verdict = queries.verify_chain(since=since, published=published, run=run, progress=progress)
    return _keep(by, at, verdict)


def check_last_days(*, by: Actor, at: datetime) -> Verdict | None:
    """Check the days that were closed since the last good check, as every night; None before the first is closed.

    What a broken chain's earlier check found stays in force until a check that begins no later finds it mended.
    """
    state = ChainState.objects.first()
    if state is None or state.day == state.begun_on:
        return None
    good = AuditCheck.objects.filter(what="chain", fault_kind="").order_by("-at", "-pk").first()
    since = min(good.until, state.day - timedelta(days=1)) if good and good.until else state.begun_on
    return _keep(by, at, queries.verify_chain(since=max(since, state.begun_on)))


def check_files(*, by: Actor, at: datetime, progress: Progress = quiet) -> Verdict:
    """Check the stored files and keep what was found.

    Cost:   reads every file once
    """
    return _keep(by, at, queries.verify_files(progress=progress))


def _keep(by: Actor, at: datetime, verdict: Verdict) -> Verdict:
    fault = verdict.fault
    with transaction.atomic():
        AuditCheck.objects.create(
            at=at,
            what=verdict.what,
            by_label=by.label[:120],
            since=verdict.since,
            until=verdict.until,
            looked=verdict.looked,
            fault_kind=fault.kind if fault else "",
            fault_day=fault.day if fault else None,
            fault_text=fault.text[:200] if fault else "",
        )
        if fault:
            record_audit(
                by=by,
                at=at,
                verb="record.chain.broken",
                subject_type=verdict.what,
                subject_id=fault.day or fault.name or fault.entry_id or "",
                changes={"kind": fault.kind, "text": fault.text},
            )
    return verdict


def record_export(*, by: Actor, at: datetime, wanted: dict[str, str]) -> None:
    """Write down that part of the trail was taken out, and which.

    Cost:   one insert
    """
    record_audit(
        by=by,
        at=at,
        verb="record.trail.exported",
        subject_type="trail",
        subject_id=by.account,
        changes=dict(wanted),
    )
