"""Made-up matters that went every way a matter can go, by the platform's own actions: what the copies are made of."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from weimin.base.errors import WeiminError
from weimin.kernel.record.types import Actor

TOWNSHIP = "340321113000"
#: How far a life goes: up to so many steps, or to its end; with what happens on the way.
ENDS = ("good", "plain", "bad", "refused", "withdrawn", "supplemented")
STAGES = ("received", "asked", "step1", "step2", "step3", "step4")
#: Working time between two steps.
PACE = timedelta(days=1, hours=3)
#: So many of a matter's materials are files; all are one white dot, stored once.
FILES = 2
STUB = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8ffff3f0005fe02fe0def46b8"
    "0000000049454e44ae426082"
)


@dataclass(frozen=True, slots=True)
class Life:
    """A matter that was lived, and which way."""

    case_id: int
    item_code: str
    way: str
    lasted: timedelta
    ended: bool


@cache
def _actor(agency_id: int, role: str, via: str = "desk") -> Actor:
    from weimin.base import clock
    from weimin.kernel.directory import queries as directory
    from weimin.kernel.directory.models import Post

    post = Post.objects.filter(agency_id=agency_id, roles__contains=[role]).select_related("officer").order_by("pk")[0]
    return directory.get_actor_for_account(
        account_id=post.officer.account_id or 0, post_id=post.pk, at=clock.now(), via=via
    )


def _step(case_id: int) -> Any:
    from weimin.kernel.cases.models import Step

    return Step.objects.filter(case_id=case_id, state="open").order_by("pk").first()


def _move(case_id: int, at: datetime) -> bool:
    """Do the open step of a matter the usual way; False when nothing is open."""
    from weimin.kernel.cases import actions

    step = _step(case_id)
    if step is None:
        return False
    by = _actor(step.agency_id, step.role)
    whole: dict[str, Any] = {"by": by, "at": at, "case_id": case_id, "step_id": step.pk}
    offered = step.outcomes.split()
    good = next(
        (one for one in ("agree", "approve", "accept", "done") if one in offered), offered[0] if offered else ""
    )
    if step.kind == "accept":
        actions.accept_application(**whole)
    elif step.kind == "decide":
        actions.decide_case(**whole, outcome=good, reasons="符合条件，准予办理。", basis="演示依据")
    elif step.kind == "result":
        actions.make_result(**whole)
    elif step.kind == "issue":
        actions.hand_out_result(**whole, signed_by="演示")
    else:
        actions.complete_review(**whole, outcome=good, opinion="情况属实")
    return True


def _begin(spec: Any, person: Actor, at: datetime) -> int:
    from weimin.base.clock import local_date
    from weimin.config import examples
    from weimin.kernel.cases import actions
    from weimin.kernel.cases.queries.notices import get_notice
    from weimin.kernel.cases.types import Channel, Submission, UploadedFile
    from weimin.kernel.directory import queries as directory

    counter = directory.resolve_agency(rule="accepting", township_code=TOWNSHIP, lead_key="")
    clerk = _actor(counter or 0, "front_desk")
    scanned = [one for one in spec.materials if "png" in one.accept and not one.shared][:FILES]
    files = [
        actions.add_file(
            by=clerk, at=at, material_code=one.code, upload=UploadedFile("扫描件.png", STUB), allowed=("png",)
        )
        for one in scanned
    ]
    submission = Submission(
        item_code=spec.code,
        township_code=TOWNSHIP,
        applicant_id=person.resident_id or 0,
        channel=Channel.WINDOW,
        answers=examples.answers_of(spec, (local_date(at) - timedelta(days=40)).isoformat()),
        file_ids=tuple(files),
        waived_materials=tuple(one.code for one in spec.materials if one not in scanned),
        notice=get_notice(on=local_date(at)).version,
    )
    done = actions.submit(by=clerk, at=at, key=secrets.token_hex(12), submission=submission)
    return done.case_id


def _live(spec: Any, person: Actor, at: datetime, way: str) -> Life | None:
    """Live one matter one way; None when the item cannot go it."""
    from weimin.kernel.cases import actions
    from weimin.kernel.cases.models import Case
    from weimin.kernel.cases.types import SupplementItem
    from weimin.kernel.evaluation.actions import rate_case

    case_id, now = _begin(spec, person, at), at
    if way == "withdrawn":
        now += PACE
        actions.withdraw_application(by=person, at=now, case_id=case_id, reason="不办了")
    elif way in ("asked", "supplemented", "refused"):
        step, now = _step(case_id), now + PACE
        if step is None or step.kind != "accept":
            return None
        whole: dict[str, Any] = {"by": _actor(step.agency_id, step.role), "at": now, "case_id": case_id}
        if way == "refused":
            actions.refuse_application(
                **whole, step_id=step.pk, reasons="不在受理范围之内。", basis="行政许可法第三十二条"
            )
        else:
            items = [SupplementItem(spec.materials[0].code, spec.materials[0].name, "请补交")] if spec.materials else []
            actions.ask_supplement(**whole, step_id=step.pk, items=items)
        if way == "supplemented":
            now += PACE
            replies = {spec.materials[0].code: "已补交到窗口"}
            actions.answer_supplement(by=person, at=now, case_id=case_id, replies=replies)
    moves = {"received": 0, "asked": 0, "refused": 0, "withdrawn": 0}.get(way, 99)
    moves = int(way[-1]) if way.startswith("step") else moves
    for _ in range(moves):
        if not _move(case_id, now + PACE):
            break
        now += PACE
    case = Case.objects.get(pk=case_id)
    ended = case.ended_at is not None
    if (way.startswith("step") and ended) or (way in ENDS and not ended):
        return None
    if way in ("good", "bad"):
        now += PACE
        rate_case(by=person, at=now, number=case.number, grade=5 if way == "bad" else 1)
    return Life(case_id, spec.code, way, now - at, ended)


def live_all(*, at: datetime, progress: Callable[[str, int, int], None]) -> Iterator[Life]:
    """Live every way of every item that the demonstration's township offers."""
    from django.db import transaction

    from bench.life import id_number
    from weimin.kernel.catalogue import queries as catalogue
    from weimin.kernel.catalogue.models import Item
    from weimin.kernel.directory import queries as directory
    from weimin.kernel.residents import actions as residents

    counter = directory.resolve_agency(rule="accepting", township_code=TOWNSHIP, lead_key="")
    clerk = _actor(counter or 0, "front_desk")
    found = residents.register_resident(
        by=clerk,
        at=at,
        name="演示甲",
        id_number=id_number(999_999),
        phone="13900009999",
        division_code=directory.children_of(TOWNSHIP)[0].code,
    )
    person = Actor(kind="resident", name="演示甲", via="portal", resident_id=found)
    codes = list(Item.objects.filter(list_code="service").order_by("code").values_list("code", flat=True))
    for done, code in enumerate(codes, start=1):
        spec = catalogue.get_current(code=code)
        for way in (*ENDS, *STAGES):
            try:
                with transaction.atomic():
                    life = _live(spec, person, at, way)
                    if life is None:
                        raise _NotThisWay
            except (WeiminError, _NotThisWay, IndexError):
                continue  # an item decided on the spot has no stages, one without a window no refusal
            yield life
        progress("样本办件", done, len(codes))


class _NotThisWay(Exception):
    """The item does not go this way; what was begun is undone."""
