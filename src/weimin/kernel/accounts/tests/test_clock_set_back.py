"""A clock that jumped ahead and was set back keeps nobody out until it comes there again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from weimin.base.errors import TooOften
from weimin.kernel.accounts.actions import spend

AT = datetime(2026, 9, 17, 2, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize("limit", ["api.client", "login", "search.miss", "held"])
def test_tries_of_tomorrow_do_not_use_up_today(db: None, limit: str) -> None:
    spend(limit=limit, who="x", at=AT + 3 * DAY)
    spend(limit=limit, who="x", at=AT)


def test_setting_the_clock_back_grants_no_second_burst(db: None) -> None:
    spend(limit="passkey", who="x", at=AT + DAY)
    spend(limit="passkey", who="x", at=AT)
    with pytest.raises(TooOften):
        spend(limit="passkey", who="x", at=AT)
    spend(limit="passkey", who="x", at=AT + timedelta(seconds=3))


def test_requests_that_overtake_each_other_are_no_clock_set_back(db: None) -> None:
    for _ in range(30):
        spend(limit="passkey", who="x", at=AT)
    with pytest.raises(TooOften):
        spend(limit="passkey", who="x", at=AT - timedelta(seconds=30))
