"""The working calendar for everybody: which days offices work, and a small calculator of limits."""

from __future__ import annotations

import calendar as months
import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from weimin.base.errors import Invalid, WeiminError
from weimin.base.guard import access, shared
from weimin.kernel.deadlines import queries, rules
from weimin.kernel.deadlines.rules import Calendar
from weimin.kernel.deadlines.types import UNIT_TEXT, Ledger, Limit
from weimin.ui.fields import Shown

#: How many years beyond this one are shown, with or without a notice.
YEARS_AHEAD = 2
WEEK = "一二三四五六日"
_UNITS = (("workday", "工作日（只数上班的日子）"), ("day", "日（每天都数）"), ("month", "个月（到对应的那一天）"))


@dataclass(frozen=True, slots=True)
class PictureDay:
    """One day of the picture of a year; kind is works, off, holiday or makeup."""

    day: date
    kind: str
    text: str
    title: str
    today: bool


@dataclass(frozen=True, slots=True)
class PictureMonth:
    """A month as weeks from Monday to Sunday; None outside the month."""

    number: int
    weeks: list[list[PictureDay | None]]


@dataclass(frozen=True, slots=True)
class Run:
    """Days in a row that are not what their weekdays say, for one reason."""

    since: date
    until: date
    works: bool
    name: str

    @property
    def days(self) -> int:
        """How many days."""
        return (self.until - self.since).days + 1


@dataclass(frozen=True, slots=True)
class Picture:
    """A year: its months, its special days, and whether its notice is out."""

    year: int
    known: bool
    months: list[PictureMonth]
    runs: list[Run]
    week: str = WEEK


@dataclass(slots=True)
class CalculatorPage:
    """What the public page shows."""

    picture: Picture
    years: list[tuple[int, bool]]
    source: str
    fields: list[Shown]
    errors: dict[str, str] = field(default_factory=dict)
    ledger: Ledger | None = None


def make_picture(year: int, calendar: Calendar, *, today: date) -> Picture:
    """The picture of a year under a calendar."""
    weeks = months.Calendar()
    pages = [
        PictureMonth(
            month,
            [
                [_picture_day(day, calendar, today) if day.month == month else None for day in week]
                for week in weeks.monthdatescalendar(year, month)
            ],
        )
        for month in range(1, 13)
    ]
    return Picture(year, year in calendar.known_years, pages, list_runs(year, calendar))


def _picture_day(day: date, calendar: Calendar, today: date) -> PictureDay:
    kind, name = calendar.kind(day), calendar.notes.get(day, "")
    text = {"works": "", "makeup": "班"}.get(kind, "休")
    said = {"works": "上班", "makeup": "周末调休上班"}.get(kind, "周末休息")
    if kind == "off" and name:
        kind, text, said = "holiday", name, f"{name}，放假"
    return PictureDay(day, kind, text, f"{day.month}月{day.day}日（周{WEEK[day.weekday()]}）{said}", day == today)


def list_runs(year: int, calendar: Calendar) -> list[Run]:
    """The special days of a year, days in a row for one reason together."""
    runs: list[Run] = []
    for day in sorted(one for one in calendar.special if one.year == year):
        works, name = calendar.special[day], calendar.notes.get(day, "")
        last = runs[-1] if runs else None
        if last and (last.works, last.name) == (works, name) and day - last.until == timedelta(days=1):
            runs[-1] = Run(last.since, day, works, name)
        else:
            runs.append(Run(day, day, works, name))
    return runs


def list_shown_years(known: frozenset[int], *, today: date) -> list[int]:
    """The years that pages speak of: from the first known to two years ahead."""
    first = min(known | {today.year})
    return list(range(first, max(known | {today.year + YEARS_AHEAD}) + 1))


def choose_year(text: str, years: list[int], *, today: date) -> int:
    """The year asked for when it is shown, else this one."""
    return next((one for one in years if str(one) == text), today.year)


def read_day(text: str) -> date:
    """Read a day as people write it: 2026-03-05, 2026/3/5 or 2026年3月5日.

    Raises: Invalid — not written as a day, or a day that does not exist
    """
    tidy = unicodedata.normalize("NFKC", text).strip()
    found = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", tidy)
    if not tidy:
        raise Invalid("请填写日期。")
    if found is None:
        raise Invalid("日期请写成 2026-03-05 这样：年-月-日。")
    year, month, day = map(int, found.groups())
    try:
        return date(year, month, day)
    except ValueError as broken:
        raise Invalid(f"{year}年{month}月{day}日这一天不存在，请核对。") from broken


@access("public", shared=shared("year"))
@require_GET
def calendar(request: Any) -> HttpResponse:
    """Which days offices work, and until when a limit runs."""
    working = queries.get_calendar()
    notices = {one.year: one for one in queries.list_years()}
    years = list_shown_years(working.known_years, today=request.today)
    year = choose_year(request.GET.get("year", ""), years, today=request.today)
    notice = notices.get(year)
    typed = {name: request.GET.get(name, "").strip()[:40] for name in ("start", "number", "unit")}
    page = CalculatorPage(
        picture=make_picture(year, working, today=request.today),
        years=[(one, one in working.known_years) for one in years],
        source=notice.number if notice else "",
        fields=[],
    )
    if any(typed.values()):
        page.ledger = _count(typed, working, page.errors)
    page.fields = _fields(typed, page.errors, request.today)
    status = 422 if page.errors else 200
    return render(request, "deadlines/portal_calendar.html", {"page": page, "section": ""}, status=status)


def _count(typed: dict[str, str], working: Calendar, errors: dict[str, str]) -> Ledger | None:
    """The ledger of what was typed, or None with the errors filled."""
    start: date | None = None
    try:
        start = read_day(typed["start"])
    except Invalid as fault:
        errors["start"] = fault.message
    number = unicodedata.normalize("NFKC", typed["number"])
    if not number.isdecimal() or len(number) > 4 or not 1 <= int(number) <= 2000:
        errors["number"] = "天数或月数请填 1 到 2000 的整数，如 20。"
    if typed["unit"] not in UNIT_TEXT:
        errors["unit"] = "请选择按工作日、日还是月计算。"
    first = min(working.known_years, default=0)
    if start is not None and start.year < first:
        errors["start"] = f"这里只装入了 {first} 年以后的放假安排，更早的日期算不准，请填 {first} 年以后的日期。"
    if errors or start is None:
        return None
    try:
        limit = Limit(int(number), typed["unit"])
        return rules.count_ledger(start=start, limit=limit, calendar=working, strip=True)
    except WeiminError as fault:
        errors["number"] = fault.message
    return None


def _fields(typed: dict[str, str], errors: dict[str, str], today: date) -> list[Shown]:
    start = typed["start"] or ("" if errors else today.isoformat())
    return [
        Shown(
            "start",
            "从哪一天起",
            "text" if "start" in errors else "date",
            value=start,
            error=errors.get("start", ""),
            help="比如受理、收到、送达的那一天。当天不计入，从第二天数起。",
        ),
        Shown("number", "多少", "number", value=typed["number"], error=errors.get("number", "")),
        Shown(
            "unit",
            "按什么算",
            "choice",
            value=typed["unit"] or ("" if errors else "workday"),
            error=errors.get("unit", ""),
            choices=_UNITS,
        ),
    ]
