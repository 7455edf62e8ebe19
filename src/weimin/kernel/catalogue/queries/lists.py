"""Reads of lists: rows of a day, history, what waits, what was proposed, what townships offer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Max, Q, QuerySet

from weimin.base.errors import NotFound
from weimin.kernel.catalogue import access, registry
from weimin.kernel.catalogue.models import ItemVersion, ListImport, Offer, Proposal, period
from weimin.kernel.catalogue.queries import prints
from weimin.kernel.catalogue.rules.comparing import Difference, compare
from weimin.kernel.catalogue.rules.items import read_limit
from weimin.kernel.catalogue.rules.lists import ListKind, list_kinds
from weimin.kernel.catalogue.rules.records import choice_names
from weimin.kernel.catalogue.types import ACTS, IN_PROCESS, LEGAL_STATUSES, STAGES, STATUSES, VersionView
from weimin.kernel.record.types import Actor

OUTCOMES = {"done": "完成", "passed": "通过", "returned": "退回修改", "refused": "不同意"}


class RowUnknown(NotFound):
    """No such row or version for this viewer."""

    code = "catalogue.row_unknown"


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
    """The versions that were law on a day, found by the index of their periods."""
    rows = ItemVersion.objects.filter(status__in=sorted(LEGAL_STATUSES), effect="set")
    return rows.alias(period=period()).filter(period__contains=on)  # type: ignore[misc]  # a range contains a day


#: Of a version: what a history or a list does not show. The whole text of a row is many times all its other columns.
_TEXTS = ("search", "search_text", "names", "doc")


def list_rows(*, list_code: str, on: date, text: str = "", whole: bool = False) -> QuerySet[ItemVersion]:
    """The rows of a list that were law on a day, by code; without their records unless the `whole` rows are asked for.

    Cost:   one query when iterated
    """
    rows = _as_of(on).filter(item__list_code=list_code).select_related("item")
    rows = rows.defer("search") if whole else rows.defer(*_TEXTS)
    if text.strip():
        rows = rows.filter(Q(name__icontains=text.strip()) | Q(item__code__iexact=text.strip()))
    return rows.order_by("item__code")


def find_as_of(*, code: str, on: date) -> VersionView | None:
    """The version of a row that was law on a day.

    Cost:   one query by index, however many versions there are
    """
    version = _as_of(on).filter(item__code=code).select_related("item").defer("search").first()
    return _view(version) if version else None


def list_movable(*, on: date) -> list[tuple[str, str]]:
    """Code and name of the rows that may be handed down to a township on a day: services whose list says so, powers.

    Cost:   one query
    """
    rows = _as_of(on).filter(Q(decision_level="township_if_empowered") | Q(item__list_code="power"))
    return list(rows.order_by("item__list_code", "item__code").values_list("item__code", "name"))


def list_versions(*, viewer: Actor, code: str) -> list[VersionView]:
    """Every version of a row that a viewer may see, newest first, without their records.

    Raises: RowUnknown — no such row, or nothing of it is public
    Cost:   one query
    """
    rows = access.visible_versions(viewer).filter(item__code=code).defer(*_TEXTS).order_by("-number")
    found = [_view(one, whole=False) for one in rows]
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
    return _view(version, steps=access.works_on_lists(viewer))


def _view(version: ItemVersion, *, steps: bool = False, whole: bool = True) -> VersionView:
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
        doc=version.doc if whole else {},
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
    both = access.visible_versions(viewer).filter(item__code=code, number__in=(old, new)).defer("search")
    rows = {one.number: _view(one) for one in both}
    if old not in rows or new not in rows:
        raise RowUnknown("要对照的版本不存在。")
    return rows[old], rows[new], find_differences(rows[old].list_code, rows[old].doc, rows[new].doc)


def find_differences(list_code: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Difference, ...]:
    """What differs between two records of a list, in the list's own words."""
    labels = {one.name: one.label for one in list_kinds()[list_code].columns}
    return compare(old, new, labels=labels, names=choice_names(list_code))


def list_waiting(*, viewer: Actor) -> list[VersionView]:
    """The versions that wait for this viewer's act, oldest first; those of a workbook wait as one (`list_batches`).

    Cost:   one query, without records
    """
    rows = access.waiting_versions(viewer).filter(batch=None).defer(*_TEXTS).order_by("pk")
    return [_view(one, whole=False) for one in rows]


def is_waiting(*, viewer: Actor, version_id: int) -> bool:
    """Whether a version waits for this viewer's act, alone or with its workbook.

    Cost:   one query
    """
    return access.waiting_versions(viewer).filter(pk=version_id).exists()


def list_in_process(*, viewer: Actor) -> list[VersionView]:
    """Every version on its way that came alone.

    Cost:   one query, without records
    """
    rows = access.visible_versions(viewer).filter(status__in=[*IN_PROCESS, "waiting"], batch=None)
    return [_view(one, whole=False) for one in rows.defer(*_TEXTS).order_by("pk")]


@dataclass(frozen=True, slots=True)
class Batch:
    """The versions of one workbook on their way, as one line."""

    import_id: int
    list_code: str
    name: str
    rows: int
    status_text: str
    valid_from: date


def list_batches(*, viewer: Actor, waiting: bool) -> list[Batch]:
    """The workbooks whose versions wait for this viewer's act, or with `waiting` false all that are on their way.

    Cost:   one query, however many rows a workbook has
    """
    rows = access.waiting_versions(viewer) if waiting else access.visible_versions(viewer)
    found = (
        rows.filter(status__in=[*IN_PROCESS, "waiting"])
        .exclude(batch=None)
        .values_list("batch_id", "batch__list_code", "batch__file_name", "status")
        .annotate(rows=Count("pk"), day=Max("valid_from"))
        .order_by("batch_id", "status")
    )
    return [Batch(pk, code, name, count, STATUSES[status], day) for pk, code, name, status, count, day in found]


def list_proposals(*, viewer: Actor, open_only: bool = False) -> list[Proposal]:
    """Proposals that a viewer may see, newest first, 200 at most.

    Cost:   one query
    """
    rows = access.PROPOSALS.visible(viewer).select_related("item")
    if open_only:
        rows = rows.filter(state="open")
    return list(rows.order_by("-at")[:200])


@dataclass(frozen=True, slots=True)
class Impact:
    """What publishing a new version of a row touches.

    Shape:  matters by the number of the version they run on; printed are the townships whose paper guide goes stale,
            by full name; `stale` of them had an older version on the wall already; `longer` townships promise more
            days than the new version does
    """

    townships: int
    local: int
    copies: int
    longer: int
    matters: dict[int, int]
    printed: tuple[str, ...]
    stale: int

    @property
    def open_matters(self) -> int:
        """How many matters are open on any version."""
        return sum(self.matters.values())


def get_impact(*, viewer: Actor, version: VersionView, on: date) -> Impact:
    """What publishing a version touches: townships that offer it, matters that run, guides that were printed.

    Cost:   five queries
    """
    code, live = version.item_code, Q(valid_until=None) | Q(valid_until__gt=on)
    offers = Offer.objects.filter(live, item__code=code)
    counted = offers.aggregate(
        all=Count("pk"), local=Count("pk", filter=~Q(local={})), copies=Count("pk", filter=~Q(copy_digest=""))
    )
    committed = read_limit((version.doc.get("limits") or {}).get("committed") or {})
    days = [one for one in offers.values_list("local__committed_days", flat=True) if one is not None]
    found = prints.list_printed(code=code)
    current = ItemVersion.objects.filter(item__code=code, status="in_force").values_list("number", flat=True).first()
    return Impact(
        townships=counted["all"],
        local=counted["local"],
        copies=counted["copies"],
        longer=sum(one > (committed.value or 0) for one in days) if committed.counted else 0,
        matters=registry.count_matters(viewer, code),
        printed=tuple(sorted({one.township for one in found})),
        stale=len({one.township for one in found if one.number != current}),
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
    return list(access.IMPORTS.visible(viewer).defer("faults").order_by("-pk")[:100])


def count_broken_imports(*, since: datetime) -> int:
    """How many imports since a moment came to nothing because of faults, for the operator.

    Cost:   one query over the imports, of which there are few
    """
    return ListImport.objects.filter(state="broken", at__gte=since).count()


def get_import(*, viewer: Actor, import_id: int) -> tuple[ListImport, list[VersionView]]:
    """One workbook with the versions that came of it.

    Raises: RowUnknown — not there, or not for this viewer
    Cost:   two queries
    """
    row = access.IMPORTS.visible(viewer).filter(pk=import_id).first()
    if row is None:
        raise RowUnknown("找不到这次导入。")
    versions = access.visible_versions(viewer).filter(batch=row).defer(*_TEXTS).order_by("item__code")
    return row, [_view(one, whole=False) for one in versions[:500]]


def list_township_offers(*, township: str, on: date) -> list[tuple[Offer, ItemVersion | None]]:
    """What a township offers on a day, each with the version in force.

    Cost:   two queries
    """
    live = Q(valid_until=None) | Q(valid_until__gt=on)
    offers = Offer.objects.filter(live, valid_from__lte=on, township_id=township).select_related("item")
    current = ItemVersion.objects.filter(status="in_force", item_id__in=offers.values("item_id"))
    versions = {one.item_id: one for one in current.defer("search")}
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
