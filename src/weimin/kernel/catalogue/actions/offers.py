"""What a township may say itself about an item it offers: place, time, contact, window, and a shorter limit."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta

from django.db import transaction

from weimin.base.clock import local_date
from weimin.base.errors import Invalid, NotFound
from weimin.kernel.catalogue import access
from weimin.kernel.catalogue.access import OfferNotYours as OfferNotYours
from weimin.kernel.catalogue.models import ItemVersion, Offer
from weimin.kernel.catalogue.rules.items import read_limit
from weimin.kernel.record.actions import record_audit
from weimin.kernel.record.types import Actor


class OfferBroken(Invalid):
    """What the township says of its own is not allowed; the fields say why."""

    code = "catalogue.offer_broken"


class OfferUnknown(NotFound):
    """The township does not offer the item."""

    code = "catalogue.offer_unknown"


@dataclass(frozen=True, slots=True)
class LocalFields:
    """The only things that may differ from township to township; empty follows the list.

    Units:  committed_days in the unit of the item's committed limit
    """

    address: str = ""
    hours: str = ""
    phone: str = ""
    window: str = ""
    committed_days: int | None = None

    def stored(self) -> dict[str, object]:
        """What is kept: the fields that are said."""
        return {name: value for name, value in asdict(self).items() if value not in ("", None)}


def change_offer(
    *, by: Actor, at: datetime, code: str, township_code: str, local: LocalFields, reason: str, on: date | None = None
) -> int:
    """Say from a day on what a township says of its own about an item; what stood before ends that day.

    Raises: OfferNotYours — not this township's leader · OfferUnknown — not offered there · OfferBroken — a longer limit
            than the list's, texts too long, no reason
    Law:    yhys-722 art. 36
    Cost:   about six queries; locks the offer
    """
    day = on or local_date(at)
    with transaction.atomic():
        offer = _current(code, township_code)
        access.OFFERS.check(by, "change", offer)
        if faults := _faults(offer, local, reason):
            raise OfferBroken("不能这样改：" + "；".join(faults.values()), fields=faults)
        if local.stored() == offer.local:
            return offer.pk
        old = offer.local
        if offer.valid_from >= day:  # changed again before or on its first day
            offer.local, offer.approved_by, offer.reason = local.stored(), by.label, reason.strip()
            offer.save(update_fields=["local", "approved_by", "reason"])
        else:
            Offer.objects.filter(pk=offer.pk).update(valid_until=day)
            offer.pk = None
            offer._state.adding = True
            offer.local, offer.approved_by, offer.reason = local.stored(), by.label, reason.strip()
            offer.valid_from, offer.valid_until = day, None
            offer.save()
        record_audit(
            by=by,
            at=at,
            verb="catalogue.offer.changed",
            subject_type="offer",
            subject_id=f"{township_code} {code}",
            changes={"local": [old, offer.local]},
        )
    return offer.pk


def end_offer(*, by: Actor, at: datetime, code: str, township_code: str, reason: str, on: date | None = None) -> None:
    """Stop offering an item in a township from a day on; open matters go on.

    Raises: OfferNotYours — not a list keeper of its county or city · OfferUnknown — not offered there
    """
    with transaction.atomic():
        offer = _current(code, township_code)
        access.OFFERS.check(by, "end", offer)
        day = max(on or local_date(at), offer.valid_from + timedelta(days=1))
        Offer.objects.filter(pk=offer.pk).update(valid_until=day, reason=reason.strip()[:200])
        record_audit(
            by=by,
            at=at,
            verb="catalogue.offer.ended",
            subject_type="offer",
            subject_id=f"{township_code} {code}",
            changes={"until": str(day), "reason": reason[:200]},
        )


def _current(code: str, township_code: str) -> Offer:
    offer = (
        Offer.objects.select_for_update(of=("self",))
        .select_related("item")
        .filter(item__code=code, township_id=township_code, valid_until=None)
        .first()
    )
    if offer is None:
        raise OfferUnknown("这个乡镇（街道）现在不办这一事项。")
    return offer


def _faults(offer: Offer, local: LocalFields, reason: str) -> dict[str, str]:
    faults = {}
    for name, longest in (("address", 80), ("hours", 60), ("phone", 40), ("window", 40)):
        if len(getattr(local, name)) > longest:
            faults[name] = f"最多 {longest} 个字。"
    if not 2 <= len(reason.strip()) <= 200:
        faults["reason"] = "请写明为什么要改，2 到 200 个字。"
    if local.committed_days is None:
        return faults
    version = ItemVersion.objects.filter(item=offer.item, status="in_force").first()
    committed = read_limit(((version.doc if version else {}).get("limits") or {}).get("committed") or {})
    if not committed.counted:
        faults["committed_days"] = "这一事项没有按天计的承诺时限，不能另定天数。"
    elif not 1 <= local.committed_days <= (committed.value or 0):
        faults["committed_days"] = f"只能比清单的 {committed.text}更短（优化营商环境条例第三十六条）。"
    return faults
