"""What was measured, run after run, so that a slow boil shows: a file of figures, and what rose against the runs before."""

from __future__ import annotations

import csv
import statistics
import subprocess
from collections import defaultdict
from dataclasses import astuple, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

from bench import stage

FILE = stage.ROOT / "docs/reference/trend.csv"
#: So many runs of before make the usual figure, and so much above it is told.
RUNS, RISE = 5, 1.5
#: Below this a page is quick enough for its figure to be mostly noise, in milliseconds.
NOISE_MS = 10.0


@dataclass(frozen=True, slots=True)
class Line:
    """One figure of one run."""

    at: str
    commit: str
    size: str
    what: str
    p50_ms: float
    p95_ms: float
    p99_ms: float


def note(size: str, figures: dict[str, tuple[float, float, float]], *, file: Path = FILE) -> list[str]:
    """Add a run's figures to the file; gives a sentence for each whose p95 rose against the usual of the runs before."""
    before = read(file)
    at, commit = f"{datetime.now(UTC):%Y-%m-%d %H:%M}", _commit()
    lines = [Line(at, commit, size, what, *(round(one, 1) for one in three)) for what, three in figures.items()]
    fresh = not file.exists()
    with file.open("a", newline="", encoding="utf-8") as out:
        writer = csv.writer(out, lineterminator="\n")
        if fresh:
            writer.writerow([one.name for one in fields(Line)])
        writer.writerows(astuple(one) for one in lines)
    return find_risen(before, lines)


def read(file: Path = FILE) -> list[Line]:
    """Every line that was ever noted, the oldest first."""
    if not file.exists():
        return []
    with file.open(newline="", encoding="utf-8") as source:
        return [
            Line(
                row["at"],
                row["commit"],
                row["size"],
                row["what"],
                *(float(row[f"{p}_ms"]) for p in ("p50", "p95", "p99")),
            )
            for row in csv.DictReader(source)
        ]


def find_risen(before: list[Line], now: list[Line]) -> list[str]:
    """What rose above the usual, in words."""
    past: dict[tuple[str, str], list[float]] = defaultdict(list)
    for one in before:
        past[one.size, one.what].append(one.p95_ms)
    told = []
    for one in now:
        values = past[one.size, one.what][-RUNS:]
        usual = statistics.median(values) if values else 0.0
        if values and one.p95_ms > max(usual * RISE, NOISE_MS):
            told.append(f"{one.what} at {one.size}: p95 {one.p95_ms:.0f} ms, usually {usual:.0f} ms")
    return told


def _commit() -> str:
    found = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=stage.ROOT, capture_output=True, text=True, check=False
    )
    return found.stdout.strip() or "unknown"
