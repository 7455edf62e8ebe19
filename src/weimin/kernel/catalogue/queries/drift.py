"""Where townships differ from the list: found in the tables as they stand, or read from the reports that were kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Exists, Max, OuterRef, Q, QuerySet

from weimin.base.clock import local_date
from weimin.kernel.catalogue.models import DriftFinding, DriftRun, ItemVersion, Offer
from weimin.kernel.catalogue.queries.lists import find_differences
from weimin.kernel.catalogue.rules.items import read_limit
from weimin.kernel.directory import queries as directory

#: How many runs the page shows as a trend.
TREND_DAYS = 30


@dataclass(frozen=True, slots=True)
class Drift:
    """One thing in which a township differs from the list.

    Shape:  forbidden for the township's own published text, allowed for local contents; path as stored, for telling
            findings apart; since is a local day
    """

    township_code: str
    item_code: str
    item_name: str
    path: str
    what: str
    base: str
    theirs: str
    since: date | None
    approved_by: str
    allowed: bool

    @property
    def township(self) -> str:
        """The township by its full name."""
        return directory.full_name(self.township_code)


# what a township's local contents differ in, in words
_LOCAL = {
    "address": "地点",
    "hours": "时间",
    "phone": "电话",
    "window": "窗口",
    "committed_days": "承诺时限",
}


def local_in_words(local: Mapping[str, Any], base: ItemVersion | None) -> list[tuple[str, str, str]]:
    """What a township says of its own, as (what, by the list, by the township)."""
    said = []
    for name, what in _LOCAL.items():
        if (value := local.get(name)) is None:
            continue
        listed, theirs = "跟清单走", str(value)
        if name == "committed_days" and base is not None:
            committed = read_limit((base.doc.get("limits") or {}).get("committed") or {})
            listed, theirs = base.limit_text, replace(committed, value=int(value)).text
        said.append((what, listed, theirs))
    return said


def list_live_offers(*, on: date) -> QuerySet[Offer]:
    """What townships offer on a day."""
    live = Q(valid_until=None) | Q(valid_until__gt=on)
    return Offer.objects.filter(live, valid_from__lte=on)


def find_drift(*, on: date, township: str = "", allowed: bool = True) -> Iterator[Drift]:
    """Where townships differ from the list in force: their own published texts (never allowed), local contents.

    Texts are told apart in the database by their digests; only those that differ are read and compared.

    Shape:  by township, then by item; a text differs since it came or since the list changed, whichever was later
    Cost:   three queries; memory for the differing rows and one version of each of their items
    """
    offers = list_live_offers(on=on)
    if township:
        offers = offers.filter(township_id=township)
    current = ItemVersion.objects.filter(item=OuterRef("item"), status="in_force")
    differing = offers.exclude(copy_digest="").exclude(Exists(current.filter(digest=OuterRef("copy_digest"))))
    wanted = Q(pk__in=differing.values("pk")) | (~Q(local={}) if allowed else Q(local__has_key="committed_days"))
    rows = offers.filter(wanted).select_related("township", "item").order_by("township_id", "item__code")
    bases = {
        one.item_id: one
        for one in ItemVersion.objects.filter(status="in_force", item_id__in=rows.values("item_id")).defer("search")
    }
    ended = ItemVersion.objects.filter(item_id__in=rows.values("item_id"), status="ended").exclude(item_id__in=bases)
    ends = dict(ended.values_list("item_id").annotate(last=Max("valid_until")).order_by())
    for offer in rows.iterator(chunk_size=1000):
        base = bases.get(offer.item_id)
        changed = base.valid_from if base else ends.get(offer.item_id)
        yield from _drift_of(offer, base, changed, allowed)


def _drift_of(offer: Offer, base: ItemVersion | None, changed: date | None, allowed: bool) -> Iterator[Drift]:
    place, code = offer.township_id, offer.item.code
    sent = max((day for day in (offer.copy_at and local_date(offer.copy_at), changed) if day), default=None)
    if base is None:
        if offer.copy_digest:
            name = str((offer.copy or {}).get("name") or code)
            yield Drift(place, code, name, "", "整项", "已停用", "仍在公布", sent, "", allowed=False)
        return
    if offer.copy_digest and offer.copy_digest != base.digest:
        for one in find_differences("service", base.doc, offer.copy or {}):
            yield Drift(place, code, base.name, one.path, one.label, one.old, one.new, sent, "", allowed=False)
    longer = _is_longer(offer.local, base)
    for what, listed, theirs in local_in_words(offer.local, base):
        may = not (longer and what == _LOCAL["committed_days"])
        if allowed or not may:
            since = offer.valid_from if may else max(offer.valid_from, base.valid_from)
            yield Drift(place, code, base.name, f"local/{what}", what, listed, theirs, since, offer.approved_by, may)


def _is_longer(local: Mapping[str, Any], base: ItemVersion) -> bool:
    """Whether the list has come to promise less than the township's own, once shorter, days.

    Law:    yhys-722 art. 36
    """
    committed = read_limit((base.doc.get("limits") or {}).get("committed") or {})
    return committed.counted and int(local.get("committed_days") or 0) > (committed.value or 0)


# --- the kept reports ------------------------------------------------------------------------------------
def find_unfinished(*, before: datetime) -> DriftRun | None:
    """A comparison that was asked for before a moment and is not done yet."""
    return DriftRun.objects.filter(state__in=("queued", "counting"), at__lt=before).first()


def find_report() -> DriftRun | None:
    """The newest finished run; what it found stands in the findings.

    Cost:   one query
    """
    return DriftRun.objects.filter(state="done").order_by("-pk").first()


def find_running() -> DriftRun | None:
    """The run that waits or counts now.

    Cost:   one query
    """
    return DriftRun.objects.exclude(state="done").order_by("pk").first()


def list_findings(*, on: date, township: str = "", allowed: bool = False) -> QuerySet[DriftFinding]:
    """What stood in the report of a day, what is not allowed first.

    Cost:   one query by index when iterated
    """
    rows = DriftFinding.objects.filter(Q(gone_on=None) | Q(gone_on__gt=on), first_on__lte=on).select_related("township")
    if township:
        rows = rows.filter(township_id=township)
    if not allowed:
        rows = rows.filter(allowed=False)
    return rows.order_by("allowed", "township_id", "item_code", "pk")


def list_trend(*, until: date) -> list[DriftRun]:
    """The last run of each of the last days, newest first.

    Cost:   one query
    """
    rows = DriftRun.objects.filter(state="done", on__lte=until, on__gt=until - timedelta(days=TREND_DAYS))
    return list(rows.order_by("-on", "-pk").distinct("on"))
