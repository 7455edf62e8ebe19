# ruff: noqa: S608 — statements are put together from the code's own parts; values are parameters
"""Figures from the tallies: months, items, bodies and places, and the records that each was counted from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Sum

from weimin.base.clock import day_start
from weimin.base.measuring import Part
from weimin.base.paging import read_page_key
from weimin.kernel.cases.types import STEP_TEXT
from weimin.kernel.catalogue import queries as catalogue
from weimin.kernel.directory import queries as directory
from weimin.kernel.evaluation.types import BAD_FROM, GRADES
from weimin.kernel.record import queries as record
from weimin.kernel.record.types import Actor
from weimin.kernel.supervision import access, registry
from weimin.kernel.supervision.models import Contribution, FigureCheck, PlaceTally, Recount, Tally

#: How many records of a figure a page shows.
PAGE = 100
#: A public figure below this is not told: too few to say anything, and perhaps too few to hide in.
FEW = 10
ALL = "*"
#: What of warnings is counted: each level, and what became of it, by the day of the warning.
WARNED = Part(
    subject="w.id",
    moment="w.raised_at",
    measure="'warned.' || w.level || CASE w.contest WHEN '' THEN '' ELSE '.' || w.contest END",
    place="w.place",
    agency="w.agency_id",
    source="supervision_warning w",
    number="w.id",
    title="w.title",
    daily=True,
)
FINISHED = ("cases.closed",)
ENDINGS = ("cases.closed", "cases.refused", "cases.withdrawn", "cases.lapsed")
STEPS = tuple(f"steps.{kind}" for kind in (*STEP_TEXT, "refuse"))
GOOD = tuple(f"rated.{grade}" for grade in GRADES if grade < BAD_FROM)
RATED = tuple(f"rated.{grade}" for grade in GRADES)
_COLUMNS = ("n", "late", "used", "allowed")


@dataclass(frozen=True, slots=True)
class Numbers:
    """What was counted for one line of a table: sums by measure.

    Shape:  `counts` has a measure's code → how many; `late`, `used`, `allowed` are of finished matters, or of steps
            where the line is a body's
    """

    counts: dict[str, int]
    late: int = 0
    used: int = 0
    allowed: int = 0

    def of(self, *measures: str) -> int:
        """How many of some measures together."""
        return sum(self.counts.get(one, 0) for one in measures)

    @property
    def closed(self) -> int:
        """Finished matters."""
        return self.of("cases.closed")

    @property
    def steps(self) -> int:
        """Steps done, of every kind."""
        return self.of(*STEPS)

    @property
    def rated(self) -> int:
        """Ratings of every grade."""
        return self.of(*RATED)

    @property
    def good(self) -> int:
        """Ratings that open no repair."""
        return self.of(*GOOD)

    def share_in_time(self, base: int) -> float | None:
        """What part was in time; None of nothing."""
        return (base - self.late) / base if base else None

    @property
    def share_good(self) -> float | None:
        """What part of the ratings was satisfied; None without any."""
        return self.good / self.rated if self.rated else None

    @property
    def share_used(self) -> float | None:
        """Days taken of the days allowed; None where nothing had a limit."""
        return self.used / self.allowed if self.allowed else None


@dataclass(frozen=True, slots=True)
class Figures:
    """A viewer's figures: twelve months up to one, and that month by item, body and place.

    Shape:  `matters` says whether the viewer sees whole matters, or only the steps of their own body; `place` is the
            one that was asked for, '' for all that the viewer sees; `as_of` is before now when changes wait to be
            counted
    """

    month: date
    place: str
    matters: bool
    months: dict[date, Numbers]
    items: dict[str, Numbers]
    bodies: dict[int, Numbers]
    places: dict[str, Numbers]
    item_names: dict[str, str]
    as_of: datetime


@dataclass(frozen=True, slots=True)
class Counted:
    """One record behind a figure: its number and what it is about, no person."""

    subject: int
    at: datetime
    number: str
    title: str
    late: bool


@dataclass(frozen=True, slots=True)
class Which:
    """One figure: measures in a month, of all or of one item, body, place; only what was late."""

    measures: tuple[str, ...]
    month: date
    item: str = ""
    agency_id: int = 0
    place: str = ""
    late: bool = False


def month_of(day: date, back: int = 0) -> date:
    """The first day of a day's month, or of one so many months before.

    Shape:  a negative `back` is months after
    """
    whole = day.year * 12 + day.month - 1 - back
    return date(whole // 12, whole % 12 + 1, 1)


def as_of(at: datetime) -> datetime:
    """Up to when the figures tell everything: now, or when the oldest change happened that is not counted yet.

    Cost:   two queries on what waits
    """
    first = Recount.objects.order_by("pk").values_list("at", flat=True).first()
    waits = [one for one in (first, record.find_oldest_waiting()) if one is not None]
    return min([at, *waits])


def _gather(rows: QuerySet[Any], by: str, *, timed: tuple[str, ...]) -> dict[Any, Numbers]:
    """Sums of the tallies by one column; days and lateness of the measures that are `timed`."""
    counts: dict[Any, dict[str, int]] = defaultdict(dict)
    sums: dict[Any, list[int]] = defaultdict(lambda: [0, 0, 0])
    for key, measure, n, *days in rows.values_list(by, "measure").annotate(*(Sum(one) for one in _COLUMNS)).order_by():
        if n:
            counts[key][measure] = n
        if measure in timed:
            sums[key] = [old + more for old, more in zip(sums[key], days, strict=True)]
    return {key: Numbers(found, *sums[key]) for key, found in counts.items()}


def read_figures(viewer: Actor, *, month: date, at: datetime, place: str = "") -> Figures:
    """Twelve months up to one, and that month by item, body and place; from the tallies only.

    Shape:  a viewer who sees no whole matters gets the steps of their own body in `months` and `items`; `places` are
            those one level down where more than one has figures; `bodies` those of one township, or a county's own
    Cost:   eight queries at most, one more for each level that is passed over; they read as much at ten million
            matters as at ten thousand
    """
    cells = access.TALLIES.visible(viewer).filter(kind="case")
    place = "" if directory.is_within(viewer.division_code, place) else place  # more than one's own is one's own
    if place:
        cells = cells.filter(directory.within("place", place))
    matters, here = _sees_matters(viewer), place or viewer.division_code
    whole: QuerySet[Any] = cells.filter(agency=None) if matters else cells.filter(agency__isnull=False)
    if matters and directory.is_above_townships(here):
        whole = access.PLACE_TALLIES.visible(viewer).filter(kind="case", place=here)
    timed = FINISHED if matters else STEPS
    this = cells.filter(day=month, item=ALL)
    places, here = _one_level_down(viewer, here, month, this) if matters else ({}, here)
    working = this.filter(agency__isnull=False)
    if len(places) > 1:  # each township's own bodies stand on its page; a county's are few, a city has hundreds
        county = directory.level_of(here) == "county"
        working = working.filter(agency__division_id=here) if county else working.none()
    bodies = _gather(working, "agency_id", timed=STEPS)
    months, items = _gather_months(whole, month, timed), _gather_items(whole, month, timed)
    names = catalogue.name_items(list(items))
    return Figures(
        month=month,
        place=place,
        matters=matters,
        months=months,
        items=_sorted(items, lambda key: names.get(key, key)),
        bodies=_sorted(bodies, directory.agency_name),
        places=_sorted(places, directory.place_name),
        item_names=names,
        as_of=as_of(at),
    )


def _gather_months(rows: QuerySet[Any], month: date, timed: tuple[str, ...]) -> dict[date, Numbers]:
    """A month and the eleven before, the oldest first, of all items together."""
    span = rows.filter(day__gte=month_of(month, 11), day__lte=month, item=ALL)
    found = _gather(span, "day", timed=timed)
    return {day: found.get(day, Numbers({})) for day in (month_of(month, back) for back in range(11, -1, -1))}


def _gather_items(rows: QuerySet[Any], month: date, timed: tuple[str, ...]) -> dict[str, Numbers]:
    """A month by item."""
    return _gather(rows.filter(day=month).exclude(item=ALL), "item", timed=timed)


def _one_level_down(viewer: Actor, here: str, month: date, cells: QuerySet[Tally]) -> tuple[dict[str, Numbers], str]:
    """A month by what a place consists of, and that place; where only one part has figures, by what that consists of.

    Shape:  townships of a county, counties of a city, cities of a province
    """
    while directory.level_of(here) in ("province", "city"):
        below = [one.code for one in directory.children_of(here)]
        sums = access.PLACE_TALLIES.visible(viewer).filter(kind="case", day=month, item=ALL, place__in=below)
        found = _gather(sums, "place", timed=FINISHED)
        if len(found) != 1:
            return found, here
        (here,) = found
    return _gather(cells.filter(agency=None), "place", timed=FINISHED), here


def _sees_matters(viewer: Actor) -> bool:
    """Whether a viewer's figures are of whole matters: a place's. A county office's leader sees the office's steps."""
    if viewer.kind == "system" or "supervisor" in viewer.roles:
        return True
    return "leader" in viewer.roles and directory.level_of(viewer.division_code) == "township"


def _sorted(found: dict[Any, Numbers], name: Callable[[Any], str]) -> dict[Any, Numbers]:
    """By name: an order by size would be a ranking."""
    return dict(sorted(found.items(), key=lambda pair: (name(pair[0]), pair[0])))


def read_public(*, place: str, month: date, at: datetime) -> Figures:
    """What everybody may know of a place: twelve months up to one, and that month by item.

    Items about children and hardship count nowhere in it, so that no difference of two figures tells of them.

    Cost:   five queries
    """
    here = {"place": place, "kind": "case", "public": True}
    rows: QuerySet[Any] = PlaceTally.objects.filter(**here)
    if not directory.is_above_townships(place):
        rows = Tally.objects.filter(**here, agency=None)
    items = _gather_items(rows, month, FINISHED)
    names = catalogue.name_items(list(items))
    return Figures(
        month=month,
        place=place,
        matters=True,
        months=_gather_months(rows, month, FINISHED),
        items=_sorted(items, lambda key: names.get(key, key)),
        bodies={},
        places={},
        item_names=names,
        as_of=as_of(at),
    )


def list_counted(viewer: Actor, which: Which, *, after: str = "", limit: int = PAGE) -> list[Counted]:
    """The records that a figure was counted from, newest first; found by the same parts that count.

    Where and whose is decided by the tallies that the viewer sees; a figure whose records are many is paged by
    its last row's `page_key`.

    Raises: KeyError — no such measure
    Cost:   two queries; they read a page of each place or body, however many records there are
    """
    cells = (
        access.TALLIES.visible(viewer)
        .filter(measure__in=which.measures, day=which.month, item=which.item or ALL)
        .values_list("place", "agency_id")
        .distinct()
    )
    if which.agency_id:
        cells = cells.filter(agency_id=which.agency_id)
    if which.place:
        cells = cells.filter(directory.within("place", which.place))
    pairs = sorted({(place, agency or 0) for place, agency in cells})
    if not pairs:
        return []
    values: dict[str, Any] = {
        "measures": list(which.measures),
        "since": day_start(which.month),
        "until": day_start(month_of(which.month, -1)),
        "places": sorted({place for place, _ in pairs}),
        "pairs": [f"{place} {agency}" for place, agency in pairs],
        "agencies": sorted({agency for _, agency in pairs if agency}),
        "item": which.item,
        "limit": limit,
    }
    if key := read_page_key(after):
        values["moment"], values["last"] = key
    parts = {part for measure in which.measures for part in registry.parts_of(measure)}
    narrow = ["measure = ANY (%(measures)s)", "place || ' ' || coalesce(agency, 0) = ANY (%(pairs)s)"]
    narrow += ["item = %(item)s"] if which.item else []
    narrow += ["late > 0"] if which.late else []
    narrow += ["(moment, subject) < (%(moment)s, %(last)s)"] if key else []
    newest = f"WHERE {' AND '.join(narrow)} ORDER BY moment DESC, subject DESC LIMIT %(limit)s"
    text = " UNION ALL ".join(_newest(one, newest) for one in sorted(parts, key=lambda one: one.measure))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT subject, moment, number, title, late > 0 FROM ({text}) counted"
            " ORDER BY moment DESC, subject DESC LIMIT %(limit)s",
            values,
        )
        return [Counted(*row) for row in cursor.fetchall()]


def _newest(part: Part, newest: str) -> str:
    """A part's newest rows of each place, or of each body: an index gives these without reading the month."""
    by_body = part.agency != "NULL"
    column, given = (part.agency, "%(agencies)s::bigint[]") if by_body else (part.place, "%(places)s::text[]")
    lines = part.lines(f"{part.between()} AND {column} = own.code")
    return f"SELECT l.* FROM unnest({given}) AS own (code) CROSS JOIN LATERAL (SELECT * FROM ({lines}) x {newest}) l"


def total_of(viewer: Actor, which: Which) -> int:
    """The figure itself, as the pages show it.

    Cost:   one query
    """
    rows = access.TALLIES.visible(viewer).filter(measure__in=which.measures, day=which.month, item=which.item or ALL)
    if which.agency_id:
        rows = rows.filter(agency_id=which.agency_id)
    if which.place:
        rows = rows.filter(directory.within("place", which.place))
    found: int | None = rows.aggregate(all=Sum(F("late") if which.late else F("n")))["all"]
    return found or 0


def find_last_check() -> FigureCheck | None:
    """The last comparison of tallies and records."""
    return FigureCheck.objects.order_by("-at", "-pk").first()


def list_bad_checks(*, since: datetime) -> list[FigureCheck]:
    """The comparisons since a moment that found differences, newest first; not those of months that were found true or
    mended since."""
    later = FigureCheck.objects.filter(Q(mended=True) | Q(found=0), at__gt=OuterRef("at")).filter(
        since__lte=OuterRef("since"), until__gte=OuterRef("until")
    )
    rows = FigureCheck.objects.filter(~Exists(later), at__gte=since, found__gt=0, mended=False)
    return list(rows.order_by("-at")[:20])


def was_never_counted() -> bool:
    """Whether there is something to count and nothing was ever counted: after the upgrade that brought tallies.

    Cost:   one query when something was counted
    """
    if Contribution.objects.exists():
        return False
    with connection.cursor() as cursor:
        for part in (one for kind in registry.all_kinds() for one in kind.parts):
            cursor.execute(f"SELECT EXISTS ({part.lines()})")
            if cursor.fetchone()[0]:
                return True
    return False
