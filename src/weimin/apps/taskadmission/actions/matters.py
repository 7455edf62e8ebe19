"""A county matter asks the townships it touches, answers each, and passes only then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from weimin.apps.taskadmission import access, rules
from weimin.apps.taskadmission.actions.clocking import open_limit, stop_limit
from weimin.apps.taskadmission.models import Matter, Opinion, OpinionFile
from weimin.apps.taskadmission.types import MATTER_KINDS, STANCES, OpinionFacts, Upload
from weimin.base.clock import local_date
from weimin.base.errors import Conflict, Invalid, NotFound, Refused
from weimin.kernel.deadlines.types import Move
from weimin.kernel.directory import queries as directory
from weimin.kernel.record.actions import do_once, record_audit, store_blob
from weimin.kernel.record.registry import check_gates
from weimin.kernel.record.types import Actor, Blocker

GATE = "county_matter"
ALLOWED_FILES = ("pdf", "jpg", "png", "docx", "xlsx")
MOST_FILES = 5
SYSTEM = Actor.system("系统（征求乡镇意见）")


class MatterBroken(Invalid):
    """A matter, opinion or answer does not say enough."""

    code = "taskadmission.matter_broken"


class MatterUnknown(NotFound):
    """No such matter or opinion for this viewer."""

    code = "taskadmission.matter_unknown"


class MatterPassed(Conflict):
    """The matter passed or was withdrawn already."""

    code = "taskadmission.matter_passed"


class OpinionDone(Conflict):
    """Given, recorded as silence, or answered already."""

    code = "taskadmission.opinion_done"


class MatterBlocked(Refused):
    """The gate is shut: opinions are missing or unanswered, each with its clause."""

    code = "taskadmission.matter_blocked"

    def __init__(self, message: str, *, blockers: Sequence[Blocker]) -> None:
        super().__init__(message)
        self.blockers = tuple(blockers)


def raise_matter(
    *, by: Actor, at: datetime, kind: str, title: str, content: str, townships: Sequence[str], key: str
) -> int:
    """Bring a matter that touches townships and ask each for its opinion by a day; the same key gives the first again.

    Raises: NotYourPart — not the head of a county body · MatterBroken — with the fields
    Cost:   about five queries and five a township
    """
    access.check_part(access.may_ask(by), "县级部门负责人")
    faults = {}
    if kind not in MATTER_KINDS:
        faults["kind"] = "请选择是哪一类事项。"
    if not 4 <= len(title.strip()) <= 100:
        faults["title"] = "请写名称，4 到 100 个字。"
    if not 10 <= len(content.strip()) <= 3000:
        faults["content"] = "请写清打算怎么做、对乡镇有什么影响，10 到 3000 个字。"
    own = {one.code for one in directory.children_of(by.division_code)}
    if not townships or not set(townships) <= own:
        faults["townships"] = "请至少选一个涉及的本县区乡镇（街道）。"
    for name, words in (("title", title), ("content", content)):
        if rules.names_somebody(words):
            faults.setdefault(name, rules.NO_NUMBERS)
    if faults:
        raise MatterBroken("还没有写完整：" + "；".join(faults.values()), fields=faults)

    def run() -> dict[str, object]:
        matter = Matter.objects.create(
            agency_id=by.agency,
            county_id=by.division_code,
            kind=kind,
            title=title.strip(),
            content=content.strip(),
            asked_at=at,
            by_label=by.label[:120],
        )
        for code in dict.fromkeys(townships):
            _ask(by, at, matter, code)
        record_audit(
            by=by,
            at=at,
            verb="taskadmission.matter.raised",
            subject_type=GATE,
            subject_id=matter.pk,
            changes={"kind": kind, "townships": list(dict.fromkeys(townships))},
        )
        return {"id": matter.pk}

    request = [kind, title, content, list(townships)]
    said, _ = do_once(at=at, scope=f"taskadmission.matter:{by.account}", key=key, request=request, run=run)
    return int(str(said["id"]))


def _ask(by: Actor, at: datetime, matter: Matter, township: str) -> None:
    row = Opinion.objects.create(matter=matter, township_id=township)
    row.clock_id, row.due_on = open_limit(
        by=by,
        at=at,
        code="opinion.answer",
        subject=("township_opinion", row.pk),
        label=f"征求乡镇意见：{matter.title}",
        place=township,
        agency_id=directory.resolve_agency(rule="township", township_code=township, lead_key="政府办"),
        purpose="opinion",
    )
    row.save(update_fields=["clock", "due_on"])


def give_opinion(
    *, by: Actor, at: datetime, opinion_id: int, stance: str, reasons: str, files: Sequence[Upload] = ()
) -> None:
    """A township supports, objects or suggests, with reasons and files. After its day it may still, while the matter
    is open.

    Raises: NotYourPart · MatterBroken — with the fields · MatterUnknown · OpinionDone — given already
            MatterPassed — too late · FileRefused — a file is not taken, and nothing is
    Cost:   five queries; three and a file write a file
    """
    faults = {}
    if stance not in STANCES:
        faults["stance"] = "请选择赞成、反对还是建议。"
    if not 4 <= len(reasons.strip()) <= 1000:
        faults["reasons"] = "请写明理由，4 到 1000 个字。"
    elif rules.names_somebody(reasons):
        faults["reasons"] = rules.NO_NUMBERS
    if len(files) > MOST_FILES:
        faults["files"] = f"附件最多 {MOST_FILES} 个。"
    if faults:
        raise MatterBroken("还没有写完整：" + "；".join(faults.values()), fields=faults)
    with transaction.atomic():
        row = _opinion(by, opinion_id, "give")
        if row.state == "answered":
            raise OpinionDone("本乡镇的意见已经回复过。")
        old = row.state
        row.state, row.stance, row.reasons = "answered", stance, reasons.strip()
        row.answered_at, row.answered_by = at, by.label[:120]
        row.save(update_fields=["state", "stance", "reasons", "answered_at", "answered_by"])
        for one in files:
            blob = store_blob(at=at, content=one.content, name=one.name, allowed=ALLOWED_FILES)
            OpinionFile.objects.create(opinion=row, blob_id=blob.blob_id, name=blob.name[:120])
        if old == "asked":
            stop_limit(by=by, at=at, clock_id=row.clock_id)
        changes = {"state": [old, "answered"], "stance": stance, "files": len(files)}
        _audit(by, at, row, verb="taskadmission.opinion.given", changes=changes)


def answer_opinion(*, by: Actor, at: datetime, opinion_id: int, taken: bool, reply: str) -> None:
    """The county body says whether it takes a township's opinion, and why.

    Raises: NotYourPart — not the head of the body · MatterBroken — no reasons · MatterUnknown
            OpinionDone — none given yet, or answered · MatterPassed — too late
    Cost:   four queries
    """
    text = _words(reply, "reply", "请写明采纳或不采纳的理由")
    with transaction.atomic():
        row = _opinion(by, opinion_id, "answer")
        if row.state != "answered" or row.replied_at is not None:
            raise OpinionDone("这条意见还没有回来，或者已经答复过。")
        row.taken, row.reply, row.replied_at, row.replied_by = taken, text, at, by.label[:120]
        row.save(update_fields=["taken", "reply", "replied_at", "replied_by"])
        _audit(by, at, row, verb="taskadmission.opinion.answered", changes={"taken": taken})


def record_silences(*, at: datetime, limit: int = 500) -> int:
    """Record as silence what no township said by its day; called by the worker, and before a matter passes.

    Shape:  how many were recorded; call again while any were
    Cost:   one query, four a silence
    """
    with transaction.atomic():
        late = Opinion.objects.select_for_update(skip_locked=True, of=("self",))
        late = late.filter(state="asked", due_on__lt=local_date(at), matter__state="open")
        rows = list(late.order_by("due_on", "pk")[:limit])
        for row in rows:
            _fall_silent(at, row)
    return len(rows)


def _fall_silent(at: datetime, row: Opinion) -> None:
    row.state, row.answered_at = "silent", at
    row.save(update_fields=["state", "answered_at"])
    stop_limit(by=SYSTEM, at=at, clock_id=row.clock_id)
    _audit(SYSTEM, at, row, verb="taskadmission.opinion.silent", changes={"state": ["asked", "silent"]})


def pass_matter(*, by: Actor, at: datetime, matter_id: int) -> None:
    """Let a matter pass, when no gate is shut; what no township said by its day is recorded as silence first.

    Raises: NotYourPart — not the head of the body · MatterUnknown · MatterPassed
            MatterBlocked — with every reason and its clause
    Cost:   five queries, four a silence
    """
    with transaction.atomic():
        matter = _open_matter(by, matter_id)
        for late in matter.opinions.select_for_update().filter(state="asked", due_on__lt=local_date(at)):
            _fall_silent(at, late)
        blockers = check_gates(subject_kind=GATE, subject_id=str(matter.pk), at=at)
        if blockers:
            said = "；".join(one.text.rstrip("。") for one in blockers[:20])
            raise MatterBlocked(f"还不能通过：{said}。", blockers=blockers)
        matter.state, matter.passed_at, matter.passed_by = "passed", at, by.label[:120]
        matter.save(update_fields=["state", "passed_at", "passed_by"])
        _audit_matter(by, at, matter, "taskadmission.matter.passed")


def withdraw_matter(*, by: Actor, at: datetime, matter_id: int, reason: str) -> None:
    """Take a matter back: it does not pass, and nobody need answer any more. What was said stays on record.

    Raises: NotYourPart — not the head of the body · MatterBroken — no reasons · MatterUnknown · MatterPassed
    Cost:   five queries, two a township that was still asked
    """
    text = _words(reason, "withdrawal", "请写明撤回的理由")
    with transaction.atomic():
        matter = _open_matter(by, matter_id)
        for one in matter.opinions.select_for_update().filter(state="asked"):
            stop_limit(by=by, at=at, clock_id=one.clock_id)
        matter.state, matter.withdrawn_at, matter.withdrawn_by = "withdrawn", at, by.label[:120]
        matter.withdrawal = text
        matter.save(update_fields=["state", "withdrawn_at", "withdrawn_by", "withdrawal"])
        _audit_matter(by, at, matter, "taskadmission.matter.withdrawn")


def _open_matter(by: Actor, matter_id: int) -> Matter:
    """An open matter that the actor sees and may close, locked."""
    matter: Matter | None = access.find(access.MATTERS, by, matter_id, lock=True)
    if matter is None:
        raise MatterUnknown("找不到这个事项。")
    access.MATTERS.check(by, "close", matter)
    if matter.state != "open":
        raise MatterPassed("这个事项已经通过或者撤回。")
    return matter


def _audit_matter(by: Actor, at: datetime, matter: Matter, verb: str) -> None:
    changes = {"state": ["open", matter.state]}
    record_audit(by=by, at=at, verb=verb, subject_type=GATE, subject_id=matter.pk, changes=changes)


def _words(text: str, name: str, ask: str) -> str:
    words = text.strip()
    fault = "" if 4 <= len(words) <= 1000 else f"{ask}，4 到 1000 个字。"
    fault = fault or (rules.NO_NUMBERS if rules.names_somebody(words) else "")
    if fault:
        raise MatterBroken(fault, fields={name: fault})
    return words


def list_blockers(*, subject_id: str, at: datetime) -> list[Blocker]:
    """What stands in the way of a county matter: the check that this app registers at the kernel's gate.

    An opinion whose day is over blocks no longer: it is silence, whether the worker has written so or not.

    Cost:   one query
    """
    rows = Opinion.objects.filter(matter_id=int(subject_id)).select_related("township").order_by("township__sort_key")
    today = local_date(at)
    return rules.find_blockers(
        OpinionFacts(
            place=one.township.name,
            state="silent" if one.state == "asked" and one.due_on and one.due_on < today else one.state,
            replied=one.replied_at is not None,
        )
        for one in rows
    )


def redate_opinions(*, by: Actor, at: datetime, moves: list[Move]) -> None:
    """Carry dates that moved by themselves to the opinions that show them; inside the clocks' transaction.

    Cost:   one statement a move
    """
    for one in moves:
        Opinion.objects.filter(clock_id=one.clock_id, state="asked").update(due_on=one.new.shown or one.old.shown)


def _opinion(by: Actor, opinion_id: int, verb: str) -> Opinion:
    """An opinion of an open matter that the actor sees and may do this to, locked with its matter."""
    seen = access.OPINIONS.visible(by).select_related("matter")
    row = seen.select_for_update(of=("self", "matter")).filter(pk=opinion_id).first()
    if row is None:
        raise MatterUnknown("找不到这条意见。")
    access.OPINIONS.check(by, verb, row)
    if row.matter.state != "open":
        raise MatterPassed("这个事项已经通过或者撤回，不能再改意见。")
    return row


def _audit(by: Actor, at: datetime, row: Opinion, *, verb: str, changes: dict[str, object]) -> None:
    record_audit(
        by=by,
        at=at,
        verb=verb,
        subject_type=GATE,
        subject_id=row.matter_id,
        changes={"township": row.township_id, **changes},
    )
