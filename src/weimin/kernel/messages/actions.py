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
from weimin.kernel.record.actions import queue_event
from weimin.kernel.record.types import Actor
from weimin.kernel.residents import queries as residents

#: A text that waits to be handed to the gateway.
TEXT_DUE = "messages.text.due"


def notify(*, at: datetime, payload: dict[str, Any]) -> None:
    """Tell the person of an event, once: a line in the message centre, and a text that leaves by a lane of its own.

    A repeat of the same event finds its message and does nothing more. The line stands whatever the gateway does.

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
            "INSERT INTO notices_message (resident_id, title, body, number, at, source, county)"
            " VALUES (%s, %s, %s, %s, %s, %s, coalesce((SELECT county FROM residents_resident WHERE id = %s), ''))"
            " ON CONFLICT (source) DO NOTHING RETURNING id",
            [*row, resident_id],
        )
        made = cursor.fetchone()
    if made is not None:
        queue_event(at=at, topic=TEXT_DUE, payload={"message_id": made[0]})


def hand_over_text(*, at: datetime, payload: dict[str, Any]) -> None:
    """Hand the text of a message to the gateway, under the outbox row's id; called outside of transactions.

    A gateway that was asked before and whose answer was lost is asked again under the same key. A message that was
    destroyed meanwhile, or whose person left no number, needs no text.

    Cost:   two queries and a call that may take long; one update
    """
    message = Message.objects.filter(pk=int(payload["message_id"]), sms_sent_at=None).first()
    phone = residents.phone_for_notices(resident_id=message.resident_id) if message else None
    if message is None or not phone:
        return
    sms_provider().send(phone=phone, text=message.body, key=str(payload["source"]))
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
    return access.MESSAGES.visible(by).filter(read_at=None).update(read_at=at)


def forget_matter(*, number: str) -> int:
    """Delete the notices about a matter whose content is destroyed; called in that transaction, which is audited.

    Law:    pipl-2021 art. 47
    Cost:   one statement
    """
    count, _ = Message.objects.filter(number=number).delete() if number else (0, {})
    return count
