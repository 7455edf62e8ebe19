"""The database role that web processes log in as, through what they reach it, and whether the second wall stands.

A web process takes the role `weimin_app` for each request. What it is outside of that matters too: logged in as a
superuser or as the owner of the tables, a fault in the wall's own mechanism would open everything.
"""

from __future__ import annotations

import os
from importlib import import_module

from django.apps import apps
from django.conf import settings
from django.db import connection

from weimin.base import embedded
from weimin.config import addresses
from weimin.kernel.record import access

#: What the deploy check advises.
ADVICE = (
    f"请数据库管理员执行 ALTER ROLE {access.ROLE} LOGIN PASSWORD '…'，让网页进程用它登录（网页进程的 DATABASE_URL，"
    "或 weimin run 的 WEIMIN_WEB_DATABASE_URL）；后台进程和命令行仍用原来的用户。"
)


def web_user() -> str:
    """The database role that web processes log in as; '' for the one of this process."""
    if os.environ.get("DATABASE_URL") == embedded.url_of(embedded.data_folder()):
        return access.ROLE  # `weimin run` lets them in so
    return addresses.parts_of(settings.WEIMIN_WEB_DATABASE_URL).get("user", "")


def is_pooled() -> bool:
    """Whether this process reaches PostgreSQL through a pooler: the session that answers is not the one it was told of.

    Behind a pooler LISTEN hears nothing and what a session holds may be another's in the next transaction.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        row = cursor.fetchone()
    return row is not None and connection.connection is not None and row[0] != connection.connection.info.backend_pid


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
