"""Fills an empty database with the city and the people of a few townships, and prints their tokens as JSON.

A process of its own: `python -m bench.faults.prepare TOWNSHIPS`; the database is that of DATABASE_URL.
"""

from __future__ import annotations

import json
import sys

PASSWORD = "faults-2026-pass"
#: Who is needed for one life: name, which agency, role.
PEOPLE = (
    ("clerk", "accepting", "front_desk"),
    ("station", "township", "reviewer"),
    ("county", "county", "reviewer"),
    ("decider", "county", "decider"),
    ("issuer", "accepting", "issuer"),
)


def main(townships: int) -> None:
    """Load, appoint, and print."""
    import django

    django.setup()
    from django.contrib.auth.hashers import make_password
    from django.db import connection

    from weimin.base import clock
    from weimin.config import city
    from weimin.config.demonstration import LOADER
    from weimin.kernel.accounts import actions as accounts
    from weimin.kernel.directory import actions as directory
    from weimin.kernel.directory import queries as places

    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
    city.prepare_database()
    at = clock.now()
    for part in (city.load_city, city.load_calendar, city.load_items):
        part(at=at)
    secret = make_password(PASSWORD)
    made = []
    for nth, town in enumerate(places.list_townships()[:townships]):
        known = {"township": town.code, "village": places.children_of(town.code)[0].code}
        for name, rule, role in PEOPLE:
            agency = places.resolve_agency(rule=rule, township_code=town.code, lead_key="医保局", area="A4")
            assert agency is not None
            account = accounts.create_staff_account(
                by=LOADER, at=at, username=f"faults.{nth}.{name}", name="演示", password_hash=secret
            )
            person = directory.add_officer(by=LOADER, at=at, name="演示", account_id=account)
            directory.appoint(by=LOADER, at=at, officer_id=person, agency_id=agency, roles=(role,), title="演示")
            post = directory_post(places, account, at)
            known[name] = accounts.create_client(by=LOADER, at=at, name="faults", post_id=post)
        made.append(known)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    sys.stdout.write(json.dumps(made) + "\n")


def directory_post(places: object, account_id: int, at: object) -> int:
    """The one post of an account."""
    from weimin.base.clock import local_date

    found = places.list_posts(account_id=account_id, on=local_date(at))  # type: ignore[attr-defined, arg-type]
    return int(found[0].post_id)


if __name__ == "__main__":
    main(int(sys.argv[1]))
