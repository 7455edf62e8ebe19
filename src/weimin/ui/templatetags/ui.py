"""Template helps: fields, dates in words, days left, grouped codes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import template

from weimin.base.clock import SHANGHAI

register = template.Library()
_WEEK = "一二三四五六日"


@register.inclusion_tag("ui/components/field.html")
def field(shown: Any) -> dict[str, Any]:
    """Render one question."""
    return {"f": shown}


@register.inclusion_tag("ui/components/errors.html")
def error_summary(errors: dict[str, str]) -> dict[str, Any]:
    """Render the list of what to mend, each linked to its field."""
    return {"errors": errors}


@register.inclusion_tag("ui/components/strip.html")
def day_strip(strip: Any) -> dict[str, Any]:
    """Render the day-by-day strip of a ledger."""
    return {"strip": strip}


@register.inclusion_tag("ui/components/ledgers.html")
def ledgers(why: Any) -> dict[str, Any]:
    """Render both ledgers of a clock: each entry with its article, who entered it, and the strip of days."""
    found = (("承诺期限", why.committed), ("法定期限", why.statutory))
    return {"ledgers": [(title, one) for title, one in found if one]}


def _local(value: Any) -> Any:
    return value.astimezone(SHANGHAI) if isinstance(value, datetime) else value


@register.filter
def cn_date(value: date | datetime | None) -> str:
    """2026年11月24日（周二）."""
    if value is None:
        return "—"
    day = _local(value)
    return f"{day.year}年{day.month}月{day.day}日（周{_WEEK[day.weekday()]}）"


@register.filter
def cn_datetime(value: datetime | None) -> str:
    """2026年11月24日 14:05."""
    if value is None:
        return "—"
    at = _local(value)
    return f"{at.year}年{at.month}月{at.day}日 {at:%H:%M}"


@register.filter
def short_day(value: date) -> str:
    """11-24."""
    return f"{value.month}-{value.day}"


@register.filter
def days_left_text(days: int | None) -> str:
    """How many working days are left, in words."""
    if days is None:
        return ""
    if days < 0:
        return f"已超 {-days} 个工作日"
    return "今天到期" if days == 0 else f"还剩 {days} 个工作日"


@register.filter
def pairs(mapping: Any) -> list[tuple[Any, Any]]:
    """A mapping's keys and values; `mapping.items` would look for a key of that name first."""
    return list(mapping.items()) if mapping else []


@register.filter
def get(mapping: Any, key: Any) -> Any:
    """A value of a mapping by a variable key."""
    return mapping.get(key) if mapping else None
