"""Who drafts, checks, approves and publishes list rows, proposes, imports and offers: one policy a table, in SQL."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet

from weimin.base.errors import Forbidden
from weimin.base.policy import Condition, Policy, Verb, own_of
from weimin.kernel.catalogue.models import ItemVersion, ListImport, Offer, Proposal, VersionStep
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


class OfferNotYours(Forbidden):
    """Only the township's own leader changes what it says of its own; only a list keeper above it ends an offer."""

    code = "catalogue.offer_not_yours"


# --- what somebody is, whatever the row ------------------------------------------------------------------------
def holds_stage(by: Actor, stage: str) -> bool:
    """Whether somebody's post does a stage at all; whether this version is theirs to do is the policy's question."""
    return by.is_staff and bool(by.roles & STAGE_ROLES[stage]) and directory.is_above_townships(by.division_code)


def works_on_lists(viewer: Actor) -> bool:
    """Whether somebody works on lists, or watches over them."""
    return viewer.kind == "system" or (viewer.is_staff and bool(viewer.roles & INSIDE))


# --- the policies ----------------------------------------------------------------------------------------------
def _sees_version(viewer: Actor) -> Condition:
    """Everybody sees what is or was law; those who work on lists see what is on its way."""
    return True if works_on_lists(viewer) else Q(status__in=sorted(LEGAL_STATUSES))


def _does(stage: str) -> Verb:
    """Who has the post of a stage; where somebody checks, neither the drafter nor who passed it at another check.

    What one returned comes back to oneself.
    """

    def may(viewer: Actor) -> Condition:
        if viewer.kind == "system":
            return True
        if not holds_stage(viewer, stage):
            return False
        if stage not in _CHECKED or viewer.account_id is None:
            return True
        passed = VersionStep.objects.filter(version=OuterRef("pk"), account_id=viewer.account_id, stage__in=_CHECKED)
        elsewhere = passed.exclude(outcome="returned").exclude(stage=stage)
        return ~Q(drafted_by=viewer.account_id) & ~Q(Exists(elsewhere))

    return may


def _sees_proposal(viewer: Actor) -> Condition:
    """List keepers and supervisors every proposal, others their own."""
    if viewer.kind == "system" or (viewer.is_staff and viewer.roles & {KEEPER, "supervisor"}):
        return True
    return own_of("account_id", viewer.account_id)


def _changes_offer(viewer: Actor) -> Condition:
    """The leader of the township that offers."""
    if viewer.kind == "system":
        return True
    leads = viewer.is_staff and "leader" in viewer.roles and bool(viewer.division_code)
    return Q(township_id=viewer.division_code) if leads else False


def _ends_offer(viewer: Actor) -> Condition:
    """A list keeper of the county or city in which the township lies."""
    if viewer.kind == "system":
        return True
    return directory.within("township__code", viewer.division_code) if holds_stage(viewer, "draft") else False


_SAME_PERSON = (StageNotYours, "同一个人不能既起草又审核，也不能连审两个环节。请换一位同事办。")
VERSIONS = Policy(
    ItemVersion,
    see=_sees_version,
    **{stage: _does(stage) for stage in STAGES},
    refusals=dict.fromkeys(_CHECKED, _SAME_PERSON),
)
PROPOSALS = Policy(
    Proposal,
    see=_sees_proposal,
    answer=lambda viewer: viewer.kind == "system" or holds_stage(viewer, "draft"),
    refusals={"answer": (StageNotYours, "建议由市县的清单管理员答复，您的岗位不办这一步。")},
)
IMPORTS = Policy(ListImport, see=works_on_lists)
#: What is offered is public: everybody sees it.
OFFERS = Policy(
    Offer,
    see=lambda viewer: True,
    change=_changes_offer,
    end=_ends_offer,
    refusals={
        "change": (OfferNotYours, "本地内容由这个乡镇（街道）的领导批准，您的岗位不能改。"),
        "end": (OfferNotYours, "乡镇停办一个事项，由本县区或市里的清单管理员办理。"),
    },
)


def visible_versions(viewer: Actor) -> QuerySet[ItemVersion]:
    """The versions that a viewer may see, with their rows."""
    return VERSIONS.visible(viewer).select_related("item")


def waiting_versions(viewer: Actor) -> QuerySet[ItemVersion]:
    """The versions on their way whose next stage this viewer may do."""
    waits = Q(pk__in=[])
    for stage in STAGES:
        may, status = VERSIONS.verbs[stage](viewer), "approved" if stage == "publish" else stage
        if may is not False:
            waits |= Q(status=status) & may if isinstance(may, Q) else Q(status=status)
    return ItemVersion.objects.select_related("item").filter(waits)


def check_stage(by: Actor, stage: str, version: ItemVersion | None = None) -> None:
    """Refuse a stage to whoever has not its post, and to whoever drafted or checked the same version.

    Raises: StageNotYours — with who does it
    Cost:   no query; one where a version is checked or approved
    """
    if by.kind != "system" and not holds_stage(by, stage):
        raise StageNotYours(f"“{STAGES[stage]}”由{_whose(stage)}办理，您的岗位不办这一步。")
    if version is not None:
        VERSIONS.check(by, stage, version)


def _whose(stage: str) -> str:
    return {
        "lead": "牵头部门的清单管理员或负责人",
        "legal": "合法性审核岗",
        "approve": "本级政府负责人",
    }.get(stage, "清单管理员")
