"""What an installation needs, looked at one by one, each with what to do about it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from importlib.metadata import version as package_version
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.migrations import Migration

from weimin.base import clock, contents, crypto
from weimin.base.errors import WeiminError
from weimin.base.keeping import keep
from weimin.base.scrubbing import scrub
from weimin.config import backups, checks, machine, migrating, weblogin
from weimin.config.advice import advice_of
from weimin.kernel.cases import queries as cases
from weimin.kernel.catalogue.queries import lists as catalogue
from weimin.kernel.deadlines import queries as deadlines
from weimin.kernel.record import queries as record
from weimin.kernel.supervision import queries as supervision
from weimin.ui import paper


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at; when it is not good, `means` says what it does to people and `todo` what to do next."""

    name: str
    good: bool
    text: str
    todo: str = ""
    code: str = ""
    group: str = ""
    means: str = ""


@cache
def version() -> str:
    """The version of this program, and of what it is packed from where that is known."""
    return package_version("weimin")[:32]


def _one(sql: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        row = cursor.fetchone()
    return str(row[0]) if row else ""


def _server() -> Finding:
    version = int(_one("SHOW server_version_num"))
    return Finding("数据库", version >= 150000, f"PostgreSQL {_one('SHOW server_version')}，需要 15 以上")


def _trigrams() -> Finding:
    found = _one("SELECT array_length(show_trgm('蚌埠'), 1)")
    good = found not in ("", "None")
    return Finding("中文搜索", good, "正常" if good else "数据库区域设置应为 C.UTF-8，请用 C.UTF-8 重建数据库")


def _migrations() -> Finding:
    left = migrating.list_pending()
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
    stuck = _stuck()
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


def _figures() -> Finding:
    at = clock.now()
    if supervision.was_never_counted():
        return Finding("统计数", False, "还没有统计过，请运行 weimin figures rebuild")
    told, bad = supervision.as_of(at), supervision.list_bad_checks(since=at - timedelta(days=7))
    if bad:
        text = f"{bad[0].found} 个数和记录不一致，请运行 weimin figures reconcile --since {bad[0].since:%Y-%m} --fix"
        return Finding("统计数", False, text)
    good = told > at - timedelta(minutes=30)
    return Finding("统计数", good, f"统计到 {told.astimezone(clock.SHANGHAI):%m月%d日 %H:%M}，和记录一致")


def _live_workers() -> list[Any]:
    """The workers that gave a sign of life in the last two minutes."""
    return [one for one in record.list_workers() if one.at > clock.now() - timedelta(minutes=2)]


def _worker() -> Finding:
    living = bool(_live_workers())
    return Finding("后台进程", living, "在运行" if living else "两分钟内没有动静，请运行 weimin worker")


def _disk() -> Finding:
    disk = record.read_disk()
    text = f"文件区剩 {disk.free / machine.GIB:.0f} GB，共 {disk.total / machine.GIB:.0f} GB"
    told = {
        "fine": "",
        "warn": "请安排清理或扩容",
        "shed": "已在自动清理旧日志和临时内容，请尽快扩容",
        "stop": "已暂停收文件，办件照常；请马上腾出空间或扩容",
    }
    return Finding("磁盘", disk.pressure == "fine", text, told[disk.pressure])


def _clocks() -> Finding:
    skew = abs(machine.database_facts()["clock"] - time.time())
    good = skew < machine.CLOCK_SKEW.total_seconds()
    return Finding("时钟", good, f"本机和数据库相差 {skew:.1f} 秒")


def _database_settings() -> Finding:
    facts = machine.database_facts()
    wrong = []
    if facts["random_page_cost"] > 2:
        wrong.append(f"random_page_cost 是 {facts['random_page_cost']:g}，固态盘应为 1.1，否则大表会整表读")
    if facts["shared_buffers"] < 256 * 2**20:
        wrong.append(f"shared_buffers 只有 {facts['shared_buffers'] / 2**20:.0f} MB，至少 256 MB，一般取内存的四分之一")
    if not facts["autovacuum"]:
        wrong.append("autovacuum 关着，表会越来越大")
    if facts["connections"] > facts["connections_max"] * 0.9:
        wrong.append(f"连接用了 {facts['connections']:.0f}/{facts['connections_max']:.0f}，快用完了")
    text = "；".join(wrong) or f"连接 {facts['connections']:.0f}/{facts['connections_max']:.0f}，参数正常"
    return Finding("数据库参数", not wrong, text)


def _standbys() -> Finding:
    wanted, here = settings.WEIMIN_STANDBYS, machine.replication()
    following, _ = _followed(here)
    if following is None and wanted > 0 and (here.is_standby or here.connected >= wanted):
        why = "这里连的是备库" if here.is_standby else "数据库用户看不到备库的状态"
        todo = "请数据库管理员 GRANT pg_read_all_stats TO weimin（后台进程的数据库用户），并看后台进程是否在运行"
        return Finding("备库", False, f"应有 {wanted} 个，{why}，不知道有几个在跟随", todo)
    # what is connected at all, where only that is to be seen: as many follow at most
    count = here.connected if following is None else following
    if not wanted:
        return Finding("备库", True, f"没有要求（WEIMIN_STANDBYS）{f'，有 {count} 个' if count else ''}")
    return Finding("备库", count >= wanted, f"应有 {wanted} 个，{'' if count >= wanted else '只'}有 {count} 个在跟随")


def _followed(here: machine.Replication) -> tuple[int | None, float | None]:
    """How many standbys follow and how far the slowest is behind, from here or as a worker saw it lately.

    Behind the wall it is not to be seen: who sees it also sees the statements of all others.
    """
    if here.following is not None:
        return here.following, here.lag_seconds
    told = max((one for one in _live_workers() if "standbys" in one.facts), key=lambda one: one.at, default=None)
    if told is None:
        return None, here.lag_seconds
    lag = here.lag_seconds if here.is_standby else told.facts.get("replication_lag_seconds")
    return int(told.facts["standbys"]), lag


def _noted(name: str, code: str, key: str) -> Finding:
    """What the note of the backups says of one of its three subjects."""
    known = backups.read_marker()
    moment, overdue = backups.moment_of(known, key), backups.find_overdue(known, at=clock.now()).get(code, "")
    if moment is None:
        excused = settings.WEIMIN_DEMO
        return Finding(name, excused, "从来没有过" + excused * "（演示环境不要求）")
    return Finding(name, not overdue, f"最近一次 {moment:%Y年%m月%d日 %H:%M}" + (overdue and f"，{overdue}"))


def _backups() -> Finding:
    return _noted("备份", "backups", "backup_at")


def _copies() -> Finding:
    if contents.folder_of_machine() is None:
        return Finding("文件备份", True, "文件在存储桶里，不在这里复制")
    return _noted("文件备份", "copies", "files_at")


def _drill() -> Finding:
    return _noted("恢复演练", "drill", "drill_at")


def _pooler() -> Finding:
    """Whether this is the server itself, as the worker and the command line need it."""
    pooled = weblogin.is_pooled()
    text = "经过连接池，后台进程用不了，请设置 WEIMIN_DIRECT_DATABASE_URL" if pooled else "直连数据库"
    return Finding("连接池", not pooled, text)


def _versions() -> Finding:
    other = sorted({one.version for one in _live_workers() if one.version} - {version()})
    text = f"有 {'、'.join(other)} 版的在运行，这里是 {version()} 版" if other else f"都是 {version()} 版"
    return Finding("后台版本", not other, text)


#: Operations that rewrite a table or hold up its writers for as long as it is long.
_HEAVY = frozenset(
    {"AlterField", "AddConstraint", "AddIndex", "RemoveIndex", "RunSQL", "RunPython", "AlterUniqueTogether"}
)


def _is_heavy(one: Migration) -> bool:
    """Whether a migration may; one that is no transaction goes by steps that hold up nobody, tests see to it."""
    parts = (getattr(op, "database_operations", [op]) for op in one.operations)
    return one.atomic and not _HEAVY.isdisjoint(type(op).__name__ for part in parts for op in part)


def _pending() -> Finding:
    left = migrating.list_pending()
    heavy = [f"{one.app_label} {one.name}" for one in left if _is_heavy(one)]
    if heavy:
        return Finding("变更锁表", False, f"没做的变更里有 {len(heavy)} 个可能锁住大表：{'、'.join(heavy[:5])}")
    return Finding("变更锁表", True, "没做的变更都很轻" if left else "没有要做的变更")


def _certificates() -> Finding:
    at, wrong, ends = clock.now(), [], []
    for where in settings.WEIMIN_CERTIFICATES:
        try:
            end = machine.certificate_end(where)
        except (OSError, ValueError) as fault:
            wrong.append(f"{where} 读不到（{type(fault).__name__}）")
            continue
        ends.append(end)
        if end - at < machine.CERTIFICATE_AHEAD:
            wrong.append(f"{where} 到 {end.astimezone(clock.SHANGHAI):%Y年%m月%d日} 为止")
    first = f"最早 {min(ends).astimezone(clock.SHANGHAI):%Y年%m月%d日} 到期" if ends else "没有设置要看的证书"
    return Finding("证书", not wrong, "；".join(wrong) or first)


def _jobs() -> Finding:
    failed = int(machine.database_facts()["jobs_failed"])
    return Finding("定时任务", not failed, f"{failed} 个失败" if failed else "没有失败的")


def _digest() -> Finding:
    last, silent = record.find_last_digest(), record.is_digest_silent(at=clock.now())
    if last is None:
        return Finding("每日摘要", not silent, "还没有写过")
    text = f"{last.at.astimezone(clock.SHANGHAI):%m月%d日 %H:%M} 写的，{len(last.lines)} 件"
    return Finding("每日摘要", not silent, f"超过 26 小时没有写，最近一次是 {text}" if silent else text)


def _upkeep() -> Finding:
    found = record.find_maintenance()
    return Finding("维护", True, record.maintenance_text(found) if found else "没有安排维护")


def _service() -> Finding:
    errors = [one for one in checks.CHECKS if one.code.split(".")[1][0] == "E"]
    wrong = [f"{one.code} {text}" for one in errors if (text := one.look())]
    text = f"{len(wrong)} 项不符合正式运行：{wrong[0]}" if wrong else "符合正式运行的要求"
    return Finding("正式运行", settings.WEIMIN_DEMO or not wrong, text)


def _room() -> Finding:
    found = [one.tell_room() for one in contents.stores()]
    return Finding("文件库", all(good for good, _ in found), "；".join(text for _, text in found))


_LOOKS: tuple[Callable[[], Finding], ...] = (
    _server,
    _trigrams,
    _migrations,
    _pending,
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
    _figures,
    _worker,
    _versions,
    _jobs,
    _disk,
    _clocks,
    _database_settings,
    _standbys,
    _pooler,
    _backups,
    _copies,
    _drill,
    _certificates,
    _digest,
    _upkeep,
    _service,
    _room,
)


def look() -> list[Finding]:
    """Look at everything; something that cannot be looked at is a finding too."""
    return [_advised(one) for one in _LOOKS]


def _advised(one: Callable[[], Finding]) -> Finding:
    """What one look finds, with its group, and with advice when it is not good."""
    code = one.__name__.strip("_")
    try:
        # one that fails leaves the others a transaction to ask in
        with transaction.atomic() if connection.in_atomic_block else nullcontext():
            found = one()
    except WeiminError as fault:
        found = Finding(code, False, fault.message)
    except Exception as fault:
        text = scrub((str(fault).splitlines() or [type(fault).__name__])[0])[:200]
        found = Finding(code, False, text)
    known = advice_of(code)
    if found.good:
        return replace(found, code=code, group=known.group, todo="")
    return replace(found, code=code, group=known.group, means=known.means, todo=found.todo or known.todo)


@keep
def kept_facts() -> dict[str, float]:
    """The facts as of a few seconds ago; without a database what can be told without it.

    Cost:   as `facts`, at most every ten seconds in a process
    """
    try:
        return {**facts(), "database_up": 1.0}
    except DatabaseError:
        return {**_machine_facts(), "database_up": 0.0}


def worker_facts() -> dict[str, float]:
    """What only the platform itself can count, for the row of its sign of life: web processes stand behind the wall.

    Shape:  what is not known is not there
    Cost:   two queries of at most fifty rows, one on the server's own views
    """
    here = machine.replication()
    seen = {"standbys": here.following, "replication_lag_seconds": None if here.is_standby else here.lag_seconds}
    return {"moments_stuck": _count_stuck(), **{name: value for name, value in seen.items() if value is not None}}


def _count_stuck() -> int:
    return len(deadlines.list_stuck()) + len(cases.list_stuck())


def _stuck() -> int:
    """Due moments that failed, as a worker counted them lately; counted here where none did."""
    told = [int(one.facts["moments_stuck"]) for one in _live_workers() if "moments_stuck" in one.facts]
    return max([*told, _count_stuck()])


def _machine_facts() -> dict[str, float]:
    at, disk = clock.now(), record.read_disk()
    try:
        noted = backups.read_marker()
    except backups.MarkerUnreadable:
        noted = {}
    return {
        "files_broken": len(record.list_broken()),
        "disk_free_bytes": disk.free,
        "disk_total_bytes": disk.total,
        "backup_age_seconds": _age(backups.moment_of(noted, "backup_at"), at),
        "files_copy_age_seconds": _age(backups.moment_of(noted, "files_at"), at),
        "drill_age_seconds": _age(backups.moment_of(noted, "drill_at") if noted.get("drill_good") else None, at),
    }


def _age(then: datetime | None, at: datetime) -> float:
    """Seconds since a moment; -1 where there was none."""
    return (at - then).total_seconds() if then else -1.0


def facts() -> dict[str, float]:
    """Numbers for the metrics, by the names of `metrics.FACTS`.

    Cost:   some thirteen queries, each on an index or on few rows
    """
    at, counts, lag = clock.now(), record.count_outbox(), record.read_lag()
    beats, digest = [one.at for one in record.list_workers()], record.find_last_digest()
    server, (following, lag_seconds) = machine.database_facts(), _followed(machine.replication())
    return {
        "outbox_waiting": counts["waiting"],
        "outbox_given_up": counts["failed"],
        "outbox_oldest_seconds": max(0.0, _age(record.find_oldest_waiting(), at)),
        "chain_waiting": lag.waiting,
        "chain_oldest_seconds": max(0.0, _age(lag.oldest_at, at)),
        "moments_stuck": _stuck(),
        "imports_failed": catalogue.count_broken_imports(since=at - timedelta(days=1)),
        "jobs_failed": server["jobs_failed"],
        "digest_age_seconds": _age(digest.at if digest else None, at),
        "digest_lines": len(digest.lines) if digest else 0,
        "worker_beat_age_seconds": _age(max(beats, default=None), at),
        "workers": sum(one > at - timedelta(minutes=2) for one in beats),
        "maintenance": float(record.is_under_maintenance(at=at)),
        "database_connections": server["connections"],
        "database_connections_max": server["connections_max"],
        "standbys": -1 if following is None else following,
        "replication_lag_seconds": math.nan if lag_seconds is None else lag_seconds,
        **_machine_facts(),
    }
