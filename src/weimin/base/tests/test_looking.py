"""The list of one request: what is noted, where it is not, what is dropped."""

from __future__ import annotations

import threading

import pytest

from weimin.base import looking


def test_what_is_noted_twice_stands_once_and_in_order() -> None:
    with looking.collecting() as looks:
        looking.note(7, matter="N-1", about="高龄津贴")
        looking.note(5)
        looking.note(7, matter="N-1", about="高龄津贴")
        looking.note(None, matter="N-2", about="依职权")
        looking.note_account(9, matter="N-1")
        looking.note_account(None)
    assert list(looks.people) == [(7, "N-1"), (5, "")]
    assert list(looks.accounts) == [(9, "N-1")]
    assert looks.about == {"N-1": "高龄津贴"}


def test_outside_a_request_nothing_is_noted() -> None:
    looking.note(7)
    looking.note_account(7)
    looking.drop()
    with looking.collecting() as looks:
        pass
    assert not looks


def test_what_was_dropped_is_gone_also_the_reason() -> None:
    with looking.collecting() as looks:
        looking.note(7)
        looking.note_reveal("手机号", reason="当面核对手机号")
        looking.drop()
    assert (bool(looks), looks.revealed, looks.reason) == (False, "", "")


def test_each_thread_has_its_own_list() -> None:
    with looking.collecting() as looks:
        other = threading.Thread(target=looking.note, args=(7,))
        other.start()
        other.join()
    assert not looks


@pytest.mark.parametrize("reason", ["", "    ", "四个字啊", "四 个 字 啊"])
def test_a_reason_has_five_characters_that_are_no_blanks(reason: str) -> None:
    with looking.collecting(), pytest.raises(looking.ReasonTooShort):
        looking.note_reveal("手机号", reason=reason)
