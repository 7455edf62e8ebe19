"""Sending: an application is received, or a matter begun without an applicant."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction

from weimin.base import identifiers
from weimin.base.clock import local_date
from weimin.base.errors import Forbidden, Invalid, Refused
from weimin.kernel.cases import access, queries
from weimin.kernel.cases.actions import authorities, turning
from weimin.kernel.cases.actions.drafting import check_door, seal_answers, seal_guardian, seal_post
from weimin.kernel.cases.actions.turning import Turn
from weimin.kernel.cases.models import Case, CaseFile
from weimin.kernel.cases.queries import notices
from weimin.kernel.cases.rules import completeness, guardians, numbers
from weimin.kernel.cases.types import (
    CHANNEL_TEXT,
    Channel,
    NextStep,
    PaperKind,
    PostalAddress,
    State,
    Submission,
    Submitted,
)
from weimin.kernel.catalogue import queries as catalogue
from weimin.kernel.catalogue.rules import forms
from weimin.kernel.catalogue.types import ItemSpec, OfferView
from weimin.kernel.deadlines import queries as limits
from weimin.kernel.deadlines.types import Limit
from weimin.kernel.directory import queries as directory
from weimin.kernel.procedures import actions as procedures
from weimin.kernel.procedures import queries as procedure_queries
from weimin.kernel.record import access as wall
from weimin.kernel.record.actions import keep_answer, remember
from weimin.kernel.record.types import Actor
from weimin.kernel.residents import queries as residents


class ApplicationIncomplete(Invalid):
    """Answers or materials are missing or wrong; the fields say which."""

    code = "cases.application_incomplete"


class ItemChanged(Refused):
    """The item was withdrawn or changed while it was filled in."""

    code = "cases.item_changed"


class OtherTownship(Refused):
    """Staff take in applications to their own place only, unless the item may be handed in anywhere."""

    code = "cases.other_township"


class NoticeNotShown(Refused):
    """The privacy notice in force was not shown before sending."""

    code = "cases.notice_not_shown"


#: Where a person is in front of the page or the clerk: the notice is shown there before anything is taken in.
_SHOWN = frozenset({Channel.PORTAL, Channel.WINDOW, Channel.AGENT, Channel.HOME})


def submit(*, by: Actor, at: datetime, key: str, submission: Submission, seen_version: int | None = None) -> Submitted:
    """Receive an application: the matter gets its number, its receipt and its first clock.

    Two calls with one key make one matter and give the same answer. By which day it counts as received is
    the channel's rule: online until midnight, at the window until closing time.

    Raises: ApplicationIncomplete — with a sentence for each field and material
            NotOffered, ItemChanged — the item is not offered here or changed while filling in
            NotApplied, NotOnline, OtherTownship — it cannot be applied for, not online, or not through this body
            NoticeNotShown — the person did not see the privacy notice in force
            KeyReused — the key came before with another content
    Law:    xkl-2019 art. 32, pipl-2021 art. 17
    Cost:   about sixteen statements
    """
    with transaction.atomic():
        scope = queries.submit_scope(by)
        said = remember(at=at, scope=scope, key=key, request=_request(submission))
        if said is not None:
            return _submitted(said.answer, repeated=True)
        offer = catalogue.find_offer(
            code=submission.item_code, township_code=submission.township_code, on=local_date(at)
        )
        if seen_version is not None and seen_version != offer.version_id:
            raise ItemChanged("这个事项在您填写期间有了新版本，已填的内容还在，请核对后重新提交。")
        spec = catalogue.get_spec(offer.version_id)
        check_door(spec, submission.channel)
        _check_place(by, spec, submission)
        _check_notice(submission, local_date(at))
        who = _applicant(submission.applicant_id, local_date(at))
        answers, files = _check(by, at, spec, submission, who)
        turn = _create(by, at, spec, offer, _posted(submission), answers, files, who)
        _attach(turn, files, submission)
        taken = _begin(turn)
        answer: dict[str, Any] = {
            "case_id": taken.case_id,
            "number": taken.number,
            "receipt_code": numbers.receipt_code(taken.number),
            "next_steps": [asdict(one) for one in taken.next_steps],
        }
        keep_answer(scope=scope, key=key, answer=answer)
        return _submitted(answer, repeated=False)


def _submitted(answer: dict[str, Any], *, repeated: bool) -> Submitted:
    steps = tuple(NextStep(**one) for one in answer.get("next_steps", ()))
    return Submitted(answer["case_id"], answer["number"], answer["receipt_code"], repeated, steps)


def _request(submission: Submission) -> dict[str, Any]:
    return {
        "item": submission.item_code,
        "township": submission.township_code,
        "applicant": submission.applicant_id,
        "answers": submission.answers,
        "files": sorted(submission.file_ids),
        "delivery": submission.delivery,
    }


def _check_notice(submission: Submission, today: date) -> None:
    """Refuse what is sent before the privacy notice in force was seen.

    Raises: NoticeNotShown — with what to do
    """
    current = notices.get_notice(on=today).version
    if submission.notice == current or (not submission.notice and submission.channel not in _SHOWN):
        return
    told = f"提交前请先看处理个人信息告知书（{current} 版），看过后再提交，已填的内容都还在。"
    raise NoticeNotShown(told, fields={"notice": told})


def _check_place(by: Actor, spec: ItemSpec, submission: Submission) -> None:
    """Refuse staff an application to another township, which they would not see again, and clients that serve no one.

    Raises: OtherTownship — with what to do
            NotForThem — a client of a post that takes nothing in
    """
    if submission.channel is Channel.API and not by.roles & (access.SPEAKING | {"agent"}):
        raise access.NotForThem("这个凭证代表的岗位不收件，请用收件窗口或代办员的凭证提交。")
    if not by.is_staff or spec.any_township:
        return
    if directory.township_of(by.division_code) != submission.township_code:
        there = directory.full_name(submission.township_code)
        raise OtherTownship(f"“{spec.name}”要由{there}自己收件，请让申请人到那里办，或者在网上申请。")


def _posted(submission: Submission) -> Submission:
    """The submission with a checked postal address, or with none where nothing is posted.

    Raises: ApplicationIncomplete — a sentence for each part of the address
    """
    if submission.delivery != "post":
        return replace(submission, post_to=None)
    given = submission.post_to or PostalAddress("", "", "")
    if not given.phone.strip():
        given = replace(given, phone=residents.phone_for_notices(resident_id=submission.applicant_id))
    post_to, errors = completeness.check_post(given)
    if errors:
        raise ApplicationIncomplete("邮寄要写清收件人、电话和地址。", fields=errors)
    return replace(submission, post_to=post_to)


def _check(
    by: Actor, at: datetime, spec: ItemSpec, submission: Submission, who: _Applicant
) -> tuple[dict[str, Any], list[CaseFile]]:
    """Check answers and materials; give the clean answers and the files."""
    forms.refuse_unknown(spec.form, submission.answers)
    today: date = local_date(at)
    answers, errors = forms.check_answers(spec.form.fields, submission.answers, today=today)
    if who.is_child or _about_child(spec, submission, today):
        errors |= guardians.check_guardian(submission.guardian, applicant_is_child=who.is_child)
    for field in spec.form.fields:
        code = answers.get(field.name)
        if field.type == "division" and code and not directory.division_exists(str(code)):
            errors[field.name] = f"请从列表中选择{field.label}。"
    files: list[CaseFile] = []
    if submission.file_ids:
        files = list(access.FILES.visible(by, "hold").filter(pk__in=submission.file_ids))
    waived = set(submission.waived_materials) if by.is_staff else set()
    if unknown := waived - {one.code for one in spec.materials}:
        errors["materials_seen"] = f"这个事项没有这些材料：{'、'.join(sorted(unknown))[:100]}。"
    completeness.check_count(max(Counter(one.material_code for one in files).values(), default=0))
    missing = completeness.missing_materials(spec.materials, given={one.material_code for one in files}, waived=waived)
    errors |= {f"material_{one.code}": f"还没有交“{one.name}”，请上传后再提交。" for one in missing}
    if errors:
        raise ApplicationIncomplete("有几处需要改一下再提交。", fields=errors)
    return answers, files


def _child_age(today: date) -> int:
    return int(limits.get_parameter(code="privacy.age.sensitive", on=today).value)


@dataclass(frozen=True, slots=True)
class _Applicant:
    """What is needed of who applies; a child is under fourteen."""

    name: str
    is_child: bool


def _applicant(applicant_id: int, today: date) -> _Applicant:
    name, birth = residents.get_name_and_birth(resident_id=applicant_id)
    return _Applicant(name, guardians.is_below(birth, today, years=_child_age(today)))


def _about_child(spec: ItemSpec, submission: Submission, today: date) -> bool:
    """Whether anybody whose identity number the form asks for is under fourteen.

    Law:    pipl-2021 art. 31
    """
    numbers = [submission.answers.get(one.name) for one in spec.form.fields if one.type == "id_number"]
    births = guardians.births_of(one for one in numbers if one)
    years = _child_age(today)
    return any(guardians.is_below(one, today, years=years) for one in births)


def _next_number(township_code: str, on: date) -> str:
    prefix = numbers.number_prefix(township_code=township_code, on=on)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO cases_casecounter (prefix, value) VALUES (%s, 1)"
            " ON CONFLICT (prefix) DO UPDATE SET value = cases_casecounter.value + 1"
            " RETURNING value",
            [prefix],
        )
        return numbers.make_number(prefix, cursor.fetchone()[0])


def _start_data(spec: ItemSpec, answers: dict[str, Any]) -> dict[str, str]:
    """The answers that the procedure asks for at its start."""
    return procedure_queries.pick_start_data(spec.procedure_version_id, answers)


def _create(
    by: Actor,
    at: datetime,
    spec: ItemSpec,
    offer: OfferView,
    submission: Submission,
    answers: dict[str, Any],
    files: list[CaseFile],
    who: _Applicant,
) -> Turn:
    data = _start_data(spec, answers)
    started = procedures.start_instance(
        by=by, at=at, version_id=spec.procedure_version_id, data=data, place=submission.township_code
    )
    number = _next_number(submission.township_code, local_date(at))
    if submission.applicant_id != by.resident_id and not _serves(by, submission.township_code):
        # taken in for another place: nobody of it worked on it yet, so only its number opens it
        wall.seek(case=number)
    authority = authorities.authority_for(spec, submission.township_code, local_date(at))
    case = Case(
        number=number,
        item_version_id=spec.version_id,
        offer_id=offer.offer_id,
        committed_days=offer.committed_days,
        delegation=(authority or {}).get("delegation", ""),
        authority=authority,
        township_id=submission.township_code,
        applicant_id=submission.applicant_id,
        applicant_shown=guardians.CHILD_SHOWN if who.is_child else identifiers.mask_name(who.name),
        guardian_sealed=seal_guardian(submission.guardian),
        item_name=spec.name,
        channel=submission.channel,
        state=State.RECEIVED,
        instance_id=started.instance_id,
        answers_sealed=seal_answers(answers),
        delivery=submission.delivery,
        post_sealed=seal_post(submission.post_to),
        seen_papers=_seen(by, at, spec, submission),
        submitted_at=at,
        received_on=_received_on(submission.channel, offer.accept_agency_id, at),
        renews_until=_renewed(spec, answers, local_date(at)),
        notice=submission.notice,
    )
    turn = Turn(case, spec, by, at, fresh=True)
    limit, promised = turning.parameter("permit.accept_check", turn.today)
    turning.start_clock(
        turn, purpose="check", start=case.received_on or turn.today, statutory=limit, committed=promised
    )
    turn.set(attention_at=turning.attention(case.statutory_due_on))
    case.save(force_insert=True)
    turning.open_steps(turn, started.ready)
    turning.make_paper(
        turn,
        PaperKind.RECEIPT,
        applicant=who.name,
        township=offer.township_name,
        county=offer.county_name,
        channel=CHANNEL_TEXT[Channel(submission.channel)],
        submitted_at=at.isoformat(),
        due_on=case.due_on.isoformat() if case.due_on else "",
        materials=completeness.received_materials(
            spec.materials,
            files=[one.material_code for one in files],
            seen=[one["code"] for one in case.seen_papers],
        ),
        asks_materials=any(not one.shared for one in spec.materials),
        notice=submission.notice,
        limit_text=limit.text,
    )
    return turn


def _serves(by: Actor, township_code: str) -> bool:
    return directory.is_within(township_code, by.division_code)


def _seen(by: Actor, at: datetime, spec: ItemSpec, submission: Submission) -> list[dict[str, str]]:
    """The materials that the clerk ticked as seen on paper, as the matter keeps them."""
    ticked = set(submission.waived_materials) if by.is_staff else set()
    return [
        {"code": one.code, "name": one.name, "by": by.label[:120], "at": at.isoformat()}
        for one in spec.materials
        if one.code in ticked and not one.shared
    ]


def _received_on(channel: str, agency_id: int, at: datetime) -> date:
    """The day on which an application counts as received: by its channel's rule and the body's hours.

    Law:    mfd-2020 art. 203
    """
    hours = directory.find_hours(agency_id=agency_id, on=local_date(at))
    return limits.receipt_date(channel=channel, closes=hours[1] if hours else None, at=at)


def _renewed(spec: ItemSpec, answers: dict[str, Any], today: date) -> date | None:
    """Until when the permit to be renewed is valid.

    Raises: ApplicationIncomplete — it has expired: nothing can be renewed
    Law:    xkl-2019 art. 50
    """
    text = answers.get(spec.renews) if spec.renews else None
    if not text:
        return None
    until = date.fromisoformat(str(text))
    if until < today:
        told = "原来的许可已经到期，不能再延续，请按新申请办理。"
        raise ApplicationIncomplete(told, fields={spec.renews: told})
    return until


def _attach(turn: Turn, files: list[CaseFile], submission: Submission) -> None:
    if files:
        CaseFile.objects.filter(pk__in=[one.pk for one in files]).update(case=turn.case, county=turn.case.county)
    if submission.draft_id is not None:
        access.DRAFTS.visible(turn.by).filter(pk=submission.draft_id).update(
            case=turn.case, answers_sealed=b"", post_sealed=None
        )


def _begin(turn: Turn) -> turning.StepTaken:
    due = turn.case.due_on
    turn.changed = {"state": [None, str(State.RECEIVED)]}
    turn.say(
        "received",
        public="收到您的申请，已出具收件凭证。",
        inner=f"收件（{CHANNEL_TEXT[Channel(turn.case.channel)]}）",
        due_on=due,
    )
    return turn.finish(verb="cases.case.received")


def register_own_motion(*, by: Actor, at: datetime, key: str, item_code: str, answers: dict[str, Any]) -> Submitted:
    """Begin a matter without an applicant: an office of the township saw what has to be done.

    The officer's registration is the procedure's first step; the matter is in handling from the start.

    Raises: Forbidden — not staff of a township; Conflict — the item is one that people apply for
            ApplicationIncomplete — with a sentence for each field
    Cost:   about sixteen statements
    """
    if not by.is_staff:
        raise Forbidden("依职权登记由乡镇工作人员办理。")
    with transaction.atomic():
        scope = f"own:{by.account_id or by.name}"
        said = remember(at=at, scope=scope, key=key, request={"item": item_code, "answers": answers})
        if said is not None:
            return Submitted(**{**said.answer, "repeated": True})  # type: ignore[arg-type]
        offer = catalogue.find_offer(code=item_code, township_code=by.division_code, on=local_date(at))
        spec = catalogue.get_spec(offer.version_id)
        if spec.applied:
            raise Refused("这个事项由群众申请，不能依职权登记。")
        empty = Submission(item_code, by.division_code, 0, Channel.OWN_MOTION, answers)
        clean, _ = _check(by, at, spec, empty, _Applicant("", is_child=False))
        turn = _register(by, at, spec, offer, clean)
        answer = {
            "case_id": turn.case.pk,
            "number": turn.case.number,
            "receipt_code": numbers.receipt_code(turn.case.number),
        }
        keep_answer(scope=scope, key=key, answer=answer)
        return Submitted(**answer, next_steps=turn.next_steps())  # type: ignore[arg-type]


def _register(by: Actor, at: datetime, spec: ItemSpec, offer: OfferView, answers: dict[str, Any]) -> Turn:
    data = _start_data(spec, answers)
    started = procedures.start_instance(
        by=by, at=at, version_id=spec.procedure_version_id, data=data, place=offer.township_code
    )
    case = Case(
        number=_next_number(offer.township_code, local_date(at)),
        item_version_id=spec.version_id,
        offer_id=offer.offer_id,
        committed_days=offer.committed_days,
        township_id=offer.township_code,
        applicant_shown="—",
        item_name=spec.name,
        channel=Channel.OWN_MOTION,
        state=State.HANDLING,
        instance_id=started.instance_id,
        answers_sealed=seal_answers(answers),
        delivery="online",
        submitted_at=at,
        received_on=local_date(at),
        accepted_at=at,
        accepted_how="clerk",
    )
    turn = Turn(case, spec, by, at, fresh=True)
    committed = spec.committed_within(offer.committed_days)
    if committed.counted:
        limit = Limit(committed.value or 1, committed.unit, "承诺时限")
        turning.start_clock(
            turn, purpose="handle", start=turn.today, statutory=None, committed=limit, agency_rule="township"
        )
    case.save(force_insert=True)
    first = turning.open_steps(turn, started.ready)[0]
    turn.opened.clear()
    turning.complete_step(turn, turning.take_step(turn, step_id=first.pk, kinds=("register",)), outcome="done")
    turn.changed = {"state": [None, str(State.HANDLING)]}
    turn.say("received", inner="依职权登记", due_on=case.due_on)
    turn.finish(verb="cases.case.received")
    return turn
