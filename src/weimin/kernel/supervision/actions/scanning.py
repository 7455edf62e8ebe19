"""The nightly look for patterns in clocks that smell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta

from django.db import transaction

from weimin.base.clock import local_date
from weimin.kernel.cases import queries as cases
from weimin.kernel.deadlines import queries as limits
from weimin.kernel.deadlines.types import Smell
from weimin.kernel.record.actions import record_audit
from weimin.kernel.record.types import Actor
from weimin.kernel.rights import queries as rights
from weimin.kernel.supervision.models import Finding
from weimin.kernel.supervision.types import Scan

#: Each pattern with the reader that finds it in a period.
PATTERNS: dict[str, Callable[..., Iterable[Smell]]] = {
    "late_pause": limits.find_late_pauses,
    "bare_pause": limits.find_bare_pauses,
    "long_pause": limits.find_long_pauses,
    "backdated": limits.find_backdated,
    "burst": cases.find_bursts,
    "supplement_twice": cases.find_supplements_twice,
    "reopened": cases.find_reopened,
}


def scan_clocks(*, by: Actor, at: datetime, days: int = 30) -> Scan:
    """List patterns that smell in the clocks of the last days, each with its evidence; what is listed stays listed.

    Cost:   one query a pattern, one insert
    """
    today = local_date(at)
    return scan_period(by=by, at=at, since=today - timedelta(days=days), until=today)


def scan_period(*, by: Actor, at: datetime, since: date, until: date) -> Scan:
    """List patterns that smell in a period, both days included.

    Shape:  counts of what the period holds now, listed before or not
    """
    found: Counter[str] = Counter()
    flagged: set[object] = set()
    rows = []
    for pattern, find in PATTERNS.items():
        for smell in find(since=since, until=until):
            found[pattern] += 1
            flagged.add(smell.clock_id or smell.subject_id)
            rows.append(
                Finding(
                    pattern=pattern,
                    key=smell.key[:80],
                    subject_id=smell.subject_id,
                    clock_id=smell.clock_id,
                    agency_id=smell.agency_id,
                    place=smell.place,
                    on=smell.on,
                    evidence=smell.evidence[:400],
                    found_at=at,
                )
            )
    before = Finding.objects.count()
    Finding.objects.bulk_create(rows, ignore_conflicts=True, batch_size=1000)
    fresh = Finding.objects.count() - before
    if fresh:
        record_audit(
            by=by,
            at=at,
            verb="supervision.findings.scanned",
            subject_type="period",
            subject_id=until.isoformat(),
            changes={"since": since.isoformat(), "new": fresh},
        )
    looked = limits.count_clocks(since=since, until=until)
    return Scan(looked=looked, flagged=len(flagged), by_pattern=dict(found), since=since)


def forget_findings(*, by: Actor, at: datetime) -> int:
    """Delete the findings that somebody has looked at and whose three years are over. Gives how many.

    Cost:   one statement
    """
    before = rights.over_before("y3", at=at)
    with transaction.atomic():
        gone, _ = Finding.objects.filter(found_at__lt=before).exclude(explained_at=None).delete()
        if gone:
            subject = {"subject_type": "period", "subject_id": local_date(before).isoformat()}
            record_audit(by=by, at=at, verb="supervision.finding.forgotten", **subject, changes={"findings": gone})
    return gone
