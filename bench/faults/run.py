"""Runs the fault suite and writes docs/reference/faults.md: `make faults`, or `python -m bench.faults.run --only NAME`."""

from __future__ import annotations

import argparse
import importlib
import sys
import time
import traceback
from pathlib import Path

from bench.stage import describe

#: Name → module with `run() -> list[str]`; it raises AssertionError on a broken promise.
SCENARIOS = {
    "killing": "bench.faults.killing",
    "slow": "bench.faults.slow",
    "crowded": "bench.faults.crowded",
    "log-ins": "bench.faults.logins",
    "full": "bench.faults.full",
    "clock": "bench.faults.jumping",
    "fail-over": "bench.faults.failover",
    "standby": "bench.faults.replica",
}
PAGE = Path(__file__).resolve().parents[2] / "docs/reference/faults.md"


def main() -> int:
    """Run what is asked for; the page is written when all was."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=sorted(SCENARIOS), action="append")
    wanted = parser.parse_args().only or list(SCENARIOS)
    page = ["# Faults made on purpose", "", f"Run {describe()}. What is promised: ../explanation/faults.md", ""]
    broken = 0
    for name in wanted:
        began = time.monotonic()
        module = importlib.import_module(SCENARIOS[name])
        try:
            lines = module.run()
        except Exception:
            broken += 1
            lines = ["**a promise was broken**", "", "```", traceback.format_exc()[-2000:], "```"]
        heading = f"## {name} ({time.monotonic() - began:.0f} s)"
        text = [heading, "", (module.__doc__ or "").strip(), "", *(f"- {one}" if one else "" for one in lines), ""]
        sys.stdout.write("\n".join(text) + "\n")
        sys.stdout.flush()
        page += text
    if wanted == list(SCENARIOS):
        PAGE.write_text("\n".join(page), encoding="utf-8")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
