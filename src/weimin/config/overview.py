"""What the system administrator sees of the installation: what `weimin doctor` finds, settings without secrets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from weimin.base.guard import access
from weimin.config import health
from weimin.kernel.directory import queries as directory
from weimin.kernel.directory.types import ROLES

#: The settings that are shown, each with what it is; never one that could hold a secret, an address or a path.
SHOWN = (
    ("WEIMIN_CITY", "城市"),
    ("WEIMIN_DEMO", "演示环境"),
    ("WEIMIN_SECOND_FACTOR", "要求第二因素"),
    ("WEIMIN_SECOND_FACTOR_ROLES", "哪些岗位要第二因素"),
    ("WEIMIN_IDLE_MINUTES", "多少分钟不用就退出"),
    ("WEIMIN_GLASS_MINUTES", "应急查看几分钟"),
    ("WEIMIN_GLASS_A_DAY", "应急查看每人每天几次"),
    ("WEIMIN_RATES", "次数限制"),
    ("WEIMIN_PROXIES", "前面有几层代理"),
    ("SECURE_COOKIES", "只用 HTTPS"),
)


@dataclass(frozen=True, slots=True)
class SystemPage:
    """Findings, settings, and the bodies of one place with their windows and hours."""

    findings: list[health.Finding]
    settings: list[tuple[str, str, str]]
    place: str
    place_name: str
    bodies: list[tuple[str, str, int, str]]


def _words(value: Any) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, frozenset | set | list | tuple):
        return "、".join(sorted(ROLES.get(str(one), str(one)) for one in value))
    if isinstance(value, dict):
        return "；".join(f"{name} {text}" for name, text in value.items())
    return str(value)


def _bodies(place: str, on: date) -> list[tuple[str, str, int, str]]:
    rows = []
    for one in directory.list_agencies(division_code=place).prefetch_related("windows"):
        hours = directory.find_hours(agency_id=one.pk, on=on)
        told = f"{hours[0]:%H:%M}–{hours[1]:%H:%M}" if hours else one.hours or "没有设定"
        rows.append((one.name, one.get_kind_display(), len(one.windows.all()), told))
    return rows


@access("staff", roles={"system_admin"})
@require_GET
def system(request: Any) -> HttpResponse:
    """The state of the installation, its settings, and the bodies of a place; nothing is changed here."""
    place = request.GET.get("place", "")
    if not directory.division_exists(place):
        place = request.actor.division_code
    page = SystemPage(
        findings=health.look(),
        settings=[(name, text, _words(getattr(settings, name))) for name, text in SHOWN if hasattr(settings, name)],
        place=place,
        place_name=directory.place_name(place),
        bodies=_bodies(place, request.today),
    )
    return render(request, "config/system.html", {"page": page})
