"""Runs the fault suite and writes docs/reference/faults.md: `make faults`, or `python -m bench.faults.run --only NAME`."""

from __future__ import annotations

import argparse
import importlib
import sys
import time
import traceback
from pathlib import Path

from bench.stage import describe, put_section

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
        told = f"Run {describe()}, in {time.monotonic() - began:.0f} s."
        text = "\n".join([f"## {name}", "", (module.__doc__ or "").strip(), "", told, "", *lines])
        sys.stdout.write(text + "\n\n")
        sys.stdout.flush()
        page = PAGE.read_text(encoding="utf-8") if PAGE.exists() else _HEAD
        PAGE.write_text(put_section(page, text), encoding="utf-8")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
