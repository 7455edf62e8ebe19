"""What an installation needs, looked at one by one, each with what to do about it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from weimin.base import clock, crypto
from weimin.base.errors import WeiminError
from weimin.base.scrubbing import scrub
from weimin.config import weblogin
from weimin.kernel.cases import queries as cases
from weimin.kernel.deadlines import queries as deadlines
from weimin.kernel.record import queries as record
from weimin.ui import paper


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at."""

    name: str
    good: bool
    text: str


def _one(sql: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        row = cursor.fetchone()
    return str(row[0]) if row else ""


def _server() -> Finding:
    version = int(_one("SHOW server_version_num"))
    return Finding("数据库", version >= 150000, f"PostgreSQL {_one('SHOW server_version')}，需要 15 以上")


def _pool() -> Finding:
    """Asked by the command line, which needs the server itself as the worker does."""
    pooled = weblogin.is_pooled()
    text = "经过连接池，后台进程用不了，请设置 WEIMIN_DIRECT_DATABASE_URL" if pooled else "直接连到数据库"
    return Finding("数据库连接", not pooled, text)


def _trigrams() -> Finding:
    found = _one("SELECT array_length(show_trgm('蚌埠'), 1)")
    good = found not in ("", "None")
    return Finding("中文搜索", good, "正常" if good else "数据库区域设置应为 C.UTF-8，请用 C.UTF-8 重建数据库")


def _migrations() -> Finding:
    executor = MigrationExecutor(connection)
    left = executor.migration_plan(executor.loader.graph.leaf_nodes())
    text = f"还有 {len(left)} 个没做，请运行 weimin load schema" if left else "表结构是最新的"
    return Finding("表结构", not left, text)


def _wall() -> Finding:
    bare = weblogin.bare_tables()
    if bare:
        return Finding("第二道墙", False, f"这些表没有行级安全：{'、'.join(bare)}。请运行 weimin load schema")
    if weblogin.passes_wall(weblogin.web_user()):
        text = "有行级安全；网页进程的数据库用户不受它约束，正式运行前请改（manage.py check --deploy 有说明）"
        return Finding("第二道墙", settings.WEIMIN_DEMO, text)
    return Finding("第二道墙", True, "有行级安全，网页进程受它约束")


def _keys() -> Finding:
    sealed = crypto.seal("检查", purpose="health")
    good = crypto.unseal(sealed, purpose="health") == "检查"
    return Finding("主密钥", good, f"能加密和解密，当前编号 {crypto.key_id_of(sealed)}")


def _files() -> Finding:
    broken = record.list_broken()
    text = f"{len(broken)} 个打不开或丢失，请从备份恢复后运行 weimin files seal" if broken else "没有发现损坏"
    return Finding("文件", not broken, text)


def _assets() -> Finding:
    built = (Path(paper.__file__).parent / "static/ui/portal.css").exists()
    return Finding("前端", built, "已构建" if built else "没有构建，请运行 make setup")


def _fonts() -> Finding:
    return Finding("文书字体", bool(paper.font_folders()), "已安装")


def _calendar() -> Finding:
    years = [one.year for one in deadlines.list_years()]
    today = clock.local_date(clock.now())
    return Finding("日历", today.year in years, f"已装入 {years}；没装入的年份期限是暂定的")


def _moments() -> Finding:
    stuck = len(deadlines.list_stuck()) + len(cases.list_stuck())
    text = f"{stuck} 件到时间没办成，请看“运行情况”" if stuck else "都按时办了"
    return Finding("到期处理", stuck == 0, text)


def _outbox() -> Finding:
    counts = record.count_outbox()
    text = f"待发 {counts['waiting']}，失败 {counts['failed']}"
    return Finding("通知", counts["failed"] == 0, text)


def _chain() -> Finding:
    lag = record.read_lag()
    oldest = lag.oldest_at
    if oldest is not None and oldest < clock.now() - timedelta(minutes=10):
        many = "一千条以上" if lag.waiting >= 1000 else f"{lag.waiting} 条"
        since = f"{oldest.astimezone(clock.SHANGHAI):%m月%d日 %H:%M}"
        return Finding("审计链", False, f"{many}还没入链，最早的是 {since} 的；请看后台进程和长时间不结束的事务")
    return Finding("审计链", True, f"{lag.waiting} 条在等入链" if lag.day else "还没有记录入链")


def _checks() -> Finding:
    broken = record.find_standing_fault("chain") or record.find_standing_fault("files")
    if broken:
        return Finding("审计核验", False, f"{broken.fault_text}。请保全现场，报告审计管理员")
    last, days = record.find_last_check("chain"), record.list_days(limit=3)
    if last is None or last.at < clock.now() - timedelta(days=3):
        if len(days) < 3:
            return Finding("审计核验", True, "装入不满三天，还没有核验过；每天夜里自动核验")
        return Finding("审计核验", False, "近三天没有核验，请运行 weimin verify")
    return Finding("审计核验", True, f"{last.at.astimezone(clock.SHANGHAI):%m月%d日 %H:%M} 核验 {last.looked} 条，通过")


def _worker() -> Finding:
    rows = record.list_workers()
    fresh = [one for one in rows if one.at > clock.now() - timedelta(minutes=2)]
    text = "在运行" if fresh else "两分钟内没有动静，请运行 weimin worker"
    return Finding("后台进程", bool(fresh), text)


def _disk() -> Finding:
    root = Path(settings.WEIMIN_FILES_ROOT)
    while not root.exists():
        root = root.parent
    free = shutil.disk_usage(root).free / 2**30
    return Finding("磁盘", free > 2, f"文件区剩 {free:.0f} GB")


_LOOKS: tuple[Callable[[], Finding], ...] = (
    _server,
    _pool,
    _trigrams,
    _migrations,
    _wall,
    _keys,
    _files,
    _assets,
    _fonts,
    _calendar,
    _moments,
    _outbox,
    _chain,
    _checks,
    _worker,
    _disk,
)


def look() -> list[Finding]:
    """Look at everything; something that cannot be looked at is a finding too."""
    found = []
    for one in _LOOKS:
        try:
            found.append(one())
        except WeiminError as fault:
            found.append(Finding(one.__name__.strip("_"), False, fault.message))
        except Exception as fault:
            text = scrub((str(fault).splitlines() or [type(fault).__name__])[0])[:200]
            found.append(Finding(one.__name__.strip("_"), False, text))
    return found
