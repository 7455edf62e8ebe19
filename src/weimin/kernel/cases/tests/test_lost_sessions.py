"""A form sent when the session was gone: on both sites, over HTTP, from the old page to the filled one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from weimin.base import clock
from weimin.config import lost_forms
from weimin.kernel.accounts.models import Account
from weimin.kernel.accounts.testing import ask_for_code, give_code, last_code, tables_holding
from weimin.kernel.cases.models import Case
from weimin.kernel.cases.testing import (
    ITEM,
    PICTURE,
    TOWN,
    Cast,
    client_of,
    earlier_today,
    hand_in,
    make_cast,
    open_step,
    take_to_decision,
    text_of,
)

pytestmark = pytest.mark.django_db
AT = earlier_today()
HERE = f"/apply/{ITEM}/{TOWN}/"
PASSWORD = "correct-horse-9"
SAID = "登录过期，您刚才填的内容还在，请核对后重新提交。"
HOST = "http://testserver"


@pytest.fixture
def cast(city: None, settings: Any, tmp_path: Any) -> Cast:
    settings.WEIMIN_FILES = str(tmp_path)
    return make_cast(AT)


def log_in_again(client: Client, login: str, phone: str = "13900000051") -> Any:
    """From the log-in page to where it leads; gives that page."""
    wanted = {"next": login.split("next=")[1].replace("%2F", "/")}
    ask_for_code(client, phone, **wanted)
    return client.get(give_code(client, last_code(), **wanted)["Location"])


def staff_log_in(client: Client, login: str, account_id: int | None) -> Any:
    account = Account.objects.get(pk=account_id)
    account.set_password(PASSWORD)
    account.save()
    wanted = login.split("next=")[1].replace("%2F", "/")
    typed = {"login": account.username, "password": PASSWORD, "next": wanted}
    return client.get(client.post("/desk/login/", typed)["Location"])


def begun(cast: Cast) -> None:
    client_of(cast.applicant).get(HERE)


def test_a_resident_finds_what_was_typed_after_the_log_in(cast: Cast) -> None:
    begun(cast)
    client = Client()
    answer = client.post(f"{HERE}1/", {"bank": "social", "account": "6222000000000000077"})
    login = answer["Location"]
    assert (answer.status_code, login) == (302, f"/login/?why=lost&next={HERE.replace('/', '%2F')}1%2F")
    assert "您刚才填的内容还在" in text_of(client.get(login))
    page = text_of(log_in_again(client, login))
    assert SAID in page and 'value="6222000000000000077"' in page and 'value="social" checked' in page
    assert SAID not in text_of(client.get(f"{HERE}1/")), "shown once"
    assert client.post(f"{HERE}1/", {"bank": "social", "account": "6222000000000000077"}).status_code == 302


def test_what_waits_is_sealed(cast: Cast) -> None:
    begun(cast)
    Client().post(f"{HERE}1/", {"bank": "social", "account": "6222000000000000077"})
    assert tables_holding("6222000000000000077") == [], "in no table, and in no session that is not opened by our key"


def test_a_clerk_finds_the_decision_as_it_was_written(cast: Cast) -> None:
    done = hand_in(cast, AT)
    take_to_decision(cast, AT, done.case_id)
    here = f"/desk/cases/{done.number}/"
    form = {
        "step": open_step(done.case_id, cast.decider),
        "revision": 2,
        "outcome": "deny",
        "reasons": "不符合“本地户籍”的条件。",
        "basis": "条例第十八条",
    }
    client = Client()
    login = client.post(f"{here}decide/", form, headers={"referer": f"{HOST}{here}"})["Location"]
    assert login == f"/desk/login/?why=lost&next={here.replace('/', '%2F')}"
    assert "登录过期了" in text_of(client.get(login))
    page = text_of(staff_log_in(client, login, cast.decider.account_id))
    assert SAID in page and 'name="outcome" value="deny" checked' in page
    assert '<a href="#refilled">' in page and 'id="refilled"' in page
    assert "不符合“本地户籍”的条件。</textarea>" in page and 'value="条例第十八条"' in page
    revision = Case.objects.get().revision
    assert f'name="revision" value="{revision}"' in page, "the fresh page's own"
    assert client.post(f"{here}decide/", {**form, "revision": revision}).status_code == 302


def test_passwords_are_not_kept(cast: Cast) -> None:
    client = Client()
    typed = {"old": "old-secret-of-mine", "new": "new-secret-of-mine", "again": "new-secret-of-mine"}
    login = client.post("/desk/account/password/", typed)["Location"]
    assert client.session[lost_forms.KEY]["typed"] == {}
    page = text_of(staff_log_in(client, login, cast.clerk.account_id))
    assert "登录过期，没有提交，请重新操作。" in page
    assert "secret-of-mine" not in page


def test_the_step_is_gone_meanwhile_and_the_words_are_not(cast: Cast) -> None:
    done = hand_in(cast, AT)
    here = f"/desk/cases/{done.number}/"
    form = {"step": open_step(done.case_id, cast.clerk), "reasons": "户籍不在本市范围", "basis": "条例第十八条"}
    client = Client()
    login = client.post(f"{here}refuse/", form, headers={"referer": f"{HOST}{here}"})["Location"]
    colleague = client_of(cast.clerk)
    assert colleague.post(f"{here}accept/", {"step": form["step"]}).status_code == 302
    page = text_of(staff_log_in(client, login, cast.clerk.account_id))
    assert "这一页现在没有刚才那张表了" in page and "户籍不在本市范围" in page


def test_without_the_pages_address_the_sending_address_leads_back(cast: Cast) -> None:
    done = hand_in(cast, AT)
    client = Client()
    login = client.post(f"/desk/cases/{done.number}/comment/", {"text": "请抓紧"})["Location"]
    assert login.endswith("comment%2F")
    answer = staff_log_in(client, login, cast.clerk.account_id)
    assert answer["Location"] == f"/desk/cases/{done.number}/"


def test_files_are_to_be_chosen_again(cast: Cast) -> None:
    begun(cast)
    client = Client()
    files = {"material_bank_card": [SimpleUploadedFile("卡.png", PICTURE)]}
    login = client.post(f"{HERE}materials/", files)["Location"]
    assert "文件要重新选：卡.png" in text_of(log_in_again(client, login))


def test_a_form_too_long_is_not_kept_and_that_is_said(cast: Cast) -> None:
    begun(cast)
    client = Client()
    login = client.post(f"{HERE}1/", {"account": "6" * 50_000})["Location"]
    assert "why=long" in login and "没能保留" in text_of(client.get(login))
    assert "没能保留" in text_of(log_in_again(client, login))


def test_it_waits_half_an_hour_and_for_its_own_page_only(cast: Cast) -> None:
    begun(cast)
    client = Client()
    login = client.post(f"{HERE}1/", {"account": "6222000000000000077"})["Location"]
    session = client.session
    session["lost_form"] = {**session["lost_form"], "at": (clock.now() - timedelta(minutes=31)).timestamp()}
    session.save()
    assert "6222000000000000077" not in text_of(log_in_again(client, login))
    client = Client()
    client.post(f"{HERE}1/", {"account": "6222000000000000077"})
    staff_log_in(client, "next=/desk/", cast.clerk.account_id)
    assert "6222000000000000077" not in text_of(client.get("/desk/"))


# --- the other way a session is lost: the page is older than it ----------------------------------------------
@pytest.mark.parametrize("logged_in", [True, False])
def test_a_page_older_than_the_session_keeps_what_was_typed(cast: Cast, logged_in: bool) -> None:
    begun(cast)
    client = Client(enforce_csrf_checks=True)
    if logged_in:
        account = Account.objects.get(pk=cast.applicant.account_id)
        client.force_login(account, backend="django.contrib.auth.backends.ModelBackend")
    typed = {"account": "6222000000000000077", "csrfmiddlewaretoken": "x" * 64}
    answer = client.post(f"{HERE}1/", typed, headers={"origin": HOST})
    if logged_in:
        assert answer["Location"] == f"{HERE}1/"
        page = text_of(client.get(answer["Location"]))
        assert SAID in page and 'value="6222000000000000077"' in page
    else:
        assert answer["Location"].startswith("/login/?why=lost")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"referer": "https://evil.example/"},
        {"sec-fetch-site": "cross-site", "origin": HOST},
    ],
)
def test_a_form_from_elsewhere_is_refused_and_not_kept(cast: Cast, headers: dict[str, str]) -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post(f"{HERE}1/", {"account": "6222000000000000077"}, headers=headers)
    assert answer.status_code == 403
    assert "sessionid" not in answer.cookies


def test_an_address_for_sending_only_says_so(cast: Cast) -> None:
    answer = client_of(cast.clerk).get("/desk/post/")
    assert (answer.status_code, "只用来提交表单" in text_of(answer)) == (405, True)
