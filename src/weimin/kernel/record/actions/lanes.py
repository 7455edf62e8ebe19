"""Outbox messages for systems outside the house, each kind in a lane of its own.

The pump gives a message to its listeners inside a transaction. A listener that waits for somebody else's machine
must not do that: one slow receiver would hold up every other message, every due moment, and, its transaction being
open, the audit chain. Such a listener says so when it plugs in (`registry.listen_outside`). Its messages are taken one
at a time, the claim is committed before the call, and the call is made with no transaction open.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings

from weimin.base import tracing
from weimin.kernel.record import registry
from weimin.kernel.record.actions.stores import MAX_ATTEMPTS, reason_of, wait_after
from weimin.kernel.record.models import OutboxMessage

log = logging.getLogger("weimin.outbox")


def outside_topics() -> tuple[str, ...]:
    """The topics that go outside, each with a lane of its own."""
    return tuple(sorted(registry.outside_topics()))


def deliver_outside(*, at: datetime, topic: str, tell: Callable[[int, int, float], None] | None = None) -> bool:
    """Give one waiting message of a topic to the system outside; False when none waits.

    Called outside of transactions. A worker that dies in the middle leaves the message to be given again after
    WEIMIN_OUTSIDE_SECONDS: at least once, with the same `source` each time, by which the receiver knows a repeat.
    Each start counts as a try, so that a message which kills its worker is given up like one that is refused. `tell`
    hears how many were delivered, how many failed, and in how many seconds.

    Shape:  True when a message was taken, whether or not it was delivered
    Cost:   two short statements beside the call itself; no lock is held while it waits
    """
    row = _claim(at, topic)
    if row is None:
        return False
    here = OutboxMessage.objects.filter(pk=row.pk, attempts=row.attempts, delivered_at=None)
    began = time.perf_counter()
    problem = _hand_over(row, at)
    if problem is None:
        here.update(delivered_at=at)
    else:
        log.warning("outbox message %s (%s) failed: %s", row.pk, topic, type(problem).__name__)
        given_up = row.attempts >= MAX_ATTEMPTS
        here.update(
            last_error=reason_of(problem), due_at=at + wait_after(row.attempts), failed_at=at if given_up else None
        )
    if tell is not None:
        tell(int(problem is None), int(problem is not None), time.perf_counter() - began)
    return True


def _hand_over(row: OutboxMessage, at: datetime) -> Exception | None:
    """Call the listeners under the trace of what began it; gives what went wrong."""
    with tracing.tracing(row.trace):
        try:
            for listener in registry.listeners_of(row.topic):
                payload = {**row.payload, "topic": row.topic, "source": f"outbox:{row.pk}"}
                registry.call(listener, at=at, payload=payload)
        except Exception as problem:
            return problem
    return None


_CLAIM = """
UPDATE record_outboxmessage SET attempts = attempts + 1, due_at = %(until)s WHERE id = (
  SELECT id FROM record_outboxmessage
  WHERE topic = %(topic)s AND delivered_at IS NULL AND failed_at IS NULL AND due_at <= %(at)s
  ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
) RETURNING *
"""


def _claim(at: datetime, topic: str) -> OutboxMessage | None:
    """Take the next message so that nobody else does before its time is over."""
    until = at + timedelta(seconds=settings.WEIMIN_OUTSIDE_SECONDS)
    row = next(iter(OutboxMessage.objects.raw(_CLAIM, {"topic": topic, "at": at, "until": until})), None)
    if row is not None and row.attempts > MAX_ATTEMPTS:  # its last try never came to an end
        OutboxMessage.objects.filter(pk=row.pk).update(
            failed_at=at, attempts=MAX_ATTEMPTS, last_error="没有等到对方的答复"
        )
        return None
    return row
