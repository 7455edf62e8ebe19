"""Writes of messages: make them from events, send them, mark them read."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime
from typing import Any

from django.db import connection

from weimin.kernel.accounts.registry import sms_provider
from weimin.kernel.messages import access
from weimin.kernel.messages.models import Message
from weimin.kernel.messages.registry import template_of
from weimin.kernel.record.types import Actor
from weimin.kernel.residents import queries as residents


def notify(*, at: datetime, payload: dict[str, Any]) -> None:
    """Tell the person of an event, once: a line in the message centre and a text.

    A repeat of the same event finds its message and does nothing more; a text that could not be
    handed over raises, which undoes the message, so that the outbox tries again.

    Cost:   two queries
    """
    template = template_of(str(payload.get("topic", "")))
    resident_id = payload.get("resident_id")
    if template is None or resident_id is None:
        return
    words: dict[str, str] = defaultdict(str, {key: _words(value) for key, value in payload.items()})
    body = template.body.format_map(words)[:400]
    row = [resident_id, template.title, body, str(payload.get("number", "")), at, str(payload["source"])]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO notices_message (resident_id, title, body, number, at, source, sms_sent_at, county)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, coalesce((SELECT county FROM residents_resident WHERE id = %s), ''))"
            " ON CONFLICT (source) DO NOTHING",
            [*row, at, resident_id],
        )
        if cursor.rowcount == 0:
            return
    phone = residents.phone_for_notices(resident_id=int(resident_id))
    if phone:
        sms_provider().send(phone=phone, text=body)


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
    return access.MESSAGES.visible(by).filter(read_at=None).update(read_at=at)


def forget_matter(*, number: str) -> int:
    """Delete the notices about a matter whose content is destroyed; called in that transaction, which is audited.

    Law:    pipl-2021 art. 47
    Cost:   one statement
    """
    count, _ = Message.objects.filter(number=number).delete() if number else (0, {})
    return count
