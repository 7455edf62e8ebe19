"""Who acts in the demonstration, and where."""

from __future__ import annotations

from datetime import datetime

from weimin.base.clock import local_date
from weimin.kernel.accounts import queries as accounts
from weimin.kernel.directory import queries as directory
from weimin.kernel.record.types import Actor

LOADER = Actor.system("装入程序", via="cli")
#: The township whose offices, matters and villages are made up in full.
TOWNSHIP = "340321113000"


def actor_of(username: str, at: datetime, *, agency_id: int | None = None) -> Actor | None:
    """A made-up officer, in their post at a body when one is given; None where there is none."""
    account = accounts.find_staff_id(username)
    if account is None:
        return None
    posts: list[int | None] = [None]
    if agency_id is not None:
        posts = [one.post_id for one in directory.list_posts(account_id=account, on=local_date(at))]
    acting = (directory.get_actor_for_account(account_id=account, post_id=one, at=at, via="cli") for one in posts)
    return next((one for one in acting if agency_id in (None, one.agency_id)), None)
