"""Texts leave by a lane of their own: whatever the gateway does, nothing else waits for it and none is sent twice."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest
from django.db import connection

from weimin.kernel.cases.testing import hand_in, make_cast, sweep
from weimin.kernel.deadlines.testing import apart, start_apart
from weimin.kernel.messages.actions import TEXT_DUE
from weimin.kernel.messages.models import Message
from weimin.kernel.record.actions import MAX_ATTEMPTS, deliver_outbox, deliver_outside, retry_failed
from weimin.kernel.record.models import OutboxMessage
from weimin.kernel.record.testing import empty_tables
from weimin.kernel.record.types import Actor

AT = datetime(2026, 9, 17, 2, tzinfo=UTC)
LEASE = timedelta(seconds=121)


class Gateway:
    """A gateway of text messages that remembers keys, and can be down or slow."""

    seen: ClassVar[list[str]] = []
    down = False
    open_transactions: ClassVar[list[bool]] = []
    hold: ClassVar[threading.Event | None] = None
    asked: ClassVar[threading.Event] = threading.Event()

    def send(self, *, phone: str, text: str, key: str = "") -> None:
        """Note the key."""
        Gateway.open_transactions.append(connection.in_atomic_block)
        if Gateway.down:
            raise ConnectionError("no answer from 13900000051")
        Gateway.seen.append(key)
        Gateway.asked.set()
        if Gateway.hold is not None:
            assert Gateway.hold.wait(60)


@pytest.fixture(autouse=True)
def gateway(settings: Any) -> type[Gateway]:
    settings.WEIMIN_SMS_PROVIDER = f"{__name__}.Gateway"
    Gateway.seen, Gateway.open_transactions = [], []
    Gateway.down, Gateway.hold, Gateway.asked = False, None, threading.Event()
    return Gateway


@pytest.fixture
def told(city: None, db: None) -> str:
    """The number of a matter that was taken in and whose person has a line in the message centre."""
    number = hand_in(make_cast(AT), AT).number
    while deliver_outbox(at=AT):
        pass
    return number


def test_the_line_stands_and_the_text_waits(told: str) -> None:
    assert Message.objects.get(number=told).sms_sent_at is None
    assert Gateway.seen == []
    assert deliver_outside(at=AT, topic=TEXT_DUE)
    assert not deliver_outside(at=AT, topic=TEXT_DUE)
    row = OutboxMessage.objects.get(topic=TEXT_DUE)
    assert Gateway.seen == [f"outbox:{row.pk}"]
    assert (row.delivered_at, row.attempts) == (AT, 1)
    assert Message.objects.get(number=told).sms_sent_at == AT


def test_a_gateway_that_is_down_is_asked_again_later_and_given_up(told: str) -> None:
    Gateway.down = True
    at = AT
    for tries in range(1, MAX_ATTEMPTS + 1):
        assert deliver_outside(at=at, topic=TEXT_DUE)
        row = OutboxMessage.objects.get(topic=TEXT_DUE)
        assert (row.attempts, row.due_at) == (tries, at + timedelta(minutes=2 ** (tries - 1)))
        assert not deliver_outside(at=at, topic=TEXT_DUE)
        at = row.due_at
    assert row.failed_at is not None
    assert "13900000051" not in row.last_error
    assert Message.objects.get(number=told).sms_sent_at is None
    Gateway.down = False
    assert retry_failed(by=Actor.system("运维"), at=at, message_id=row.pk)
    assert deliver_outside(at=at, topic=TEXT_DUE)
    assert Message.objects.get(number=told).sms_sent_at == at


def test_a_worker_that_dies_in_the_middle_leaves_the_text_to_the_next(told: str) -> None:
    class Died(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise Died

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Gateway, "send", die)
        with pytest.raises(Died):
            deliver_outside(at=AT, topic=TEXT_DUE)
    assert not deliver_outside(at=AT, topic=TEXT_DUE), "it is still somebody's"
    assert deliver_outside(at=AT + LEASE, topic=TEXT_DUE)
    assert len(Gateway.seen) == 1


def test_a_text_that_kills_every_worker_is_given_up(told: str) -> None:
    OutboxMessage.objects.filter(topic=TEXT_DUE).update(attempts=MAX_ATTEMPTS)
    assert not deliver_outside(at=AT, topic=TEXT_DUE)
    assert OutboxMessage.objects.get(topic=TEXT_DUE).failed_at == AT
    assert Gateway.seen == []


def test_a_slow_gateway_holds_up_nobody(city: None, django_db_blocker: Any) -> None:
    """Everything is committed here, as in a worker: its lane waits in one thread, its pump works in another."""

    def pump() -> str:
        while deliver_outbox(at=AT):
            pass
        return hand_in(make_cast(AT), AT).number

    def lane() -> bool:
        return deliver_outside(at=AT, topic=TEXT_DUE)

    with django_db_blocker.unblock():
        try:
            Gateway.hold = threading.Event()
            apart(pump)
            apart(pump)
            with ThreadPoolExecutor(1) as lanes:
                waiting = start_apart(lanes, lane)
                assert Gateway.asked.wait(60)
                number = apart(pump)
                assert apart(lambda: deliver_outbox(at=AT)) == 1
                assert apart(lambda: Message.objects.filter(number=number).count()) == 1
                assert apart(lambda: idle_in_transaction()) == 0, "the audit chain would wait for it"
                Gateway.hold.set()
                assert waiting.result()
            assert Gateway.open_transactions == [False]
            assert apart(lambda: OutboxMessage.objects.filter(topic=TEXT_DUE, delivered_at=AT).count()) == 1
        finally:
            Gateway.hold.set()
            apart(clean)


def clean() -> None:
    """Take away what was committed, so that other tests find the city as it was."""
    empty_tables("notices_message")
    sweep()


def idle_in_transaction() -> int:
    """How many sessions of this database hold a transaction open and do nothing."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'"
        )
        return int(cursor.fetchone()[0])
