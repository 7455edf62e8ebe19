"""What the entries of a clock's ledger add up to, and which entry may follow which."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from weimin.base.errors import Refused
from weimin.kernel.deadlines.rules.calendars import Calendar
from weimin.kernel.deadlines.rules.counting import cn_day, count_dates
from weimin.kernel.deadlines.types import Entry, Extension, Ground, Limit, Pause, Summed

#: Days from one to another, both of them standing; no last day: without an end.
Span = tuple[date, date | None]


class ClockRefused(Refused):
    """The entry cannot follow the ones before it."""

    code = "deadlines.clock_refused"


class GroundRefused(Refused):
    """The clock may not stand on this ground, or not in this way."""

    code = "deadlines.ground_refused"


def sum_entries(entries: Iterable[Entry]) -> Summed:
    """Add up a ledger's entries, corrections applied in order; what was struck does not count.

    Striking a pause strikes its resumption with it.

    Raises: ClockRefused — a resumption without a pause, or no start
    """
    rows: dict[int, Entry] = {}
    for entry in entries:
        if entry.kind == "correct" and entry.corrects is not None:
            _correct(rows, entry)
        else:
            rows[entry.entry_id] = entry
    start: date | None = None
    pauses: list[Pause] = []
    extensions: list[Extension] = []
    for one in rows.values():
        if one.kind == "start":
            start = one.on
        elif one.kind == "pause":
            pauses.append(Pause(one.on, None, one.reason, one.article, one.by, one.entry_id, one.cause is not None))
        elif one.kind == "resume":
            held = next((place for place in reversed(range(len(pauses))) if pauses[place].until is None), None)
            if held is None:
                raise ClockRefused("时钟没有停，不能恢复。")
            pauses[held] = replace(pauses[held], until=one.on)
        elif one.kind == "extend" and one.value:
            extensions.append(Extension(one.on, one.value, one.reason, one.article, one.by))
    if start is None:
        raise ClockRefused("台账里没有起算，不能计算。")
    return Summed(start, tuple(pauses), tuple(extensions))


def _correct(rows: dict[int, Entry], entry: Entry) -> None:
    wrong = rows.get(entry.corrects or 0)
    if wrong is None:
        raise ClockRefused("要更正的那一条不在台账里，或者已经取消。")
    if not entry.struck:
        rows[wrong.entry_id] = replace(wrong, on=entry.on)
        return
    del rows[wrong.entry_id]
    if wrong.kind == "pause":
        open_since = 0
        for one in [one for one in rows.values() if one.entry_id > wrong.entry_id]:
            open_since += (one.kind == "pause") - (one.kind == "resume")
            if open_since < 0:
                del rows[one.entry_id]
                return


def join_spans(spans: Iterable[Span]) -> list[Span]:
    """Spans of days as few as they can be, in order; what touches or overlaps becomes one."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted(map(_ordinals, spans)):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        elif first <= last:
            joined.append((first, last))
    return [_span(*one) for one in joined]


def without_spans(spans: Iterable[Span], taken: Iterable[Span]) -> list[Span]:
    """What is left of some spans when the days of others are taken away, in order."""
    left = [_ordinals(one) for one in join_spans(spans)]
    for first, last in map(_ordinals, join_spans(taken)):
        cut = [(since, min(until, first - 1)) for since, until in left]
        cut += [(max(since, last + 1), until) for since, until in left]
        left = sorted({one for one in cut if one[0] <= one[1]})
    return [_span(*one) for one in left]


def _ordinals(span: Span) -> tuple[int, int]:
    since, until = span
    return since.toordinal(), date.max.toordinal() if until is None else until.toordinal()


def _span(first: int, last: int) -> Span:
    return date.fromordinal(first), None if last == date.max.toordinal() else date.fromordinal(last)


def check_entry(entries: Sequence[Entry], *, kind: str, on: date, today: date) -> None:
    """Refuse an entry that cannot follow: before its cause, in the future, twice, without its pause.

    Raises: ClockRefused — with the rule
    """
    summed = sum_entries(entries)
    words = {"pause": "停钟", "resume": "恢复计时", "extend": "延长", "stop": "结束"}.get(kind, "更正")
    if on > today:
        raise ClockRefused(f"{words}不能记在今天以后，到那天再记。")
    if on < summed.start:
        raise ClockRefused(f"{words}的日期早于起算日 {cn_day(summed.start)}，请核对。")
    if kind == "pause":
        if summed.stands:
            raise ClockRefused("时钟已经停着，不能再停一次。")
        last = max((one.until for one in summed.pauses if one.until), default=None)
        if last is not None and on <= last:
            raise ClockRefused(f"上一次停钟到 {cn_day(last)}，这一次要从之后的日子起。")
    if kind == "resume":
        if summed.standing is None:
            raise ClockRefused("时钟没有停，不能恢复。")
        if on < summed.standing.since:
            raise ClockRefused(f"恢复的日期早于停钟的日期 {cn_day(summed.standing.since)}，请核对。")
    if kind == "extend" and summed.extensions:
        raise ClockRefused("期限只能延长一次，已经延长过（行政许可法第四十二条等）。")


def check_ground(
    ground: Ground | None, *, allowed: Sequence[str], regime: str, on: date, until: date | None, notice: str
) -> Ground:
    """Refuse a pause on a ground that the clock does not have, or without the notice that law asks for.

    Raises: GroundRefused — with the article
    Law:    xkl-2019 art. 45
    """
    if ground is None or ground.code not in allowed:
        if regime == "permit":
            raise GroundRefused(
                "行政许可只能因听证、招标、拍卖、检验、检测、检疫、鉴定、专家评审停钟（行政许可法第四十五条）。"
            )
        raise GroundRefused("这个事项没有这一种停钟情形，时钟不能停。")
    if ground.notice and until is None:
        raise GroundRefused(f"因{ground.name}停钟，要把所需时间书面告知申请人，请填写预计到哪一天。")
    if ground.notice and not notice.strip():
        raise GroundRefused(f"因{ground.name}停钟，要书面告知申请人，请写明告知的内容。")
    if until is not None and until < on:
        raise GroundRefused("预计结束的日期早于停钟的日期，请核对。")
    return ground


def check_cap(ground: Ground, *, on: date, until: date | None, calendar: Calendar) -> None:
    """Refuse a pause planned longer than its ground allows.

    Raises: GroundRefused — with the last day that is allowed
    """
    if ground.cap_value is None or until is None:
        return
    last = count_dates(start=on, limit=Limit(ground.cap_value, ground.cap_unit), calendar=calendar).due
    if last is not None and until > last:
        raise GroundRefused(
            f"因{ground.name}停钟最长 {Limit(ground.cap_value, ground.cap_unit).text}，到 {cn_day(last)} 为止。"
        )
