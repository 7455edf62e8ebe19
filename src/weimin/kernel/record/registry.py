"""Where packages plug in: audit verbs they write, and who listens to which outbox topic."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from typing import Any

Listener = Callable[..., None]
#: Listen to this to hear of everything.
EVERY_TOPIC = "*"

_verbs: dict[str, str] = {}
_listeners: dict[str, list[Listener]] = defaultdict(list)


def register_verbs(verbs: dict[str, str]) -> None:
    """Register audit verbs with their Chinese reading; called from a package's manifest."""
    _verbs.update(verbs)


def verb_text(verb: str) -> str:
    """The Chinese reading of a verb, or the verb itself."""
    return _verbs.get(verb, verb)


def all_verbs() -> dict[str, str]:
    """Every registered verb with its Chinese reading."""
    return dict(_verbs)


def listen(topic: str, listener: Listener) -> None:
    """Have `listener(at=, payload=)` called once for each outbox message of a topic.

    A listener runs in its own transaction, must tolerate running twice, and calls one action.
    """
    if listener not in _listeners[topic]:
        _listeners[topic].append(listener)


def listeners_of(topic: str) -> list[Callable[..., None]]:
    """Who listens to a topic."""
    return [*_listeners.get(topic, ()), *_listeners.get(EVERY_TOPIC, ())]


def call(listener: Listener, *, at: datetime, payload: dict[str, Any]) -> None:
    """Call one listener the agreed way."""
    listener(at=at, payload=payload)
