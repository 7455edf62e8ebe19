"""Which days are worked, and what a State Council notice must be before it may count."""

from __future__ import annotations

import csv
import io
import json
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from itertools import accumulate
from typing import Any

from weimin.base.errors import Refused
from weimin.kernel.deadlines.types import Notice, NoticeDay

#: The holidays that every notice must name, with the days that fall on fixed dates.
HOLIDAYS: dict[str, tuple[tuple[int, int], ...]] = {
    "元旦": ((1, 1),),
    "春节": (),
    "清明节": (),
    "劳动节": ((5, 1),),
    "端午节": (),
    "中秋节": (),
    "国庆节": ((10, 1), (10, 2), (10, 3)),
}
LARGEST_FILE = 200_000
#: The notices that may be read; make-up days as we know them began in 2000.
FIRST_YEAR, LAST_YEAR = 2000, 2199


class NoticeBroken(Refused):
    """A holiday notice contradicts itself, leaves days out, or cannot be read; the fields say where."""

    code = "deadlines.notice_broken"


@dataclass(frozen=True)
class Calendar:
    """Which days are worked: days off and make-up days by the State Council's notices.

    A year without a notice counts plain weekends and makes every date that needs it provisional.
    """

    special: Mapping[date, bool] = field(default_factory=dict)
    known_years: frozenset[int] = frozenset()
    notes: Mapping[date, str] = field(default_factory=dict)

    def works(self, day: date) -> bool:
        """Whether offices work on a day.

        Law:    fdjj-2024 art. 6
        """
        return self.special.get(day, day.weekday() < 5)

    def count_worked(self, *, after: date, until: date) -> int:
        """Worked days after a day up to another; the same as asking of each, and as quick for years as for days.

        Units:  working days
        """
        weeks, rest = divmod((until - after).days, 7)
        weekdays = 5 * weeks + sum((after.weekday() + one) % 7 < 5 for one in range(1, rest + 1))
        days, sums = self._moved
        return weekdays + sums[bisect_right(days, until)] - sums[bisect_right(days, after)]

    @cached_property
    def _moved(self) -> tuple[list[date], list[int]]:
        """The days that are other than their weekday; how many more are worked up to each than by weekday."""
        days = sorted(day for day, works in self.special.items() if works != (day.weekday() < 5))
        return days, [0, *accumulate(1 if self.special[day] else -1 for day in days)]

    def knows(self, day: date) -> bool:
        """Whether the notice of the day's year is out."""
        return day.year in self.known_years

    def kind(self, day: date) -> str:
        """works, makeup (a weekend worked) or off."""
        if self.works(day):
            return "makeup" if day.weekday() >= 5 else "works"
        return "off"

    def next_workday(self, day: date) -> date:
        """The day itself when worked, else the first worked day after it."""
        while not self.works(day):
            day += timedelta(days=1)
        return day


def read_notice(text: str, *, name: str) -> Notice:
    """Read a notice from the text of a file: JSON (year, papers, days) or CSV (日期, 名称, 休/班).

    Raises: NoticeBroken — neither JSON nor CSV, no year, a date that does not exist, a row that is
            neither off nor work
    """
    if len(text) > LARGEST_FILE:
        raise NoticeBroken("文件太大，不像一年的放假安排。")
    tidy = text.lstrip("\ufeff").strip()
    if not tidy:
        raise NoticeBroken("文件是空的，请选择放假安排的 JSON 或 CSV 文件。")
    notice = _read_json(tidy, name) if tidy.startswith("{") else _read_csv(tidy, name)
    if not FIRST_YEAR <= notice.year <= LAST_YEAR:
        raise NoticeBroken(f"年份 {notice.year} 不对，只收 {FIRST_YEAR} 到 {LAST_YEAR} 年的安排。")
    return notice


def _read_json(text: str, name: str) -> Notice:
    try:
        raw: dict[str, Any] = json.loads(text)
        year = int(raw["year"])
        rows = [(str(one["date"]), str(one["name"]), one["isOffDay"]) for one in raw["days"]]
        papers = raw.get("papers") or []
        if not isinstance(papers, list) or any(not isinstance(off, bool) for *_, off in rows):
            raise TypeError("papers is a list, isOffDay is true or false")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as broken:
        raise NoticeBroken(
            "JSON 里应有 year（年份）和 days（每天的 date、name、isOffDay）。请对照样例检查。"
        ) from broken
    number = str(raw.get("notice") or "")
    return Notice(year, number, str(papers[0]) if papers else name, _days(rows))


def _read_csv(text: str, name: str) -> Notice:
    rows = []
    for line, cells in enumerate(_cells(text), start=1):
        cells = [one.strip() for one in cells]
        if not any(cells) or (line == 1 and cells[0] in ("日期", "date")):
            continue
        if len(cells) < 3 or cells[2] not in _WORKS:
            raise NoticeBroken(f"第 {line} 行看不懂。每行写：日期,名称,休 或 班。")
        rows.append((cells[0], cells[1], not _WORKS[cells[2]]))
    days = _days(rows)
    if not days:
        raise NoticeBroken("文件里没有日期。每行写：日期,名称,休 或 班。")
    years = [one.day.year for one in days]
    return Notice(max(set(years), key=years.count), "", name, days)


def _cells(text: str) -> list[list[str]]:
    try:
        return list(csv.reader(io.StringIO(text)))
    except csv.Error as broken:
        raise NoticeBroken("文件不是能读的 CSV。每行写：日期,名称,休 或 班。") from broken


_WORKS = {"休": False, "off": False, "放假": False, "班": True, "work": True, "上班": True, "调休上班": True}


def _days(rows: list[tuple[str, str, bool]]) -> tuple[NoticeDay, ...]:
    days = []
    for text, name, off in rows:
        try:
            day = date.fromisoformat(text)
        except ValueError as broken:
            raise NoticeBroken(f"“{text}”不是存在的日期，请写成 2027-01-01。") from broken
        days.append(NoticeDay(day, not off, name or ("放假" if off else "调休上班")))
    return tuple(days)


def check_notice(notice: Notice, *, holidays: int | None) -> list[str]:
    """Everything that is wrong with a notice, in words; empty when it may be approved.

    A whole notice balances: days off that would be worked, less weekends worked, are exactly the
    year's legal holidays, since a holiday on a weekend is made up for.

    Units:  holidays are days a year by law; None leaves the balance unchecked
    Law:    fdjj-2024 art. 2, 6
    """
    faults: list[str] = []
    seen: dict[date, NoticeDay] = {}
    for one in notice.days:
        before = seen.get(one.day)
        if before is not None:
            how = "既放假又上班" if before.works != one.works else "写了两次"
            faults.append(f"{one.day.isoformat()} {how}。")
        seen[one.day] = one
        faults += _day_faults(notice.year, one)
    faults += _missing(notice)
    off = sum(not one.works and one.day.weekday() < 5 for one in seen.values())
    worked = sum(one.works and one.day.weekday() >= 5 for one in seen.values())
    if holidays is not None and off - worked != holidays:
        faults.append(
            f"天数对不上：工作日放假 {off} 天，周末上班 {worked} 天，相差应为法定节假日 {holidays} 天，"
            f"现在是 {off - worked} 天，请核对是不是漏了或多了。"
        )
    return faults


def _day_faults(year: int, one: NoticeDay) -> list[str]:
    near = date(year - 1, 12, 20) <= one.day <= date(year + 1, 1, 10)
    if not near:
        return [f"{one.day.isoformat()} 不在 {year} 年，也不是跨年的那几天。"]
    if one.works and one.day.weekday() < 5:
        return [f"{one.day.isoformat()} 本来就是工作日，不能写成调休上班。"]
    return []


def _missing(notice: Notice) -> list[str]:
    off = {one.day: one.name for one in notice.days if not one.works}
    faults = []
    for name, fixed in HOLIDAYS.items():
        plain = name.removesuffix("节")
        if not any(plain in one for one in off.values()):
            faults.append(f"没有写{name}。")
            continue
        for month, day in fixed:
            if date(notice.year, month, day) not in off:
                faults.append(f"{notice.year}-{month:02}-{day:02}（{name}）是法定节假日，没有写成放假。")
    return faults


def calendar_of(notices: list[Notice]) -> Calendar:
    """The calendar that some notices add up to."""
    special = {one.day: one.works for notice in notices for one in notice.days}
    notes = {one.day: "调休上班" if one.works else one.name for notice in notices for one in notice.days}
    return Calendar(special, frozenset(notice.year for notice in notices), notes)


def changed_days(old: Calendar, new: Calendar) -> list[date]:
    """The days that count otherwise under a new calendar, and both ends of a year that became known."""
    days = {day for day in {*old.special, *new.special} if old.works(day) != new.works(day)}
    for year in old.known_years ^ new.known_years:
        days |= {date(year, 1, 1), date(year, 12, 31)}
    return sorted(days)
