"""The daily digest: everything that failed or is about to, written every morning, on a page, a command and a program.

It is made of what `weimin doctor` looks at and of what happened since yesterday. That it was written at all is itself
looked at: silence for 26 hours is a failure.
"""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings

from weimin.base import clock
from weimin.base.scrubbing import scrub
from weimin.config import health
from weimin.kernel.catalogue.queries import drift
from weimin.kernel.catalogue.queries import lists as catalogue
from weimin.kernel.deadlines import queries as deadlines
from weimin.kernel.record import actions
from weimin.kernel.record import queries as record
from weimin.kernel.record.types import SHED_TEXT, DigestLine

log = logging.getLogger("weimin.digest")
#: Findings of an installation being set up, and what is told elsewhere: no news in the morning.
_NO_NEWS = frozenset({"service", "assets", "fonts", "upkeep", "digest"})
#: What the worker reads in pieces is done within this, or it hangs.
_PATIENCE = timedelta(hours=2)
#: How long the program that gets the digest may take, in seconds.
_COMMAND_SECONDS = 60


def collect(at: datetime) -> list[DigestLine]:
    """Everything that failed, with what to do.

    Cost:   as `weimin doctor`
    """
    wrong = [one for one in health.look() if not one.good and one.code not in _NO_NEWS]
    lines = [DigestLine(one.code, f"{one.name}：{one.text}", one.todo) for one in wrong]
    return [*lines, *_hung(at), *_yesterday(at)]


def _hung(at: datetime) -> Iterable[DigestLine]:
    """What the worker should have finished."""
    for notice in deadlines.list_notices():
        if notice.state in ("draft", "approved") and (notice.approved_at or notice.loaded_at) < at - _PATIENCE:
            text = f"放假安排 {notice.year} 年第 {notice.version} 版：{notice.get_state_display()}，两小时没有完成"
            yield DigestLine("notices", text, "看后台进程的日志；它重新启动后会接着算")
    if run := drift.find_unfinished(before=at - _PATIENCE):
        yield DigestLine("drift", f"{run.on:%m月%d日}的清单核对两小时没有完成", "看后台进程的日志；重启后会接着核对")


def _yesterday(at: datetime) -> Iterable[DigestLine]:
    """What happened since yesterday and is over."""
    since = at - timedelta(days=1)
    if broken := catalogue.count_broken_imports(since=since):
        text = f"清单导入：昨天以来 {broken} 个文件有错，没有导入"
        yield DigestLine("imports", text, "请导入的人看清单管理里的错误说明")
    for step, times, _ in record.count_subjects(verb="record.disk.shed", since=since):
        text = f"磁盘不够，自动清理了{SHED_TEXT.get(step, step)} {times} 次"
        yield DigestLine("shed", text, "扩容，或按磁盘手册腾出空间")


def write(at: datetime) -> list[DigestLine]:
    """Keep the digest of the day and hand it to the program that the settings name; gives its lines."""
    lines = collect(at)
    actions.keep_digest(at=at, lines=lines)
    if settings.WEIMIN_DIGEST_COMMAND:
        _hand_on(text_of(lines, at))
    return lines


def text_of(lines: list[DigestLine], at: datetime) -> str:
    """The digest as plain text."""
    head = f"{settings.WEIMIN_CITY}为民平台 {at.astimezone(clock.SHANGHAI):%Y年%m月%d日 %H:%M} 每日摘要"
    if not lines:
        return f"{head}：没有失败的事。"
    told = [f"{n}. {one.text}" + (f"\n   怎么办：{one.todo}" if one.todo else "") for n, one in enumerate(lines, 1)]
    return "\n".join([f"{head}：{len(lines)} 件", *told])


def _hand_on(text: str) -> None:
    """Give the text to the program; that it failed is logged and stops nothing."""
    try:
        subprocess.run(  # noqa: S602 — the operator's own setting
            settings.WEIMIN_DIGEST_COMMAND,
            shell=True,
            input=text,
            text=True,
            check=True,
            timeout=_COMMAND_SECONDS,
            capture_output=True,
        )
    except (OSError, subprocess.SubprocessError) as fault:
        log.error("WEIMIN_DIGEST_COMMAND failed: %s", scrub(str(getattr(fault, "stderr", "") or fault))[:300])
