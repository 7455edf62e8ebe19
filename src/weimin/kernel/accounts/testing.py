"""Help for anyone's tests: log in over HTTP as a resident or as staff."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection, connections

from weimin.base import clock
from weimin.kernel.accounts.actions import create_staff_account
from weimin.kernel.accounts.models import Account, DemoSms
from weimin.kernel.accounts.rules.onetime import PERIOD, code_at
from weimin.kernel.record.types import Actor

AT = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
#: Why an administrator touches somebody else's log-in.
WHY = "本人当面申请，已核对证件"
OPERATOR = Actor.system("装入程序", via="cli")
PASSWORD = "correct-horse-9"
PHONE_PATH = "/login/"
CODE_PATH = "/login/code/"


def last_code() -> str:
    """The code in the newest text of the demonstration's gateway."""
    newest = DemoSms.objects.order_by("-pk").values_list("text", flat=True).first() or ""
    found = re.search(r"\d{6}", newest)
    return found.group() if found else ""


def ask_for_code(client: Any, phone: str, **more: str) -> Any:
    """Send the phone page; gives its answer."""
    return client.post(PHONE_PATH, {"phone": phone, **more})


def give_code(client: Any, code: str, **more: str) -> Any:
    """Send the code page; gives its answer."""
    return client.post(CODE_PATH, {"action": "verify", "code": code, **more})


def log_in_by_phone(client: Any, phone: str) -> int:
    """Log a resident in by phone code; gives the account's id."""
    ask_for_code(client, phone)
    give_code(client, last_code())
    return int(client.session["_auth_user_id"])


def make_staff(username: str = "zhangwei", name: str = "张伟", password: str = PASSWORD) -> int:
    """A staff account; gives its id."""
    return create_staff_account(by=OPERATOR, at=AT, username=username, name=name, password=password)


def at_one_moment(times: int, work: Callable[[], Any]) -> list[Any]:
    """What comes of doing something in many threads at one moment, each with a connection that commits by itself.

    What it writes stays: whoever uses this deletes it again, also by this.
    """
    start, results = threading.Barrier(times), []

    def run() -> None:
        start.wait()
        try:
            results.append(work())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(times)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return results


def set_up_app(account_id: int) -> str:
    """Give a staff account an authenticator app; gives its secret."""
    secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    TOTP.activate(Account.objects.get(pk=account_id), secret)
    return secret


def digits(secret: str, *, steps: int = 0) -> str:
    """What an authenticator app shows now, or some steps of half a minute away."""
    return code_at(secret, int(clock.now().timestamp()) // PERIOD + steps)


def age_code(client: Any, *, seconds: float) -> None:
    """Make the pending code older, as if so much time had passed."""
    session = client.session
    state = session["account_login"]["state"]["stages"]["login_by_code"]["data"]
    for name in ("at", "sent_at"):
        if name in state:
            state[name] -= seconds
    session.save()


def tables_holding(text: str) -> list[str]:
    """The tables in which a text stands in clear, sessions opened as Django would; [] is what one wants."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT 1 FROM "{table}" t WHERE t::text LIKE %s LIMIT 1', [f"%{text}%"])  # noqa: S608
            found += [table] if cursor.fetchone() else []
        cursor.execute("SELECT session_data FROM accounts_session")
        found += ["accounts_session" for (data,) in cursor.fetchall() if text in str(SessionStore().decode(data))]
    return found
