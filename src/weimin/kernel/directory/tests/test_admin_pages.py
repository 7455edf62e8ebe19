"""The administrators' pages over HTTP: who may open what, what is done there, and break-glass through both walls."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from weimin.base import clock
from weimin.base.errors import Invalid
from weimin.kernel.accounts.actions import note_held
from weimin.kernel.accounts.models import Account, Session
from weimin.kernel.accounts.testing import set_up_app
from weimin.kernel.cases.models import Case
from weimin.kernel.cases.testing import Cast, hand_in, make_cast
from weimin.kernel.directory import actions, queries
from weimin.kernel.directory.models import Glass, Post
from weimin.kernel.record.access import acting
from weimin.kernel.record.models import AuditEntry
from weimin.kernel.record.types import Actor
from weimin.kernel.residents.models import ReadEntry
from weimin.kernel.supervision.testing import COUNTY, OTHER_TOWN, TOWN, browse, serve, text
from weimin.ui.testing import sheet

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]
CITY = "340300000000-d18"
HOME, STAFF, GLASS = "/desk/admin/", "/desk/admin/staff/", "/desk/admin/glass/"
REASON = "核查故障单里办件打不开的原因"
WHY = "本人当面申请，手机丢失"
ASK = {"place": TOWN, "purpose": "GD-2026-117", "reason": REASON}


@pytest.fixture(autouse=True)
def stored(settings: Any, tmp_path: Any) -> None:
    settings.WEIMIN_FILES = str(tmp_path)


def admin(role: str) -> Actor:
    return serve(clock.now(), CITY, role)


def matter() -> tuple[Cast, str]:
    cast = make_cast(clock.now())
    return cast, hand_in(cast, clock.now()).number


def opened(client: Client, **change: str) -> Any:
    return client.post(GLASS, ASK | change)


# --- who opens what -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("role", "open_to"),
    [
        (
            "system_admin",
            {HOME, STAFF, "/desk/admin/staff.xlsx", GLASS, "/desk/admin/glass.xlsx", "/desk/admin/system/"},
        ),
        ("security_admin", {HOME, STAFF, "/desk/admin/staff.xlsx", GLASS, "/desk/admin/glass.xlsx"}),
        (
            "audit_admin",
            {HOME, STAFF, "/desk/admin/staff.xlsx", GLASS, "/desk/admin/glass.xlsx", "/desk/audit/", "/desk/reads/"},
        ),
        ("leader", {HOME, GLASS, "/desk/admin/glass.xlsx"}),
        ("front_desk", set()),
        ("operator", set()),
    ],
)
def test_each_role_opens_its_pages_and_no_others(role: str, open_to: set[str]) -> None:
    every = (
        HOME,
        STAFF,
        "/desk/admin/staff.xlsx",
        GLASS,
        "/desk/admin/glass.xlsx",
        "/desk/admin/system/",
        "/desk/audit/",
        "/desk/reads/",
    )
    client = browse(admin(role))
    assert {one for one in every if client.get(one).status_code == 200} == open_to


def test_the_menu_of_an_administrator_names_their_pages_and_no_matters() -> None:
    page = text(browse(admin("system_admin")).get(HOME))
    menu = page[page.index("<nav") : page.index("</nav>")]
    assert "账号和岗位" in menu
    assert "系统状况和设置" in menu
    assert "待办" not in menu
    assert "审计记录" not in menu


def test_the_state_of_the_system_shows_no_secret() -> None:
    page = text(browse(admin("system_admin")).get("/desk/admin/system/", {"place": TOWN}))
    assert "系统检查" in page
    assert "WEIMIN_RATES" in page
    assert "榴城镇" in page
    for word in ("postgres://", "postgresql://", "SECRET_KEY", "password"):
        assert word not in page


# --- accounts and posts ---------------------------------------------------------------------------------------
def test_a_new_clerk_comes_to_work_by_two_hands() -> None:
    system, security = browse(admin("system_admin")), browse(admin("security_admin"))
    page = system.post(STAFF, {"username": "wang.xin", "name": "演示王新"})
    address = page["Location"]
    assert "发临时口令" not in text(system.get(address))
    given = text(security.post(address, {"do": "password", "reason": "新入职，当面发放"}))
    password = given.split('id="given">')[1].split("<")[0]
    account = Account.objects.get(username="wang.xin")
    assert account.check_password(password)
    assert password not in text(security.get(address))
    centre = next(one.pk for one in queries.list_agencies(division_code=TOWN) if one.kind == "centre")
    fields = {"do": "appoint", "agency": str(centre), "roles": ["front_desk"], "title": "窗口", "reason": "新入职上岗"}
    assert system.post(address, fields).status_code == 403
    assert security.post(address, fields).status_code == 200
    assert Post.objects.get(officer__account=account).roles == ["front_desk"]


@pytest.mark.parametrize("what", ["factors", "sessions", "password"])
def test_a_security_administrator_helps_with_a_reason_and_a_system_administrator_does_not(what: str) -> None:
    clerk = serve(clock.now(), f"{TOWN}-centre", "front_desk")
    set_up_app(clerk.account)
    browse(clerk)
    address = f"{STAFF}{clerk.officer_id}/"
    security = browse(admin("security_admin"))
    assert browse(admin("system_admin")).post(address, {"do": what, "reason": WHY}).status_code == 403
    assert security.post(address, {"do": what, "reason": "嗯"}).status_code == 422
    assert Session.objects.filter(account_id=clerk.account).exists()
    assert security.post(address, {"do": what, "reason": WHY}).status_code == 200
    assert not Session.objects.filter(account_id=clerk.account).exists()
    verb = {"factors": "factor.reset", "sessions": "session.ended", "password": "password.given"}[what]
    entry = AuditEntry.objects.get(verb=f"accounts.{verb}", subject_id=str(clerk.account))
    assert entry.changes["reason"] == WHY


@pytest.mark.parametrize("do", ["factors", "sessions", "password", "close", "appoint", "end_post", "client"])
@pytest.mark.parametrize("role", ["system_admin", "security_admin"])
def test_nobody_changes_their_own_log_in_or_posts(role: str, do: str) -> None:
    me = admin(role)
    before = list(Post.objects.filter(officer_id=me.officer_id).values())
    answer = browse(me).post(f"{STAFF}{me.officer_id}/", {"do": do, "reason": WHY, "post": str(me.post_id)})
    assert answer.status_code == 403
    assert list(Post.objects.filter(officer_id=me.officer_id).values()) == before
    assert Account.objects.get(pk=me.account).is_active


@pytest.mark.parametrize("number", ["0", "99999999999999999999"])
def test_who_does_not_exist_is_not_found(number: str) -> None:
    assert browse(admin("audit_admin")).get(f"{STAFF}{number}/").status_code == 404


def test_an_administrator_is_made_over_the_page_by_two_people() -> None:
    first, other, system = admin("security_admin"), admin("security_admin"), browse(admin("system_admin"))
    _, account = actions.register_staff(by=Actor.system(), at=clock.now(), username="li.shen", name="演示李审")
    fields = {"username": "li.shen", "role": "audit_admin", "reason": "原审计管理员退休"}
    assert system.post(HOME, fields).status_code == 403
    assert browse(first).post(HOME, fields).status_code == 302
    number = text(browse(other).get(HOME)).split('name="proposal" value="')[1].split('"')[0]
    sure = {"proposal": number, "decide": "confirm", "reason": "同意，已经核实"}
    assert browse(first).post(HOME, sure).status_code == 403
    assert browse(other).post(HOME, sure).status_code == 302
    assert queries.list_roles(account_id=account, on=clock.local_date(clock.now())) == {"audit_admin"}


# --- break-glass -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("role", ["system_admin", "security_admin", "audit_admin"])
def test_without_break_glass_an_administrator_sees_no_matter(role: str) -> None:
    _, number = matter()
    paper = Case.objects.get(number=number).papers.values_list("pk", flat=True)[0]
    # also not from a post in the very place of the matter
    client = browse(serve(clock.now(), f"{TOWN}-gov", role))
    for address in (f"/desk/cases/{number}/", f"/desk/papers/{paper}/", f"/desk/find/?q={number}", "/desk/inbox.xlsx"):
        assert client.get(address).status_code == 403, address
    assert client.get("/desk/")["Location"] == HOME
    assert not ReadEntry.objects.exists()


@pytest.mark.parametrize("role", ["system_admin", "security_admin", "audit_admin"])
def test_the_second_wall_shows_an_administrator_no_matter_of_their_own_place(role: str) -> None:
    matter()
    with acting(serve(clock.now(), f"{TOWN}-gov", role)):
        assert not Case.objects.exists()


def test_with_a_reason_one_place_opens_read_only_and_the_person_reads_the_reason() -> None:
    cast, number = matter()
    client = browse(admin("system_admin"))
    assert opened(client).status_code == 302
    page = client.get(f"/desk/cases/{number}/")
    assert page.status_code == 200
    assert f"应急查看（GD-2026-117）：{REASON}。只能看，不能办" in text(page)
    assert "显示全号" not in text(page)
    assert "对同事说" not in text(page)
    assert ReadEntry.objects.get().why == f"应急查看（GD-2026-117）：{REASON}"
    mine = text(browse(cast.applicant).get("/my/reads/"))
    assert REASON in mine
    for do in ("accept", "comment"):
        assert client.post(f"/desk/cases/{number}/{do}/", {"text": "试试"}).status_code == 403
    answer = client.post(f"/desk/cases/{number}/reveal/", {"field": "phone", "reason": "就是要看全号"})
    assert answer.status_code == 403
    assert ReadEntry.objects.count() == 1


def test_another_place_stays_closed_and_a_whole_county_opens_its_townships() -> None:
    _, number = matter()
    client = browse(admin("security_admin"))
    opened(client, place=OTHER_TOWN)
    assert client.get(f"/desk/cases/{number}/").status_code == 404
    client.post(GLASS, {"end": str(Glass.objects.get().pk)})
    opened(client, place=COUNTY)
    assert client.get(f"/desk/cases/{number}/").status_code == 200


def test_it_ends_by_itself_at_once_when_told_and_in_no_other_browser() -> None:
    _, number = matter()
    me = admin("system_admin")
    client, elsewhere = browse(me), browse(me)
    opened(client)
    address = f"/desk/cases/{number}/"
    assert elsewhere.get(address).status_code == 403
    row = Glass.objects.get()
    assert row.until - row.opened_at == timedelta(minutes=30)
    Glass.objects.update(opened_at=row.opened_at - timedelta(hours=1), until=clock.now())
    assert client.get(address).status_code == 403
    opened(client)
    assert client.get(address).status_code == 200
    client.post(GLASS, {"end": str(Glass.objects.latest("pk").pk)})
    assert client.get(address).status_code == 403


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"reason": "看看"}, "reason"),
        ({"reason": " 看 看 "}, "reason"),
        ({"purpose": " "}, "purpose"),
        ({"place": ""}, "place"),
        ({"place": "340300000000"}, "place"),
        ({"place": "1' OR 1=1"}, "place"),
    ],
)
def test_without_reason_purpose_or_place_nothing_opens_and_what_was_typed_stays(
    change: dict[str, str], field: str
) -> None:
    me = admin("system_admin")
    answer = opened(browse(me), **change)
    assert answer.status_code == 422
    assert "GD-2026-117" in text(answer) or field == "purpose"
    assert not Glass.objects.exists()
    fields = {"place_code": TOWN, "purpose": "GD-1", "reason": REASON}
    names = {"place": "place_code"}
    with pytest.raises(Invalid) as told:
        actions.open_glass(
            by=me, at=clock.now(), **fields | {names.get(name, name): value for name, value in change.items()}
        )
    assert set(told.value.fields) == {field}


def test_it_is_not_made_longer_and_only_so_many_a_day(settings: Any) -> None:
    settings.WEIMIN_GLASS_A_DAY = 2
    me = admin("system_admin")
    client = browse(me)
    assert opened(client).status_code == 302
    assert opened(client).status_code == 409
    for _ in range(2):
        open_one = Glass.objects.filter(ended_at=None).first()
        if open_one:
            client.post(GLASS, {"end": str(open_one.pk)})
        opened(client)
    assert Glass.objects.count() == 2
    assert Glass.objects.filter(ended_at=None).count() == 0
    assert opened(client).status_code == 429


@pytest.mark.parametrize("role", ["audit_admin", "leader"])
def test_auditors_and_leaders_open_none(role: str) -> None:
    assert opened(browse(admin(role))).status_code == 403


def test_the_auditor_lists_it_and_the_leader_of_the_place_takes_notice() -> None:
    opened(browse(admin("system_admin")))
    leader = serve(clock.now(), f"{TOWN}-gov", "leader")
    far = browse(serve(clock.now(), f"{OTHER_TOWN}-gov", "leader"))
    auditor = browse(admin("audit_admin"))
    assert REASON in text(auditor.get(GLASS))
    assert sheet(auditor.get("/desk/admin/glass.xlsx"))[1][5] == REASON
    assert REASON not in text(far.get(GLASS))
    number = str(Glass.objects.get().pk)
    assert far.post(GLASS, {"seen": number}).status_code == 404
    told = "有 1 次应急查看涉及您这里的办件"
    assert told in text(browse(leader).get("/desk/"))
    assert told not in text(far.get("/desk/"))
    assert browse(leader).post(GLASS, {"seen": number}).status_code == 302
    assert Glass.objects.get().seen_by_id == leader.officer_id
    assert told not in text(browse(leader).get("/desk/"))
    verbs = set(AuditEntry.objects.filter(subject_type="glass").values_list("verb", flat=True))
    assert verbs == {"directory.glass.opened", "directory.glass.seen"}


def test_a_look_is_noticed_where_it_was_not_by_the_county_for_a_township_or_the_other_way_round() -> None:
    def sees_and_notices(leader: Actor) -> tuple[bool, int]:
        page = browse(leader)
        return REASON in text(page.get(GLASS)), page.post(GLASS, {"seen": str(Glass.objects.get().pk)}).status_code

    town = serve(clock.now(), f"{TOWN}-gov", "leader")
    county = serve(clock.now(), next(one.code for one in queries.list_agencies(division_code=COUNTY)), "leader")
    browser = browse(admin("system_admin"))
    opened(browser)
    assert sees_and_notices(county) == (True, 404)
    assert "涉及您这里的办件" not in text(browse(county).get("/desk/"))
    assert sees_and_notices(town) == (True, 302)
    Glass.objects.all().delete()
    opened(browser, place=COUNTY)
    assert sees_and_notices(town) == (True, 404)
    assert sees_and_notices(county) == (True, 302)


# --- log-ins that were held off ----------------------------------------------------------------------------------
def test_administrators_see_whose_log_in_was_held_off_this_week() -> None:
    now, clerk = clock.now(), serve(clock.now(), f"{TOWN}-centre", "front_desk")
    resident = make_cast(now).applicant
    for at, account in ((now - timedelta(days=8), clerk), (now, clerk), (now, resident)):
        note_held(by=Actor.anonymous(), at=at, account_id=account.account, known_device=False)
    page = text(browse(admin("security_admin")).get(STAFF))
    section = page.split("近 7 天登录受阻的账号")[1].split("</section>")[0]
    assert section.count("<li>") == 1
    assert f"{STAFF}{clerk.officer_id}/" in section
    assert "1 次" in section
