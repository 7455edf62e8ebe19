"""Counting days by law: the calendar, limits, pauses, extensions. No database, no clock.

The day of the event is not counted. A calendar-day limit that ends on a day off moves to the next
working day; working-day limits end on a working day by nature. A paused day never counts.
"""

from __future__ import annotations

import calendar as months
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from weimin.base.errors import Invalid, Refused
from weimin.kernel.deadlines.rules.calendars import Calendar
from weimin.kernel.deadlines.rules.laws import article_text
from weimin.kernel.deadlines.types import Dates, Extension, Ledger, LedgerLine, Limit, Pause, StripDay

#: No limit runs longer; a count that does has lost its way.
HORIZON_DAYS = 3700
LATEST_YEAR = 2200
ONE_DAY = timedelta(days=1)


class CommittedTooLong(Refused):
    """A promise that ends after what the law allows."""

    code = "deadlines.committed_too_long"


class LedgerBroken(Refused):
    """The entries cannot be a ledger: a pause before the start, pauses that overlap."""

    code = "deadlines.ledger_broken"


class LimitInvalid(Invalid):
    """A limit that cannot be counted."""

    code = "deadlines.limit_invalid"


def cn_day(day: date) -> str:
    """2026年11月24日."""
    return f"{day.year}年{day.month}月{day.day}日"


def add_months(start: date, count: int) -> date:
    """The matching day some months on, or the month's last day.

    Law:    mfd-2020 art. 202
    """
    year, month = divmod(start.year * 12 + start.month - 1 + count, 12)
    return date(year, month + 1, min(start.day, months.monthrange(year, month + 1)[1]))


def count_ledger(
    *,
    start: date,
    limit: Limit,
    calendar: Calendar,
    pauses: Sequence[Pause] = (),
    extensions: Sequence[Extension] = (),
    strip: bool = False,
) -> Ledger:
    """Add up a ledger: start, limit, pauses, extensions.

    Raises: LimitInvalid — not a positive number of a known unit, or one that leads too far
            LedgerBroken — a pause or extension before the start, or pauses that overlap
    Law:    mfd-2020 art. 201, 203; xkl-2019 art. 45, 82
    Cost:   one step a day
    """
    _check(start, limit, pauses, extensions)
    total = Limit(limit.value + sum(one.value for one in extensions), limit.unit, limit.article)
    due, unrolled, known = _last_day(start, total, calendar, pauses)
    lines = [ledger_line("start", start, f"{cn_day(start)}起算，当天不计入。", "mfd-2020 art. 201")]
    running = limit
    first, _, _ = _last_day(start, limit, calendar, ())
    lines.append(ledger_line("limit", start, f"期限 {limit.text}。", limit.article, first))
    counted: list[Pause] = []
    events: list[Pause | Extension] = sorted(
        [*pauses, *extensions], key=lambda one: one.since if isinstance(one, Pause) else one.on
    )
    for one in events:
        if isinstance(one, Pause):
            counted.append(one)
        else:
            running = Limit(running.value + one.value, running.unit, running.article)
        after, _, _ = _last_day(start, running, calendar, counted)
        lines.append(_line(one, limit.unit, after))
    if due is not None and unrolled is not None and due != unrolled:
        text = f"{cn_day(unrolled)}是休息日，顺延到{cn_day(due)}。"
        lines.append(ledger_line("rolled", unrolled, text, "mfd-2020 art. 203", due))
    if not known:
        lines.append(
            ledger_line(
                "provisional",
                start,
                "跨入的年份还没有公布放假安排，日期是暂定的，公布后重算。",
                "fdjj-2024 art. 6",
                due,
            )
        )
    days = day_strip(start=start, due=due, limit=total, calendar=calendar, pauses=pauses) if strip else ()
    return Ledger(start, limit, due, unrolled, not known, tuple(lines), days)


def _check(start: date, limit: Limit, pauses: Sequence[Pause], extensions: Sequence[Extension]) -> None:
    if limit.value < 1 or limit.unit not in ("workday", "day", "month"):
        raise LimitInvalid("期限应是正整数，单位是工作日（workday）、日（day）或月（month）。")
    if limit.value > 2000 or start.year > LATEST_YEAR:
        raise LimitInvalid("期限太长或日期太远，请核对。")
    for one in extensions:
        if one.value < 1:
            raise LimitInvalid("延长的数值应是正整数。")
        if one.on < start:
            raise LedgerBroken("延长的日期早于起算日，请核对。")
    before: Pause | None = None
    for pause in sorted(pauses, key=lambda one: one.since):
        if pause.since < start:
            raise LedgerBroken("停钟的日期早于起算日，请核对。")
        if pause.until is not None and pause.until < pause.since:
            raise LedgerBroken("恢复计时的日期早于停钟日期，请核对。")
        if before is not None and (before.until is None or pause.since <= before.until):
            raise LedgerBroken("两次停钟的日期重叠，请核对。")
        before = pause


def _line(one: Pause | Extension, unit: str, after: date | None) -> LedgerLine:
    if isinstance(one, Extension):
        text = f"{cn_day(one.on)}批准延长 {Limit(one.value, unit).text}：{one.reason}".rstrip("：") + "。"
        return ledger_line("extend", one.on, text, one.article, after, one.by)
    if one.until is None:
        text = f"{cn_day(one.since)}起停钟（{one.reason or '法定事由'}），尚未恢复。"
    else:
        text = f"{cn_day(one.since)}到{cn_day(one.until)}停钟（{one.reason or '法定事由'}），这些天不计入。"
    return ledger_line("pause", one.since, text, one.article, after, one.by)


def ledger_line(
    kind: str, on: date, text: str, article: str, due_after: date | None = None, by: str = ""
) -> LedgerLine:
    """A line of a ledger with its article in words."""
    return LedgerLine(kind, on, text, article, due_after, article_text(article), by)


def count_dates(
    *,
    start: date,
    limit: Limit,
    calendar: Calendar,
    pauses: Sequence[Pause] = (),
    extensions: Sequence[Extension] = (),
    shares: tuple[float, float] = (0, 0),
) -> Dates:
    """The dates of a ledger without its words: what a million clocks need.

    `shares` are what is left of the limit when it turns yellow and red; the day before rolling
    counts for warnings, so that one warns on the earlier day.

    Raises: LimitInvalid, LedgerBroken — as `count_ledger`
    Law:    mfd-2020 art. 201, 203
    Cost:   one step a day, three times
    """
    _check(start, limit, pauses, extensions)
    total = Limit(limit.value + sum(one.value for one in extensions), limit.unit, limit.article)
    due, unrolled, known = _last_day(start, total, calendar, pauses)
    if due is None:
        return Dates(None, None, known)
    days = _days_in(start, total)
    unit = "workday" if limit.unit == "workday" else "day"
    marks = []
    for share in shares:
        used = max(1, days - int(days * share + 1e-9))
        marks.append(_last_day(start, Limit(used, unit), calendar, pauses)[1])
    return Dates(due, unrolled, known, *marks)


class Counting:
    """Counts many ledgers under one calendar; equal ledgers are counted once.

    Cost:   a look-up for a ledger seen before; memory for as many as differ
    """

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self._known: dict[tuple[object, ...], Dates] = {}

    def dates(
        self, limit: Limit, start: date, pauses: tuple[Pause, ...], extended: int, shares: tuple[float, float]
    ) -> Dates:
        """The dates of a ledger, as `count_dates`."""
        spans = tuple((one.since, one.until) for one in pauses)
        key = (limit.value, limit.unit, start, spans, extended, shares)
        found = self._known.get(key)
        if found is None:
            if len(self._known) > 20_000:
                self._known.clear()
            total = Limit(limit.value + extended, limit.unit)
            found = self._known[key] = count_dates(
                start=start, limit=total, calendar=self.calendar, pauses=pauses, shares=shares
            )
        return found


def check_promise(*, start: date, statutory: Limit | None, committed: Limit | None, calendar: Calendar) -> None:
    """Refuse a promise that would end after what the law allows.

    Raises: CommittedTooLong — with both dates
    Law:    yhys-722 art. 36
    """
    if statutory is None or committed is None:
        return
    if statutory.unit == committed.unit:
        longer = committed.value > statutory.value
    else:
        law = _last_day(start, statutory, calendar, ())[0]
        promise = _last_day(start, committed, calendar, ())[0]
        longer = law is not None and promise is not None and promise > law
    if longer:
        raise CommittedTooLong(
            f"承诺期限（{committed.text}）不能长于法定期限（{statutory.text}）（优化营商环境条例第三十六条）。"
        )


def cap_dates(promise: Dates, law: Dates) -> Dates:
    """The dates of a promise, never after those of the law.

    Limits in different units can cross: a pause of one working week moves working days by seven days
    and calendar days by five.

    Law:    yhys-722 art. 36
    """
    if promise.due is None or law.due is None or promise.due <= law.due:
        return promise
    yellow_on, red_on = _earlier(promise.yellow_on, law.yellow_on), _earlier(promise.red_on, law.red_on)
    return Dates(law.due, law.unrolled, law.known and promise.known, yellow_on, red_on)


def _earlier(*days: date | None) -> date | None:
    return min((one for one in days if one is not None), default=None)


def cap_ledger(promise: Ledger | None, law: Ledger | None) -> Ledger | None:
    """The ledger of a promise, never ending after that of the law; it says so where it would.

    Law:    yhys-722 art. 36
    """
    if promise is None or law is None or promise.due is None or law.due is None or promise.due <= law.due:
        return promise
    text = f"承诺期限算到{cn_day(promise.due)}，不能晚于法定期限，以{cn_day(law.due)}为准。"
    line = ledger_line("capped", law.due, text, "yhys-722 art. 36", law.due)
    return replace(
        promise,
        due=law.due,
        unrolled=law.unrolled,
        provisional=law.provisional or promise.provisional,
        lines=(*promise.lines, line),
        strip=tuple(one for one in promise.strip if one.day <= law.due),
    )


def _stands(day: date, pauses: Sequence[Pause]) -> bool:
    return any(one.since <= day and (one.until is None or day <= one.until) for one in pauses)


def _days_in(start: date, limit: Limit) -> int:
    """How many days must count; a month is as many days as lie between matching days."""
    return limit.value if limit.unit != "month" else (add_months(start, limit.value) - start).days


def _last_day(
    start: date, limit: Limit, calendar: Calendar, pauses: Sequence[Pause]
) -> tuple[date | None, date | None, bool]:
    """The due day, the day before rolling, and whether every year it needed is known.

    A pause that begins when the limit is over changes nothing; one without an end that begins
    before leaves no due day. The limit never ends on a day that stands.
    """
    standing = min((one.since for one in pauses if one.until is None), default=date.max)
    day, left = start, _days_in(start, limit)
    unrolled: date | None = None
    for _ in range(HORIZON_DAYS):
        day += ONE_DAY
        if day >= standing:
            return None, None, True
        if _stands(day, pauses):
            continue
        works = calendar.works(day)
        left -= works or limit.unit != "workday"
        if left <= 0:
            unrolled = unrolled or day
            if works:
                break
    else:
        raise LimitInvalid("期限太长或停钟太久，请核对。")
    first = (start + ONE_DAY).year if limit.unit == "workday" else unrolled.year
    return day, unrolled, all(year in calendar.known_years for year in range(first, day.year + 1))


def day_strip(
    *, start: date, due: date | None, limit: Limit, calendar: Calendar, pauses: Sequence[Pause] = ()
) -> tuple[StripDay, ...]:
    """Every day from the day after the start to the due day, with what it is and its count.

    Shape:  empty while the clock stands without an end; cut after 400 days
    """
    days: list[StripDay] = []
    count, most = 0, _days_in(start, limit)
    day = start
    while due is not None and day < due and len(days) < 400:
        day += timedelta(days=1)
        kind = calendar.kind(day)
        if _stands(day, pauses):
            kind = "paused"
        elif count < most and (limit.unit != "workday" or kind != "off"):
            count += 1
        days.append(StripDay(day, kind, count, calendar.notes.get(day, "")))
    return tuple(days)


def working_days_left(*, today: date, due: date, calendar: Calendar) -> int:
    """Working days still to come until the due day, counted from tomorrow; negative when overdue.

    The weekend after a due day is late too: an overdue limit is never less than one day over.

    Units:  working days
    """
    low, high = min(today, due), max(today, due)
    span = min((high - low).days, HORIZON_DAYS)
    worked = calendar.count_worked(after=low, until=low + timedelta(days=span))
    return worked if due >= today else -max(worked, 1)


_TWO_DATES = "停钟请写成 2026-03-09..2026-03-18 这样的两个日期。"


def read_pause(text: str) -> Pause:
    """Read FROM..TO, two ISO dates, as a pause.

    Raises: LimitInvalid — not two dates, or the second before the first
    """
    since, mark, until = text.partition("..")
    try:
        pause = Pause(date.fromisoformat(since), date.fromisoformat(until) if until else None)
    except ValueError as broken:
        raise LimitInvalid(_TWO_DATES) from broken
    if not mark:
        raise LimitInvalid(_TWO_DATES)
    if pause.until is not None and pause.until < pause.since:
        raise LimitInvalid("停钟的结束日期不能早于开始日期。")
    return pause
