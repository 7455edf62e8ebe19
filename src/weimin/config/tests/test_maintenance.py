"""During maintenance people read, nothing is written, and what was typed is there afterwards."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from weimin.base import clock
from weimin.config import cli, jobs
from weimin.config.cli.upkeep import read_moment
from weimin.kernel.accounts.actions import create_client
from weimin.kernel.cases.models import Case, Draft
from weimin.kernel.cases.testing import ITEM, SYSTEM, TOWN, Cast, client_of, make_cast, text_of
from weimin.kernel.record import actions, queries
from weimin.kernel.record.models import AuditEntry, OutboxMessage, WorkerBeat
from weimin.kernel.record.types import Actor

pytestmark = pytest.mark.django_db
OPERATOR = Actor.system("运维（测试）", via="cli")
HERE = f"/apply/{ITEM}/{TOWN}/"
TYPED = {"bank": "social", "account": "6222000000000000077"}


@pytest.fixture
def cast(city: None, settings: Any, tmp_path: Any) -> Cast:
    settings.WEIMIN_FILES = str(tmp_path)
    return make_cast(clock.now())


def arrange(*, begins: timedelta = timedelta(0), lasts: timedelta = timedelta(hours=1)) -> None:
    at = clock.now()
    actions.arrange_maintenance(
        by=OPERATOR, at=at, begins_at=at + begins, until=at + begins + lasts, reason="更换数据库服务器"
    )


def end() -> None:
    assert actions.end_maintenance(by=OPERATOR, at=clock.now())


def test_a_form_is_refused_kept_and_filled_in_afterwards(cast: Cast) -> None:
    client = client_of(cast.applicant)
    client.get(HERE)
    before = Draft.objects.values().get()
    arrange()
    answer = client.post(f"{HERE}1/", TYPED)
    assert answer.status_code == 503
    assert 3000 < int(answer["Retry-After"]) <= 3600
    said = text_of(answer)
    assert "系统维护：更换数据库服务器" in said and "您填的内容已经保留" in said and f'href="{HERE}1/"' in said
    assert Draft.objects.values().get() == before
    end()
    page = text_of(client.get(f"{HERE}1/"))
    assert "刚才系统维护，没有提交，您刚才填的内容还在" in page
    assert f'value="{TYPED["account"]}"' in page
    assert client.post(f"{HERE}1/", TYPED).status_code == 302


def test_reading_goes_on_for_everybody(cast: Cast) -> None:
    client_of(cast.applicant).get(HERE)
    arrange()
    for client, paths in (
        (Client(), ("/", f"/items/{ITEM}/", "/login/", "/calendar/")),
        (client_of(cast.applicant), ("/my/", f"{HERE}1/")),
        (client_of(cast.clerk), ("/desk/", "/desk/figures/")),
    ):
        assert {path: client.get(path).status_code for path in paths} == dict.fromkeys(paths, 200)


@pytest.mark.parametrize("path", ["/login/", "/desk/login/", "/demo/", "/elder/", "/desk/new/person/"])
def test_no_form_of_nobody_is_taken(city: None, path: str) -> None:
    arrange()
    answer = Client().post(path, {"phone": "13900000051", "login": "x", "password": "y"})
    assert answer.status_code in (503, 404)
    assert "已经保留" not in text_of(answer), "nothing is kept of somebody who is not logged in"


def test_the_interface_answers_in_its_own_shape(cast: Cast) -> None:
    assert cast.clerk.post_id
    token = create_client(by=SYSTEM, at=clock.now(), name="演示", post_id=cast.clerk.post_id)
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "upkeep-1"}
    arrange()
    answer = Client().post("/api/v1/matters", "{}", content_type="application/json", headers=headers)
    assert (answer.status_code, answer.json()["code"], answer.json()["fields"]) == (503, "system.maintenance", {})
    assert int(answer["Retry-After"]) > 0
    assert Client().get(f"/api/v1/items/{ITEM}", headers=headers).status_code == 200
    assert Case.objects.count() == 0


def test_it_is_announced_on_top_of_pages_a_day_before(cast: Cast) -> None:
    arrange(begins=timedelta(hours=5))
    for client, path in ((client_of(cast.clerk), "/desk/"), (client_of(cast.applicant), "/my/")):
        assert "到时只能查看，不能提交" in text_of(client.get(path))
    assert "系统维护" not in text_of(Client().get("/")), "what a cache keeps tells nothing that passes"
    assert client_of(cast.applicant).post("/elder/", {}).status_code != 503, "it has not begun"
    end()
    arrange(begins=timedelta(hours=30))
    assert "系统维护" not in text_of(client_of(cast.clerk).get("/desk/"))


def test_it_lasts_until_it_is_ended_whatever_was_announced(cast: Cast) -> None:
    arrange(lasts=timedelta(hours=1))
    assert queries.is_under_maintenance(at=clock.now() + timedelta(days=1))
    end()
    assert not queries.is_under_maintenance(at=clock.now())


def test_who_arranged_and_ended_it_is_in_the_trail() -> None:
    arrange()
    end()
    verbs = AuditEntry.objects.filter(subject_type="maintenance").order_by("pk").values_list("verb", "actor_name")
    assert list(verbs) == [("record.maintenance.arranged", OPERATOR.name), ("record.maintenance.ended", OPERATOR.name)]
    assert not actions.end_maintenance(by=OPERATOR, at=clock.now())


@pytest.mark.parametrize(
    ("begins", "lasts", "reason"),
    [
        (timedelta(0), timedelta(0), "升级"),
        (timedelta(0), timedelta(days=8), "升级"),
        (timedelta(hours=-3), timedelta(hours=1), "升级"),
        (timedelta(0), timedelta(hours=1), " "),
    ],
)
def test_times_and_reasons_must_make_sense(begins: timedelta, lasts: timedelta, reason: str) -> None:
    at = clock.now()
    with pytest.raises(actions.MaintenanceInvalid):
        actions.arrange_maintenance(by=OPERATOR, at=at, begins_at=at + begins, until=at + begins + lasts, reason=reason)


@pytest.mark.parametrize("paused", [True, False])
def test_the_worker_delivers_nothing_meanwhile_and_lives(paused: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "close_old_connections", lambda: None)
    at = clock.now()
    actions.queue_event(at=at, topic="test.pause", payload={})
    if paused:
        arrange()
    stop = threading.Event()
    monkeypatch.setattr(stop, "wait", lambda seconds: stop.set())
    jobs._pump(stop, "one")
    assert (OutboxMessage.objects.get(topic="test.pause").delivered_at is None) is paused
    beat = WorkerBeat.objects.get(name="one")
    assert ("维护" in beat.note) is paused
    assert beat.version
    assert beat.facts == {"moments_stuck": 0, "standbys": 0}


def test_a_clock_that_is_set_back_stops_neither_the_chain_nor_the_sign_of_life(monkeypatch: pytest.MonkeyPatch) -> None:
    today, stop, chained = clock.now(), threading.Event(), list[datetime]()
    told, steady = [today + timedelta(days=1)], count(step=30)

    def rest(seconds: float) -> None:
        if told == [today]:
            stop.set()
        told[:] = [today]

    monkeypatch.setattr(jobs, "close_old_connections", lambda: None)
    monkeypatch.setattr(jobs.clock, "now", lambda: told[0])
    monkeypatch.setattr(jobs, "time", SimpleNamespace(monotonic=lambda: next(steady)))
    monkeypatch.setattr(jobs, "chain", chained.append)
    monkeypatch.setattr(stop, "wait", rest)
    jobs._pump(stop, "one")
    assert WorkerBeat.objects.get(name="one").at == today
    assert chained == [today + timedelta(days=1), today]


@pytest.mark.parametrize("bad", ["_round", "attend", "chain", "guard.guard_disk"])
def test_a_duty_that_fails_holds_up_none_of_the_others(bad: str, monkeypatch: pytest.MonkeyPatch) -> None:
    done, stop = list[str](), threading.Event()

    def do(name: str) -> Any:
        def duty(at: datetime) -> int:
            done.append(name)
            if name == bad:
                raise RuntimeError(name)
            return 0

        return duty

    for name in ("_round", "attend", "chain", "guard.guard_disk"):
        monkeypatch.setattr(f"weimin.config.jobs.{name}", do(name))
    monkeypatch.setattr(jobs, "close_old_connections", lambda: None)
    monkeypatch.setattr(stop, "wait", lambda seconds: stop.set())
    jobs._pump(stop, "one")
    assert done == ["guard.guard_disk", "_round", "chain", "attend"]
    assert ("没有做成" in WorkerBeat.objects.get(name="one").note) is (bad == "attend")


EACH = {
    "sweep": (
        lambda at: jobs.sweep.func(0),
        ["record.forget_old", "accounts.forget_expired", "catalogue.forget_misses"],
    ),
    "attend": (jobs.attend, ["catalogue.bring_into_force", "deadlines.attend_clocks", "taskadmission.record_silences"]),
    "_round": (jobs._round, ["record.deliver_outbox", "deadlines.work_on_notices", "supervision.fold_figures"]),
}


@pytest.mark.parametrize(("run", "names"), EACH.values(), ids=EACH.keys())
def test_what_fails_is_told_after_the_rest_was_done(
    run: Callable[[datetime], Any], names: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    done = list[str]()

    def do(name: str, **_: Any) -> int:
        done.append(name)
        if name == names[0]:
            raise RuntimeError(name)
        return 0

    for name in names:
        monkeypatch.setattr(f"weimin.config.jobs.{name}", partial(do, name))
    monkeypatch.setattr(jobs, "close_old_connections", lambda: None)
    with pytest.raises(ExceptionGroup) as told:
        run(clock.now())
    assert done == names
    assert [str(one) for one in told.value.exceptions] == names[:1]


def test_the_disk_is_guarded_while_the_database_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    rests, guarded, stop = list[float](), list[datetime](), threading.Event()

    def away(at: datetime) -> bool:
        raise OperationalError("gone")

    def rest(seconds: float) -> None:
        rests.append(seconds)
        stop.set()

    monkeypatch.setattr(jobs, "_is_paused", away)
    monkeypatch.setattr(jobs, "_round", lambda at: pytest.fail("nothing is known of maintenance"))
    monkeypatch.setattr(jobs.guard, "guard_disk", guarded.append)
    monkeypatch.setattr(jobs, "close_old_connections", lambda: None)
    monkeypatch.setattr(stop, "wait", rest)
    jobs._pump(stop, "one")
    assert len(guarded) == 1
    assert rests == [jobs.AFTER_FAULT]


AT = clock.SHANGHAI


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("06:00", "2026-11-26 06:00"),
        ("23:30", "2026-11-25 23:30"),
        ("+2h", "2026-11-26 00:15"),
        ("+30m", "2026-11-25 22:45"),
        ("2026-11-27 01:00", "2026-11-27 01:00"),
    ],
)
def test_moments_are_read_as_operators_type_them(text: str, wanted: str) -> None:
    from datetime import datetime

    at = datetime(2026, 11, 25, 22, 15, tzinfo=clock.SHANGHAI)
    assert f"{read_moment(text, at).astimezone(clock.SHANGHAI):%Y-%m-%d %H:%M}" == wanted


def test_the_command_arranges_tells_and_ends(
    city: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def weimin(*words: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["weimin", "maintenance", *words])
        code = 0
        try:
            cli.main()
        except SystemExit as end:
            code = int(end.code or 0)
        out, err = capsys.readouterr()
        return code, out or err

    assert weimin("status", "--json") == (1, '{"on": false, "arranged": false}\n')
    code, out = weimin("on", "--until", "+2h", "--reason", "升级", "--json")
    assert (code, json.loads(out)["on"]) == (0, True)
    code, out = weimin("on", "--from", "+1h", "--until", "+2h", "--reason", "升级")
    assert (code, out[:3]) == (0, "已预告")
    assert weimin("on", "--until", "soon", "--reason", "升级")[0] == 1
    assert weimin("off")[0] == 0
    assert weimin("off")[0] == 1
