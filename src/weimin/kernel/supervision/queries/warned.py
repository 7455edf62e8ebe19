"""Figures of warnings from the tallies: by level and by body, in the last days."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta

from django.db.models import QuerySet, Sum

from weimin.kernel.deadlines.types import Level
from weimin.kernel.directory import queries as directory
from weimin.kernel.record.types import Actor
from weimin.kernel.supervision import access
from weimin.kernel.supervision.models import Tally
from weimin.kernel.supervision.types import AgencyFigure, Figure


def _tallies(viewer: Actor, days: int, today: date, agency_id: int = 0) -> QuerySet[Tally]:
    """The tallies of warnings in the last days that a viewer sees; one for each day, place, body, level and contest."""
    rows = access.TALLIES.visible(viewer).filter(
        kind="warning", item="*", day__gte=today - timedelta(days=days), n__gt=0
    )
    return rows.filter(agency_id=agency_id) if agency_id else rows


def _read(measure: str) -> tuple[int, str]:
    """The level and the state of the contest of a measure: warned.3.lifted."""
    _, level, *contest = measure.split(".")
    return int(level), contest[0] if contest else ""


def list_bodies(viewer: Actor, *, days: int, today: date) -> list[tuple[int, str]]:
    """The bodies that have warnings in a period, for choosing one: id and name.

    Cost:   one query
    """
    rows = _tallies(viewer, days, today).exclude(agency=None)
    return list(rows.order_by("agency__code").values_list("agency_id", "agency__name").distinct())


def list_figures(viewer: Actor, *, days: int, today: date, agency_id: int = 0) -> list[Figure]:
    """How many warnings of each level, and how many were contested, upheld, lifted.

    Cost:   one query, of a row for each day and place
    """
    found: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    rows = _tallies(viewer, days, today, agency_id).values_list("measure").annotate(many=Sum("n")).order_by()
    for measure, many in rows:
        level, contest = _read(measure)
        found[level]["raised"] += many
        found[level][contest] += many
    names = ("raised", "contested", "upheld", "lifted")
    return [Figure(level, *(found[int(level)][name] for name in names)) for level in Level if level]


def list_agency_figures(
    viewer: Actor, *, days: int, today: date, agency_id: int = 0, limit: int = 20
) -> list[AgencyFigure]:
    """The bodies with most overruns in the period, what was lifted left out.

    Cost:   one query, of a row for each day and place
    """
    counts: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    contested: dict[int, int] = defaultdict(int)
    rows = _tallies(viewer, days, today, agency_id).exclude(agency=None)
    for body, measure, many in rows.values_list("agency_id", "measure").annotate(many=Sum("n")).order_by():
        level, contest = _read(measure)
        if contest != "lifted":
            counts[body][level] += many
        if contest == "contested":
            contested[body] += many
    order = (Level.LAW, Level.PROMISE, Level.RED, Level.YELLOW)
    most = sorted(counts, key=lambda body: ([-counts[body][int(one)] for one in order], body))[:limit]
    return [
        AgencyFigure(
            agency_id=body,
            agency_name=directory.agency_name(body),
            yellow=counts[body][int(Level.YELLOW)],
            red=counts[body][int(Level.RED)],
            promise=counts[body][int(Level.PROMISE)],
            law=counts[body][int(Level.LAW)],
            contested=contested[body],
        )
        for body in most
    ]
