"""The pages that grow with a city: their time at the size that the database has, as several people of it.

python -m bench.flat      the database is DATABASE_URL's, filled by bench.city.load
"""

from __future__ import annotations

import logging
import random
import sys
import time
from typing import Any

from bench import reading, stage
from bench.stage import Client, Timings

#: Who opens which page; {n} is a matter of the main township, {far} one of anywhere.
PAGES: tuple[tuple[str, str, str], ...] = (
    ("clerk's inbox", "liucheng.shouli", "/desk/"),
    ("reviewer's inbox", "liucheng.shenhe", "/desk/"),
    ("clerk's export", "liucheng.shouli", "/desk/inbox.xlsx"),
    ("case page", "liucheng.shouli", "/desk/cases/{n}/"),
    ("find by number", "liucheng.shouli", "/desk/find/?q={n}"),
    ("clerk's figures", "liucheng.shouli", "/desk/figures/"),
    ("clerk's warnings", "liucheng.shouli", "/desk/warnings/"),
    ("leader's figures", "liucheng.lingdao", "/desk/figures/"),
    ("county inbox", "huaiyuan.shenhe", "/desk/"),
    ("county figures", "huaiyuan.lingdao", "/desk/figures/"),
    ("county case page", "huaiyuan.shenhe", "/desk/cases/{n}/"),
    ("city warnings", "shi.jiandu", "/desk/warnings/"),
    ("audit page", "shi.shenji", "/desk/audit/"),
    ("audit of a matter", "shi.shenji", "/desk/audit/?subject_type=case&subject_id={far}"),
    ("audit by name", "shi.shenji", "/desk/audit/?actor=%E6%BC%94%E7%A4%BA%E7%BB%BC%E5%90%88001"),
    ("looks", "shi.shenji", "/desk/reads/"),
    ("public home", "", "/"),
    ("public overruns", "", "/overruns/"),
    ("public audit days", "", "/audit/"),
)


def _numbers(where: str, values: list[Any], many: int = 400) -> list[str]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"SELECT number FROM cases_case WHERE {where} ORDER BY id DESC LIMIT {many}", values)
        return [row[0] for row in cursor.fetchall()]


def measure(repeats: int = 60) -> list[tuple[str, int, float, float, int]]:
    """Rows as (page, status, p50 ms, p95 ms, bytes)."""
    dice = random.Random(1)
    own = _numbers("township_id = %s", ["340321113000"])
    step = "left(township_id, 6) = '340321' AND id IN (SELECT case_id FROM cases_step WHERE agency_id IN (SELECT agency_id FROM directory_post p JOIN directory_officer f ON f.id = p.officer_id JOIN accounts_account a ON a.id = f.account_id WHERE a.username = %s) ORDER BY id DESC LIMIT 400)"
    countys = _numbers(step, ["huaiyuan.shenhe"])
    far = _numbers("id %% 7 = 0", [])
    people: dict[str, Client] = {"": Client()}
    found = []
    for name, user, path in PAGES:
        if user not in people:
            people[user] = reading.log_in(user)
        mine = countys if "county" in name else own
        times, size, status = Timings(), 0, 0
        for turn in range(repeats + 3):
            address = path.replace("{n}", dice.choice(mine)).replace("{far}", dice.choice(far))
            began = time.perf_counter()
            status, body = people[user].get(address)
            if turn >= 3:
                times.values.append((time.perf_counter() - began) * 1000)
            size = len(body)
        found.append((name, status, times.at(0.5), times.at(0.95), size))
        print(f"{name:20} {status} {times.at(0.5):8.1f} {times.at(0.95):8.1f} ms {size:8,} bytes", flush=True)
    return found


def main() -> None:
    """Measure and print."""
    import django

    django.setup()
    logging.disable(logging.WARNING)
    with stage.serving():
        measure(int(sys.argv[1]) if len(sys.argv) > 1 else 60)


if __name__ == "__main__":
    main()
