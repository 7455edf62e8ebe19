"""Public pages made once for everybody: fresh within a second of publishing, within a bound of memory, nobody's own."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from weimin.apps.listkeeping.tests.test_pages import begin, fields_of, staff, text, unescaped
from weimin.base import clock
from weimin.base.guard import Shared, access, shared
from weimin.config import sharing
from weimin.kernel.accounts.testing import log_in_by_phone
from weimin.kernel.directory import queries as directory
from weimin.kernel.record import actions as record
from weimin.kernel.record.queries import read_edition

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]
GUIDE, HOME = "/items/A3-13/", "/"
TOWN = "340321113000"


@dataclass
class Seconds:
    """A clock that a test sets."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def seconds(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Seconds]:
    """Sharing as it is in service, with a clock for the questions after the edition."""
    settings.WEIMIN_SHARED_MB = 8
    settings.WEIMIN_SECOND_FACTOR = False
    clock_of_watch = Seconds()
    monkeypatch.setattr(sharing, "watch", sharing.Watch(clock_of_watch))
    sharing.shelf.clear()
    yield clock_of_watch
    sharing.shelf.clear()
    directory.forget()


def queries_of(client: Client, path: str, **sent: Any) -> tuple[Any, list[str]]:
    """An answer and the statements it took, those on saving points left out."""
    with CaptureQueriesContext(connection) as caught:
        answer = client.get(path, **sent)
    return answer, [one["sql"] for one in caught if "SAVEPOINT" not in one["sql"]]


def publish(keeper: Client, words: str) -> None:
    """Bring a new version of an item into force through the pages of those who keep, check and sign."""
    version = begin(keeper)
    sent = unescaped(fields_of(text(keeper.get(f"/desk/lists/versions/{version}/edit/"))))
    sent |= {"trigger": "review", "reason": "说得更明白", "plain": words, "do": "done"}
    keeper.post(f"/desk/lists/versions/{version}/edit/", sent)
    address = f"/desk/lists/versions/{version}/"
    keeper.post(address, {"do": "submit"})
    for client, stage in (
        (staff("list_keeper", name="演示复核"), "lead"),
        (staff("legal_reviewer", lead="司法局"), "legal"),
        (staff("leader", lead="政府办"), "approve"),
    ):
        client.post(address, {"do": "passed", "stage": stage})
    assert keeper.post(address, {"do": "publish"}).status_code == 302


# --- fresh ------------------------------------------------------------------------------------------------------
def test_what_is_published_is_on_the_next_page_a_second_later(seconds: Seconds) -> None:
    reader = Client()
    before = reader.get(GUIDE)
    again, asked = queries_of(reader, GUIDE)
    assert again.content == before.content and not asked
    publish(staff("list_keeper"), "换一句大白话")
    assert reader.get(GUIDE).content == before.content, "within the second the page of before is allowed"
    seconds.now += 1.0
    assert "换一句大白话" in text(reader.get(GUIDE))


def test_a_quiet_act_leaves_pages_as_they_are_and_a_change_of_what_is_public_does_not(seconds: Seconds) -> None:
    edition = read_edition()
    log_in_by_phone(Client(), "13900000077")
    assert read_edition() == edition
    record.raise_edition(at=clock.now())
    assert read_edition() == edition + 1


def test_a_page_ends_with_its_day(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = Client()
    moments = {
        "last minute": datetime(2026, 11, 25, 15, 59, tzinfo=UTC),
        "midnight in Shanghai": datetime(2026, 11, 25, 16, 0, tzinfo=UTC),
    }
    monkeypatch.setattr(clock, "now", lambda: moments["last minute"])
    assert "2026-11-25" in text(reader.get("/calendar/"))
    assert not queries_of(reader, "/calendar/")[1]
    monkeypatch.setattr(clock, "now", lambda: moments["midnight in Shanghai"])
    assert "2026-11-26" in text(reader.get("/calendar/"))


def test_a_new_edition_shows_nothing_that_the_process_kept_of_an_older_one(seconds: Seconds) -> None:
    """As when another process loads places anew: this one had their names and the calendar at hand."""
    reader = Client()
    assert "改名镇" not in text(reader.get(HOME)) and "改名的通知" not in text(reader.get("/calendar/"))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE directory_division SET name = '改名镇' WHERE code = %s", [TOWN])
        cursor.execute("UPDATE deadlines_calendarnotice SET number = '改名的通知' WHERE year = 2026")
    record.raise_edition(at=clock.now())
    # the first page that is made learns of it, before the second is over
    assert "改名镇" in text(reader.get(HOME, {"township": "340300000000"}))
    seconds.now += 1.0
    assert "改名镇" in text(reader.get(HOME)) and "改名的通知" in text(reader.get("/calendar/", {"year": "2026"}))


def test_who_has_a_page_is_told_so_until_it_changes(seconds: Seconds) -> None:
    reader = Client()
    first = reader.get(GUIDE)
    known = {"If-None-Match": first["ETag"]}
    second = reader.get(GUIDE, headers=known)
    assert second.status_code == 304 and not second.content and "s-maxage=1" in second["Cache-Control"]
    publish(staff("list_keeper"), "换一句大白话")
    seconds.now += 1.0
    assert reader.get(GUIDE, headers=known).status_code == 200


def test_folding_leaves_the_edition_as_it_is() -> None:
    for _ in range(3):
        record.raise_edition(at=clock.now())
    edition = read_edition()
    record.fold_editions(at=clock.now())
    record.fold_editions(at=clock.now())
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM record_edition")
        assert cursor.fetchone() == (1,)
    assert read_edition() == edition


# --- nobody's own -----------------------------------------------------------------------------------------------
def test_who_is_logged_in_gets_a_page_of_their_own_and_leaves_none_behind() -> None:
    person = Client()
    log_in_by_phone(person, "13900000077")
    mine = person.get(HOME)
    assert "no-store" in mine["Cache-Control"] and "退出" in text(mine)
    assert not len(sharing.shelf)
    assert "退出" not in text(Client().get(HOME))
    assert "退出" in text(person.get(HOME))


def test_the_large_type_and_the_township_have_pages_of_their_own() -> None:
    plain, elder = Client(), Client()
    elder.post("/elder/", {"back": "/"})
    assert 'class="elder"' not in text(plain.get(HOME))
    assert 'class="elder"' in text(elder.get(HOME))
    chosen = Client().get(HOME, {"township": TOWN})
    assert chosen.cookies["township"].value == TOWN and "private" in chosen["Cache-Control"]
    kept = Client()
    kept.cookies["township"] = TOWN
    answer, _ = queries_of(kept, f"{HOME}?township={TOWN}")
    assert not answer.cookies and "public" in answer["Cache-Control"]
    assert "榴城镇" in text(kept.get(HOME)) and "榴城镇能办的事" not in text(Client().get(HOME))


def test_a_second_asker_is_given_the_cookie_too() -> None:
    first = Client().get(GUIDE, {"township": TOWN})
    second, asked = queries_of(Client(), f"{GUIDE}?township={TOWN}")
    assert not asked and second.content == first.content
    assert second.cookies["township"].OutputString() == first.cookies["township"].OutputString()
    assert int(second.cookies["township"]["max-age"]) == 90 * 86400


@pytest.mark.parametrize(
    "path",
    [
        f"{GUIDE}?x=1",
        f"{GUIDE}?township={TOWN}&township=340300000000",
        "/calendar/?start=2026-03-05&number=20&unit=workday",
        "/items/?q=我妈有糖尿病能领什么",
        "/items/?q=340321113-202601-000001234",
        "/items/NONE-1/",
        "/lists/village_duty/?on=never",
        "/verify/?n=340321113-202601-00001&c=ABCD",
        "/login/",
        "/health/",
        "/" + "x" * 600,
    ],
)
def test_what_is_asked_otherwise_or_is_somebodys_is_not_kept(path: str) -> None:
    answer = Client().get(path)
    assert not len(sharing.shelf)
    assert "public" not in answer["Cache-Control"]


def test_a_question_in_the_catalogues_own_words_is_kept() -> None:
    Client().get("/items/", {"q": "低保"})
    answer, asked = queries_of(Client(), "/items/?q=%E4%BD%8E%E4%BF%9D")
    assert answer.status_code == 200 and not asked


@pytest.mark.parametrize("reveal", ["cookie", "look"])
def test_a_view_marked_by_mistake_gives_to_its_asker_only(reveal: str, caplog: pytest.LogCaptureFixture) -> None:
    """As a view would that set a cookie for each asker, or gave out personal data."""
    request: Any = RequestFactory().get(GUIDE)

    def view(request: Any) -> HttpResponse:
        request.looks = [(1, "")] if reveal == "look" else []
        request.resolver_match = type("Match", (), {"view_name": "portal:guide"})()
        sharing.note_edition(request)
        answer = HttpResponse("x" * 500)
        if reveal == "cookie":
            answer.set_cookie("csrftoken", "y")
        return answer

    answer = sharing.Sharing(view)(request)
    assert not len(sharing.shelf) and "private" in answer["Cache-Control"]
    assert "somebody's own" in caplog.text


def test_a_shared_view_sees_only_the_cookies_that_its_answers_differ_by() -> None:
    seen: list[dict[str, str]] = []

    def view(request: Any) -> HttpResponse:
        seen.append(dict(request.COOKIES))
        request.looks = []
        return HttpResponse("x")

    request = RequestFactory().get(GUIDE)
    request.COOKIES.update(elder="1", township=TOWN, csrftoken="a" * 32, messages="W1tdXQ", other="somebody")
    sharing.Sharing(view)(request)
    assert seen == [{"elder": "1", "township": TOWN}]
    assert request.COOKIES["other"] == "somebody"


def test_only_public_views_are_shared() -> None:
    with pytest.raises(ValueError, match="public"):
        access("resident", shared=shared())
    with pytest.raises(ValueError, match="personal"):
        access("public", reads="核验", shared=shared())


@pytest.mark.parametrize(
    ("headers", "switched"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "http://testserver"}, True),
        ({}, True),
    ],
)
def test_other_sites_do_not_switch_the_large_type(headers: dict[str, str], switched: bool) -> None:
    answer = Client(enforce_csrf_checks=True).post("/elder/", {"back": "/"}, headers=headers)
    assert answer.status_code == 302 and ("elder" in answer.cookies) == switched


# --- bounded ----------------------------------------------------------------------------------------------------
def answer_of(size: int) -> sharing.Kept:
    """An answer of so many bytes."""
    return sharing.Kept(b"x" * size, False, (), (), "", (1, date(2026, 1, 1)), float("inf"))


def test_what_is_kept_stays_within_its_bound_and_the_least_asked_for_goes_first() -> None:
    shelf, most = sharing.Shelf(), 200_000
    for number in range(1000):
        shelf.put((number,), answer_of(1000), most=most)
        shelf.find((0,), (1, date(2026, 1, 1)))
        assert shelf.size <= most
    assert len(shelf) == most // answer_of(1000).size
    assert shelf.find((0,), (1, date(2026, 1, 1))) and shelf.find((999,), (1, date(2026, 1, 1)))
    assert shelf.find((1,), (1, date(2026, 1, 1))) is None


def test_an_older_answer_is_dropped_when_it_is_asked_for() -> None:
    shelf = sharing.Shelf()
    shelf.put(("a",), answer_of(1000), most=10_000)
    assert shelf.find(("a",), (2, date(2026, 1, 1))) is None
    assert (len(shelf), shelf.size) == (0, 0)


def test_a_flood_of_addresses_fills_no_memory(settings: Any) -> None:
    """A process measures what it holds: many addresses of one guide within the bound that is set."""
    import tracemalloc

    settings.WEIMIN_SHARED_MB = 0.25
    reader = Client()
    reader.get(GUIDE)
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for number in range(150):
        reader.get("/lists/", {"x": number})
        reader.get(GUIDE, {"township": f"3403{number:08d}"})
        assert sharing.shelf.size <= 256 * 1024
    held = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert len(sharing.shelf) > 10
    sharing.shelf.clear()
    assert held < 2 * 1024 * 1024


def test_a_large_file_is_made_anew_and_may_lie_with_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "LARGEST", 10_000)
    answer = Client().get("/data/items.csv", headers={"Accept-Encoding": "gzip"})
    assert answer.status_code == 200 and not len(sharing.shelf)
    assert answer["Cache-Control"].startswith("public") and "s-maxage=1" in answer["Cache-Control"]
    assert answer["Content-Encoding"] == "gzip" and answer["ETag"]
    known = Client().get("/data/items.csv", headers={"If-None-Match": answer["ETag"]})
    assert known.status_code == 304 and known["Cache-Control"] == answer["Cache-Control"]


def test_what_is_kept_is_given_out_beyond_the_limit_and_what_is_made_is_not(settings: Any) -> None:
    settings.WEIMIN_RATES = dict(settings.WEIMIN_RATES) | {"search": "2/m"}
    asked = ["/lists/", "/lists/village_duty/", "/lists/village_duty/", "/lists/village_duty/", "/lists/service/"]
    assert [Client().get(path).status_code for path in asked] == [200] * 5
    assert Client().get("/lists/power/").status_code == 429
    assert Client().get("/lists/village_duty/").status_code == 200


# --- the same for all -------------------------------------------------------------------------------------------
def test_packed_and_plain_are_one_page() -> None:
    packed = Client().get(GUIDE, headers={"Accept-Encoding": "gzip, br"})
    plain = Client().get(GUIDE)
    assert packed["Content-Encoding"] == "gzip" and "Content-Encoding" not in plain.headers
    assert gzip.decompress(packed.content) == plain.content
    assert (packed["ETag"], packed["Vary"]) == (plain["ETag"], "Accept-Encoding, Cookie")
    assert int(packed["Content-Length"]) == len(packed.content)


def test_a_kept_page_carries_the_headers_of_a_fresh_one(settings: Any) -> None:
    fresh, kept = Client().get(HOME), Client().get(HOME)
    settings.WEIMIN_SHARED_MB = 0
    without = Client().get(HOME)
    traces = {one.headers.pop("X-Trace") for one in (fresh, kept, without)}
    assert len(traces) == 3, "the number of a request is never kept"
    assert dict(fresh.headers) == dict(kept.headers) == dict(without.headers)
    assert "frame-ancestors" in kept["Content-Security-Policy"] and kept["X-Content-Type-Options"] == "nosniff"


def test_a_rule_is_read_from_the_address() -> None:
    found = sharing._shared_match(GUIDE)
    assert found and found.func.access_rule.shared == Shared(frozenset({"township"}), frozenset({"township"}))
    assert sharing._shared_match("/my/") is None and sharing._shared_match("/none/such/") is None


def test_a_kept_page_is_counted_under_its_view() -> None:
    for _ in range(2):
        answer = Client().get(GUIDE)
        assert answer.wsgi_request.resolver_match.view_name == "portal:guide"
