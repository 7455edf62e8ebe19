"""The rule of a filling disk: how pressing it is, and in which order what goes."""

from __future__ import annotations

import pytest

from weimin.kernel.record.rules.disk import next_step, pressure_of
from weimin.kernel.record.types import SHED_TEXT, Pressure

LIMITS = {"warn": 20.0, "shed": 8.0, "stop": 3.0}
GIB = 2**30


@pytest.mark.parametrize(
    ("free", "total", "said"),
    [
        (500, 1000, "fine"),
        (20, 1000, "fine"),
        (19.9, 1000, "warn"),
        (8, 1000, "warn"),
        (7.9, 1000, "shed"),
        (3, 1000, "shed"),
        (2.9, 1000, "stop"),
        (0, 1000, "stop"),
        (10, 40, "fine"),
        (7.9, 40, "warn"),
        (3.1, 40, "shed"),
        (1.1, 40, "stop"),
    ],
)
def test_a_big_disk_is_judged_by_gigabytes_and_a_small_one_by_its_share(free: float, total: int, said: str) -> None:
    assert pressure_of(free=int(free * GIB), total=total * GIB, limits=LIMITS) == said


@pytest.mark.parametrize("pressure", ["shed", "stop"])
def test_logs_go_before_anything_of_the_database_and_then_nothing_more(pressure: Pressure) -> None:
    done: tuple[str, ...] = ()
    while step := next_step(pressure=pressure, done=done):
        done += (step,)
    assert done == ("logs", "temporary", "delivered", "answers") == tuple(SHED_TEXT)


@pytest.mark.parametrize("pressure", ["fine", "warn"])
def test_without_need_nothing_goes(pressure: Pressure) -> None:
    assert next_step(pressure=pressure, done=()) == ""
