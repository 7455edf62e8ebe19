"""Carry dates that moved by themselves to matters, steps and people: a holiday notice, a correction, a sister clock."""

from __future__ import annotations

from datetime import date, datetime

from django.db import connection
from django.db.models import OuterRef, Subquery

from weimin.base.clock import day_end
from weimin.kernel.cases.models import Case, Supplement, TimelineEntry
from weimin.kernel.cases.types import STATE_TEXT, State
from weimin.kernel.deadlines.types import Level, LevelChange, Move
from weimin.kernel.record.actions import queue_events
from weimin.kernel.record.types import Actor


def redate_cases(*, by: Actor, at: datetime, moves: list[Move]) -> None:
    """Write moved dates to the matters and steps that show them; tell people of what no act told them of.

    Called by the clocks' package inside its transaction.

    Cost:   six statements, whatever the number
    """
    by_clock = {one.clock_id: one for one in moves}
    cases = list(Case.objects.filter(clock_id__in=list(by_clock)).defer("answers_sealed").order_by("id"))
    for case in cases:
        move = by_clock[case.clock_id or 0]
        case.due_on, case.statutory_due_on = move.new.shown, move.new.due_date
        case.due_provisional = move.new.provisional
        case.attention_at = _moment(case, move)
    _write(cases)
    _redate_answers([case.pk for case in cases if case.state == State.SUPPLEMENT and case.due_on])
    _redate_steps([case.pk for case in cases], list(by_clock))
    untold = [case for case in cases if not by_clock[case.clock_id or 0].told]
    _tell(by, at, [(case, by_clock[case.clock_id or 0]) for case in untold])


def _moment(case: Case, move: Move) -> datetime | None:
    """When the system looks at the matter by itself: at the end of the check, or of the time to answer."""
    ends: dict[str, date | None] = {State.RECEIVED: move.new.due_date, State.SUPPLEMENT: move.new.shown}
    due = ends.get(case.state)
    return day_end(due) if due is not None else case.attention_at


def _write(cases: list[Case]) -> None:
    if not cases:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE cases_case AS c SET due_on = v.due, statutory_due_on = v.law, due_provisional = v.provisional,"
            " attention_at = v.attention FROM unnest(%s::bigint[], %s::date[], %s::date[], %s::boolean[],"
            " %s::timestamptz[]) AS v(id, due, law, provisional, attention) WHERE c.id = v.id",
            [
                [one.pk for one in cases],
                [one.due_on for one in cases],
                [one.statutory_due_on for one in cases],
                [one.due_provisional for one in cases],
                [one.attention_at for one in cases],
            ],
        )


def _redate_answers(case_ids: list[int]) -> None:
    """The time to answer a supplement list is the matter's while it waits."""
    if case_ids:
        own = Case.objects.filter(pk=OuterRef("case_id")).values("due_on")[:1]
        Supplement.objects.filter(case_id__in=case_ids, answered_at=None).update(answer_due_on=Subquery(own))


def _redate_steps(case_ids: list[int], clock_ids: list[int]) -> None:
    """A step's date is the earlier of its stage's and the whole's."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE cases_step AS s SET due_on = least(c.due_on, (SELECT coalesce(k.committed_due_date, k.due_date)"
            " FROM deadlines_clock k WHERE k.id = s.clock_id)) FROM cases_case c WHERE c.id = s.case_id"
            " AND s.state IN ('open', 'waiting') AND (s.case_id = ANY(%s) OR s.clock_id = ANY(%s))",
            [case_ids, clock_ids],
        )


def _tell(by: Actor, at: datetime, moved: list[tuple[Case, Move]]) -> None:
    lines, events = [], []
    for case, move in moved:
        old, new = move.old.shown, move.new.shown
        if old == new or new is None:
            continue
        words = (
            f"{move.why}，期限由 {old:%Y年%m月%d日} 改为 {new:%Y年%m月%d日}。"
            if old
            else f"{move.why}，期限改为 {new:%Y年%m月%d日}。"
        )
        lines.append(
            TimelineEntry(
                case=case,
                at=at,
                kind="redated",
                public_text=words[:400],
                inner_text=words[:400],
                by_label=by.label[:120] or "系统",
                due_on=new,
                clock_id=move.clock_id,
            )
        )
        events.append(
            {
                "case_id": case.pk,
                "number": case.number,
                "resident_id": case.applicant_id,
                "item_name": case.item_name,
                "state": str(case.state),
                "state_text": STATE_TEXT[State(case.state)],
                "due_on": new.isoformat(),
                "old_due_on": old.isoformat() if old else "",
                "why": move.why,
            }
        )
    TimelineEntry.objects.bulk_create(lines)
    queue_events(at=at, topic="cases.due.moved", payloads=events)


def remind_supplements(*, at: datetime, changes: list[LevelChange]) -> None:
    """Remind people whose time to answer a supplement list is nearly over, once.

    Called by the clocks' package inside its transaction.

    Cost:   two statements, whatever the number
    """
    soon = [one.clock_id for one in changes if one.purpose == "answer" and one.new is Level.YELLOW]
    if not soon:
        return
    events = [
        {
            "case_id": case.pk,
            "number": case.number,
            "resident_id": case.applicant_id,
            "item_name": case.item_name,
            "due_on": case.due_on.isoformat() if case.due_on else "",
        }
        for case in Case.objects.filter(clock_id__in=soon, state=State.SUPPLEMENT)
    ]
    queue_events(at=at, topic="cases.supplement.reminded", payloads=events)
