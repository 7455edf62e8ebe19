"""Matters of these tests: applied for at the window, and taken as far as a test needs."""

from __future__ import annotations

import secrets
from datetime import UTC, date, datetime, timedelta
from typing import Any

from weimin.base.clock import day_start
from weimin.config import examples
from weimin.kernel.cases import actions
from weimin.kernel.cases.models import Case
from weimin.kernel.cases.testing import TOWN, Cast, current_notice, officer, open_step
from weimin.kernel.cases.types import Channel, Submission, Submitted
from weimin.kernel.catalogue import queries as items
from weimin.kernel.catalogue.types import ItemSpec
from weimin.kernel.deadlines import actions as deadlines
from weimin.kernel.deadlines import queries as limits
from weimin.kernel.record.types import Actor
from weimin.kernel.supervision.actions import tallying
from weimin.kernel.supervision.models import Tally, Warning

#: A Monday morning. A check of five working days runs to 9 March, a promise of ten to the 16th, a limit of
#: twenty to the 30th.
AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
PENSION, FELLING = "A3-13", "A9-51"
DECIDED = {"outcome": "approve", "reasons": "符合条件，准予。", "basis": "社会保险经办条例第十八条"}


def day(month: int, number: int, *, hour: int = 3) -> datetime:
    """A moment of a day in 2026, eleven in the morning unless told otherwise."""
    return datetime(2026, month, number, hour, tzinfo=UTC)


def begins(month: int, number: int) -> datetime:
    """The first moment of a day in 2026."""
    return day_start(date(2026, month, number))


def just_before(at: datetime) -> datetime:
    """The last second before a moment."""
    return at - timedelta(seconds=1)


def fitting(spec: ItemSpec, at: datetime) -> dict[str, Any]:
    """Answers that an item's form takes."""
    past = (at - timedelta(days=40)).date().isoformat()
    return {one.name: examples._answer(one, past) for one in spec.form.fields if one.type != "file" and one.required}


def register(by: Actor, at: datetime, code: str) -> Submitted:
    """A matter that an office of the township begins by itself."""
    answers = fitting(items.get_current(code=code), at)
    return actions.register_own_motion(by=by, at=at, key=secrets.token_hex(8), item_code=code, answers=answers)


def apply_for(
    by: Actor,
    at: datetime,
    code: str,
    person: int,
    *,
    town: str = TOWN,
    channel: Channel = Channel.WINDOW,
    **answers: Any,
) -> Submitted:
    """An application with answers that fit; a clerk has seen the papers, others need an item without any."""
    spec = items.get_current(code=code)
    submission = Submission(
        item_code=code,
        township_code=town,
        applicant_id=person,
        channel=channel,
        answers=fitting(spec, at) | answers,
        waived_materials=tuple(one.code for one in spec.materials if one.required and not one.shared),
        notice=current_notice(at),
    )
    return actions.submit(by=by, at=at, key=secrets.token_hex(8), submission=submission)


def accepted(cast: Cast, at: datetime, code: str = PENSION) -> Case:
    """A matter that the clerk received and accepted at once."""
    done = apply_for(cast.clerk, at, code, cast.applicant.resident_id or 0)
    step = done.next_steps[0].step_id
    actions.accept_application(by=cast.clerk, at=at, case_id=done.case_id, step_id=step)
    return Case.objects.get(pk=done.case_id)


def land_office(at: datetime) -> tuple[Actor, Actor]:
    """Who reviews a felling permit in the township, and the head of the county body that decides it."""
    lead = items.get_current(code=FELLING).lead_key
    return officer(at, "township", ("reviewer",), lead=lead), officer(at, "county", ("leader",), lead=lead)


def stand(by: Actor, at: datetime, case: Case, on: date, until: date, ground: str = "expert_review") -> None:
    """Let a matter's clock stand, with a written notice."""
    actions.pause_case(
        by=by, at=at, case_id=case.pk, standing=deadlines.Standing(ground, on, until, "请专家现场评审", "")
    )


def extend(case: Case, reviewer: Actor, head: Actor, at: datetime) -> None:
    """Ask for an extension and grant it."""
    actions.ask_extension(by=reviewer, at=at, case_id=case.pk, reason="雨雪封山，现场看不了")
    actions.decide_extension(
        by=head, at=at, case_id=case.pk, step_id=open_step(case.pk, head), outcome="extend", reason="情况属实，同意延长"
    )


def take_off(off: str, at: datetime) -> datetime:
    """A made-up correction of 2026 takes a day off, and a Saturday in its place; gives when it was in force."""
    year = next(one for one in limits.list_years() if one.year == 2026)
    rows = [*year.days, [off, False, "测试"], ["2026-03-14", True, "测试调休"]]
    text = "日期,名称,类型\n" + "\n".join(f"{on},{name},{'班' if works else '休'}" for on, works, name in rows)
    first, second = (
        Actor(kind="staff", name=name, account_id=pk, post_id=pk, roles=frozenset({"procedure_keeper"}))
        for pk, name in ((1, "甲"), (2, "乙"))
    )
    notice = deadlines.propose_notice(by=first, at=at, text=text, name="x.csv", number="测试〔2026〕1号")
    while deadlines.work_on_notices(at=at):
        pass
    deadlines.approve_notice(by=second, at=at, notice_id=notice)
    later = at + timedelta(minutes=1)
    while deadlines.work_on_notices(at=later):
        pass
    return later


def review(case: Case, at: datetime, *reviewers: Actor) -> None:
    """Agree, one office after the other."""
    for who in reviewers:
        actions.complete_review(
            by=who, at=at, case_id=case.pk, step_id=open_step(case.pk, who), outcome="agree", opinion="属实"
        )


def warned(clock_id: int | None) -> list[int]:
    """The levels of a clock that were recorded."""
    return list(Warning.objects.filter(clock_id=clock_id).order_by("level").values_list("level", flat=True))


def count_two_in(town: str, like: Tally) -> None:
    """Two more of a tally in another township, with all that follows."""
    for item in (like.item, "*"):
        Tally.objects.create(
            kind="case",
            **{name: getattr(like, name) for name in ("measure", "day", "public")},
            **{"place": town, "item": item, "n": 2, "late": 0, "used": 0, "allowed": 0},
        )
    tallying._mend_sums(by=Actor.system("测试"), at=AT)
