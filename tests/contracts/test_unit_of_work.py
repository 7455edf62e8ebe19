"""One request is one unit of work behind the wall: what it writes stays whole or not at all, what it forgets is not shown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from django.test import Client
from django.urls import path

from weimin.base import clock
from weimin.base.errors import Conflict, WeiminError
from weimin.base.guard import access
from weimin.config.urls import handler400, handler403, handler404, handler500  # noqa: F401
from weimin.config.urls import urlpatterns as real
from weimin.kernel.accounts.models import Account
from weimin.kernel.cases.models import Case
from weimin.kernel.cases.testing import OTHER_TOWN, Cast, hand_in, make_cast
from weimin.kernel.record.actions import beat
from weimin.kernel.record.models import WorkerBeat
from weimin.kernel.residents.models import Resident
from weimin.kernel.residents.testing import make_id_number, village


@access("public")
def everything(request: Any) -> HttpResponse:
    """A view that forgot every filter."""
    return JsonResponse(
        {
            "cases": sorted(Case.objects.values_list("number", flat=True)),
            "people": sorted(Resident.objects.values_list("pk", flat=True)),
        }
    )


@access("staff")
def by_number(request: Any, number: str) -> HttpResponse:
    """A view that takes an object by what the address says."""
    return HttpResponse(Case.objects.get(number=number).applicant.name)


@access("public")
def later(request: Any) -> HttpResponse:
    """A page whose template asks, after the view has ended."""
    return render(request, "cases/my_matters.html", {"cases": Case.objects.all(), "drafts": [], "section": "mine"})


def _note(text: str) -> None:
    beat(name="unit", at=clock.now(), note=text)


FAULTS: dict[str, Any] = {
    "ours": lambda: Conflict("刚刚有人办过。"),
    "missing": lambda: Http404(),
    "denied": lambda: PermissionDenied(),
    "bug": lambda: ZeroDivisionError(),
}


@access("public")
def fails(request: Any, how: str) -> HttpResponse:
    """Half a write, then an error of a kind."""
    _note("half")
    if how == "unstorable":
        WorkerBeat.objects.filter(name="unit").update(note="\0")
    elif how == "database":
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")
    raise FAULTS[how]()


@access("public")
def shows_again(request: Any) -> HttpResponse:
    """A form: the action failed and undid itself, what the view noted before stays."""
    _note("kept")
    try:
        with transaction.atomic():
            _note("half")
            raise Conflict("刚刚有人办过。")
    except WeiminError:
        return HttpResponse(status=422)


urlpatterns = [
    *real,
    path("t/everything/", everything),
    path("t/number/<number>/", by_number),
    path("t/later/", later),
    path("t/fails/<how>/", fails),
    path("t/again/", shows_again),
]


@pytest.fixture(autouse=True)
def forgetful(settings: Any, db: Any) -> None:
    """The platform's addresses and those of this module."""
    settings.ROOT_URLCONF = __name__


@pytest.fixture
def cast(city: None, settings: Any, tmp_path: Any) -> Iterator[Cast]:
    settings.WEIMIN_FILES = str(tmp_path)
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    yield make_cast(clock.now())


def as_(account_id: int | None) -> Client:
    """A browser of somebody who logged in."""
    browser = Client(raise_request_exception=False)
    browser.force_login(Account.objects.get(pk=account_id), backend="django.contrib.auth.backends.ModelBackend")
    return browser


def test_a_view_that_forgot_its_filter_shows_only_ones_own(cast: Cast) -> None:
    at = clock.now()
    mine = hand_in(cast, at).number
    theirs = hand_in(cast, at, applicant_id=cast.neighbour.resident_id, township_code=OTHER_TOWN).number
    me, neighbour = cast.applicant.resident_id, cast.neighbour.resident_id
    shown = {
        "nobody": Client().get("/t/everything/").json(),
        **{name: as_(getattr(cast, name).account_id).get("/t/everything/").json() for name in vars(cast)},
    }
    assert shown == {
        "nobody": {"cases": [], "people": []},
        "applicant": {"cases": [mine], "people": [me]},
        "neighbour": {"cases": [theirs], "people": [neighbour]},
        **{one: {"cases": [mine], "people": [me]} for one in ("clerk", "reviewer", "issuer", "leader")},
        "stranger": {"cases": [theirs], "people": [neighbour]},
        **{
            one: {"cases": sorted([mine, theirs]), "people": sorted([me, neighbour])}
            for one in ("county", "decider", "supervisor")
        },
    }


def test_the_number_of_another_township_in_an_address_opens_nothing(cast: Cast) -> None:
    number = hand_in(cast, clock.now()).number
    assert as_(cast.clerk.account_id).get(f"/t/number/{number}/").content.decode() == "张演示"
    assert as_(cast.stranger.account_id).get(f"/t/number/{number}/").status_code == 500


def test_what_a_template_asks_is_behind_the_wall_too(cast: Cast) -> None:
    number = hand_in(cast, clock.now()).number
    assert number not in Client().get("/t/later/").content.decode()
    assert number in as_(cast.applicant.account_id).get("/t/later/").content.decode()


@pytest.mark.parametrize(
    ("how", "status"),
    [("ours", 409), ("missing", 404), ("denied", 403), ("bug", 500), ("unstorable", 400), ("database", 400)],
)
@pytest.mark.parametrize("who", ["nobody", "clerk"])
def test_an_errors_page_keeps_nothing_of_what_was_written(cast: Cast, who: str, how: str, status: int) -> None:
    browser = Client(raise_request_exception=False) if who == "nobody" else as_(cast.clerk.account_id)
    answer = browser.get(f"/t/fails/{how}/")
    assert answer.status_code == status
    assert "</html>" in answer.content.decode()
    assert not WorkerBeat.objects.filter(name="unit").exists()
    assert browser.get("/t/everything/").status_code == 200


def test_a_form_shown_again_keeps_what_came_before_its_action() -> None:
    assert Client().get("/t/again/").status_code == 422
    assert WorkerBeat.objects.get(name="unit").note == "kept"


def test_an_error_of_the_api_keeps_nothing_of_what_was_written(cast: Cast) -> None:
    """The person is registered before the application is found to be for an item that is not there."""
    from weimin.config.demonstration import LOADER
    from weimin.kernel.accounts.actions import create_client

    at = clock.now()
    token = create_client(by=LOADER, at=at, name="t", post_id=cast.clerk.post_id or 0)
    known = Resident.objects.count()
    answer = Client().post(
        "/api/v1/matters",
        {
            "item_code": "no-such-item",
            "township_code": cast.clerk.division_code,
            "person": {
                "name": "王秀英",
                "id_number": make_id_number(),
                "phone": "13900000061",
                "division_code": village(),
            },
        },
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}", "Idempotency-Key": "unit-of-work"},
    )
    assert (answer.status_code, answer.json()["code"]) == (404, "catalogue.item_unknown")
    assert Resident.objects.count() == known


def test_logging_in_works_before_anybody_is_known(cast: Cast) -> None:
    from weimin.kernel.accounts.testing import log_in_by_phone

    assert log_in_by_phone(Client(), "13900000051") == cast.applicant.account_id


def test_the_platform_is_as_it_was_after_a_request(cast: Cast) -> None:
    hand_in(cast, clock.now())
    Client().get("/t/everything/")
    Client(raise_request_exception=False).get("/t/fails/database/")
    assert Case.objects.count() == 1
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 1 / 0")
