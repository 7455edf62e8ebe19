"""One window hands out every result: against a pick-up code or a signature, or by post."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from weimin.base import crypto
from weimin.base.errors import Invalid
from weimin.kernel.cases import queries
from weimin.kernel.cases.actions import turning
from weimin.kernel.cases.actions.checking import applicant_name
from weimin.kernel.cases.rules import numbers
from weimin.kernel.cases.types import Event, PaperKind, StepTaken
from weimin.kernel.record.types import Actor


class PickupCodeWrong(Invalid):
    """The code is not this matter's."""

    code = "cases.pickup_code_wrong"


def hand_out_result(
    *,
    by: Actor,
    at: datetime,
    case_id: int | str,
    step_id: int,
    code: str = "",
    signed_by: str = "",
    seen: int | None = None,
) -> StepTaken:
    """Hand the result to a person who shows the pick-up code or signs for it; the matter is closed.

    Raises: PickupCodeWrong — the code is another one
            Invalid — neither code nor signature
    Law:    xkl-2019 art. 44
    Cost:   about fifteen statements; locks the case row until commit
    """
    if not code.strip() and not signed_by.strip():
        raise Invalid(
            "请输入取件码；没有取件码的，核对身份后请领取人签名并填写姓名。",
            fields={"code": "请输入取件码或填写签收人。"},
        )
    with transaction.atomic():
        turn = turning.open_turn(by=by, at=at, case_id=case_id, seen=seen)
        step = turning.take_step(turn, step_id=step_id, kinds=("issue",))
        if code.strip() and not crypto.same(numbers.pickup_code(turn.case.number), code.strip().upper()):
            raise PickupCodeWrong(
                "取件码不对，请核对编号和取件码；确认身份后也可签名领取。", fields={"code": "取件码不对。"}
            )
        turn.move(Event.HAND_OUT)
        turning.stop_clock(turn)
        turn.set(ended_at=at, attention_at=None)
        turning.complete_step(turn, step, outcome=_only(step.outcomes))
        how = "凭取件码" if code.strip() else f"{signed_by.strip()}签名"
        turn.say("closed", public=f"结果已领取（{how}），办结。", inner=f"发放结果：{how}")
        turning.make_paper(
            turn,
            PaperKind.DELIVERY,
            applicant=applicant_name(turn.case),
            agency=by.agency_name,
            how=how,
            signed_by=signed_by.strip(),
            delivered_at=at.isoformat(),
        )
        return turn.finish(verb="cases.case.closed")


def _only(outcomes: str) -> str:
    return (outcomes.split() or ["done"])[0]


def send_result(
    *, by: Actor, at: datetime, case_id: int | str, step_id: int, tracking: str, seen: int | None = None
) -> StepTaken:
    """Send the result by post; the matter is closed when delivery is confirmed.

    Raises: Invalid — no tracking number
    Law:    xkl-2019 art. 44
    Cost:   about twelve statements; locks the case row until commit
    """
    if not tracking.strip():
        raise Invalid("请填写邮件单号。", fields={"tracking": "请填写邮件单号。"})
    with transaction.atomic():
        turn = turning.open_turn(by=by, at=at, case_id=case_id, seen=seen)
        step = turning.take_step(turn, step_id=step_id, kinds=("issue",))
        turn.move(Event.SEND)
        turning.stop_clock(turn)
        turning.complete_step(turn, step, outcome=_only(step.outcomes))
        turn.say(
            "sent",
            public=f"结果已寄出，邮件单号 {tracking.strip()}。"[:400],
            inner=f"寄出，单号 {tracking.strip()}"[:400],
        )
        return turn.finish(verb="cases.result.sent")


def confirm_delivery(*, by: Actor, at: datetime, case_id: int | str, seen: int | None = None) -> StepTaken:
    """Write down that a posted result has arrived; the matter is closed.

    Law:    xkl-2019 art. 44
    Cost:   about eight statements; locks the case row until commit
    """
    with transaction.atomic():
        turn = turning.open_turn(by=by, at=at, case_id=case_id, seen=seen, to="confirm")
        turn.move(Event.CONFIRM_DELIVERY)
        turning.stop_clock(turn)
        turn.set(ended_at=at)
        turn.say("closed", public="结果已送达，办结。", inner="确认送达")
        post_to = queries.open_post(turn.case.post_sealed)
        turning.make_paper(
            turn,
            PaperKind.DELIVERY,
            applicant=applicant_name(turn.case),
            agency=by.agency_name,
            how="邮寄送达",
            address=f"{post_to.address}　{post_to.name}" if post_to else "",
            signed_by="",
            delivered_at=at.isoformat(),
        )
        return turn.finish(verb="cases.case.closed")
