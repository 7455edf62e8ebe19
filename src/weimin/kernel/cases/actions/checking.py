"""The check of an application within five working days: accept, ask once for what is missing, refuse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction

from weimin.base.clock import local_date
from weimin.base.errors import Invalid, Refused
from weimin.kernel.cases import access
from weimin.kernel.cases.actions import turning
from weimin.kernel.cases.actions.turning import Turn
from weimin.kernel.cases.models import Case, CaseFile, Decision, Step, Supplement
from weimin.kernel.cases.rules import completeness
from weimin.kernel.cases.types import Event, PaperKind, State, StepTaken, SupplementItem
from weimin.kernel.catalogue import queries as catalogue
from weimin.kernel.deadlines import queries as limits
from weimin.kernel.deadlines.types import Limit
from weimin.kernel.record.types import Actor

#: How long a person has to answer a supplement list; a local default that list keepers check.
SUPPLEMENT_ANSWER = "supplement.answer"


class ReasonsMissing(Invalid):
    """A refusal or a decision without reasons."""

    code = "cases.reasons_missing"


class SupplementAskedBefore(Refused):
    """The law allows one complete list only."""

    code = "cases.supplement_asked_before"


class SupplementIncomplete(Invalid):
    """Not everything on the list was handed in."""

    code = "cases.supplement_incomplete"


def accept_application(
    *, by: Actor, at: datetime, case_id: int | str, step_id: int, opinion: str = "", seen: int | None = None
) -> StepTaken:
    """Accept an application: the check clock stops, the handling clock starts.

    Raises: PageStale, StepTakenAlready, StepNotYours, NotAllowed
    Law:    xkl-2019 art. 32
    Cost:   about fifteen statements; locks the case row until commit
    """
    with transaction.atomic():
        turn = turning.open_turn(by=by, at=at, case_id=case_id, seen=seen)
        step = turning.take_step(turn, step_id=step_id, kinds=("accept", "register"))
        enter_handling(turn, Event.ACCEPT, accepted_at=at)
        turning.complete_step(turn, step, outcome=_yes(step), opinion=opinion)
        return turn.finish(verb="cases.case.accepted")


def _yes(step: Step) -> str:
    return "accept" if step.kind == "accept" else "done"


def enter_handling(turn: Turn, event: Event, *, accepted_at: datetime) -> None:
    """Move to handling, start the clock of the item from the day of acceptance, make the paper.

    Law:    xkl-2019 art. 32, 42
    """
    turn.move(event)
    silent = event is Event.ACCEPT_BY_SILENCE
    spec = turn.spec
    statutory = _limit(spec.statutory)
    promised = spec.committed_within(turn.case.committed_days)
    committed = _limit(promised)
    start = (turn.case.received_on if silent else None) or local_date(accepted_at)
    turn.set(
        accepted_at=accepted_at,
        accepted_how="silence" if silent else "clerk",
        attention_at=_renewal_moment(turn),
    )
    if statutory or committed:
        rule = turning.deciding_rule(turn)
        turning.start_clock(
            turn, purpose="handle", start=start, statutory=statutory, committed=committed, agency_rule=rule
        )
    else:
        turning.stop_clock(turn)
        turn.set(due_on=start)
    due = turn.case.due_on
    how = "逾期没有告知补正，依法自收件之日起视为受理。" if event is Event.ACCEPT_BY_SILENCE else "已受理。"
    public = f"{how}承诺 {due:%Y年%m月%d日} 前办结。" if committed and due else how
    turn.say("accepted", public=public, inner=how, due_on=due)
    turning.make_paper(
        turn,
        PaperKind.ACCEPTANCE,
        applicant=applicant_name(turn.case),
        agency=turn.by.agency_name,
        accepted_on=start.isoformat(),
        due_on=due.isoformat() if due else "",
        how=how,
        statutory_text=spec.statutory.text,
        committed_text=promised.text,
        consult=str(spec.doc.get("review_body") or ""),
    )


def _renewal_moment(turn: Turn) -> datetime | None:
    """When no decision becomes renewal: the end of the permit's last day, for who applied in time.

    Law:    xkl-2019 art. 50
    """
    case = turn.case
    if case.renews_until is None or case.received_on is None:
        return None
    limit, _ = turning.parameter("permit.renewal_apply", case.received_on)
    in_time = limits.count_from(start=case.received_on, limit=limit) <= case.renews_until
    return turning.attention(case.renews_until) if in_time else None


def _limit(spec: Any) -> Limit | None:
    return Limit(spec.value, spec.unit, spec.basis) if spec.counted else None


def applicant_name(case: Case) -> str:
    """The applicant's full name for a paper; own-motion matters have none."""
    return case.applicant.name if case.applicant else "（依职权）"


def ask_supplement(
    *,
    by: Actor,
    at: datetime,
    case_id: int | str,
    step_id: int,
    items: list[SupplementItem],
    note: str = "",
    seen: int | None = None,
) -> StepTaken:
    """Tell the applicant once, completely, what is missing; the check clock stops until they answer.

    Raises: ReasonsMissing — an empty list, or an item that does not say what to do
            SupplementAskedBefore — the one list was given already
    Law:    xkl-2019 art. 32
    Cost:   about fourteen statements; locks the case row until commit
    """
    if not items or any(not one.what.strip() for one in items):
        raise ReasonsMissing(
            "请一次列全要补的材料，每一项都写明要怎么补。", fields={"ask": "请勾选要补的，并逐项写明。"}
        )
    with transaction.atomic():
        turn = turning.open_turn(by=by, at=at, case_id=case_id, seen=seen)
        turning.take_step(turn, step_id=step_id, kinds=("accept",))
        if turn.case.supplements.exists():
            raise SupplementAskedBefore("依法只能一次性告知补正，这个办件已经告知过，请受理或依法不予受理。")
        turn.move(Event.ASK_SUPPLEMENT)
        limit, _ = turning.parameter(SUPPLEMENT_ANSWER, turn.today)
        clock = turning.start_clock(turn, purpose="answer", start=turn.today, statutory=None, committed=limit)
        due = clock.shown
        assert due is not None
        listed = [{"code": i.code, "name": i.name, "what": i.what.strip()} for i in items]
        Supplement.objects.create(
            case=turn.case,
            items=listed,
            note=note.strip(),
            asked_at=at,
            asked_by=by.label[:120],
            answer_due_on=due,
        )
        turning.waiting_steps(turn, "waiting")
        turn.set(attention_at=turning.attention(due))
        names = "、".join(i.name for i in items)
        turn.say(
            "supplement",
            public=f"需要您补正：{names}。请在 {due:%m月%d日} 前补齐。",
            inner=f"一次性告知补正：{names}",
            due_on=due,
        )
        turning.make_paper(
            turn,
            PaperKind.SUPPLEMENT,
            applicant=applicant_name(turn.case),
            agency=by.agency_name,
            items=listed,
            note=note.strip(),
            due_on=due.isoformat(),
        )
        return turn.finish(verb="cases.supplement.asked", notice={"names": names})


def answer_supplement(
    *,
    by: Actor,
    at: datetime,
    case_id: int | str,
    file_ids: tuple[int, ...] = (),
    replies: dict[str, str] | None = None,
) -> StepTaken:
    """Hand in what was asked for; the five working days start anew from this day.

    Raises: SupplementIncomplete — with a sentence for each item still missing
            NotAllowed — nothing is asked for now
    Law:    xkl-2019 art. 32
    Cost:   about fifteen statements; locks the case row until commit
    """
    said = {code: text.strip() for code, text in (replies or {}).items() if text.strip()}
    with transaction.atomic():
        turn = turning.open_turn(by=by, at=at, case_id=case_id, to="speak_for")
        turn.move(Event.ANSWER_SUPPLEMENT)
        supplement = turn.case.supplements.get()
        files = list(access.FILES.visible(by, "hold").filter(pk__in=file_ids))
        given = {one.material_code for one in files} | set(said)
        completeness.check_count(max(Counter(one.material_code for one in files).values(), default=0))
        missing = [one for one in supplement.items if one["code"] not in given]
        if missing:
            raise SupplementIncomplete(
                "还有没补齐的，请补齐后一起提交。",
                fields={f"material_{one['code']}": f"还没有补“{one['name']}”。" for one in missing},
            )
        CaseFile.objects.filter(pk__in=[f.pk for f in files]).update(
            case=turn.case, county=turn.case.county, stage="supplement"
        )
        Supplement.objects.filter(pk=supplement.pk).update(answered_at=at)
        turning.waiting_steps(turn, "open")
        limit, promised = turning.parameter("permit.accept_check", turn.today)
        turning.start_clock(turn, purpose="check", start=turn.today, statutory=limit, committed=promised)
        turn.set(attention_at=turning.attention(turn.case.statutory_due_on))
        _redate_step(turn, turn.case.due_on)
        words = "；".join(f"{one['name']}：{said[one['code']]}" for one in supplement.items if one["code"] in said)
        turn.say(
            "supplemented",
            public="您已补正，我们会尽快审查。",
            inner=f"申请人已补正。{words}"[:400],
            due_on=turn.case.due_on,
        )
        return turn.finish(verb="cases.supplement.answered")


def _redate_step(turn: Turn, due: date | None) -> None:
    Step.objects.filter(case=turn.case, kind="accept", state="open").update(due_on=due)


def refuse_application(
    *,
    by: Actor,
    at: datetime,
    case_id: int | str,
    step_id: int,
    reasons: str,
    basis: str,
    seen: int | None = None,
) -> StepTaken:
    """Refuse to accept, in writing, with reasons, basis and remedies.

    Raises: ReasonsMissing — no reasons or no basis
    Law:    xkl-2019 art. 32, 38
    Cost:   about fourteen statements; locks the case row until commit
    """
    check_reasons(reasons, basis)
    with transaction.atomic():
        turn = turning.open_turn(by=by, at=at, case_id=case_id, seen=seen)
        step = turning.take_step(turn, step_id=step_id, kinds=("accept",))
        turn.move(Event.REFUSE)
        turning.stop_clock(turn)
        turn.set(ended_at=at, attention_at=None)
        turning.complete_step(turn, step, outcome="refuse", opinion=reasons)
        keep_decision(turn, kind="refusal", outcome="refuse", reasons=reasons, basis=basis)
        turn.say("refused", public=f"不予受理。理由：{reasons}"[:400], inner="不予受理")
        turning.make_paper(
            turn,
            PaperKind.REFUSAL,
            applicant=applicant_name(turn.case),
            agency=by.agency_name,
            reasons=reasons,
            basis=basis,
            remedy_text=catalogue.remedy_text(turn.spec, on=turn.today, refused=True),
        )
        return turn.finish(verb="cases.case.refused")


def check_reasons(reasons: str, basis: str, *, missing: Mapping[str, str] | None = None) -> None:
    """Refuse an empty reason or basis; `missing` says what else was left out, so that all is told at once.

    Raises: ReasonsMissing — with the fields
    Law:    xkl-2019 art. 38
    """
    faults = dict(missing or {})
    if len(reasons.strip()) < 5:
        faults["reasons"] = "请写明理由（至少 5 个字），申请人会看到。"
    if not basis.strip():
        faults["basis"] = "请写明法律依据。"
    if faults:
        told = "决定要写明理由和依据。" if {"reasons", "basis"} & set(faults) else next(iter(faults.values()))
        raise ReasonsMissing(told, fields=faults)


def keep_decision(
    turn: Turn, *, kind: str, outcome: str, reasons: str, basis: str, corrects_id: int | None = None
) -> Decision:
    """Write a decision row in the actor's and agency's name.

    Cost:   one insert
    """
    assert turn.by.agency_id is not None
    return Decision.objects.create(
        case=turn.case,
        kind=kind,
        outcome=outcome,
        reasons=reasons.strip(),
        basis=basis.strip(),
        decided_at=turn.at,
        agency_id=turn.by.agency_id,
        officer_name=turn.by.name[:60],
        corrects_id=corrects_id,
    )


def is_open(case: Case) -> bool:
    """Whether the matter is still before its decision."""
    return State(case.state) in (State.RECEIVED, State.SUPPLEMENT, State.HANDLING)
