"""Writes of ratings, repairs, and questions about looks."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction

from weimin.base.clock import local_date
from weimin.base.errors import Conflict, Forbidden, Invalid
from weimin.kernel.cases import queries as cases
from weimin.kernel.cases.types import ENDED, State
from weimin.kernel.deadlines import actions as deadlines
from weimin.kernel.deadlines.types import ClockSpec, Move
from weimin.kernel.directory import queries as directory
from weimin.kernel.evaluation import access
from weimin.kernel.evaluation.models import Rating, ReadQuery, Repair
from weimin.kernel.evaluation.types import BAD_FROM, GRADES
from weimin.kernel.record.actions import queue_event, record_audit
from weimin.kernel.record.types import Actor
from weimin.kernel.residents import queries as residents

SYSTEM = Actor.system("系统（差评整改）")


class RatedBefore(Conflict):
    """A matter is rated once."""

    code = "evaluation.rated_before"


class AskedBefore(Conflict):
    """A look is asked about once."""

    code = "evaluation.asked_before"


def rate_case(*, by: Actor, at: datetime, number: str, grade: int, comment: str = "") -> int:
    """Rate one's own ended matter, once; a bad rating opens a repair with a day to answer by.

    Raises: Invalid — not one of the five grades
            RatedBefore — rated already
            Forbidden — neither the person nor the window where they stand
            Conflict — the matter has not ended
    Law:    gb-39046 A.8
    Cost:   about six queries
    """
    if grade not in GRADES:
        raise Invalid("请选择一个满意度。", fields={"grade": "请选择一个满意度。"})
    case = cases.find_case(by, number, to="speak_for")
    if State(case.state) not in ENDED:
        raise Conflict("这件事还没有办完，办完后再评价。")
    try:
        with transaction.atomic():
            rating = Rating.objects.create(case=case, grade=grade, comment=comment.strip()[:500], at=at)
            if grade >= BAD_FROM:
                _open_repair(rating, at)
            record_audit(
                by=by,
                at=at,
                verb="evaluation.case.rated",
                subject_type="case",
                subject_id=number,
                changes={"grade": [None, grade]},
            )
            queue_event(
                at=at,
                topic="evaluation.case.rated",
                payload={"case_id": case.pk, "number": number, "grade": grade},
            )
    except IntegrityError as twice:
        raise RatedBefore("这件事您已经评价过了，谢谢。") from twice
    return rating.pk


def _open_repair(rating: Rating, at: datetime) -> None:
    first = rating.case.steps.order_by("id").first()
    if first is None:
        return
    clock = deadlines.open_dated(
        by=SYSTEM,
        at=at,
        code="rating.bad_reply",
        spec=ClockSpec(
            purpose="repair",
            subject=("rating", str(rating.pk)),
            start_date=local_date(at),
            label=f"差评回复：{rating.case.item_name}"[:60],
            agency_id=first.agency_id,
            place=rating.case.township_id,
        ),
    )
    assert clock.shown is not None
    Repair.objects.create(
        rating=rating, agency_id=first.agency_id, opened_at=at, due_on=clock.shown, clock_id=clock.clock_id
    )


def answer_repair(*, by: Actor, at: datetime, repair_id: int, answer: str) -> None:
    """Tell the person what was done about their bad rating.

    Raises: Invalid — too few words
            RepairUnknown — another agency's, or none
            Conflict — answered already
    Cost:   three queries
    """
    if len(answer.strip()) < 10:
        raise Invalid("请写清楚怎么整改的（至少 10 个字），群众会看到。", fields={"answer": "请写清楚。"})
    with transaction.atomic():
        changed = (
            access.REPAIRS.visible(by, "answer")
            .filter(pk=repair_id)
            .update(answered_at=at, answer=answer.strip()[:1000], answered_by=by.label[:120])
        )
        if changed != 1:
            if not access.REPAIRS.visible(by).filter(pk=repair_id).exists():
                raise access.RepairUnknown("找不到这条差评，或者它不归您单位。")
            raise Conflict("这条差评已经回复过。")
        repair = Repair.objects.select_related("rating__case").get(pk=repair_id)
        if repair.clock_id:
            deadlines.stop_clock(by=by, at=at, clock_id=repair.clock_id, on=local_date(at))
        record_audit(
            by=by,
            at=at,
            verb="evaluation.repair.answered",
            subject_type="repair",
            subject_id=repair_id,
            changes={},
        )
        case = repair.rating.case
        queue_event(
            at=at,
            topic="evaluation.repair.answered",
            payload={"resident_id": case.applicant_id, "number": case.number, "item_name": case.item_name},
        )


def redate_repairs(*, by: Actor, at: datetime, moves: list[Move]) -> None:
    """Carry dates that moved by themselves, as by a holiday notice, to the repairs that show them.

    Called by the clocks' package inside its transaction.

    Cost:   one statement a repair
    """
    for one in moves:
        Repair.objects.filter(clock_id=one.clock_id, answered_at=None).update(due_on=one.new.shown or one.old.shown)


# --- why did you look at my data ------------------------------------------------------------------------
def ask_about_read(*, by: Actor, at: datetime, entry_id: int, question: str) -> int:
    """Ask the agency that looked at one's data why it did; it answers by a day. Gives the question's id.

    Raises: Invalid — no question
            ReadUnknown — no such look at this person
            AskedBefore — asked already
            Forbidden — not a resident, or no agency looked
    Law:    pipl-2021 art. 50
    Cost:   about eight queries
    """
    question = " ".join(question.split())
    if len(question) < 5:
        raise Invalid("请写下想问什么，至少 5 个字。", fields={"question": "请写下想问什么，至少 5 个字。"})
    if by.resident_id is None:
        raise Forbidden("请先登记身份信息，再询问查看记录。")
    line = residents.get_read(resident_id=by.resident_id, entry_id=entry_id)
    if line.agency_id is None:
        raise Forbidden("这次查看不是哪个单位做的，请到窗口询问。")
    try:
        with transaction.atomic():
            row = ReadQuery(
                entry_id=entry_id,
                resident_id=by.resident_id,
                question=question[:300],
                asked_at=at,
                agency_id=line.agency_id,
            )
            clock = deadlines.open_dated(
                by=SYSTEM,
                at=at,
                code="reads.answer",
                spec=ClockSpec(
                    purpose="reads",
                    subject=("read", str(entry_id)),
                    start_date=local_date(at),
                    label="群众询问为什么查看资料",
                    agency_id=line.agency_id,
                    place=directory.get_agency(line.agency_id).division_id,
                ),
            )
            assert clock.shown is not None
            row.clock_id, row.due_on = clock.clock_id, clock.shown
            row.save(force_insert=True)
            record_audit(
                by=by, at=at, verb="evaluation.read.asked", subject_type="read", subject_id=str(entry_id), changes={}
            )
    except IntegrityError as twice:
        raise AskedBefore("这条查看记录您已经问过了，请等单位答复。") from twice
    return row.pk


def answer_read_query(*, by: Actor, at: datetime, query_id: int, answer: str) -> None:
    """Answer a person's question about a look; never by whoever made that look.

    Raises: Invalid — too few words
            AnswerNotYours — another agency's, answered, or about one's own look
    Law:    pipl-2021 art. 50
    Cost:   about six queries
    """
    text = answer.strip()
    if len(text) < 10:
        told = "请写清楚为什么查看、办的是哪件事（至少 10 个字），本人会看到。"
        raise Invalid(told, fields={"answer": told})
    with transaction.atomic():
        row = access.answerable_read_queries(by).select_for_update(of=("self",)).filter(pk=query_id).first()
        if row is None:
            raise access.AnswerNotYours("这条询问已经答复过，或者不由您答复：看资料的人不能自己答复。")
        row.answered_at, row.answer, row.answered_by = at, text[:1000], by.label[:120]
        row.save(update_fields=["answered_at", "answer", "answered_by"])
        deadlines.stop_clock(by=by, at=at, clock_id=row.clock_id, on=local_date(at))
        record_audit(
            by=by,
            at=at,
            verb="evaluation.read.answered",
            subject_type="read",
            subject_id=str(row.entry_id),
            changes={"query": row.pk},
        )
        queue_event(
            at=at,
            topic="evaluation.read.answered",
            payload={"resident_id": row.resident_id, "agency": directory.agency_name(row.agency_id)},
        )


def redate_read_queries(*, by: Actor, at: datetime, moves: list[Move]) -> None:
    """Carry dates that moved by themselves to the questions that show them; called inside the clocks' transaction.

    Cost:   one statement a question
    """
    for one in moves:
        ReadQuery.objects.filter(clock_id=one.clock_id, answered_at=None).update(due_on=one.new.shown or one.old.shown)


def forget_words(*, case_id: int) -> None:
    """Empty what was written with the rating of a matter whose content is destroyed; the grade stays for figures.

    Called in the transaction of the destruction, which is audited.

    Law:    pipl-2021 art. 47
    Cost:   two statements
    """
    Rating.objects.filter(case_id=case_id).update(comment="")
    Repair.objects.filter(rating__case_id=case_id).update(answer="", answered_by="")


def forget_read_queries(*, before: datetime) -> tuple[int, list[int]]:
    """Delete the answered questions about looks that were asked before a moment.

    Shape:  how many went, and the looks of before that moment that are still asked about
    Law:    pipl-2021 art. 47
    Cost:   two statements
    """
    gone, _ = ReadQuery.objects.filter(asked_at__lt=before).exclude(answered_at=None).delete()
    return gone, list(ReadQuery.objects.filter(entry__at__lt=before).values_list("entry_id", flat=True))
