"""The database role that web processes log in as, and whether the second wall stands: for doctor and the deploy check.

A web process takes the role `weimin_app` for each request. What it is outside of that matters too: logged in as a
superuser or as the owner of the tables, a fault in the wall's own mechanism would open everything.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any
from urllib.parse import unquote, urlparse

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import DatabaseError, connection

from weimin.base import embedded
from weimin.kernel.record import access

STRONG = "weimin.W001"
UNLOOKED = "weimin.W002"
_ADVICE = (
    f"请数据库管理员执行 ALTER ROLE {access.ROLE} LOGIN PASSWORD '…'，让网页进程用它登录（网页进程的 DATABASE_URL，"
    "或 weimin run 的 WEIMIN_WEB_DATABASE_URL）；后台进程和命令行仍用原来的用户。"
)


def web_user() -> str:
    """The database role that web processes log in as; '' for the one of this process."""
    if os.environ.get("DATABASE_URL") == embedded.url_of(embedded.data_folder()):
        return access.ROLE  # `weimin run` lets them in so
    return unquote(urlparse(settings.WEIMIN_WEB_DATABASE_URL).username or "")


def passes_wall(user: str) -> bool:
    """Whether a role is above row policies: a superuser, one with BYPASSRLS, or the owner of the tables."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolsuper OR rolbypassrls OR EXISTS (SELECT FROM pg_class WHERE relowner = pg_roles.oid"
            " AND oid = 'cases_case'::regclass) FROM pg_roles WHERE rolname = coalesce(nullif(%s, ''), current_user)",
            [user],
        )
        row = cursor.fetchone()
    return bool(row and row[0])


def bare_tables() -> list[str]:
    """The tables that their manifests call personal and that have no row policies, or a role that passes them."""
    wanted = []
    for model in apps.get_models():
        package = model.__module__.removesuffix(".models")
        if package.startswith("weimin.") and model.__name__ in getattr(
            import_module(f"{package}.manifest"), "PERSONAL", ()
        ):
            wanted.append(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t FROM unnest(%s::text[]) t WHERE NOT EXISTS (SELECT FROM pg_class JOIN pg_policy ON polrelid ="
            " pg_class.oid WHERE relrowsecurity AND relname = t AND to_regrole(%s) = ANY (polroles)) OR EXISTS"
            " (SELECT FROM pg_roles WHERE rolname = %s AND (rolsuper OR rolbypassrls)) ORDER BY t",
            [wanted, access.ROLE, access.ROLE],
        )
        return [row[0] for row in cursor.fetchall()]


@register(Tags.security, deploy=True)
def check_web_login(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Warn of a web login that is above the wall. To be run with the web processes' own environment."""
    try:
        strong = passes_wall(web_user())
    except DatabaseError as fault:
        first = str(fault).strip().splitlines()[0]
        return [Warning(f"没能查看数据库用户：{first}", hint="连上数据库后再检查一次。", id=UNLOOKED)]
    if not strong:
        return []
    return [
        Warning("网页进程用的数据库用户不受行级安全约束（超级用户、BYPASSRLS 或表的所有者）。", hint=_ADVICE, id=STRONG)
    ]
