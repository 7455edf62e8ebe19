"""Who sees a message: the person it was written to."""

from __future__ import annotations

from weimin.base.policy import Condition, Policy, own_of
from weimin.kernel.messages.models import Message
from weimin.kernel.record.types import Actor


def _sees(viewer: Actor) -> Condition:
    return viewer.kind == "system" or own_of("resident_id", viewer.resident_id)


MESSAGES = Policy(Message, see=_sees)
