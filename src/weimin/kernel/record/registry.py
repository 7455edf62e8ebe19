"""Where packages plug in: audit verbs they write, who listens to which outbox topic, who stands at which gate."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import Any

from weimin.kernel.record.types import Blocker

Listener = Callable[..., None]
#: Listen to this to hear of everything.
EVERY_TOPIC = "*"

#: check(subject_id=, at=): what stands in the way of a subject, in the caller's transaction; reads only.
GateCheck = Callable[..., Iterable[Blocker]]

_verbs: dict[str, str] = {}
_quiet: set[str] = set()
_subjects: dict[str, str] = {}
_listeners: dict[str, list[Listener]] = defaultdict(list)
_outside: set[str] = set()
_gates: dict[str, list[GateCheck]] = defaultdict(list)


def register_verbs(verbs: dict[str, str], subjects: dict[str, str], *, quiet: Collection[str] = ()) -> None:
    """Register audit verbs, and what they are about, with their Chinese reading; called from a package's manifest.

    After a `quiet` one every public page shows what it showed before; each other one begins a new edition of them.

    Raises: ValueError — a quiet verb that is none
    """
    if strange := set(quiet) - set(verbs):
        raise ValueError(f"no verbs of this package: {sorted(strange)}")
    _verbs.update(verbs)
    _subjects.update(subjects)
    _quiet.update(quiet)


def is_quiet(verb: str) -> bool:
    """Whether a verb leaves all public pages as they are; one that nobody registered does not."""
    return verb in _quiet


def verb_text(verb: str) -> str:
    """The Chinese reading of a verb, or the verb itself."""
    return _verbs.get(verb, verb)


def subject_text(kind: str) -> str:
    """The Chinese reading of what an entry is about, or its code."""
    return _subjects.get(kind, kind)


def all_subjects() -> dict[str, str]:
    """Everything that entries are about, with its Chinese reading."""
    return dict(_subjects)


def all_verbs() -> dict[str, str]:
    """Every registered verb with its Chinese reading."""
    return dict(_verbs)


def listen(topic: str, listener: Listener) -> None:
    """Have `listener(at=, payload=)` called once for each outbox message of a topic.

    A listener runs in its own transaction, must tolerate running twice, and calls one action.
    """
    if listener not in _listeners[topic]:
        _listeners[topic].append(listener)


def listen_outside(topic: str, listener: Listener) -> None:
    """Have a listener called that waits for a system outside the house; it runs in no transaction of the pump's.

    The topic has a lane of its own in the worker, so that nothing else waits for that system. The call may come
    again with the same `source`; the listener hands that on as the key by which the receiver knows a repeat.
    """
    listen(topic, listener)
    _outside.add(topic)


def outside_topics() -> frozenset[str]:
    """The topics whose messages go outside."""
    return frozenset(_outside)


def listeners_of(topic: str) -> list[Callable[..., None]]:
    """Who listens to a topic; a message for outside goes to nobody else."""
    if topic in _outside:
        return [*_listeners[topic]]
    return [*_listeners.get(topic, ()), *_listeners.get(EVERY_TOPIC, ())]


def call(listener: Listener, *, at: datetime, payload: dict[str, Any]) -> None:
    """Call one listener the agreed way."""
    listener(at=at, payload=payload)


def register_gate(subject_kind: str, check: GateCheck) -> None:
    """Have a check asked before any subject of a kind passes; called from a manifest. Several checks add up."""
    if check not in _gates[subject_kind]:
        _gates[subject_kind].append(check)


def check_gates(*, subject_kind: str, subject_id: str, at: datetime) -> list[Blocker]:
    """Everything that stands in the way of a subject, from every check of its kind; empty when it may pass.

    Call it inside the transaction that lets the subject pass, with the subject's row locked. A check that fails
    raises, and nothing passes.

    Raises: LookupError — nobody stands at this gate: a kind misspelt lets nothing through
    """
    if not _gates.get(subject_kind):
        raise LookupError(f"no check is registered for the gate of {subject_kind}")
    return [found for check in _gates[subject_kind] for found in check(subject_id=subject_id, at=at)]
