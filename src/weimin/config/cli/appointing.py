"""Commands for administrators when nobody can log in: who they are, the first ones, a lost device."""

from __future__ import annotations

import click

from weimin.config.cli.answering import operator_of, say, setup
from weimin.config.cli.checking import JSON

ROLE_CHOICE = click.Choice(["system_admin", "security_admin", "audit_admin"])


@click.group()
def admins() -> None:
    """List the three administrators, make the first ones, reset the only security administrator's device."""


@admins.command("list")
@JSON
def list_admins(json_wanted: bool) -> None:
    """List who holds which administrator's role today."""
    setup()
    from weimin.base import clock
    from weimin.kernel.accounts import queries as accounts
    from weimin.kernel.directory import queries

    found = queries.list_administrators(on=clock.local_date(clock.now()))
    names = accounts.list_usernames(ids={one.account_id for one in found if one.account_id})
    rows = [
        {
            "role": one.role,
            "name": one.name,
            "username": names.get(one.account_id or 0, ""),
            "agency": one.agency_name,
            "since": one.valid_from,
            "until": one.valid_until,
            "second_factor": accounts.has_second_factor(account_id=one.account_id or 0),
        }
        for one in found
    ]
    lines = [
        f"{one.role_text}  {one.name}（{row['username'] or '没有账号'}）  {one.agency_name}  {one.valid_from} 起"
        + (f"，到 {one.valid_until} 前" if one.valid_until else "")
        + ("" if row["second_factor"] else "，没有第二因素")
        for one, row in zip(found, rows, strict=True)
    ]
    say(
        {"administrators": rows},
        "\n".join(lines) or "还没有管理员。请运行 weimin admins first。",
        json_wanted=json_wanted,
    )


@admins.command()
@click.argument("username")
@click.option("--role", required=True, type=ROLE_CHOICE, help="Which of the three roles.")
@click.option("--name", default="", help="The person's name; needed when the user name is new.")
@click.option("--agency", required=True, metavar="CODE", help="The code of the body in which they serve.")
@JSON
def first(username: str, role: str, name: str, agency: str, json_wanted: bool) -> None:
    """Make the first holder of a role, with a temporary password shown only now; refused once somebody holds it."""
    setup()
    from django.db import transaction

    from weimin.base import clock
    from weimin.base.errors import Invalid
    from weimin.kernel.accounts import actions as accounts
    from weimin.kernel.directory import actions, queries
    from weimin.kernel.directory.types import ROLES

    at, by = clock.now(), operator_of()
    agency_id = queries.find_agency_id(agency)
    if agency_id is None:
        raise Invalid(f"没有代码为 {agency} 的机构。")
    password = ""
    with transaction.atomic():
        officer = queries.find_officer_by_username(username)
        officer_id, account_id = (officer.pk, officer.account_id) if officer else (0, None)
        if officer is None:
            if not name.strip():
                raise Invalid("这是新账号，请用 --name 写明姓名。")
            officer_id, account_id = actions.register_staff(by=by, at=at, username=username, name=name)
        actions.make_first_administrator(by=by, at=at, officer_id=officer_id, agency_id=agency_id, role=role)
        if officer is None and account_id:
            password = accounts.give_temporary_password(by=by, at=at, account_id=account_id, reason="首任管理员")
    text = f"{username} 已任{ROLES[role]}。" + (f"临时口令（只显示这一次，登录后要换）：{password}" if password else "")
    say({"username": username, "role": role, "password": password}, text, json_wanted=json_wanted)


@admins.command("reset-factor")
@click.argument("username")
@click.option("--reason", required=True, help="Why; it is written into the trail.")
@click.option("--even-so", is_flag=True, help="Although another security administrator could do it.")
@JSON
def reset_factor(username: str, reason: str, even_so: bool, json_wanted: bool) -> None:
    """Reset the second factor of an administrator who lost their device, when nobody else can."""
    setup()
    from weimin.base import clock
    from weimin.base.errors import Conflict, Invalid, NotFound
    from weimin.kernel.accounts import actions as accounts
    from weimin.kernel.accounts import queries as logins
    from weimin.kernel.directory import queries

    at = clock.now()
    if len(reason.strip()) < 5:
        raise Invalid("请用 --reason 写明为什么，至少 5 个字。")
    account_id = logins.find_staff_id(username)
    if account_id is None:
        raise NotFound(f"没有叫 {username} 的工作人员账号。")
    other = queries.may_reset_instead(account_id=account_id, on=clock.local_date(at))
    if other and not even_so:
        raise Conflict(f"还有安全管理员 {other} 可以办，请由其在网页上重置；确实找不到人时加 --even-so。")
    gone = accounts.reset_second_factor(by=operator_of(), at=at, account_id=account_id, reason=reason.strip()[:200])
    text = f"{username} 的第二因素已重置（{gone} 个），已登录的也退出了。下次登录时重新设置。"
    say({"username": username, "factors": gone}, text, json_wanted=json_wanted)
