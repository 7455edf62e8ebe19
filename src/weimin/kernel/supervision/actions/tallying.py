# ruff: noqa: S608 — statements are put together from the code's own parts; values are parameters
"""Keeping the tallies true: records that changed are counted again, and the tallies move by the difference.

What a record counted for last stands in its `Contribution`. Counting it again gives what it counts for now; only the
difference moves, so that an event that comes twice, late or out of order changes nothing, and one that was lost is
made good by the next. One counts at a time (`_LOCK`), which leaves no hot row to fight over. What moves a place's
tally moves those of its county, city and province by as much.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction

from weimin.base.clock import day_start
from weimin.kernel.directory import queries as directory
from weimin.kernel.record import queries as record
from weimin.kernel.record.actions import record_audit
from weimin.kernel.record.types import Actor
from weimin.kernel.supervision.models import FigureCheck, Recount
from weimin.kernel.supervision.queries.figures import month_of
from weimin.kernel.supervision.registry import Kind, all_kinds, kind_of
from weimin.kernel.supervision.types import Difference

#: The advisory lock of whoever counts; any number that nobody else uses.
_LOCK = 7_310_642
#: So many subjects are counted by one statement when everything is counted anew.
STRETCH = 50_000
#: How many differences a check keeps by name.
NAMED = 50
_KEY = "measure, day, place, agency, item, public"
_SUMS = "n, late, used, allowed"
_TOTALS = "sum(n)::int AS n, sum(late)::int AS late, sum(used)::int AS used, sum(allowed)::int AS allowed"
_FRESH = f"SELECT subject, {_KEY}, {_TOTALS} FROM ({{lines}}) counted GROUP BY subject, {_KEY}"
_PACKED = f"""SELECT subject, jsonb_agg(jsonb_build_array({_KEY}, {_SUMS}) ORDER BY {_KEY}) AS lines
  FROM fresh GROUP BY subject"""
_UNPACKED = """SELECT x->>0 AS measure, (x->>1)::date AS day, x->>2 AS place, (x->>3)::bigint AS agency, x->>4 AS item,
  (x->>5)::boolean AS public, {sign}(x->>6)::int AS n, {sign}(x->>7)::int AS late, {sign}(x->>8)::int AS used,
  {sign}(x->>9)::int AS allowed FROM {source}, jsonb_array_elements(lines) AS x"""
#: Each item's figure, and that of all items together.
_GROUPED = f"""SELECT measure, day, place, agency, CASE WHEN grouping(item) = 1 THEN '*' ELSE item END AS item, public,
  {_TOTALS} FROM ({{rows}}) summed
  GROUP BY GROUPING SETS ((measure, day, place, agency, item, public), (measure, day, place, agency, public))"""
_MOVED = "HAVING sum(n) <> 0 OR sum(late) <> 0 OR sum(used) <> 0 OR sum(allowed) <> 0"
_INTO = "INSERT INTO supervision_tally (kind, measure, day, place, agency_id, item, public, n, late, used, allowed)"
_ADDED = """DO UPDATE SET n = {table}.n + excluded.n, late = {table}.late + excluded.late,
  used = {table}.used + excluded.used, allowed = {table}.allowed + excluded.allowed"""
#: The key of a sum: a tally's, with a higher place and without a body.
_ABOVE = "measure, day, above, item, public"
#: What tallies without a body add up to in each place above townships.
_SUMMED = f"""SELECT {_ABOVE}, {_TOTALS} FROM {{rows}} JOIN upward USING (place) WHERE upper AND agency IS NULL
  GROUP BY {_ABOVE}"""
#: The tallies of a kind, and what all of them add up to.
_TOLD = f"""SELECT measure, day, place, agency_id AS agency, item, public, {_SUMS} FROM supervision_tally
  WHERE kind = %(kind)s"""
_TOLD_SUMMED = _SUMMED.format(rows=f"({_TOLD}) told")
#: Where `told` and `real` differ.
_DIFFERENT = f"""both_sides AS (
  SELECT {_KEY}, n AS told_n, late AS told_late, used AS told_used, allowed AS told_allowed,
    0 AS n, 0 AS late, 0 AS used, 0 AS allowed FROM told
  UNION ALL SELECT {_KEY}, 0, 0, 0, 0, {_SUMS} FROM real
)
SELECT measure, day, place, agency, item, sum(told_n)::int, sum(n)::int, sum(told_late)::int, sum(late)::int
FROM both_sides GROUP BY {_KEY}
HAVING sum(told_n) <> sum(n) OR sum(told_late) <> sum(late) OR sum(told_used) <> sum(used)
  OR sum(told_allowed) <> sum(allowed)
ORDER BY measure, day, place, agency, item"""
#: Every place with those it lies in.
_EVERYWHERE = directory.upward("(SELECT code AS place FROM directory_division) everywhere")
_SUM_INTO = "INSERT INTO supervision_placetally (kind, measure, day, place, item, public, n, late, used, allowed)"


def _lines(kind: Kind, *, by: str) -> str:
    """What all parts of a kind count: of some ids, of a stretch of ids, or of a period."""
    chosen = {"ids": lambda one: one.of(), "stretch": lambda one: one.among(), "period": lambda one: one.between()}[by]
    return "\nUNION ALL ".join(one.lines(chosen(one)) for one in kind.parts)


def _recount_sql(kind: Kind) -> str:
    rows = f"SELECT {_KEY}, {_SUMS} FROM fresh UNION ALL {_UNPACKED.format(sign='-', source='old')}"
    return f"""
WITH RECURSIVE fresh AS MATERIALIZED ({_FRESH.format(lines=_lines(kind, by="ids"))}),
packed AS ({_PACKED}),
old AS MATERIALIZED (SELECT lines FROM supervision_contribution WHERE kind = %(kind)s AND subject_id = ANY (%(ids)s)),
moved AS ({_GROUPED.format(rows=rows)} {_MOVED}),
kept AS (
  INSERT INTO supervision_contribution AS c (kind, subject_id, lines) SELECT %(kind)s, subject, lines FROM packed
  ON CONFLICT (kind, subject_id) DO UPDATE SET lines = excluded.lines WHERE c.lines <> excluded.lines
),
gone AS (
  DELETE FROM supervision_contribution
  WHERE kind = %(kind)s AND subject_id = ANY (%(ids)s) AND subject_id NOT IN (SELECT subject FROM packed)
),
{directory.upward("moved")},
summed AS (
  {_SUM_INTO} SELECT %(kind)s, {_ABOVE}, {_SUMS} FROM ({_SUMMED.format(rows="moved")} {_MOVED}) summed
  ON CONFLICT (place, day, item, measure, public) {_ADDED.format(table="supervision_placetally")}
)
{_INTO} SELECT %(kind)s, {_KEY}, {_SUMS} FROM moved
ON CONFLICT (measure, day, item, place, agency_id, public) {_ADDED.format(table="supervision_tally")}"""


def note_event(*, at: datetime, payload: dict[str, Any]) -> None:
    """Hear of every event: a subject that it names has to be counted again.

    Cost:   one insert; none for an event about nothing that is counted
    """
    for kind in all_kinds():
        subject = payload.get(kind.event_key) if kind.event_key else None
        if isinstance(subject, int):
            Recount.objects.create(kind=kind.code, subject_id=subject, at=at)


def note_changed(kind: str, ids: Iterable[int], *, at: datetime) -> None:
    """Note in the caller's transaction that these subjects have to be counted again.

    Cost:   one insert
    """
    Recount.objects.bulk_create([Recount(kind=kind, subject_id=one, at=at) for one in ids], batch_size=1000)


def fold_figures(*, at: datetime, batch: int = 500) -> int:
    """Count again what changed, oldest first; safe with many workers, of which one counts.

    Shape:  how many notes were worked off; 0 when none waits or another counts
    Cost:   three statements; some 50 ms for 500 matters
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(
            "DELETE FROM supervision_recount WHERE id IN (SELECT id FROM supervision_recount ORDER BY id LIMIT %s)"
            " RETURNING kind, subject_id",
            [batch],
        )
        found: dict[str, set[int]] = defaultdict(set)
        rows = cursor.fetchall()
        for kind, subject in rows:
            found[kind].add(subject)
        for code, ids in found.items():
            cursor.execute(_recount_sql(kind_of(code)), {"kind": code, "ids": sorted(ids)})
    return len(rows)


def rebuild_figures(*, by: Actor, at: datetime, progress: Callable[[int, int], None] = lambda done, total: None) -> int:
    """Count everything anew from the records, while the platform runs: what changes meanwhile is noted and follows.

    Readers see the old figures until it is done. A stretch of subjects is counted after the other: records lie about in
    the order of their numbers, so each page of the tables is read once. `progress` hears how many of all it went over.

    Shape:  how many subjects count for something
    Cost:   reads everything once; a minute or two for a million matters
    """
    counted = 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        cursor.execute("SET LOCAL work_mem = '256MB'")
        # what is noted by now is committed, so that the statements below see it
        cursor.execute("DELETE FROM supervision_recount")
        for kind in all_kinds():
            cursor.execute("DELETE FROM supervision_contribution WHERE kind = %s", [kind.code])
            fresh = _FRESH.format(lines=_lines(kind, by="stretch"))
            text = (
                f"WITH fresh AS ({fresh}) INSERT INTO supervision_contribution (kind, subject_id, lines)"
                f" SELECT %(kind)s, subject, lines FROM ({_PACKED}) packed"
            )
            first, last = _span(cursor, kind)
            for start in range(first, last + 1, STRETCH):
                cursor.execute(text, {"kind": kind.code, "first": start, "last": start + STRETCH - 1})
                counted += cursor.rowcount
                progress(min(start + STRETCH, last + 1) - first, last + 1 - first)
            cursor.execute("DELETE FROM supervision_tally WHERE kind = %s", [kind.code])
            source = "(SELECT lines FROM supervision_contribution WHERE kind = %(kind)s) kept"
            rows = _UNPACKED.format(sign="", source=source)
            cursor.execute(
                f"{_INTO} SELECT %(kind)s, {_KEY}, {_SUMS} FROM ({_GROUPED.format(rows=rows)}) told"
                " ORDER BY day, item, agency, place",
                {"kind": kind.code},
            )
        _sum_up(cursor)
        _audit(by, at, {"subjects": counted})
    return counted


def _sum_up(cursor: Any) -> None:
    """Add the tallies up anew for every county, city and province."""
    cursor.execute("DELETE FROM supervision_placetally")
    for kind in all_kinds():
        cursor.execute(
            f"WITH RECURSIVE {_EVERYWHERE} {_SUM_INTO} SELECT %(kind)s, {_ABOVE}, {_SUMS} FROM ({_TOLD_SUMMED}) summed"
            " ORDER BY above, day, item",
            {"kind": kind.code},
        )


def _span(cursor: Any, kind: Kind) -> tuple[int, int]:
    """The first and the last id of a kind's subjects; (0, -1) of none."""
    found = []
    for one in kind.parts:
        for way in ("ASC", "DESC"):
            cursor.execute(f"SELECT {one.subject} FROM {one.source} ORDER BY 1 {way} LIMIT 1")
            found += [int(row[0]) for row in cursor.fetchall()]
    return (min(found), max(found)) if found else (0, -1)


def _audit(by: Actor, at: datetime, changes: dict[str, Any]) -> None:
    record_audit(
        by=by, at=at, verb="supervision.figures.recounted", subject_type="figures", subject_id="all", changes=changes
    )


def _waiting(kind: Kind) -> str:
    """The subjects whose change is known and not yet counted."""
    told = "SELECT subject_id AS subject FROM supervision_recount WHERE kind = %(kind)s"
    return f"{told} UNION {record.waiting_subjects(kind.event_key)}" if kind.event_key else told


def _compare_sql(kind: Kind) -> str:
    """Told less true, what waits to be counted left out; one statement, so that all of it is of one moment."""
    fresh = _FRESH.format(lines=_lines(kind, by="period"))
    waits = _UNPACKED.format(sign="", source="(SELECT lines FROM old_waiting) kept")
    # what waits counts as it was counted last, so that only what nobody knows of differs
    true = f"""SELECT {_KEY}, {_SUMS} FROM fresh WHERE subject NOT IN (SELECT subject FROM waiting)
UNION ALL SELECT {_KEY}, {_SUMS} FROM ({waits}) was WHERE day >= %(first)s AND day < %(last)s"""
    return f"""
WITH waiting AS MATERIALIZED ({_waiting(kind)}), fresh AS MATERIALIZED ({fresh}),
old_waiting AS (
  SELECT lines FROM supervision_contribution
  WHERE kind = %(kind)s AND subject_id IN (SELECT subject FROM waiting)
),
real AS MATERIALIZED ({_GROUPED.format(rows=true)}),
told AS ({_TOLD} AND day >= %(first)s AND day < %(last)s),
{_DIFFERENT}"""


def _compare_sums_sql(_: Kind) -> str:
    """What is told of counties, cities and provinces less the sum of their tallies, of all times."""
    return f"""
WITH RECURSIVE {_EVERYWHERE},
real AS (SELECT measure, day, above AS place, NULL::bigint AS agency, item, public, {_SUMS} FROM ({_TOLD_SUMMED}) s),
told AS (
  SELECT measure, day, place, NULL::bigint AS agency, item, public, {_SUMS} FROM supervision_placetally
  WHERE kind = %(kind)s
),
{_DIFFERENT}"""


def _differences(text: Callable[[Kind], str], values: dict[str, Any], *, of_sums: bool = False) -> list[Difference]:
    found = []
    with connection.cursor() as cursor:
        for kind in all_kinds():
            cursor.execute(text(kind), {"kind": kind.code, **values})
            found += [replace(Difference(*row), of_sum=of_sums) for row in cursor.fetchall()]
    return found


def _compare_records(since: date, until: date) -> list[Difference]:
    """What the tallies of some months tell otherwise than the records."""
    span = {"since": day_start(since), "until": day_start(until), "first": since, "last": until}
    return _differences(_compare_sql, span)


def _compare_sums() -> list[Difference]:
    """What the sums of all times tell otherwise than their tallies."""
    return _differences(_compare_sums_sql, {}, of_sums=True)


def _compare(since: date, until: date) -> list[Difference]:
    """Both; a sum is not held against a tally that is wrong itself."""
    found = _compare_records(since, until)
    wrong = {(one.measure, one.day, one.item) for one in found}
    return found + [one for one in _compare_sums() if (one.measure, one.day, one.item) not in wrong]


def _keep_check(found: list[Difference], *, at: datetime, since: date, until: date, mended: bool = False) -> None:
    """Keep what came of comparing tallies with records; sums that stray are added up anew by the next night."""
    found = [one for one in found if not one.of_sum]
    told = [one.as_list() for one in found[:NAMED]]
    FigureCheck.objects.create(at=at, since=since, until=until, found=len(found), told=told, mended=mended)


def reconcile_figures(*, by: Actor, at: datetime, since: date, until: date, fix: bool = False) -> list[Difference]:
    """Compare the tallies of whole months with the records, keep what came of it, and mend it when asked.

    What is known to wait is no difference. Mending counts the months' records again; what still differs has another
    cause than a lost event, and everything is counted anew. Sums that differ from true tallies are added up anew.

    Shape:  since and until are first days of months, until left out; sums of counties and above are compared with
            their tallies, of all months
    Cost:   reads the months' records and all tallies once
    """
    found = _compare(since, until)
    if found and fix:
        if not all(one.of_sum for one in found):
            _count_again(since, until, at)
            while fold_figures(at=at):
                pass
            if _compare_records(since, until):
                rebuild_figures(by=by, at=at)
        _mend_sums(by=by, at=at)
        _audit(by, at, {"since": since.isoformat(), "until": until.isoformat(), "differences": len(found)})
    _keep_check(found, at=at, since=since, until=until, mended=fix)
    return found


def _mend_sums(*, by: Actor, at: datetime) -> int:
    """Add the tallies up anew if a county's, city's or province's differ from their sum.

    Shape:  how many differed
    Cost:   reads all tallies of places and all sums once; some 6 s at ten million matters
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        strays = len(_compare_sums())
        if strays:
            _sum_up(cursor)
            _audit(by, at, {"sums": strays})
    return strays


def _count_again(since: date, until: date, at: datetime) -> None:
    with connection.cursor() as cursor:
        for kind in all_kinds():
            cursor.execute(
                "INSERT INTO supervision_recount (kind, subject_id, at) SELECT DISTINCT %(kind)s, subject,"
                f" %(at)s::timestamptz FROM ({_lines(kind, by='period')}) counted",
                {"kind": kind.code, "at": at, "since": day_start(since), "until": day_start(until)},
            )


def check_months(*, by: Actor, at: datetime, today: date) -> int:
    """Every night: compare last and this month, and one older month after another, so that three years come round.

    Where the tallies are true, sums that differ from them are added up anew at once: a worker of the release before
    them may have counted on after the upgrade.

    Shape:  how many differences from the records were found
    """
    this = today.replace(day=1)
    older = month_of(this, 2 + today.toordinal() % 34)
    many = 0
    for since, until in ((month_of(this, 1), month_of(this, -1)), (older, month_of(older, -1))):
        found = _compare_records(since, until)
        _keep_check(found, at=at, since=since, until=until)
        many += len(found)
    if not many:
        _mend_sums(by=by, at=at)
    return many
