"""What people do about warnings: contest and judge them, order, answer, explain an overrun."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime

from django.db import transaction

from weimin.base.clock import local_date
from weimin.base.errors import Conflict, Forbidden, Invalid, NotFound
from weimin.kernel.cases import actions as cases
from weimin.kernel.deadlines import actions as deadlines
from weimin.kernel.deadlines import queries as limits
from weimin.kernel.deadlines.types import ClockSpec
from weimin.kernel.record.actions import record_audit
from weimin.kernel.record.types import Actor
from weimin.kernel.supervision import access, queries
from weimin.kernel.supervision.actions.tallying import note_changed
from weimin.kernel.supervision.actions.watching import start_answer
from weimin.kernel.supervision.models import Finding, Order, OverrunReason, Warning

#: How long what people write here may be.
LONGEST = 400
#: What tells who it was: a matter's number, an identity number, a mobile phone; grouped as people write them.
_PERSONAL = re.compile(
    r"\d{9}[\s-]*\d{6}[\s-]*\d{5}|(?<!\d)\d{6}[\s-]?\d{8}[\s-]?\d{3}[\dXx]"
    r"|(?<!\d)1[3-9]\d[\s-]?\d{4}[\s-]?\d{4}(?!\d)",
    re.ASCII,
)


class WarningUnknown(NotFound):
    """No such warning for this viewer."""

    code = "supervision.warning_unknown"


class OrderUnknown(NotFound):
    """No such order for this viewer."""

    code = "supervision.order_unknown"


class TooLate(Conflict):
    """The time to contest is over."""

    code = "supervision.too_late"


def _words(text: str, *, field: str, least: int, told: str) -> str:
    """What was written, neither too short nor so long that something would be lost."""
    tidy = text.strip().replace("\r\n", "\n")
    if len(tidy) > LONGEST:
        told = f"最多 {LONGEST} 个字，现在有 {len(tidy)} 个字，请写短一些。"
    elif len(tidy) >= least:
        return tidy
    raise Invalid(told, fields={field: told})


def _names_somebody(text: str) -> bool:
    """Whether a text holds a number of a person or a matter, in whatever width it was typed."""
    return _PERSONAL.search(unicodedata.normalize("NFKC", text)) is not None


def contest_warning(*, by: Actor, at: datetime, warning_id: int, reason: str) -> None:
    """Contest a warning with reasons, by the body it is about, within the days that the list allows.

    Raises: WarningUnknown — not visible; Conflict — contested before; TooLate — the days are over
            Forbidden — another body; Invalid — no reason
    Cost:   eight statements
    """
    tidy = _words(reason, field="reason", least=10, told="请写明为什么不认可这条预警（至少 10 个字）。")
    with transaction.atomic():
        row = access.visible_warnings(by).select_for_update().filter(pk=warning_id).first()
        if row is None:
            raise WarningUnknown("找不到这条预警，或者它不归您单位。")
        access.WARNINGS.check(by, "contest", row)
        if row.contest:
            raise Conflict("这条预警已经申诉过，请等复核结果。")
        limit, last = queries.contest_until(row)
        if local_date(at) > last:
            raise TooLate(f"申诉要在预警后 {limit.text}内提出，到 {last:%Y年%m月%d日} 为止。")
        answer, _ = limits.get_limit(code="warning.contest.decide", on=local_date(at))
        clock = deadlines.open_clock(
            by=by,
            at=at,
            spec=ClockSpec(
                purpose="contest",
                subject=("warning", str(row.pk)),
                start_date=local_date(at),
                committed=answer,
                label=f"复核申诉：{row.title}"[:60],
                place=row.place,
            ),
        )
        row.contest, row.contest_reason = "contested", tidy
        row.contested_by, row.contested_at, row.contest_clock_id = by.label[:120], at, clock.clock_id
        row.save(update_fields=["contest", "contest_reason", "contested_by", "contested_at", "contest_clock"])
        note_changed("warning", [row.pk], at=at)
        _audit(by, at, "supervision.warning.contested", "warning", row.pk, {"reason": tidy})


def judge_contest(*, by: Actor, at: datetime, warning_id: int, lift: bool, reason: str) -> None:
    """Uphold or lift a contested warning, by a supervisor, with reasons; the figures show it so.

    Raises: WarningUnknown — not visible; Conflict — nothing to judge; Forbidden — no supervisor; Invalid — no reason
    Cost:   six statements
    """
    access.check_supervisor(by)
    tidy = _words(reason, field="reason", least=5, told="请写明维持或撤销的理由（至少 5 个字）。")
    with transaction.atomic():
        row = access.visible_warnings(by).select_for_update().filter(pk=warning_id).first()
        if row is None:
            raise WarningUnknown("找不到这条预警，或者它不归您监督。")
        if row.contest != "contested":
            raise Conflict("这条预警没有待复核的申诉，请刷新页面。")
        row.contest = "lifted" if lift else "upheld"
        row.judged_reason, row.judged_by, row.judged_at = tidy, by.label[:120], at
        row.save(update_fields=["contest", "judged_reason", "judged_by", "judged_at"])
        note_changed("warning", [row.pk], at=at)
        if row.contest_clock_id:
            deadlines.stop_clock(by=by, at=at, clock_id=row.contest_clock_id, on=local_date(at))
        _audit(by, at, "supervision.warning.judged", "warning", row.pk, {"contest": ["contested", row.contest]})


def _audit(by: Actor, at: datetime, verb: str, kind: str, pk: int, changes: dict[str, object]) -> None:
    record_audit(by=by, at=at, verb=verb, subject_type=kind, subject_id=pk, changes=changes)


def issue_order(*, by: Actor, at: datetime, warning_id: int, text: str) -> int:
    """Order the body of a warning to act and to answer in time. Gives the order's id.

    Raises: WarningUnknown — not visible; Forbidden — neither supervisor nor leader; Invalid — no words
            Conflict — an order on this warning waits for its answer
    Cost:   eight statements
    """
    if not access.may_order(by):
        raise Forbidden("督办单由监督员或单位领导签发。")
    tidy = _words(text, field="text", least=5, told="请写明要做到什么（至少 5 个字）。")
    with transaction.atomic():
        row = access.visible_warnings(by).select_for_update().filter(pk=warning_id).first()
        if row is None:
            raise WarningUnknown("找不到这条预警，或者它不归您督办。")
        if row.agency_id is None:
            raise Conflict("这条预警没有承办机构，不能督办。")
        if row.orders.filter(state__in=("open", "returned", "answered")).exists():
            raise Conflict("这条预警已有没办完的督办单。")
        order = Order.objects.create(
            warning=row,
            agency_id=row.agency_id,
            place=row.place,
            subject_id=row.subject_id,
            title=row.title,
            text=tidy,
            issued_by=by.label[:120],
            issued_agency_id=by.agency_id,
            issued_at=at,
            state="open",
        )
        start_answer(by=by, at=at, order=order)
        _audit(by, at, "supervision.order.issued", "order", order.pk, {"agency": row.agency_id, "text": tidy})
    return order.pk


def answer_order(*, by: Actor, at: datetime, order_id: int, answer: str) -> None:
    """Answer an order, by the body it went to.

    Raises: OrderUnknown — not visible; Conflict — answered; Forbidden — another body; Invalid — too few words
    Cost:   six statements
    """
    tidy = _words(answer, field="answer", least=10, told="请写清楚原因、办到哪一步、什么时候办完（至少 10 个字）。")
    with transaction.atomic():
        row = _order(by, order_id)
        access.ORDERS.check(by, "answer", row)
        if row.state not in ("open", "returned"):
            raise Conflict("这份督办单已经答复，请刷新页面。")
        row.state, row.answer, row.answered_by, row.answered_at = "answered", tidy, by.label[:120], at
        row.save(update_fields=["state", "answer", "answered_by", "answered_at"])
        if row.clock_id:
            deadlines.stop_clock(by=by, at=at, clock_id=row.clock_id, on=local_date(at))
        _audit(by, at, "supervision.order.answered", "order", row.pk, {"answer": tidy})


def _order(by: Actor, order_id: int) -> Order:
    row = access.visible_orders(by).select_for_update().filter(pk=order_id).first()
    if row is None:
        raise OrderUnknown("找不到这份督办单，或者它不归您单位。")
    return row


def review_order(*, by: Actor, at: datetime, order_id: int, accept: bool, words: str = "") -> None:
    """Accept the answer to an order, or return it for a better one with a new limit.

    Raises: OrderUnknown — not visible; Conflict — no answer yet; Forbidden — neither supervisor nor its issuer's leader
            Invalid — returned without words
    Cost:   eight statements
    """
    with transaction.atomic():
        row = _order(by, order_id)
        access.ORDERS.check(by, "review", row)
        if row.state != "answered":
            raise Conflict("这份督办单还没有答复，或者已经认可，请刷新页面。")
        least = 0 if accept else 5
        words = _words(words, field="review", least=least, told="退回时请写明哪里不行（至少 5 个字）。")
        row.state, row.review = ("accepted" if accept else "returned"), words
        row.reviewed_by, row.reviewed_at = by.label[:120], at
        row.save(update_fields=["state", "review", "reviewed_by", "reviewed_at"])
        if not accept:
            start_answer(by=by, at=at, order=row)
        verb = "supervision.order.accepted" if accept else "supervision.order.returned"
        record_audit(by=by, at=at, verb=verb, subject_type="order", subject_id=row.pk, changes={"review": row.review})


def explain_overrun(*, by: Actor, at: datetime, reason_id: int, reason: str) -> None:
    """Say why a limit was overrun: to the person always, to the public where the item may be public.

    Raises: NotFound — not visible; Conflict — said already; Forbidden — another body; Invalid — too few words
    Law:    yhys-722 art. 36
    Cost:   nine statements
    """
    told = "请写明超期的原因（至少 10 个字）。这段话会公开，不要写群众的姓名和隐私。"
    tidy = _words(reason, field="reason", least=10, told=told)
    if _names_somebody(tidy):
        told = "这段话会公开，请去掉办件编号、身份证号和手机号码。"
        raise Invalid(told, fields={"reason": told})
    with transaction.atomic():
        row = access.visible_reasons(by).select_for_update().filter(pk=reason_id).first()
        if row is None:
            raise NotFound("找不到这项说明，或者它不归您单位。", code="supervision.reason_unknown")
        access.REASONS.check(by, "explain", row)
        if row.written_at is not None:
            raise Conflict("原因已经说明过，请刷新页面。")
        row.reason, row.written_by, row.written_at = tidy, by.label[:120], at
        row.save(update_fields=["reason", "written_by", "written_at"])
        if row.clock_id:
            deadlines.stop_clock(by=by, at=at, clock_id=row.clock_id, on=local_date(at))
        cases.tell_overrun(by=by, at=at, number=row.subject_id, reason=tidy)
        _audit(by, at, "supervision.overrun.explained", "overrun", row.pk, {"reason": tidy})


def explain_finding(*, by: Actor, at: datetime, finding_id: int, sound: bool, words: str) -> None:
    """Write down what a finding was after a look at the evidence.

    Raises: NotFound — not visible; Forbidden — no supervisor; Invalid — too few words
    Cost:   three statements
    """
    access.check_supervisor(by)
    tidy = _words(words, field="words", least=5, told="请写明核查结果（至少 5 个字）。")
    with transaction.atomic():
        row = access.visible_findings(by).select_for_update().filter(pk=finding_id).first()
        if row is None:
            raise NotFound("找不到这条异常，或者它不归您监督。", code="supervision.finding_unknown")
        changes: dict[str, object] = {"sound": [row.sound, sound], "words": [row.explained, tidy]}
        row.explained, row.sound, row.explained_by, row.explained_at = tidy, sound, by.label[:120], at
        row.save(update_fields=["explained", "sound", "explained_by", "explained_at"])
        _audit(by, at, "supervision.finding.explained", "finding", finding_id, changes)


__all__ = [
    "Finding",
    "OverrunReason",
    "Warning",
    "answer_order",
    "contest_warning",
    "explain_finding",
    "explain_overrun",
    "issue_order",
    "judge_contest",
    "review_order",
]
