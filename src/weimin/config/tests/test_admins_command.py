"""`weimin admins`: for whoever has the server's shell and nobody who can log in."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from weimin.base import clock
from weimin.config.cli import main
from weimin.kernel.accounts import queries as accounts
from weimin.kernel.accounts.models import Account
from weimin.kernel.accounts.testing import set_up_app
from weimin.kernel.directory import queries
from weimin.kernel.record.models import AuditEntry
from weimin.kernel.supervision.testing import serve

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]
CITY = "340300000000-d18"
FIRST = ("first", "an.quan", "--role", "security_admin", "--agency", CITY)
WHY = "本人电话核实，手机丢失"


@pytest.fixture
def weimin(monkeypatch: Any, capsys: Any) -> Any:
    """Run a command; gives its exit code and what it printed."""

    def run(*words: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["weimin", "admins", *words])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        told = capsys.readouterr()
        return code, (told.out + told.err).strip()

    return run


def test_the_first_of_a_role_gets_a_temporary_password_once_and_there_is_no_second_first(weimin: Any) -> None:
    code, told = weimin(*FIRST, "--name", "演示安全", "--json")
    assert code == 0
    assert Account.objects.get(username="an.quan").check_password(json.loads(told)["password"])
    code, told = weimin(*FIRST[:1], "an.quan2", *FIRST[2:], "--name", "演示另一")
    assert code == 1
    assert "演示安全" in told
    assert "\n" not in told
    assert not Account.objects.filter(username="an.quan2").exists()
    code, told = weimin("list", "--json")
    (row,) = json.loads(told)["administrators"]
    assert (row["role"], row["username"], row["second_factor"]) == ("security_admin", "an.quan", False)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (FIRST, 1, "--name"),
        ((*FIRST[:-1], "340300000000-none", "--name", "演示"), 1, "机构"),
        ((*FIRST[:2], "--role", "leader", "--agency", CITY), 2, "leader"),
        (("reset-factor", "nobody.here", "--reason", WHY), 1, "nobody.here"),
        (("reset-factor", "nobody.here", "--reason", "嗯"), 1, "--reason"),
        (("reset-factor", "nobody.here"), 2, "--reason"),
    ],
)
def test_what_is_wrong_is_one_line_and_a_code(weimin: Any, words: tuple[str, ...], code: int, said: str) -> None:
    found, told = weimin(*words)
    assert found == code
    assert said in told
    assert "\n" not in told


def test_who_handles_matters_does_not_become_a_first_administrator(weimin: Any) -> None:
    clerk = serve(clock.now(), CITY, "front_desk")
    name = Account.objects.get(pk=clerk.account).username or ""
    code, told = weimin("first", name, *FIRST[2:])
    assert code == 1
    assert "不能兼任办件岗位" in told
    assert not queries.list_administrators(on=clock.local_date(clock.now()))


def test_the_only_security_administrator_gets_their_device_reset_by_the_operator(weimin: Any) -> None:
    only = serve(clock.now(), CITY, "security_admin")
    name = Account.objects.get(pk=only.account).username or ""
    set_up_app(only.account)
    assert weimin("reset-factor", name, "--reason", WHY)[0] == 0
    assert not accounts.has_second_factor(account_id=only.account)
    entry = AuditEntry.objects.get(verb="accounts.factor.reset")
    assert (entry.via, entry.changes["reason"]) == ("cli", WHY)
    assert entry.actor_name.startswith("运维（")


def test_while_another_could_do_it_the_operator_does_not_unless_even_so(weimin: Any) -> None:
    one, other = (serve(clock.now(), CITY, "security_admin") for _ in range(2))
    name = Account.objects.get(pk=one.account).username or ""
    set_up_app(one.account)
    code, told = weimin("reset-factor", name, "--reason", WHY)
    assert code == 1
    assert other.name in told
    assert accounts.has_second_factor(account_id=one.account)
    assert weimin("reset-factor", name, "--reason", WHY, "--even-so")[0] == 0
    Account.objects.filter(pk=other.account).update(is_active=False)
    assert weimin("reset-factor", name, "--reason", WHY)[0] == 0
