"""Runs the measurements and writes docs/reference/performance.md.

`--quick` takes small sizes; `--only PART` measures one part and replaces its section of the page.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import (
    chain,
    clocks,
    contention,
    files,
    flat,
    life,
    lists,
    public,
    reading,
    restricted,
    sealing,
    spent,
    stage,
)

PAGE = stage.ROOT / "docs/reference/performance.md"
#: What `--entries` hands on to the process of the part.
ENTRIES = "BENCH_ENTRIES"


def _spent(quick: bool) -> list[str]:
    stage.prepare()
    return spent.report(spent.measure(5 if quick else 30))


def _clocks(quick: bool) -> list[str]:
    return list(clocks.report(clocks.measure(stage.prepare(), quick=quick)))


def _chain(quick: bool) -> list[str]:
    stage.prepare(load=False)
    if entries := int(os.environ.get(ENTRIES, "0")):
        return chain.report(chain.measure(entries), f"## Audit chain of {entries:,} entries")
    return chain.report(chain.measure(100_000 if quick else 1_000_000))


def _sealing(quick: bool) -> list[str]:
    stage.prepare(load=False)
    return sealing.measure(quick=quick)


def _restricted(quick: bool) -> list[str]:
    stage.prepare()
    return restricted.measure(quick=quick)


def _lists(quick: bool) -> list[str]:
    os.environ.setdefault("WEIMIN_RATES", stage.RATES)
    return lists.measure(stage.prepare(), quick=quick)


def _files(quick: bool) -> list[str]:
    stage.prepare(load=False)
    return files.measure(quick=quick)


def _flat(quick: bool) -> list[str]:
    return flat.measure(quick=quick)


def _contention(quick: bool) -> list[str]:
    os.environ.setdefault("WEIMIN_RATES", stage.RATES)
    return contention.measure(quick=quick)


def _public(quick: bool) -> list[str]:
    return public.run(quick=quick)


#: Parts that stand by themselves: each in a process and a database of its own, each gives its section of the page.
PARTS: dict[str, Callable[[bool], list[str]]] = {
    "spent": _spent,
    "clocks": _clocks,
    "chain": _chain,
    "sealing": _sealing,
    "restricted": _restricted,
    "lists": _lists,
    "flat": _flat,
    "files": _files,
    "contention": _contention,
    "public": _public,
}


def main() -> None:
    """Measure everything, or one part by itself, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", choices=["core", *sorted(PARTS)])
    parser.add_argument(
        "--print", choices=sorted(PARTS), dest="printed", help="print one part's section, write nothing"
    )
    parser.add_argument("--entries", type=int, help="with --only chain: so many entries, in a section of their own")
    asked = parser.parse_args()
    if asked.entries:
        os.environ[ENTRIES] = str(asked.entries)
    if asked.printed:
        print("\n".join(PARTS[asked.printed](asked.quick)).strip())
        return
    apart = dict(os.environ)  # parts make their database where this one was
    if asked.only in (None, "core"):
        head, *sections = re.split(r"^(?=## )", _measure_core(quick=asked.quick), flags=re.MULTILINE)
        page = PAGE.read_text(encoding="utf-8")
        page = head + page[page.index("## ") :] if "## " in page else head
        for section in sections:
            page = stage.put_section(page, section.strip())
        PAGE.write_text(page, encoding="utf-8")
    for name in [one for one in PARTS if asked.only in (None, one)]:
        section = _section(name, apart, quick=asked.quick)
        PAGE.write_text(stage.put_section(PAGE.read_text(encoding="utf-8"), section), encoding="utf-8")
    print(PAGE.read_text(encoding="utf-8"))


def _section(name: str, environment: dict[str, str], *, quick: bool) -> str:
    command = [sys.executable, str(Path(__file__)), "--print", name, *(["--quick"] if quick else [])]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout
    return done[done.index("## ") :].strip()


def _measure_core(*, quick: bool) -> str:
    """One life over HTTP, pages, search and weights, floors beside figures."""
    url = stage.prepare()
    sql = life.statements()
    tokens = life.make_tokens()
    lives = 24 if quick else 160
    lines: list[str] = []
    with stage.serving(front=True) as (web, _):
        life.measure(tokens, web, concurrent=4, lives=16)  # warm
        runs = [life.measure(tokens, web, concurrent=n, lives=lives) for n in (1, 8, 32)]
        floors = [life.empty_view(concurrent=n, requests=800 if quick else 4000) for n in (1, 8, 32)]
        rows = [life.psycopg_floor(url, sql, concurrent=n, lives=lives) for n in (1, 8, 32)]
        weights = reading.weights()
        small = reading.search()
        counts = (1_000, 10_000 if quick else 100_000)
        reading.fill(counts[0], 0)
        reviewer = reading.log_in("liucheng.shenhe")
        first = reading.pages(reviewer)
        reading.fill(counts[1], counts[0])
        second = reading.pages(reviewer)
        many = 5_000 if quick else 50_000
        reading.fill_items(many)
        big = reading.search()
    _report(lines, sql, runs, floors, rows, weights, small, big, first, second, counts, many)
    return "\n".join(lines) + "\n"


def _report(lines, sql, runs, floors, rows, weights, small, big, first, second, counts, many) -> None:  # type: ignore[no-untyped-def]
    say = lines.append
    say("# Performance\n")
    say(
        "Written by `make bench`, but for sections that say otherwise; all figures of a table come from one run on one machine,"
    )
    say("floors beside them.\n")
    say(f"- Run: {stage.describe()}; web (2 processes), worker, PostgreSQL and the load generator share the cores")
    say(f"- Matters, pages and the empty view are asked {stage.way()}")
    say("- Read differences under a quarter as noise; ratios travel, absolute figures do not\n")
    say("## One matter's whole life over HTTP\n")
    say(
        "Submit, accept, two reviews, decide, make result, hand out, rate: eight write actions, each one POST with a token and an "
        "idempotency key, over 16 townships. Floor 1: the same rows by psycopg, one transaction an action. Floor 2: an empty view.\n"
    )
    say(
        "| concurrent | write actions/s | p50 ms | p95 ms | web CPU ms/action | same rows by psycopg, actions/s | ratio | empty view, requests/s | ratio |"
    )
    say("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for run, floor, row in zip(runs, floors, rows, strict=True):
        say(
            f"| {run['concurrent']} | {run['per_second']:.0f} | {run['p50']:.0f} | {run['p95']:.0f} | {run['cpu_ms']:.1f} | {row:.0f} | "
            f"{run['per_second'] / row:.2f} | {floor['per_second']:.0f} | {run['per_second'] / floor['per_second']:.3f} |"
        )
    say("\n| action | SQL statements | p50 ms at 8 | p95 ms at 8 |\n| --- | --- | --- | --- |")
    for name in dict.fromkeys(life.ACTIONS):
        p50, p95 = runs[1]["by_action"][name]
        say(f"| {name} | {len(sql[name])} | {p50:.0f} | {p95:.0f} |")
    say(
        "\nStatements without transaction control, second life of a process (warm), authentication and idempotency included.\n"
    )
    say("## Pages at size\n")
    say(
        f"A reviewer who may see one township's station; {counts[0]:,} and {counts[1]:,} matters over 77 townships, a tenth of them in this one, one in twenty and at least a full page open; "
        "one connection, 150 requests.\n"
    )
    say(
        f"| page | p50/p95 ms at {counts[0]:,} | p50/p95 ms at {counts[1]:,} | ratio of p95 |\n| --- | --- | --- | --- |"
    )
    for name in ("inbox", "case"):
        say(
            f"| {name} | {first[name][0]:.1f} / {first[name][1]:.1f} | {second[name][0]:.1f} / {second[name][1]:.1f} | "
            f"{second[name][1] / first[name][1]:.2f} |"
        )
    say("## Search\n")
    say(
        "Time in the database for twenty questions (words, pinyin, initials, slips of one character), ten times each, seen from Django.\n"
    )
    say("| items | p50 ms | p95 ms | slowest question |\n| --- | --- | --- | --- |")
    say(f"| 60 | {small[0]:.1f} | {small[1]:.1f} | {small[2]} |")
    say(f"| {many:,} | {big[0]:.1f} | {big[1]:.1f} | {big[2]} |")
    say("\n## Weight of pages\n")
    say("Compressed bytes of the page with its style and script; the diagram viewer is loaded only when opened.\n")
    say("| page | kB |\n| --- | --- |")
    for name, size in weights.items():
        say(f"| {name} | {size / 1000:.1f} |")


if __name__ == "__main__":
    main()
