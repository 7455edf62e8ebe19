"""Copies lived matters by SQL: every table that hangs on a matter, moved in time and place, in the plan's order.

A table's template is its rows of the lived matters, with the place of each row among those of its matter. A copy's key is
counted from the matter's, so that rows of different tables find each other without being looked up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

#: Tables of a matter in the order of their references: how their rows belong to a matter, what their columns become.
#: {t} is the template's row, {p} the plan's; columns not named here are copied, moments and days moved.
_CASE = "t.case_id"


@dataclass(frozen=True, slots=True)
class Table:
    """One table: how to find the matter of a row, references within the matter, and columns with values of their own."""

    name: str
    belongs: str
    case: str
    refers: dict[str, str] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)


_LABEL = "replace(replace(t.{0}, '榴城镇', w.name), '怀远县', w.county)"
TABLES = (
    Table("procedures_instance", "JOIN cases_case c ON c.instance_id = t.id", "c.id"),
    Table(
        "deadlines_clock",
        "JOIN cases_case c ON t.subject_type = 'case' AND c.number = t.subject_id",
        "c.id",
        {"parent_id": "deadlines_clock"},
        {"subject_id": "p.number", "place": "p.town"},
    ),
    Table(
        "deadlines_clockentry",
        "JOIN deadlines_clock k ON k.id = t.clock_id JOIN cases_case c ON k.subject_type = 'case' AND c.number = k.subject_id",
        "c.id",
        {"clock_id": "deadlines_clock", "cause_id": "deadlines_clockentry", "corrects_id": "deadlines_clockentry"},
        {"by_label": _LABEL.format("by_label")},
    ),
    Table(
        "cases_case",
        "",
        "t.id",
        {"clock_id": "deadlines_clock", "instance_id": "procedures_instance"},
        {
            "number": "p.number",
            "applicant_id": "p.person",
            "applicant_shown": "p.shown",
            "township_id": "p.town",
            "offer_id": "o.new",
        },
    ),
    Table(
        "cases_step",
        "",
        _CASE,
        {"case_id": "cases_case", "clock_id": "deadlines_clock"},
        {"assignee_id": "NULL::bigint", "assignee_name": _LABEL.format("assignee_name")},
    ),
    Table("cases_casefile", "", _CASE, {"case_id": "cases_case"}, {"uploaded_by": _LABEL.format("uploaded_by")}),
    Table("cases_supplement", "", _CASE, {"case_id": "cases_case"}, {"asked_by": _LABEL.format("asked_by")}),
    Table("cases_decision", "", _CASE, {"case_id": "cases_case", "corrects_id": "cases_decision"}),
    Table("cases_paper", "", _CASE, {"case_id": "cases_case"}),
    Table(
        "cases_timelineentry",
        "",
        _CASE,
        {"case_id": "cases_case", "clock_id": "deadlines_clock"},
        {name: _LABEL.format(name) for name in ("public_text", "inner_text", "by_label", "agency_name")},
    ),
    Table("evaluation_rating", "", _CASE, {"case_id": "cases_case"}),
    Table(
        "evaluation_repair",
        "JOIN evaluation_rating r ON r.id = t.rating_id",
        "r.case_id",
        {"rating_id": "evaluation_rating", "clock_id": ""},
    ),
    Table(
        "notices_message",
        "JOIN cases_case c ON c.number = t.number",
        "c.id",
        {},
        {
            "number": "p.number",
            "resident_id": "p.person",
            "source": "'made-up:' || p.n || ':' || t.ord",
            "body": "replace(replace(t.body, t.old_number, p.number), '榴城镇', w.name)",
        },
    ),
)
#: Where a copy's row of another township's body is found.
_MAPS = """
CREATE UNLOGGED TABLE bench_town AS
  SELECT d.code AS town, d.name, coalesce(c.name, '') AS county, d.county_code
  FROM directory_division d LEFT JOIN directory_division c ON c.code = d.county_code WHERE d.level = 'township';
CREATE UNLOGGED TABLE bench_agency AS
  SELECT w.town, old.id AS old, coalesce(here.id, above.id, old.id) AS new
  FROM bench_town w CROSS JOIN directory_agency old
  LEFT JOIN directory_agency here ON old.division_id = %(town)s
    AND here.code = w.town || substr(old.code, length(old.division_id) + 1)
  LEFT JOIN directory_agency above ON old.division_id = rpad(left(%(town)s, 6), 12, '0')
    AND above.division_id = rpad(left(w.town, 6), 12, '0') AND above.name = w.county || substr(old.name, 4)
  WHERE old.division_id IN (%(town)s, rpad(left(%(town)s, 6), 12, '0'));
CREATE UNLOGGED TABLE bench_offer AS
  SELECT n.township_id AS town, old.id AS old, n.id AS new
  FROM catalogue_offer old JOIN catalogue_offer n ON n.item_id = old.item_id WHERE old.township_id = %(town)s;
"""


def make_maps(run: Callable[..., list[tuple]], town: str) -> None:  # type: ignore[type-arg]
    """Make the tables that say which body and offer of another township stands for one of the lived township."""
    for statement in _MAPS.split(";\n"):
        if statement.strip():
            run(statement, {"town": town})


def make_templates(run: Callable[..., list[tuple]], lives: Iterable[int]) -> dict[str, int]:  # type: ignore[type-arg]
    """Make each table's template of the lived matters; gives the most rows that a matter has in each."""
    most: dict[str, int] = {}
    run("CREATE UNLOGGED TABLE bench_life AS SELECT unnest(%(lives)s::bigint[]) AS life", {"lives": list(lives)})
    for table in TABLES:
        number = "c.number" if " c " in f" {table.belongs} " else "''"
        run(
            f"CREATE UNLOGGED TABLE bench_t_{table.name} AS SELECT {table.case} AS life, {number} AS old_number,"
            f" (row_number() OVER (PARTITION BY {table.case} ORDER BY t.id) - 1)::int AS ord, t.*"
            f" FROM {table.name} t {table.belongs} WHERE {table.case} IN (SELECT life FROM bench_life)"
        )
        most[table.name] = run(f"SELECT coalesce(max(ord), -1) + 1 FROM bench_t_{table.name}")[0][0]
    for table in TABLES:
        for column, target in table.refers.items():
            run(f"ALTER TABLE bench_t_{table.name} ADD {column}_ord int")
            if target:
                run(
                    f"UPDATE bench_t_{table.name} t SET {column}_ord = o.ord FROM bench_t_{target} o WHERE o.id = t.{column}"
                )
    return most


def statement(table: Table, columns: list[tuple[str, str]], base: dict[str, int], most: dict[str, int]) -> str:
    """The INSERT that copies a table for a stretch of the plan, given as %(first)s and %(last)s."""

    def value(name: str, kind: str) -> str:
        if name == "id":
            return f"{base[table.name]} + p.n * {most[table.name]} + t.ord"
        if name in table.refers:
            target = table.refers[name]
            return f"{base[target]} + p.n * {most[target]} + t.{name}_ord" if target else "NULL::bigint"
        if name in table.values:
            return table.values[name]
        if name == "county":
            return "w.county_code"
        if name == "agency_id":
            return "coalesce(a.new, t.agency_id)"
        if kind == "timestamp with time zone":
            return f"t.{name} + p.shift"
        return f"t.{name} + p.days" if kind == "date" else f"t.{name}"

    names = ", ".join(f'"{name}"' for name, _ in columns)
    values = ", ".join(value(name, kind) for name, kind in columns)
    joins = "JOIN bench_town w ON w.town = p.town" if "w." in values else ""
    joins += " LEFT JOIN bench_agency a ON a.town = p.town AND a.old = t.agency_id" if "a.new" in values else ""
    joins += " JOIN bench_offer o ON o.town = p.town AND o.old = t.offer_id" if "o.new" in values else ""
    return (
        f"INSERT INTO {table.name} ({names}) SELECT {values} FROM bench_plan p JOIN bench_t_{table.name} t ON t.life = p.life"
        f" {joins} WHERE p.n BETWEEN %(first)s AND %(last)s"
    )
