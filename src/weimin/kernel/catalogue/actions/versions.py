"""A version's way: drafted, checked by the lead body, reviewed for legality, approved, published, in force, ended.

While it is on its way a row has no other version on its way, and from its submission on nobody edits it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from weimin.base.clock import local_date
from weimin.base.errors import Conflict, Invalid, NotFound, Refused
from weimin.kernel.catalogue import access, registry
from weimin.kernel.catalogue.access import StageNotYours
from weimin.kernel.catalogue.actions.loading import columns_of, enter_force
from weimin.kernel.catalogue.models import Item, ItemVersion, VersionStep
from weimin.kernel.catalogue.queries import uses
from weimin.kernel.catalogue.rules.lists import check_row, list_kinds
from weimin.kernel.catalogue.types import ACTS, IN_PROCESS, STAGES, TRIGGERS
from weimin.kernel.deadlines import actions as deadlines
from weimin.kernel.deadlines import queries as law
from weimin.kernel.deadlines.types import ClockSpec
from weimin.kernel.procedures import queries as procedures
from weimin.kernel.record.actions import record_audit
from weimin.kernel.record.types import Actor

__all__ = [
    "DraftChanged", "DraftStands", "Drafting", "EndingOnly", "RowBroken", "StageNotYours", "begin_draft",
    "bring_into_force", "drop_draft", "publish_version", "review_version", "save_draft", "submit_draft",
]  # fmt: skip

#: Where a version goes when a stage passes it.
NEXT = {"draft": "lead", "lead": "legal", "legal": "approve", "approve": "approved"}


class VersionUnknown(NotFound):
    """No such version for this viewer."""

    code = "catalogue.version_unknown"


class DraftStands(Conflict):
    """The row has a version on its way already."""

    code = "catalogue.draft_stands"


class DraftChanged(Conflict):
    """Somebody saved the draft in between, or it is a draft no more."""

    code = "catalogue.draft_changed"


class RowBroken(Invalid):
    """The row breaks rules; the fields name each fault."""

    code = "catalogue.row_broken"


class EndingOnly(Refused):
    """A row that is not in force cannot be taken off the list."""

    code = "catalogue.ending_only"


@dataclass(frozen=True, slots=True)
class Drafting:
    """What a draft says: its record, why, and from which day.

    Shape:  doc is ignored where the effect is end
    """

    doc: dict[str, Any] = field(hash=False)
    trigger: str
    reason: str
    valid_from: date
    effect: str = "set"


def begin_draft(*, by: Actor, at: datetime, list_code: str, code: str, from_version: int | None = None) -> int:
    """Begin the next version of a row, from its latest text or an earlier one; of a new code, the row's first.

    Raises: StageNotYours — not a list keeper · DraftStands — another is on its way · RowBroken — no such list, bad code
    Cost:   about six queries; locks the row
    """
    access.check_stage(by, "draft")
    if list_code not in list_kinds() or not 2 <= len(code.strip()) <= 40 or not code.isascii():
        raise RowBroken("没有这张清单，或者代码不对。", fields={"code": "代码 2–40 位，用字母、数字和连字符。"})
    with transaction.atomic():
        item, _ = Item.objects.select_for_update().get_or_create(code=code.strip(), defaults={"list_code": list_code})
        if item.list_code != list_code:
            raise RowBroken("这个代码已经用在别的清单上。", fields={"code": "换一个没有用过的代码。"})
        rows = ItemVersion.objects.filter(item=item)
        if standing := rows.filter(status__in=IN_PROCESS).first():
            raise DraftStands(f"这一行的第 {standing.number} 版正在办理，办完或者撤掉以后才能再改。")
        base = rows.filter(pk=from_version).first() if from_version else _latest(item)
        doc = dict(base.doc) if base else {"code": item.code} if list_code == "service" else {}
        version = ItemVersion.objects.create(
            item=item,
            number=(rows.aggregate(last=Max("number"))["last"] or 0) + 1,
            status="draft",
            trigger="review",
            drafted_by=by.account_id,
            valid_from=local_date(at),
            **columns_of(list_code, doc, procedure_id=base.procedure_id if base else None),
        )
        _note(by, at, version, "draft", "done", "从第 " + str(base.number) + " 版起草" if base else "新增")
    return version.pk


def _latest(item: Item) -> ItemVersion | None:
    """The text that a new version starts from: what is in force, else what was last."""
    rows = ItemVersion.objects.filter(item=item).exclude(status="refused")
    return rows.filter(status="in_force").first() or rows.order_by("-number").first()


def save_draft(*, by: Actor, at: datetime, version_id: int, revision: int, drafting: Drafting) -> dict[str, str]:
    """Save a draft as it is, broken or not, and say what is still wrong.

    Raises: DraftChanged — saved by somebody else since `revision`, or submitted
    Shape:  faults by field, empty when it may be submitted
    Cost:   three queries
    """
    access.check_stage(by, "draft")
    if drafting.trigger not in TRIGGERS or drafting.trigger == "loaded" or drafting.effect not in ("set", "end"):
        raise RowBroken("请选择调整的起因。", fields={"trigger": "请选择一项。"})
    with transaction.atomic():
        version = _lock(version_id, "draft")
        if version.revision != revision:
            raise DraftChanged("这份草稿刚才被别人改过，请对照新内容再保存一次。")
        drafting = replace(drafting, doc=version.doc) if drafting.effect == "end" else drafting
        columns = columns_of(version.item.list_code, drafting.doc, procedure_id=_procedure_of(version, drafting.doc))
        for name, value in columns.items():
            setattr(version, name, value)
        version.trigger, version.reason = drafting.trigger, drafting.reason.strip()[:500]
        version.valid_from, version.effect = drafting.valid_from, drafting.effect
        version.revision += 1
        version.drafted_by = by.account_id
        version.save()
    return faults_of(version, on=local_date(at))


def _procedure_of(version: ItemVersion, doc: dict[str, Any]) -> int | None:
    if version.item.list_code != "service" or not doc.get("procedure"):
        return None
    try:
        return procedures.get_current_version(code=str(doc["procedure"])).version_id
    except NotFound:
        return None


def faults_of(version: ItemVersion, *, on: date) -> dict[str, str]:
    """What still keeps a version from being law, by field: its record, its reason, its day."""
    kind = list_kinds()[version.item.list_code]
    faults = {}
    if version.effect == "set":
        faults = check_row(kind, version.doc, laws=law.list_laws(), on=max(version.valid_from, on))
        if kind.code == "service" and version.procedure_id is None:
            faults.setdefault("procedure", "没有这种已公布的办理流程。")
        if kind.code == "service" and version.procedure_id is not None:
            for name, told in uses.list_misfits(version.doc, procedure_version_id=version.procedure_id).items():
                faults.setdefault(name, told)
        if kind.code == "service" and version.doc.get("code") != version.item.code:
            faults["code"] = f"事项代码是 {version.item.code}，不能改。"
    if not version.reason:
        faults["reason"] = "请写明为什么这样调整，公布时群众看得到。"
    if version.status in ("draft", "lead", "legal", "approve") and version.valid_from < on:
        faults["valid_from"] = "生效日已经过了，请改成今天或以后的日子。"
    return faults


def submit_draft(*, by: Actor, at: datetime, version_id: int) -> None:
    """Send a draft to the lead body's check; from here on nobody edits it.

    Raises: RowBroken — with every fault · EndingOnly — ends a row that is not in force · DraftChanged — no draft
    """
    access.check_stage(by, "draft")
    with transaction.atomic():
        version = _lock(version_id, "draft")
        if faults := faults_of(version, on=local_date(at)):
            raise RowBroken("还有几处要改：" + "；".join(faults.values()), fields=faults)
        if version.effect == "end" and not ItemVersion.objects.filter(item=version.item, status="in_force").exists():
            raise EndingOnly("这一行现在不在清单上，不用取消。")
        _go(by, at, version, "draft", "done", "")


def drop_draft(*, by: Actor, at: datetime, version_id: int) -> None:
    """Give a draft up; it stays in the history as not passed.

    Raises: DraftChanged — it is a draft no more
    """
    access.check_stage(by, "draft")
    with transaction.atomic():
        version = _lock(version_id, "draft")
        _note(by, at, version, "draft", "refused", "撤掉草稿")
        version.status = "refused"
        version.save(update_fields=["status"])


def review_version(*, by: Actor, at: datetime, version_id: int, stage: str, outcome: str, opinion: str) -> None:
    """Pass a version on, return it to its drafter, or refuse it: the lead body, the legal reviewer, the approver.

    Approval opens the clock of publication: twenty working days.

    Raises: StageNotYours — another post's stage, or the same person again · RowBroken — no opinion, or faults have come
            up since (a basis that ended) · DraftChanged — the version stands elsewhere now
    Law:    xxgk-2019 art. 26
    Cost:   about eight queries; locks the row
    """
    if "passed" not in ACTS.get(stage, ()) or outcome not in ACTS[stage]:
        raise RowBroken("请选择通过、退回或不同意。", fields={"outcome": "请选择一项。"})
    with transaction.atomic():
        version = _lock(version_id, stage)
        access.check_stage(by, stage, version)
        check_opinion(outcome, opinion)
        if outcome == "passed" and (faults := faults_of(version, on=local_date(at))):
            raise RowBroken("现在不能通过：" + "；".join(faults.values()), fields=faults)
        _go(by, at, version, stage, outcome, opinion.strip()[:500])
        if version.status == "approved":
            await_publication(by, at, ("list_version", str(version.pk)), version.name)


def check_opinion(outcome: str, opinion: str) -> None:
    """Refuse to return or refuse without saying why.

    Raises: RowBroken — with what to write
    """
    if outcome in ("returned", "refused") and len(opinion.strip()) < 4:
        raise RowBroken("退回或不同意要写明理由。", fields={"opinion": "请写明哪里不行、怎么改。"})


def await_publication(by: Actor, at: datetime, subject: tuple[str, str], name: str) -> None:
    """Open the clock in which what was approved must be published.

    Law:    xxgk-2019 art. 26
    """
    deadlines.open_dated(
        by=by,
        at=at,
        code="powerlist.publish",
        by_law=True,
        spec=ClockSpec(
            purpose="lists",
            subject=subject,
            start_date=local_date(at),
            label=f"公布清单调整：{name}"[:80],
            agency_id=by.agency_id,
            place=by.division_code,
        ),
    )


def publish_version(*, by: Actor, at: datetime, version_id: int) -> None:
    """Publish an approved version: in force today, or on its day when that is later.

    Raises: StageNotYours — not a list keeper · RowBroken — a basis ended since · DraftChanged — not approved
    Cost:   about ten queries; locks the row
    """
    access.check_stage(by, "publish")
    today = local_date(at)
    with transaction.atomic():
        version = _lock(version_id, "approved")
        version.valid_from = max(version.valid_from, today)
        if faults := faults_of(version, on=today):
            raise RowBroken("现在不能公布：" + "；".join(faults.values()), fields=faults)
        if version.effect == "set":
            registry.check_gates(by=by, at=at, record=version.doc)
        version.published_at = at
        if version.valid_from <= today:
            enter_force(version, at=at)
        else:
            ItemVersion.objects.filter(item=version.item, status="in_force").update(valid_until=version.valid_from)
            version.status = "waiting"
            version.valid_until = version.valid_from if version.effect == "end" else None
            version.save()
        _note(by, at, version, "publish", "done", "")
        deadlines.stop_clocks_of(by=by, at=at, subject=("list_version", str(version.pk)))
        record_audit(
            by=by,
            at=at,
            verb="catalogue.item.published",
            subject_type="item",
            subject_id=version.item.code,
            changes={"number": version.number, "name": version.name, "from": str(version.valid_from)},
        )


def bring_into_force(*, at: datetime) -> int:
    """Put the published versions whose day has come in force; returns how many. May run twice.

    Cost:   one query when none is due, about five for each
    """
    made, by = 0, Actor.system("系统（清单生效）")
    due = ItemVersion.objects.filter(status="waiting", valid_from__lte=local_date(at)).order_by("valid_from", "number")
    for version_id in list(due.values_list("pk", flat=True)):
        with transaction.atomic():
            version = ItemVersion.objects.select_for_update(of=("self",)).select_related("item").get(pk=version_id)
            if version.status != "waiting":
                continue
            enter_force(version, at=at)
            record_audit(
                by=by,
                at=at,
                verb="catalogue.item.begun",
                subject_type="item",
                subject_id=version.item.code,
                changes={"number": version.number, "name": version.name},
            )
            made += 1
    return made


def _lock(version_id: int, status: str) -> ItemVersion:
    version = ItemVersion.objects.select_for_update(of=("self",)).select_related("item").filter(pk=version_id).first()
    if version is None:
        raise VersionUnknown("找不到这一版，可能已经撤掉。")
    if version.status != status:
        raise DraftChanged("这一版刚才已经办到别的环节了，请刷新再看。")
    return version


def _go(by: Actor, at: datetime, version: ItemVersion, stage: str, outcome: str, opinion: str) -> None:
    """Write what was done and move the version on."""
    _note(by, at, version, stage, outcome, opinion)
    if outcome in ("done", "passed"):
        version.status = NEXT[stage]
    else:
        version.status = "draft" if outcome == "returned" else "refused"
    version.save(update_fields=["status"])


def _note(by: Actor, at: datetime, version: ItemVersion, stage: str, outcome: str, opinion: str) -> None:
    VersionStep.objects.create(
        version=version,
        stage=stage,
        outcome=outcome,
        opinion=opinion,
        at=at,
        by_label=by.label,
        account_id=by.account_id,
    )
    record_audit(
        by=by,
        at=at,
        verb="catalogue.version.moved",
        subject_type="item",
        subject_id=version.item.code,
        changes={"number": version.number, "stage": STAGES[stage], "outcome": outcome},
    )
