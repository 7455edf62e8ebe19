"""Holiday notices: read, look at what they move, approve, recount every open clock, tell people.

A pass over the open clocks goes in chunks and keeps its place on the notice's row, so that it goes on
after a stop. After approval two passes are made: the second, some seconds later, finds what processes
counted that had not read the new calendar yet.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Max, Q

from weimin.base.clock import local_date
from weimin.base.errors import Conflict, Forbidden, Invalid
from weimin.base.keeping import KEEP_SECONDS
from weimin.kernel.deadlines import access, queries, registry, rules
from weimin.kernel.deadlines.actions.clocks import level_change, set_dates
from weimin.kernel.deadlines.models import CalendarNotice, Clock, ClockEntry, NoticeShift
from weimin.kernel.deadlines.rules import NoticeBroken
from weimin.kernel.deadlines.rules.calendars import changed_days
from weimin.kernel.deadlines.rules.counting import cn_day
from weimin.kernel.deadlines.types import Level, Move, Notice
from weimin.kernel.record.actions import record_audit
from weimin.kernel.record.types import Actor

CHUNK = 5000
#: How long after approval every process has surely read the new calendar.
SETTLED = timedelta(seconds=KEEP_SECONDS + 5)
ARTICLE = "fdjj-2024 art. 6"


def propose_notice(
    *, by: Actor, at: datetime, text: str, name: str, number: str = "", source: str = "", reason: str = ""
) -> int:
    """Take in a year's notice from a file, to be looked at before it counts. Gives its id.

    Raises: NoticeBroken — unreadable, contradicts itself, leaves days out; with every fault
            Forbidden — not a procedure keeper
    Law:    fdjj-2024 art. 2, 6
    Cost:   four statements; the pass over the open clocks is the worker's
    """
    access.check_keeper(by)
    notice = rules.read_notice(text, name=name)
    number = number.strip() or notice.number
    if not number:
        raise NoticeBroken("请填写国务院办公厅通知的文号。", fields={"number": "请填写文号。"})
    return _keep(by, at, Notice(notice.year, number, source.strip() or notice.source, notice.days), reason).pk


def _keep(by: Actor, at: datetime, notice: Notice, reason: str) -> CalendarNotice:
    year_start = date(notice.year, 1, 1)
    holidays = queries.get_parameter(code="holiday.days", on=year_start).value
    faults = rules.check_notice(notice, holidays=holidays)
    if faults:
        raise NoticeBroken(
            f"{notice.year} 年放假安排有矛盾：{faults[0]}请核对原文后重新装入。",
            fields={f"fault_{place}": text for place, text in enumerate(faults)},
        )
    with transaction.atomic():
        before = CalendarNotice.objects.filter(year=notice.year).aggregate(last=Max("version"))["last"] or 0
        row = CalendarNotice.objects.create(
            year=notice.year,
            version=before + 1,
            number=notice.number[:60],
            source=notice.source[:200],
            days=[[one.day.isoformat(), one.works, one.name[:30]] for one in notice.days],
            state="draft",
            reason=reason.strip()[:200],
            loaded_at=at,
            loaded_by=by.label[:120] or "系统",
            loaded_account_id=by.account_id,
            total=_open_clocks().count(),
        )
        record_audit(
            by=by,
            at=at,
            verb="deadlines.notice.proposed",
            subject_type="calendar",
            subject_id=notice.year,
            changes={"version": row.version, "number": notice.number, "days": len(notice.days)},
        )
    return row


def _open_clocks() -> Any:
    return Clock.objects.exclude(state="stopped")


def approve_notice(*, by: Actor, at: datetime, notice_id: int) -> None:
    """Let a notice count from now on; the worker recounts the open clocks and tells people.

    Raises: Conflict — not looked at yet, approved, or rejected
            Forbidden — the one who loaded it, or not a procedure keeper
    Cost:   four statements
    """
    access.check_keeper(by)
    with transaction.atomic():
        row = CalendarNotice.objects.select_for_update().filter(pk=notice_id).first()
        if row is None or row.state != "previewed":
            raise Conflict("这一版还没有算出影响，或者已经处理过，请刷新页面。")
        if by.account_id is not None and by.account_id == row.loaded_account_id:
            raise Forbidden("装入和批准要由两个人办，请另一位规则管理员核对后批准。")
        _put_in_force(by, at, row)


def _put_in_force(by: Actor, at: datetime, row: CalendarNotice) -> None:
    CalendarNotice.objects.filter(year=row.year, approved_at__isnull=False, replaced_at=None).update(replaced_at=at)
    row.state, row.approved_at, row.approved_by = "approved", at, by.label[:120] or "系统"
    row.cursor = row.looked = row.moved = 0
    row.pass_number, row.total = 1, _open_clocks().count()
    row.save()
    record_audit(
        by=by,
        at=at,
        verb="deadlines.notice.approved",
        subject_type="calendar",
        subject_id=row.year,
        changes={"version": [None, row.version], "number": row.number},
    )
    transaction.on_commit(queries.forget)
    queries.forget()


def reject_notice(*, by: Actor, at: datetime, notice_id: int, reason: str) -> None:
    """Put aside a notice that was not approved; why it was loaded stays on it.

    Raises: Conflict — approved or rejected already; Invalid — no reason
    """
    access.check_keeper(by)
    if len(reason.strip()) < 5:
        told = "请写明为什么不采用（至少 5 个字）。"
        raise Invalid(told, fields={"reason": told})
    with transaction.atomic():
        row = CalendarNotice.objects.select_for_update().filter(pk=notice_id, state__in=("draft", "previewed")).first()
        if row is None:
            raise Conflict("这一版已经处理过，请刷新页面。")
        row.state = "rejected"
        row.reason = f"{row.reason}　不采用：{reason.strip()}".strip()[:200]
        row.save(update_fields=["state", "reason"])
        record_audit(
            by=by,
            at=at,
            verb="deadlines.notice.rejected",
            subject_type="calendar",
            subject_id=row.year,
            changes={"version": row.version, "reason": reason.strip()[:200]},
        )


def work_on_notices(*, at: datetime, chunk: int = CHUNK) -> int:
    """Do one chunk of the oldest notice that has work; safe with many workers.

    Shape:  how many clocks were looked at, and 1 more for a finished pass; 0 when nothing is to do
    Cost:   three statements a chunk, two more when dates move
    """
    with transaction.atomic():
        row = (
            CalendarNotice.objects.select_for_update(skip_locked=True)
            .filter(
                Q(state="draft")
                | Q(state="approved", pass_number=1)
                | Q(state="approved", approved_at__lte=at - SETTLED)
            )
            .order_by("pk")
            .first()
        )
        if row is None:
            return 0
        looked = _chunk(row, at, chunk)
        if looked < chunk:
            _finish_pass(row)
        row.save(update_fields=["cursor", "looked", "moved", "state", "pass_number"])
    return looked + (looked < chunk)


def _finish_pass(row: CalendarNotice) -> None:
    if row.state == "draft":
        row.state = "previewed"
    elif row.pass_number == 1:
        row.pass_number, row.cursor = 2, 0
    else:
        row.state = "done"


def _calendars(row: CalendarNotice) -> tuple[rules.Calendar, rules.Calendar]:
    """The calendar before a notice and with it."""
    new = queries.calendar_with(row)
    others = CalendarNotice.objects.filter(year=row.year, approved_at__isnull=False).exclude(pk=row.pk)
    before = others.order_by("-approved_at").first()
    kept = [queries.to_notice(one) for one in queries.list_years() if one.year != row.year]
    return rules.calendar_of([*kept, *([queries.to_notice(before)] if before else [])]), new


_countings: dict[int, tuple[rules.Counting, list[date]]] = {}


def _counting(row: CalendarNotice) -> tuple[rules.Counting, list[date]]:
    """The counting of a notice and the days that it changes, kept between its chunks."""
    if row.pk not in _countings:
        old, new = _calendars(row)
        _countings.clear()
        _countings[row.pk] = (rules.Counting(new), changed_days(old, new))
    return _countings[row.pk]


def _chunk(row: CalendarNotice, at: datetime, chunk: int) -> int:
    """Look at the next open clocks; write what moves: into the preview, or in force."""
    counting, days = _counting(row)
    if not days:
        row.looked = row.total
        return 0
    clocks = list(
        _open_clocks().select_for_update(of=("self",)).filter(pk__gt=row.cursor).order_by("pk").defer("article")[:chunk]
    )
    if not clocks:
        return 0
    row.cursor, row.looked = clocks[-1].pk, row.looked + len(clocks)
    touched = [one for one in clocks if _touches(one, days)]
    olds = {one.pk: (queries.to_ref(one), Level(one.level)) for one in touched}
    entries = _entries([one.pk for one in touched])
    today = local_date(at)
    shifted, changed = [], []
    for clock in touched:
        before = _state(clock)
        summed = rules.sum_entries(entries[clock.pk]) if clock.pk in entries else None
        extended = sum(one.value for one in summed.extensions) if summed else 0
        set_dates(clock, summed.pauses if summed else (), extended, counting, today=today)
        if _state(clock) != before:
            changed.append(clock)
            old = olds[clock.pk][0]
            if (old.due_date, old.committed_due_date) != (clock.due_date, clock.committed_due_date):
                shifted.append(clock)
    if row.state == "draft":
        row.moved += _preview(row, shifted, olds)
    else:
        row.moved += len(shifted)
        _carry_out(row, at, changed, shifted, olds)
    return len(clocks)


def _touches(clock: Clock, days: list[date]) -> bool:
    last = max((one for one in (clock.due_date, clock.committed_due_date) if one), default=None)
    return last is not None and last >= days[0] and clock.start_date <= days[-1]


def _state(clock: Clock) -> tuple[Any, ...]:
    return (
        clock.due_date,
        clock.committed_due_date,
        clock.provisional,
        clock.yellow_on,
        clock.red_on,
        clock.level,
        clock.attention_at,
    )


def _entries(pks: list[int]) -> dict[int, list[Any]]:
    """The ledgers of those clocks that have more than a start."""
    kinds = ("pause", "resume", "extend", "correct")
    marked = ClockEntry.objects.filter(clock_id__in=pks, kind__in=kinds).values_list("clock_id", flat=True)
    found: dict[int, list[Any]] = defaultdict(list)
    for entry in ClockEntry.objects.filter(clock_id__in=set(marked)).order_by("id"):
        found[entry.clock_id].append(queries.to_entry(entry))
    return found


def _preview(row: CalendarNotice, shifted: list[Clock], olds: dict[int, Any]) -> int:
    NoticeShift.objects.bulk_create(
        NoticeShift(
            notice=row,
            clock_id=one.pk,
            purpose=one.purpose,
            subject_id=one.subject_id,
            old_due=olds[one.pk][0].due_date,
            new_due=one.due_date,
            old_promise=olds[one.pk][0].committed_due_date,
            new_promise=one.committed_due_date,
        )
        for one in shifted
    )
    return len(shifted)


def _carry_out(
    row: CalendarNotice, at: datetime, changed: list[Clock], shifted: list[Clock], olds: dict[int, Any]
) -> None:
    if not changed:
        return
    by = Actor.system("系统（放假安排）")
    why = f"{row.year}年放假安排（{row.number}）"
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE deadlines_clock AS c SET due_date = v.due, committed_due_date = v.promise,"
            " provisional = v.provisional, yellow_on = v.yellow, red_on = v.red, level = v.level,"
            " attention_at = v.attention FROM unnest(%s::bigint[], %s::date[], %s::date[], %s::boolean[], %s::date[],"
            " %s::date[], %s::smallint[], %s::timestamptz[])"
            " AS v(id, due, promise, provisional, yellow, red, level, attention) WHERE c.id = v.id",
            [[one.pk for one in changed], *map(list, zip(*(_state(one) for one in changed), strict=True))],
        )
    told = [(one, olds[one.pk][0]) for one in shifted]
    ClockEntry.objects.bulk_create(
        ClockEntry(
            clock=one,
            kind="calendar",
            on=local_date(at),
            until=one.committed_due_date or one.due_date,
            reason=f"按{why}重算：{_words(old.shown)} → {_words(one.committed_due_date or one.due_date)}"[:200],
            article=ARTICLE,
            by_label=row.approved_by,
            at=at,
        )
        for one, old in told
    )
    moves: dict[str, list[Move]] = defaultdict(list)
    for one, old in told:
        moves[one.subject_type].append(Move(one.pk, one.subject_id, one.purpose, old, queries.to_ref(one), why))
    for kind, some in moves.items():
        registry.tell_moved(kind, by=by, at=at, moves=some)
    levels = [level_change(one, olds[one.pk][1], Level(one.level)) for one in changed]
    registry.tell_changed(at=at, changes=[one for one in levels if one.old != one.new])


def _words(day: date | None) -> str:
    return cn_day(day) if day else "停钟中"


def load_calendar_files(*, by: Actor, at: datetime) -> int:
    """Load the notices that come with the platform, each put in force at once. Gives the number of years."""
    notices = queries.read_shipped_notices()
    for notice in notices:
        load_notice(by=by, at=at, notice=notice)
    return len(notices)


def load_notice(*, by: Actor, at: datetime, notice: Notice) -> bool:
    """Put a notice in force without a look at it first: for a city's first loading. False when it is in force.

    Open clocks are recounted before this returns.

    Raises: NoticeBroken — contradicts itself or leaves days out
    """
    present = next((one for one in queries.list_years() if one.year == notice.year), None)
    if present is not None and {*queries.to_notice(present).days} == {*notice.days}:
        return False
    row = _keep(by, at, notice, "平台装入")
    with transaction.atomic():
        _put_in_force(by, at, row)
    while not CalendarNotice.objects.filter(pk=row.pk, state="approved", pass_number=2).exists():
        work_on_notices(at=at)
    CalendarNotice.objects.filter(pk=row.pk, state="approved", total=0).update(state="done")
    return True
