"""Who drafts, checks, approves and publishes list rows, and who sees which versions: one policy, asked both ways."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet

from weimin.base.errors import Forbidden
from weimin.kernel.catalogue.models import ItemVersion, Proposal, VersionStep
from weimin.kernel.catalogue.types import LEGAL_STATUSES, STAGES
from weimin.kernel.directory import queries as directory
from weimin.kernel.record.types import Actor

KEEPER = "list_keeper"
#: Who does what, by the role of the post. A leader approves; the lead body's check is its leader's or keeper's.
STAGE_ROLES = {
    "draft": frozenset({KEEPER}),
    "lead": frozenset({KEEPER, "leader"}),
    "legal": frozenset({"legal_reviewer"}),
    "approve": frozenset({"leader"}),
    "publish": frozenset({KEEPER}),
}
#: The stages at which somebody else than the drafter looks, each another person.
_CHECKED = ("lead", "legal", "approve")
#: Who sees versions on their way.
INSIDE = frozenset({KEEPER, "legal_reviewer", "leader", "supervisor"})


class StageNotYours(Forbidden):
    """The stage belongs to another post, or the same person drafted or checked before."""

    code = "catalogue.stage_not_yours"


def visible_versions(viewer: Actor) -> QuerySet[ItemVersion]:
    """Everybody sees what is or was law; those who work on lists see what is on its way."""
    rows = ItemVersion.objects.select_related("item")
    if viewer.kind == "system" or (viewer.is_staff and viewer.roles & INSIDE):
        return rows
    return rows.filter(status__in=sorted(LEGAL_STATUSES))


def visible_proposals(viewer: Actor) -> QuerySet[Proposal]:
    """List keepers see every proposal, others their own."""
    rows = Proposal.objects.select_related("item")
    if viewer.kind == "system" or (viewer.is_staff and viewer.roles & {KEEPER, "supervisor"}):
        return rows
    return rows.filter(account_id=viewer.account_id) if viewer.account_id is not None else rows.none()


def waiting_versions(viewer: Actor) -> QuerySet[ItemVersion]:
    """The versions on their way that wait for this viewer: those that `check_stage` lets them do.

    One's own drafts, and what one passed at another stage, wait for others; what one returned comes back to oneself.
    """
    stages = [one for one in STAGES if holds_stage(viewer, one)]
    if not stages:
        return ItemVersion.objects.none()
    statuses = ["approved" if one == "publish" else one for one in stages]
    rows = ItemVersion.objects.select_related("item").filter(status__in=statuses)
    passed = VersionStep.objects.filter(version=OuterRef("pk"), account_id=viewer.account_id, stage__in=_CHECKED)
    elsewhere = passed.exclude(outcome="returned").exclude(stage=OuterRef("status"))
    return rows.exclude(Q(status__in=_CHECKED) & (Q(drafted_by=viewer.account_id) | Exists(elsewhere)))


def holds_stage(by: Actor, stage: str) -> bool:
    """Whether somebody's post does a stage at all; whether this version is theirs to do is `check_stage`'s question."""
    return by.is_staff and bool(by.roles & STAGE_ROLES[stage]) and _above_townships(by)


def check_stage(by: Actor, stage: str, version: ItemVersion | None = None) -> None:
    """Refuse a stage to whoever has not its post, and to whoever drafted or checked the same version.

    Raises: StageNotYours — with who does it
    Cost:   no query; one where a version is checked or approved
    """
    if by.kind == "system":
        return
    if not holds_stage(by, stage):
        raise StageNotYours(f"“{STAGES[stage]}”由{_whose(stage)}办理，您的岗位不办这一步。")
    if version is None or stage not in _CHECKED:
        return
    before = version.steps.filter(account_id=by.account_id, stage__in=_CHECKED)
    if version.drafted_by == by.account_id or before.exclude(outcome="returned").exclude(stage=stage).exists():
        raise StageNotYours("同一个人不能既起草又审核，也不能连审两个环节。请换一位同事办。")


def _above_townships(by: Actor) -> bool:
    """Lists are made by city and county; a township's own part is its offers."""
    return len(directory.place_prefix(by.division_code)) <= 6


def _whose(stage: str) -> str:
    return {
        "lead": "牵头部门的清单管理员或负责人",
        "legal": "合法性审核岗",
        "approve": "本级政府负责人",
    }.get(stage, "清单管理员")
