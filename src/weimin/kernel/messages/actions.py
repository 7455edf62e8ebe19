"""Writes of messages: make them from events, send them, mark them read."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime
from typing import Any

from weimin.kernel.accounts.registry import sms_provider
from weimin.kernel.messages.models import Message
from weimin.kernel.messages.registry import template_of
from weimin.kernel.record.types import Actor
from weimin.kernel.residents import queries as residents


def notify(*, at: datetime, payload: dict[str, Any]) -> None:
    """Tell the person of an event, once: a line in the message centre and a text.

    A repeat of the same event finds its message and does nothing more; a text that could not be
    handed over raises, so that the outbox tries again.

    Cost:   three queries
    """
    template = template_of(str(payload.get("topic", "")))
    resident_id = payload.get("resident_id")
    if template is None or resident_id is None:
        return
    words: dict[str, str] = defaultdict(str, {key: _words(value) for key, value in payload.items()})
    message, _ = Message.objects.get_or_create(
        source=str(payload["source"]),
        defaults={
            "resident_id": resident_id,
            "title": template.title,
            "body": template.body.format_map(words)[:400],
            "number": str(payload.get("number", "")),
            "at": at,
        },
    )
    if message.sms_sent_at is None:
        phone = residents.phone_for_notices(resident_id=int(resident_id))
        if phone:
            sms_provider().send(phone=phone, text=message.body)
            Message.objects.filter(pk=message.pk).update(sms_sent_at=at)


def _words(value: Any) -> str:
    text = str(value if value is not None else "")
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return text
    return f"{day.year}年{day.month}月{day.day}日"


def mark_read(*, by: Actor, at: datetime) -> int:
    """Mark all of one's messages read. Gives how many were not."""
    if by.resident_id is None:
        return 0
    return Message.objects.filter(resident_id=by.resident_id, read_at=None).update(read_at=at)
