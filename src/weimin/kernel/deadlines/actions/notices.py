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
from django.db.models import Exists, Max, Q

from weimin.base.clock import local_date
from weimin.base.errors import Conflict, Forbidden, Invalid
from weimin.base.keeping import KEEP_SECONDS
from weimin.kernel.deadlines import access, queries, registry, rules
from weimin.kernel.deadlines.actions.recounting import level_change, set_dates
from weimin.kernel.deadlines.models import CalendarNotice, Clock, ClockEntry, NoticeShift
from weimin.kernel.deadlines.rules import NoticeBroken
from weimin.kernel.deadlines.rules.calendars import changed_days
from weimin.kernel.deadlines.rules.counting import cn_day
from weimin.kernel.deadlines.types import ClockRef, Entry, Level, Move, Notice
from weimin.kernel.record.actions import record_audit
from weimin.kernel.record.types import Actor

CHUNK = 5000
#: The pass of a version that was replaced before all open clocks were counted by it.
CUT_SHORT = 0
#: What was worked out for the notice at hand, with what else was in force then.
_countings: dict[tuple[int, ...], tuple[rules.Counting, list[date]]] = {}
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

    What others that wait would move is looked at anew.

    Raises: Conflict — not looked at yet, approved, rejected, or older than the version in force
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
        newer = CalendarNotice.objects.filter(year=row.year, version__gt=row.version, approved_at__isnull=False)
        if newer.exists():
            raise Conflict(f"{row.year} 年已经有更新的一版生效，请重新装入这一版再核算。")
        _put_in_force(by, at, row)


def _put_in_force(by: Actor, at: datetime, row: CalendarNotice) -> None:
    others = CalendarNotice.objects.filter(year=row.year).exclude(pk=row.pk)
    others.filter(approved_at__isnull=False, replaced_at=None).update(replaced_at=at)
    others.filter(state="approved").update(state="done", pass_number=CUT_SHORT)
    waiting = CalendarNotice.objects.filter(state__in=("draft", "previewed")).exclude(pk=row.pk)
    NoticeShift.objects.filter(notice__in=waiting).delete()
    waiting.update(state="draft", cursor=0, looked=0, moved=0)
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

    What a notice would move is looked at only when every clock is counted by those in force.

    Shape:  how many clocks were looked at, and 1 more for a finished pass; 0 when nothing is to do
    Cost:   three statements a chunk, two more when dates move
    """
    counting = CalendarNotice.objects.filter(state="approved", pass_number=1)
    with transaction.atomic():
        row = (
            CalendarNotice.objects.select_for_update(skip_locked=True)
            .filter(
                (Q(state="draft") & ~Exists(counting))
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


def _counting(row: CalendarNotice) -> tuple[rules.Counting, list[date]]:
    """The counting of a notice and the days that it changes, kept between its chunks while nothing else is approved."""
    in_force = queries.list_years()
    key = (row.pk, *(one.pk for one in in_force))
    if key not in _countings:
        new = queries.calendar_with(row)
        days = {day for old in _calendars_before(row, in_force) for day in changed_days(old, new)}
        _countings.clear()
        _countings[key] = (rules.Counting(new), sorted(days))
    return _countings[key]


def _calendars_before(row: CalendarNotice, in_force: list[CalendarNotice]) -> list[rules.Calendar]:
    """The calendars by which open clocks may have been counted before a notice.

    That is the version before it, and those before that one when it was replaced before it was carried out.
    """
    kept = [queries.to_notice(one) for one in in_force if one.year != row.year]
    found = []
    versions = CalendarNotice.objects.filter(year=row.year, approved_at__isnull=False).exclude(pk=row.pk)
    for before in versions.order_by("-version"):
        found.append(rules.calendar_of(sorted([*kept, queries.to_notice(before)], key=lambda one: one.year)))
        if before.pass_number != CUT_SHORT:
            return found
    return [*found, rules.calendar_of(kept)]


def _chunk(row: CalendarNotice, at: datetime, chunk: int) -> int:
    """Look at the next open clocks; write what moves: into the preview, or in force."""
    counting, days = _counting(row)
    if not days:
        row.looked = row.total
        return 0
    clocks = list(_open_clocks().select_for_update(of=("self",)).filter(pk__gt=row.cursor).order_by("pk")[:chunk])
    if not clocks:
        return 0
    row.cursor, row.looked = clocks[-1].pk, row.looked + len(clocks)
    touched = [one for one in clocks if _touches(one, days)]
    olds = {one.pk: (queries.to_ref(one), one.level) for one in touched}
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


def _entries(pks: list[int]) -> dict[int, list[Entry]]:
    """The ledgers of those clocks that have more than a start."""
    found: dict[int, list[Entry]] = defaultdict(list)
    # an array, for thousands of placeholders cost more than the reading
    rows = ClockEntry.objects.raw(
        "SELECT * FROM deadlines_clockentry WHERE clock_id IN (SELECT clock_id FROM deadlines_clockentry"
        " WHERE clock_id = ANY(%s) AND kind IN ('pause', 'resume', 'extend', 'correct')) ORDER BY id",
        [pks],
    )
    for entry in rows:
        found[entry.clock_id].append(queries.to_entry(entry))
    return found


def _preview(row: CalendarNotice, shifted: list[Clock], olds: dict[int, Any]) -> int:
    if shifted:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO deadlines_noticeshift (notice_id, clock_id, purpose, subject_id, old_due, new_due,"
                " old_promise, new_promise) SELECT %s, v.* FROM unnest(%s::bigint[], %s::varchar[], %s::varchar[],"
                " %s::date[], %s::date[], %s::date[], %s::date[]) AS v",
                [row.pk, *map(list, zip(*(_shift(one, olds[one.pk][0]) for one in shifted), strict=True))],
            )
    return len(shifted)


def _shift(new: Clock, old: ClockRef) -> tuple[Any, ...]:
    dates = (old.due_date, new.due_date, old.committed_due_date, new.committed_due_date)
    return (new.pk, new.purpose, new.subject_id, *dates)


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
            " AS v(id, due, promise, provisional, yellow, red, level, attention)"
            " WHERE c.id = v.id AND c.id BETWEEN %s AND %s",  # the bounds keep the rest of the table out of it
            [
                [one.pk for one in changed],
                *map(list, zip(*(_state(one) for one in changed), strict=True)),
                *(changed[0].pk, changed[-1].pk),
            ],
        )
    told = [(one, olds[one.pk][0]) for one in shifted]
    _enter(row, at, why, told)
    moves: dict[str, list[Move]] = defaultdict(list)
    for one, old in told:
        moves[one.subject_type].append(Move(one.pk, one.subject_id, one.purpose, old, queries.to_ref(one), why))
    for kind, some in moves.items():
        registry.tell_moved(kind, by=by, at=at, moves=some)
    passed = [one for one in changed if one.level != olds[one.pk][1]]
    levels = [level_change(one, Level(olds[one.pk][1]), Level(one.level)) for one in passed]
    registry.tell_changed(at=at, changes=levels)


def _enter(row: CalendarNotice, at: datetime, why: str, told: list[tuple[Clock, ClockRef]]) -> None:
    """Write a calendar entry into the ledger of each clock whose dates moved."""
    if not told:
        return
    shown = [new.committed_due_date or new.due_date for new, _ in told]
    reasons = [
        f"按{why}重算：{_words(old.shown)} → {_words(day)}"[:200] for (_, old), day in zip(told, shown, strict=True)
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            'INSERT INTO deadlines_clockentry (clock_id, kind, "on", until, ground, reason, notice, struck, article,'
            " by_label, at, county) SELECT v.id, 'calendar', %s, v.until, '', v.reason, '', false, %s, %s, %s, v.county"
            " FROM unnest(%s::bigint[], %s::date[], %s::varchar[], %s::varchar[]) AS v(id, until, reason, county)",
            [
                *(local_date(at), ARTICLE, row.approved_by, at),
                *([new.pk for new, _ in told], shown, reasons, [new.county for new, _ in told]),
            ],
        )


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
    while CalendarNotice.objects.filter(pk=row.pk, state="approved", pass_number=1).exists():
        work_on_notices(at=at)
    CalendarNotice.objects.filter(pk=row.pk, state="approved", total=0).update(state="done")
    return True
