"""Holds the book of what was acknowledged against the database, and every matter against one that nothing disturbed.

Nothing is counted by hand here: what a matter consists of is read from the foreign keys, and how many rows of which kind
it has from lives that nothing disturbed.
"""

from __future__ import annotations

import math
import random
import time
from collections import Counter
from typing import Any

import psycopg

from bench.faults.load import Book, Sender, live
from bench.faults.stage import Stage, until

Shape = Counter[tuple[str, ...]]
#: Columns that say of which kind a row is.
_KIND = ("state", "kind", "verb", "outcome", "accepted_how", "reason", "rule")
#: Tables without a foreign key to a matter, and how their rows name it.
_NAMED = {
    "deadlines_clock": "subject_type = 'case' AND subject_id = %(number)s",
    "record_auditentry": "subject_type = 'case' AND subject_id = %(number)s",
    "record_outboxmessage": "payload->>'number' = %(number)s",
    "notices_message": "number = %(number)s",
    "procedures_instance": "id = (SELECT instance_id FROM cases_case WHERE number = %(number)s)",
}


class Judge:
    """Knows what an undisturbed matter looks like, and says what is wrong with others."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        book = Book()
        numbers = [live(stage, book, one) for one in stage.tokens[:2]]
        self.book = book
        self.settle()
        shapes = [self.shape(number) for number in numbers]
        assert all(one == shapes[0] for one in shapes), f"undisturbed lives differ: {shapes}"
        self.undisturbed = shapes[0]

    def shape(self, number: str) -> Shape:
        """How many rows of which kind a matter has, in every table that belongs to it."""
        found: Shape = Counter()
        with psycopg.connect(self.stage.postgres.url, autocommit=True) as link:
            children = link.execute(
                "SELECT c.conrelid::regclass::text, a.attname FROM pg_constraint c JOIN pg_attribute a"
                " ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]"
                " WHERE c.contype = 'f' AND c.confrelid = 'cases_case'::regclass"
            ).fetchall()
            where = {t: f"{column} = (SELECT id FROM cases_case WHERE number = %(number)s)" for t, column in children}
            where |= _NAMED | {"cases_case": "number = %(number)s"}
            where["deadlines_clockentry"] = (
                f"clock_id IN (SELECT id FROM deadlines_clock WHERE {_NAMED['deadlines_clock']})"
            )
            for table, condition in where.items():
                names = {
                    row[0]
                    for row in link.execute(
                        "SELECT column_name::text FROM information_schema.columns WHERE table_name = %s", [table]
                    )
                }
                kinds = [f"coalesce({one}::text, '')" for one in (*_KIND, "topic") if one in names]
                group = f" GROUP BY {', '.join(kinds)}" if kinds else ""
                rows = link.execute(
                    f"SELECT {', '.join([*kinds, 'count(*)'])} FROM {table} WHERE {condition}{group}",
                    {"number": number},
                )
                for *kind, count in rows:
                    if count:
                        found[(table, *kind)] = count
        return found

    def settle(self, stuck_after: float = 180) -> float:
        """Wait until the worker has delivered and linked everything; gives the seconds that it took.

        How long a backlog takes is up to the machine; that it grows shorter is promised.

        Raises: AssertionError — for `stuck_after` seconds no fewer waited
        """
        began = time.monotonic()
        fewest, since = math.inf, began
        waiting = (
            "SELECT (SELECT count(*) FROM record_outboxmessage WHERE delivered_at IS NULL)"
            " + (SELECT count(*) FROM record_auditentry e LEFT JOIN record_auditlink l ON l.entry_id = e.id"
            " WHERE l.entry_id IS NULL)"
        )
        # a failed message waits for its minutes, one of a clock that ran ahead for its day; here they pass at once
        sooner = (
            "UPDATE record_outboxmessage SET due_at = now()"
            " WHERE delivered_at IS NULL AND (last_error <> '' OR queued_at > now())"
        )

        def none_waits() -> bool:
            nonlocal fewest, since
            self.stage.postgres.ask(sooner + " RETURNING 1")
            count = self.stage.postgres.ask(waiting)[0][0]
            if count < fewest:
                fewest, since = count, time.monotonic()
            assert time.monotonic() - since < stuck_after, f"for {stuck_after:.0f} s no fewer than {fewest} waited"
            return bool(count == 0)

        until("everything is delivered and linked", none_waits, seconds=3600, pause=0.3)
        return time.monotonic() - began

    def hold_against(self, book: Book) -> list[str]:
        """Everything that was promised, asserted; gives what was seen.

        Raises: AssertionError — a promise was broken
        """
        self.settle()
        self._each_once(book)
        for number in book.matters:
            shape = self.shape(number)
            assert shape == self.undisturbed, f"{number} is half-written: {_difference(shape, self.undisturbed)}"
        self._nothing_left_over()
        repeats = self._texts()
        self._same_answers(book)
        assert not book.unkind, f"{len(book.unkind)} unkind answers: {book.unkind[:3]}"
        said = self.stage.weimin("verify")
        seen = ", ".join(f"{what} {count}" for what, count in sorted(book.seen.items())) or "nothing"
        return [
            f"{len(book.matters)} matters acknowledged in {len(book.answers)} answers; every one is there, once and whole",
            f"on the way clients saw: {seen}",
            f"texts: each reached the gateway; repeats under the same key: {repeats}",
            f"weimin verify: {said.strip().splitlines()[-1] if said.strip() else 'good'}",
        ]

    def _each_once(self, book: Book) -> None:
        self.book.matters += book.matters
        mine = set(self.book.matters)
        assert len(set(book.matters)) == len(book.matters), "a number was given twice"
        there = {row[0] for row in self.stage.postgres.ask("SELECT number FROM cases_case")}
        assert not mine - there, f"acknowledged and lost: {sorted(mine - there)[:5]}"
        assert not there - mine, f"never acknowledged, sent twice: {sorted(there - mine)[:5]}"
        keys = {row[0] for row in self.stage.postgres.ask("SELECT key FROM record_rememberedanswer")}
        submissions = {key for key, (path, *_) in book.answers.items() if path.endswith("/matters")}
        lost = set(book.answers) - submissions - keys
        assert not lost, f"{len(lost)} acknowledged answers are not remembered"

    def _nothing_left_over(self) -> None:
        ask = self.stage.postgres.ask
        for what, statement in {
            "clocks of no matter": "SELECT count(*) FROM deadlines_clock WHERE subject_type = 'case' AND NOT EXISTS"
            " (SELECT FROM cases_case WHERE number = subject_id)",
            "procedures of no matter": "SELECT count(*) FROM procedures_instance i WHERE NOT EXISTS"
            " (SELECT FROM cases_case WHERE instance_id = i.id)",
            "keys claimed without an answer": "SELECT count(*) FROM record_rememberedanswer WHERE answer IS NULL",
            "given-up messages": "SELECT count(*) FROM record_outboxmessage WHERE failed_at IS NOT NULL",
        }.items():
            assert ask(statement) == [(0,)], f"{what}: {ask(statement)[0][0]}"

    def _texts(self) -> int:
        """Every text that is marked as sent reached the gateway; gives how many came again under their key."""
        rows = self.stage.postgres.ask("SELECT 'outbox:' || id FROM record_outboxmessage WHERE topic LIKE '%.text.due'")
        due, came = {row[0] for row in rows}, self.stage.receiver.keys
        assert due, "no text at all"
        assert due == set(came), f"texts that never came: {len(due - set(came))}; unknown: {len(set(came) - due)}"
        return sum(came.values()) - len(came)

    def _same_answers(self, book: Book, share: int = 30) -> None:
        keys = sorted(book.answers)
        for key in random.Random(7).sample(keys, min(share, len(keys))):
            path, token, body, answer = book.answers[key]
            sender = Sender(self.stage, Book(), token.removeprefix("Bearer "))
            again = sender.send(path, body, key)
            assert again == answer, f"{path}: a repeat was answered otherwise: {answer} {again}"


def _difference(one: Shape, other: Shape) -> dict[str, Any]:
    keys = {*one, *other}
    return {" ".join(key): (one[key], other[key]) for key in sorted(keys) if one[key] != other[key]}
