"""Reads of lists: rows of a day, history, what waits, what was proposed, and where townships differ from the list."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from weimin.base.errors import NotFound
from weimin.kernel.catalogue import access
from weimin.kernel.catalogue.models import ItemVersion, ListImport, Offer, Proposal
from weimin.kernel.catalogue.rules.comparing import Difference, compare
from weimin.kernel.catalogue.rules.lists import ListKind, list_kinds
from weimin.kernel.catalogue.types import ACTS, IN_PROCESS, LEGAL_STATUSES, STAGES, VersionView
from weimin.kernel.directory import queries as directory
from weimin.kernel.record.types import Actor

OUTCOMES = {"done": "完成", "passed": "通过", "returned": "退回修改", "refused": "不同意"}


class RowUnknown(NotFound):
    """No such row or version for this viewer."""

    code = "catalogue.row_unknown"


@dataclass(frozen=True, slots=True)
class Drift:
    """One thing in which a township differs from the list.

    Shape:  forbidden for the township's own published text, allowed for local contents; since in UTC or a day
    """

    township: str
    item_code: str
    item_name: str
    what: str
    base: str
    theirs: str
    since: date | None
    approved_by: str
    allowed: bool


def get_kind(code: str) -> ListKind:
    """One of the lists.

    Raises: RowUnknown — no such list
    """
    kind = list_kinds().get(code)
    if kind is None:
        raise RowUnknown("没有这张清单。")
    return kind


def count_rows(*, on: date) -> dict[str, int]:
    """How many rows each list has on a day.

    Cost:   one query
    """
    rows = _as_of(on).values_list("item__list_code").annotate(rows=Count("pk")).order_by()
    return dict.fromkeys(list_kinds(), 0) | dict(rows)


def _as_of(on: date) -> QuerySet[ItemVersion]:
    return ItemVersion.objects.filter(
        Q(valid_until=None) | Q(valid_until__gt=on),
        status__in=sorted(LEGAL_STATUSES),
        effect="set",
        valid_from__lte=on,
    )


def list_rows(*, list_code: str, on: date, text: str = "") -> QuerySet[ItemVersion]:
    """The rows of a list that were law on a day, by code, without their records.

    Cost:   one query when iterated
    """
    rows = _as_of(on).filter(item__list_code=list_code).select_related("item").defer("search")
    if text.strip():
        rows = rows.filter(Q(name__icontains=text.strip()) | Q(item__code__iexact=text.strip()))
    return rows.order_by("item__code")


def find_as_of(*, code: str, on: date) -> VersionView | None:
    """The version of a row that was law on a day.

    Cost:   one query by index, however many versions there are
    """
    version = _as_of(on).filter(item__code=code).select_related("item").first()
    return _view(version) if version else None


def list_movable(*, on: date) -> list[tuple[str, str]]:
    """Code and name of the rows that may be handed down to a township on a day: services whose list says so, powers.

    Cost:   one query
    """
    rows = _as_of(on).filter(Q(decision_level="township_if_empowered") | Q(item__list_code="power"))
    return list(rows.order_by("item__list_code", "item__code").values_list("item__code", "name"))


def list_versions(*, viewer: Actor, code: str) -> list[VersionView]:
    """Every version of a row that a viewer may see, newest first.

    Raises: RowUnknown — no such row, or nothing of it is public
    Cost:   one query
    """
    rows = access.visible_versions(viewer).filter(item__code=code).order_by("-number")
    found = [_view(one) for one in rows]
    if not found:
        raise RowUnknown("清单上没有这一行。")
    return found


def get_version(*, viewer: Actor, version_id: int) -> VersionView:
    """One version with what was done to it on its way; the way is for those who work on lists.

    Raises: RowUnknown — no such version for this viewer
    Cost:   two queries
    """
    version = access.visible_versions(viewer).filter(pk=version_id).first()
    if version is None:
        raise RowUnknown("清单上没有这一版。")
    return _view(version, steps=_works(viewer))


def _view(version: ItemVersion, *, steps: bool = False) -> VersionView:
    told: tuple[Any, ...] = ()
    if steps:
        told = tuple(
            (STAGES[one.stage], OUTCOMES[one.outcome], one.opinion, one.at, one.by_label)
            for one in version.steps.order_by("at", "pk")
        )
    return VersionView(
        version_id=version.pk,
        item_code=version.item.code,
        list_code=version.item.list_code,
        number=version.number,
        status=version.status,
        effect=version.effect,
        trigger=version.trigger,
        reason=version.reason,
        revision=version.revision,
        valid_from=version.valid_from,
        valid_until=version.valid_until,
        published_at=version.published_at,
        name=version.name,
        doc=version.doc,
        drafted_by=version.drafted_by,
        steps=told,
    )


def compare_versions(
    *, viewer: Actor, code: str, old: int, new: int
) -> tuple[VersionView, VersionView, tuple[Difference, ...]]:
    """Two versions of a row by number, and what differs.

    Raises: RowUnknown — either is not there for this viewer
    Cost:   one query
    """
    rows = {one.number: one for one in list_versions(viewer=viewer, code=code) if one.number in (old, new)}
    if old not in rows or new not in rows:
        raise RowUnknown("要对照的版本不存在。")
    kind = list_kinds()[rows[old].list_code]
    labels = {one.name: one.label for one in kind.columns}
    return rows[old], rows[new], compare(rows[old].doc, rows[new].doc, labels=labels)


def list_waiting(*, viewer: Actor) -> list[VersionView]:
    """The versions that wait for this viewer's act, oldest first.

    Cost:   one query
    """
    return [_view(one) for one in access.waiting_versions(viewer).order_by("pk")]


def list_in_process(*, viewer: Actor) -> list[VersionView]:
    """Every version on its way.

    Cost:   one query
    """
    rows = access.visible_versions(viewer).filter(status__in=[*IN_PROCESS, "waiting"]).order_by("pk")
    return [_view(one) for one in rows]


def list_proposals(*, viewer: Actor, open_only: bool = False) -> list[Proposal]:
    """Proposals that a viewer may see, newest first, 200 at most.

    Cost:   one query
    """
    rows = access.visible_proposals(viewer)
    if open_only:
        rows = rows.filter(state="open")
    return list(rows.order_by("-at")[:200])


def count_impact(*, code: str, on: date) -> dict[str, int]:
    """What publishing a new version of a row touches: townships that offer it, rows of lists that name it.

    Cost:   two queries
    """
    live = Q(valid_until=None) | Q(valid_until__gt=on)
    offers = Offer.objects.filter(live, item__code=code)
    return {
        "townships": offers.count(),
        "local": offers.exclude(local={}).count(),
        "copies": offers.exclude(copy_digest="").count(),
    }


# what a township's local contents differ in, in words
_LOCAL = {
    "address": "地点",
    "hours": "时间",
    "phone": "电话",
    "window": "窗口",
    "committed_days": "承诺天数",
}


def find_drift(*, on: date, township: str = "", allowed: bool = True) -> Iterator[Drift]:
    """Where townships differ from the list in force: their own published texts (never allowed), local contents.

    Texts are told apart in the database by their digests; only those that differ are read and compared.

    Cost:   two queries; memory for the differing rows and one version of each of their items
    """
    live = Q(valid_until=None) | Q(valid_until__gt=on)
    offers = Offer.objects.filter(live, valid_from__lte=on)
    if township:
        offers = offers.filter(township_id=township)
    current = ItemVersion.objects.filter(item=OuterRef("item"), status="in_force")
    differing = offers.exclude(copy_digest="").exclude(Exists(current.filter(digest=OuterRef("copy_digest"))))
    wanted = Q(pk__in=differing.values("pk"))
    if allowed:
        wanted |= ~Q(local={})
    rows = offers.filter(wanted).select_related("township", "item").order_by("township_id", "item__code")
    bases = {
        one.item_id: one
        for one in ItemVersion.objects.filter(status="in_force", item_id__in=rows.values("item_id")).defer("search")
    }
    for offer in rows.iterator(chunk_size=1000):
        base = bases.get(offer.item_id)
        yield from _drift_of(offer, base, allowed)


def _drift_of(offer: Offer, base: ItemVersion | None, allowed: bool) -> Iterator[Drift]:
    place, code = directory.full_name(offer.township_id), offer.item.code
    if base is None:
        if offer.copy_digest:
            yield Drift(
                place, code, str((offer.copy or {}).get("name") or code), "整项", "已停用", "仍在公布", None, "", False
            )
        return
    if offer.copy_digest and offer.copy_digest != base.digest:
        for one in compare(base.doc, offer.copy or {}):
            since = offer.copy_at.date() if offer.copy_at else None
            yield Drift(place, code, base.name, one.label, one.old, one.new, since, "", allowed=False)
    if allowed:
        for name, value in offer.local.items():
            listed = base.limit_text if name == "committed_days" else "跟清单走"
            yield Drift(
                place,
                code,
                base.name,
                _LOCAL.get(name, name),
                listed,
                str(value),
                offer.valid_from,
                offer.approved_by,
                True,
            )


def list_batch_acts(*, viewer: Actor, versions: list[VersionView]) -> tuple[str, ...]:
    """What the viewer's post may do next with a batch: the acts of the first stage at which any of it stands."""
    status = next((one for one in IN_PROCESS if any(version.status == one for version in versions)), "")
    stage = {"approved": "publish"}.get(status, status)
    return ACTS[stage] if stage and access.holds_stage(viewer, stage) else ()


def list_imports(*, viewer: Actor) -> list[ListImport]:
    """The workbooks that were brought, newest first, for those who work on lists.

    Cost:   one query
    """
    return list(ListImport.objects.defer("faults").order_by("-pk")[:100]) if _works(viewer) else []


def get_import(*, viewer: Actor, import_id: int) -> tuple[ListImport, list[VersionView]]:
    """One workbook with the versions that came of it.

    Raises: RowUnknown — not there, or not for this viewer
    Cost:   two queries
    """
    row = ListImport.objects.filter(pk=import_id).first() if _works(viewer) else None
    if row is None:
        raise RowUnknown("找不到这次导入。")
    versions = access.visible_versions(viewer).filter(batch=row).defer("search").order_by("item__code")
    return row, [_view(one) for one in versions[:500]]


def _works(viewer: Actor) -> bool:
    return viewer.kind == "system" or (viewer.is_staff and bool(viewer.roles & access.INSIDE))


def list_township_offers(*, township: str, on: date) -> list[tuple[Offer, ItemVersion | None]]:
    """What a township offers on a day, each with the version in force.

    Cost:   two queries
    """
    live = Q(valid_until=None) | Q(valid_until__gt=on)
    offers = Offer.objects.filter(live, valid_from__lte=on, township_id=township).select_related("item")
    versions = {one.item_id: one for one in ItemVersion.objects.filter(status="in_force").defer("search", "doc")}
    return [(one, versions.get(one.item_id)) for one in offers.order_by("item__code")]


def get_township_offer(*, township: str, code: str, on: date) -> tuple[Offer, ItemVersion]:
    """One item as a township offers it on a day.

    Raises: RowUnknown — not offered there
    Cost:   two queries
    """
    live = Q(valid_until=None) | Q(valid_until__gt=on)
    offers = Offer.objects.filter(live, item__code=code, township_id=township).select_related("item")
    offer = offers.order_by("valid_from").last()
    version = ItemVersion.objects.filter(item__code=code, status="in_force").first()
    if offer is None or version is None:
        raise RowUnknown("本乡镇（街道）现在不办这一事项。")
    return offer, version
