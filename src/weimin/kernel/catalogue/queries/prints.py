"""Printed guides: which version hangs where, and the content of a guide's one page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings

from weimin.kernel.catalogue import queries
from weimin.kernel.catalogue.models import GuidePrint, ItemVersion
from weimin.kernel.catalogue.types import CHANNELS, ItemSpec
from weimin.kernel.directory import queries as directory
from weimin.ui import paper

TYPST = Path(__file__).parents[1] / "typst"


@dataclass(frozen=True, slots=True)
class Printed:
    """The newest print of an item's guide by one body."""

    item_code: str
    township_code: str
    agency_id: int
    number: int
    last_on: date

    @property
    def township(self) -> str:
        """The township by its full name."""
        return directory.full_name(self.township_code)


def list_printed(*, code: str = "", township: str = "") -> list[Printed]:
    """The newest print of each body, of one item or in one township.

    Cost:   one query
    """
    rows = GuidePrint.objects.order_by("version__item_id", "agency_id", "-version__number")
    if code:
        rows = rows.filter(version__item__code=code)
    if township:
        rows = rows.filter(directory.within("agency__division__code", township))
    found = rows.distinct("version__item_id", "agency_id").values_list(
        "version__item__code", "agency__division_id", "agency_id", "version__number", "last_on"
    )
    return [Printed(*one) for one in found]


def draw_guide(*, code: str, township: str, on: date) -> bytes:
    """The guide in force on one A4 page, for a township, with its version and the QR code of the page.

    Raises: ItemUnknown, NotOffered — not offered there · FontsMissing — the fonts are not installed
    Cost:   three queries; some 20 ms to draw
    """
    offer = queries.find_offer(code=code, township_code=township, on=on)
    spec = queries.get_spec(offer.version_id)
    agency = directory.get_agency(offer.accept_agency_id)
    since = ItemVersion.objects.values_list("valid_from", flat=True).get(pk=offer.version_id)
    local: Mapping[str, Any] = offer.local
    where = "，".join(x for x in (agency.name, local.get("address") or agency.address, local.get("window")) if x)
    reached = "；".join(x for x in (local.get("hours") or agency.hours, local.get("phone") or agency.phone) if x)
    content = {
        "title": spec.name,
        "plain": spec.plain,
        "code": spec.code,
        "version": spec.number,
        "since": since.isoformat(),
        "printed_on": on.isoformat(),
        "verify_url": f"{settings.WEIMIN_BASE_URL}/items/{spec.code}/?township={township}",
        "conditions": [str(one) for one in spec.doc.get("conditions") or ()],
        "materials": _materials(spec),
        "steps": [[str(one.get(x) or "") for x in ("name", "who", "text")] for one in spec.doc.get("steps") or ()],
        "facts": [
            ["在哪里办", where],
            ["时间电话", reached or "见便民服务中心公示"],
            ["几天办好", _limits(spec, offer.committed_days)],
            ["收费", _fee(spec.doc.get("fee") or {})],
            ["办理形式", "、".join(CHANNELS[one] for one in spec.doc.get("channels") or () if one in CHANNELS)],
            ["结果", str((spec.doc.get("result") or {}).get("name") or "")],
        ],
        "remedy": queries.remedy_text(spec, on=on),
    }
    return paper.draw(TYPST / "guide.typ", content)


def _limits(spec: ItemSpec, local_days: int | None) -> str:
    promised = f"承诺 {spec.committed_within(local_days).text}"
    return f"{promised}；法律规定最长 {spec.statutory.text}" if spec.statutory.counted else promised


def _materials(spec: ItemSpec) -> list[str]:
    told = []
    for one in spec.materials:
        how = "联网核对，不用交" if one.shared else f"{one.kind_text}，{'必交' if one.required else '有就交'}"
        count = f"，原件 {one.originals} 份" * bool(one.originals) + f"，复印件 {one.copies} 份" * bool(one.copies)
        told.append(f"{one.name}（{how}{'' if one.shared else count}）{one.note if not one.shared else ''}")
    return told


def _fee(fee: Mapping[str, Any]) -> str:
    return str(fee.get("note") or ("收费，标准请问窗口" if fee.get("charged") else "不收费"))
