"""Reads of messages."""

from __future__ import annotations

from weimin.kernel.messages import access
from weimin.kernel.messages.models import Message
from weimin.kernel.record.types import Actor


def list_messages(viewer: Actor, *, limit: int = 50) -> list[Message]:
    """A person's own messages, newest first.

    Cost:   one query
    """
    if viewer.resident_id is None:
        return []
    return list(access.MESSAGES.visible(viewer).order_by("-at")[:limit])


def count_unread(viewer: Actor) -> int:
    """How many of a person's messages are unread.

    Cost:   one query
    """
    if viewer.resident_id is None:
        return 0
    return access.MESSAGES.visible(viewer).filter(read_at=None).count()
