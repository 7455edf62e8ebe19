"""The file of figures: what rises slowly is told, a quick page's noise is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import trend


def run(file: Path, p95: float, what: str = "inbox") -> list[str]:
    return trend.note("1m", {what: (p95 / 2, p95, p95 * 2)}, file=file)


def test_the_first_run_has_nothing_to_be_compared_with(tmp_path: Path) -> None:
    file = tmp_path / "trend.csv"
    assert run(file, 40) == []
    assert [(one.what, one.p50_ms, one.p95_ms, one.p99_ms) for one in trend.read(file)] == [("inbox", 20, 40, 80)]


@pytest.mark.parametrize(("before", "now", "told"), [([40, 42, 38], 70, 1), ([40, 42, 38], 55, 0), ([2, 2, 2], 8, 0)])
def test_a_figure_is_told_when_it_rose_by_half_above_the_usual(
    tmp_path: Path, before: list[float], now: float, told: int
) -> None:
    file = tmp_path / "trend.csv"
    for one in before:
        run(file, one)
    assert len(run(file, now)) == told


def test_a_slow_boil_shows_against_the_runs_of_some_time_ago(tmp_path: Path) -> None:
    file = tmp_path / "trend.csv"
    told = [run(file, 40 * 1.2**step) for step in range(8)]
    assert not told[1] and told[-1]
    assert "inbox at 1m" in told[-1][0]


def test_another_size_and_another_page_are_others(tmp_path: Path) -> None:
    file = tmp_path / "trend.csv"
    run(file, 20)
    assert run(file, 200, what="case page") == []
