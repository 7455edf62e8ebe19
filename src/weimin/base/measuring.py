# ruff: noqa: S608 — statements are put together from the code's own parts; values are parameters
"""What a package says of its records so that they can be counted: one part of a measure's SQL.

The same part counts everything anew, counts one record, compares a month, and lists the records behind a figure, so
that the four cannot disagree. No tables here: `supervision` puts parts together and keeps what they give.
"""

from __future__ import annotations

from dataclasses import dataclass

#: The local day of a moment, in SQL.
LOCAL = "({} AT TIME ZONE 'Asia/Shanghai')::date"


@dataclass(frozen=True, slots=True)
class Part:
    """Which records count for which measure, where and when: SQL of the owner's own tables, without values in it.

    Shape:  `source` is what stands behind FROM, `where` a condition; `subject` is the id by which events name the
            record, `number` what pages show of it, `title` what it is about, without a person. `measure` begins with
            a literal, as 'steps.' || s.kind. `used` and `limit` are days taken and days allowed; `late` is 1 for what
            took longer
    """

    subject: str
    moment: str
    measure: str
    place: str
    source: str
    number: str
    title: str
    where: str = "TRUE"
    agency: str = "NULL"
    item: str = "''"
    public: str = "FALSE"
    late: str = "0"
    used: str = "0"
    limit: str = "0"
    #: False: by month. True: by day, for what has few rows a day and is asked for by day.
    daily: bool = False

    def lines(self, only: str = "TRUE") -> str:
        """The rows that this part counts, one a record, of the records that fit a condition."""
        day = LOCAL.format(self.moment)
        when = day if self.daily else f"date_trunc('month', {day})::date"
        return (
            f"SELECT {self.subject} AS subject, ({self.measure})::text AS measure, {when} AS day,"
            f" ({self.place})::text AS place, ({self.agency})::bigint AS agency, ({self.item})::text AS item,"
            f" ({self.public}) AS public, 1 AS n, ({self.late})::int AS late, ({self.used})::int AS used,"
            f" ({self.limit})::int AS allowed, {self.moment} AS moment, ({self.number})::text AS number,"
            f" ({self.title})::text AS title FROM {self.source} WHERE ({self.where}) AND {only}"
        )

    @property
    def sole(self) -> str:
        """The one measure that this part gives; '' when it depends on the record."""
        return self.measure[1:-1] if self.measure.count("'") == 2 and self.measure[-1] == "'" else ""

    def gives(self, measure: str) -> bool:
        """Whether a measure may come from this part: its code begins with the text that the SQL begins with."""
        return measure == self.sole if self.sole else measure.startswith(self.measure.split("'")[1])

    def of(self, ids: str = "ids") -> str:
        """A condition: the records with these ids."""
        return f"{self.subject} = ANY (%({ids})s)"

    def among(self) -> str:
        """A condition: the records whose ids lie in a stretch, both ends included."""
        return f"{self.subject} BETWEEN %(first)s AND %(last)s"

    def between(self) -> str:
        """A condition: what happened from one moment until before another; an index on the moment serves it."""
        return f"{self.moment} >= %(since)s AND {self.moment} < %(until)s"
