"""Runs the fault suite and writes docs/reference/faults.md: `make faults`, or `python -m bench.faults.run --only NAME`."""

from __future__ import annotations

import argparse
import importlib
import re
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
_HEAD = "# Faults made on purpose\n\nWritten by `make faults`. What is promised: [faults](../explanation/faults.md).\n"


def main() -> int:
    """Run what is asked for; each scenario's section of the page is written when it is over."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=sorted(SCENARIOS), action="append")
    broken = 0
    for name in parser.parse_args().only or SCENARIOS:
        began = time.monotonic()
        module = importlib.import_module(SCENARIOS[name])
        try:
            lines = [f"- {one}" if one else "" for one in module.run()]
        except Exception:
            broken += 1
            lines = ["**a promise was broken**", "", "```", traceback.format_exc()[-2000:], "```"]
        heading = f"## {name} ({time.monotonic() - began:.0f} s)"
        text = "\n".join([heading, "", (module.__doc__ or "").strip(), "", f"Run {describe()}.", "", *lines, ""])
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
        _write(name, text)
    return 1 if broken else 0


def _write(name: str, text: str) -> None:
    """Put a scenario's section in its place on the page; the others stay as their last run left them."""
    kept = re.split(r"^(?=## )", PAGE.read_text(encoding="utf-8") if PAGE.exists() else "", flags=re.M)[1:]
    sections = {one.split()[1]: one.rstrip("\n") + "\n" for one in kept} | {name: text}
    PAGE.write_text("\n".join([_HEAD, *(sections[one] for one in SCENARIOS if one in sections)]), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
