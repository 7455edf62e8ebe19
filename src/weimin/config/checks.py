"""System checks that refuse a bad deployment: `manage.py check --deploy`.

Each has a stable id, says what is wrong and what to set. E: it must not go into service so. W: look at it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import checks
from django.db import DatabaseError, connection, transaction

from weimin.base import contents, keys
from weimin.base.errors import Invalid, NotReady
from weimin.config import weblogin

_SECRETS = ("WEIMIN_MASTER_KEY", "WEIMIN_SECRET_KEY", "WEIMIN_INDEX_KEY")
_LOCAL = {"127.0.0.1", "localhost", "[::1]", "testserver"}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that a deployment must have; `look` gives what is wrong, or '' when nothing is."""

    code: str
    what: str
    look: Callable[[], str]
    hint: str


def _debug() -> str:
    return "调试模式开着，出错时会把内部内容显示给任何人。" if settings.DEBUG else ""


def _demo() -> str:
    return "演示模式开着：验证码显示在网页上，演示账号可以登录。" if settings.WEIMIN_DEMO else ""


def _master_key() -> str:
    held = keys.ring()
    try:
        held.current_id()
        keys.index_key()
    except NotReady as fault:
        return fault.message
    trial = [one for one in held.files() if one.path.parent == settings.DATA and one.path.suffix == ".secret"]
    return "用的是试用时自动生成的主密钥，它和数据放在一起。" if trial else ""


def _secret_key() -> str:
    given = os.environ.get("WEIMIN_SECRET_KEY") or os.environ.get("WEIMIN_SECRET_KEY_FILE")
    return "" if given else "用的是试用时自动生成的会话密钥。"


def _secret_files() -> str:
    paths = [Path(os.environ[f"{name}_FILE"]) for name in _SECRETS if os.environ.get(f"{name}_FILE")]
    open_ones = [
        one.name for one in paths if one.exists() and stat.S_IMODE(one.stat().st_mode) & (stat.S_IROTH | stat.S_IWOTH)
    ]
    return f"密钥文件 {'、'.join(open_ones)} 谁都能读或写。" if open_ones else ""


def _index_key() -> str:
    try:
        index = keys.index_key()
        same = [one for text in keys.ring().texts() for one, key in text.read().keys.items() if key == index]
    except NotReady:
        return ""
    return f"索引密钥和主密钥 {same[0]} 是同一个：停用这个主密钥后，它仍要为查找而保管。" if same else ""


def _hosts() -> str:
    hosts = set(settings.ALLOWED_HOSTS)
    if "*" in hosts or any(one.startswith(".") for one in hosts):
        return "WEIMIN_HOSTS 里有通配，任何域名都会被当成本站。"
    return "WEIMIN_HOSTS 只有本机地址，外面访问不了。" if hosts <= _LOCAL else ""


def _base_url() -> str:
    good = settings.WEIMIN_BASE_URL.startswith("https://")
    return "" if good else "WEIMIN_BASE_URL 不是 https:// 开头，通知和二维码里的地址不安全。"


def _https() -> str:
    return "" if settings.SECURE_COOKIES else "没有设置 WEIMIN_HTTPS=1：登录凭证会在不加密的连接上传送。"


def _proxies() -> str:
    lone = settings.SECURE_COOKIES and not settings.WEIMIN_PROXIES
    return "设置了 HTTPS 而 WEIMIN_PROXIES 是 0：前面若有反向代理，所有人会被当成同一个地址。" if lone else ""


def _sms() -> str:
    name = settings.WEIMIN_SMS_PROVIDER.rsplit(".", 1)[-1]
    return f"短信由 {name} 发送，群众收不到验证码和通知。" if name in ("ConsoleSms", "DemoSmsProvider") else ""


def _one(sql: str) -> str:
    try:
        # what a web process may not ask must not spoil the page that shows it
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
            row = cursor.fetchone()
    except DatabaseError:
        return "数据库连不上，这一项没有检查。"
    return str(row[0]) if row and row[0] else ""


def _locale() -> str:
    sql = "SELECT datcollate FROM pg_database WHERE datname = current_database()"
    found = _one(sql + " AND datcollate NOT IN ('C.UTF-8', 'C.utf8', 'C') AND datlocprovider <> 'b'")
    return f"数据库的区域设置是 {found}，应为 C.UTF-8。" if found and not found.endswith("。") else found


def _trigrams() -> str:
    return _one("SELECT '没有安装 pg_trgm 扩展，搜索用不了。' WHERE to_regproc('show_trgm') IS NULL")


def _encoding() -> str:
    return _one("SELECT '数据库的编码不是 UTF8，生僻字存不下。' WHERE current_setting('server_encoding') <> 'UTF8'")


def _server() -> str:
    old = "current_setting('server_version_num')::int < 150000"
    return _one(f"SELECT 'PostgreSQL 版本低于 15。' WHERE {old}")


def _embedded() -> str:
    home = "/var/lib/weimin" if os.geteuid() == 0 else str(settings.DATA)
    folder = _one("SELECT current_setting('data_directory', true)")
    return "用的是内嵌数据库，只适合试用。" if folder.startswith(home) else ""


def _files() -> str:
    try:
        return "".join(one.find_fault() for one in contents.stores())
    except Invalid as fault:
        return fault.message


def _lasting() -> str:
    try:
        return "".join(one.find_lasting() for one in contents.stores())
    except Invalid:
        return ""


def _web_login() -> str:
    try:
        strong = weblogin.passes_wall(weblogin.web_user())
    except DatabaseError:
        return "数据库连不上，这一项没有检查。"
    return "网页进程用的数据库用户不受行级安全约束（超级用户、BYPASSRLS 或表的所有者）。" if strong else ""


CHECKS = (
    Check("weimin.E001", "DEBUG is off", _debug, "去掉 WEIMIN_DEBUG。"),
    Check("weimin.E002", "The demonstration is off", _demo, "设置 WEIMIN_DEMO=0。"),
    Check(
        "weimin.E003",
        "Master and index keys are set, and not those of the trial",
        _master_key,
        "密钥放在数据目录之外，设置 WEIMIN_MASTER_KEY_FILE 或 WEIMIN_KMS_COMMAND。",
    ),
    Check(
        "weimin.E004", "Django's secret is set, and not that of the trial", _secret_key, "设置 WEIMIN_SECRET_KEY_FILE。"
    ),
    Check("weimin.E005", "Files with secrets are closed to others", _secret_files, "chmod 600，属主为运行服务的用户。"),
    Check("weimin.E006", "Host names are those of the site, without wildcards", _hosts, "设置 WEIMIN_HOSTS=域名。"),
    Check("weimin.E007", "Links in notices are https", _base_url, "设置 WEIMIN_BASE_URL=https://域名。"),
    Check("weimin.E008", "Cookies travel over HTTPS only", _https, "设置 WEIMIN_HTTPS=1。"),
    Check("weimin.E009", "Text messages reach people", _sms, "设置 WEIMIN_SMS_PROVIDER。"),
    Check("weimin.E010", "The database's locale is C.UTF-8", _locale, "用 C.UTF-8 重建数据库。"),
    Check("weimin.E011", "pg_trgm is installed", _trigrams, "CREATE EXTENSION pg_trgm。"),
    Check("weimin.E012", "The database's encoding is UTF8", _encoding, "用 UTF8 重建数据库。"),
    Check("weimin.E013", "PostgreSQL is 15 or newer", _server, "升级数据库。"),
    Check(
        "weimin.E014",
        "The store of files can be written, and by us only",
        _files,
        "目录：属主为运行服务的用户，权限 700；存储桶：见 docs/explanation/files.md。",
    ),
    Check(
        "weimin.W001",
        "The index key is not one of the master keys",
        _index_key,
        "见 docs/explanation/protected-data.md。",
    ),
    Check("weimin.W002", "The number of own proxies is set", _proxies, "设置 WEIMIN_PROXIES=1（前面有几层就写几）。"),
    Check("weimin.W003", "The database is a server of its own", _embedded, "设置 DATABASE_URL。"),
    Check("weimin.W004", "Web processes log in as a role that is under the row policies", _web_login, weblogin.ADVICE),
    Check(
        "weimin.W005",
        "Deleted files do not live on as older versions of objects",
        _lasting,
        "给存储桶加上到期清除旧版本的规则，见 docs/explanation/files.md。",
    ),
)


def look() -> Iterable[tuple[Check, str]]:
    """Every check that finds something, with what it found."""
    for one in CHECKS:
        if found := one.look():
            yield one, found


def check_deployment(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """What stands against going into service, as Django's messages."""
    kinds = {"E": checks.Error, "W": checks.Warning}
    return [kinds[one.code.split(".")[1][0]](found, hint=one.hint, id=one.code) for one, found in look()]


def plug_in() -> None:
    """Have Django run these with `check --deploy`."""
    checks.register(check_deployment, checks.Tags.security, deploy=True)
