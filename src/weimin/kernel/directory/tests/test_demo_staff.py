"""The demonstration's staff: made up, marked so, and somebody for every step in every township."""

from __future__ import annotations

from collections import defaultdict

import pytest

from weimin.config import city as loading
from weimin.kernel.accounts import queries as accounts
from weimin.kernel.directory import queries
from weimin.kernel.directory.models import Officer, Post
from weimin.kernel.directory.testing import AT, CITY, COUNTY, TOWN, shipped_codes

pytestmark = pytest.mark.usefixtures("bengbu")


def test_every_township_and_county_is_staffed_by_people_marked_as_made_up() -> None:
    before = set(Officer.objects.values_list("pk", flat=True))
    made = loading.load_demo(at=AT)["accounts"]
    fresh = Officer.objects.exclude(pk__in=before)
    assert made == fresh.count() == 77 * 6 + 7 * 5 + 13
    assert all(name.startswith("演示") for name in fresh.values_list("name", flat=True))
    assert not fresh.filter(account=None).exists()

    roles: dict[str, set[str]] = defaultdict(set)
    served: dict[str, set[int]] = defaultdict(set)
    for place, agency, held in Post.objects.filter(officer__in=fresh).values_list(
        "agency__division_id", "agency_id", "roles"
    ):
        roles[place] |= set(held)
        served[place].add(agency)
    for town in shipped_codes("township"):
        assert roles[town] >= {"front_desk", "reviewer", "decider", "issuer", "leader"}
        assert served[town] == {one.pk for one in queries.list_agencies(division_code=town)}
    for county in shipped_codes("county"):
        assert roles[county] == {"reviewer", "decider", "leader", "admission_office", "list_keeper"}
        assert served[county] == {one.pk for one in queries.list_agencies(division_code=county)}
    keepers = {"list_keeper", "procedure_keeper", "supervisor", "operator"}
    assert roles[CITY] == keepers | {"system_admin", "security_admin", "audit_admin", "legal_reviewer", "leader"}

    usernames = dict(loading.demo_logins())
    for username, place, role in [
        ("liucheng.shouli", TOWN, "front_desk"),
        ("liucheng.shenhe", TOWN, "reviewer"),
        ("liucheng.shenpi", TOWN, "decider"),
        ("liucheng.chujian", TOWN, "issuer"),
        ("huaiyuan.shenhe", COUNTY, "reviewer"),
        ("huaiyuan.shenpi", COUNTY, "decider"),
        ("shi.qingdan", CITY, "list_keeper"),
        ("shi.yunwei", CITY, "operator"),
        ("shi.xitong", CITY, "system_admin"),
        ("shi.anquan", CITY, "security_admin"),
        ("shi.shenji", CITY, "audit_admin"),
    ]:
        account = accounts.find_staff_id(username)
        assert username in usernames and account is not None
        actor = queries.get_actor_for_account(account_id=account, post_id=None, at=AT, via="desk")
        assert actor.division_code == place and role in actor.roles

    assert set(loading.load_demo(at=AT).values()) == {0}
