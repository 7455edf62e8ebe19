"""Help for anyone's tests: an actor who loads, a moment, and short ways to enter what clocks need."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any, TypeVar

import yaml
from django.db import connection, connections

from weimin.kernel.deadlines import actions, queries, registry
from weimin.kernel.deadlines.models import CalendarNotice
from weimin.kernel.deadlines.rules import read_shipped_notices, shipped_calendar
from weimin.kernel.deadlines.rules.laws import DATA
from weimin.kernel.deadlines.types import ClockRef, ClockSpec, Limit, Notice, NoticeDay
from weimin.kernel.record.types import Actor

AT = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
#: Far enough behind every day that these tests write down.
LATER = datetime(2026, 12, 31, 1, 30, tzinfo=UTC)
LOADER = Actor.system("装入程序", via="cli")
KEEPER, OTHER_KEEPER = (
    Actor(kind="staff", name=name, account_id=account, post_id=account, roles=frozenset({"procedure_keeper"}))
    for account, name in ((1, "甲"), (2, "乙"))
)
TWENTY = Limit(20, "workday", "xkl-2019 art. 42")
PERMIT_GROUNDS = (
    "hearing",
    "tender",
    "auction",
    "inspection",
    "testing",
    "quarantine",
    "appraisal",
    "expert_review",
)

__all__ = ["AT", "DATA", "LATER", "LOADER", "read_shipped_notices", "shipped_calendar"]
Done = TypeVar("Done")


def read_notices() -> list[dict[str, Any]]:
    """The shipped notice files as they are, oldest year first."""
    return [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(DATA.glob("calendar_*.yaml"))]


def read_parameters() -> list[dict[str, Any]]:
    """The shipped legal parameters."""
    rows: list[dict[str, Any]] = yaml.safe_load((DATA / "parameters.yaml").read_text(encoding="utf-8"))
    return rows


def open_permit(
    start: date,
    *,
    statutory: Limit | None = TWENTY,
    committed: Limit | None = None,
    number: str = "1",
    at: datetime = LATER,
    **fields: Any,
) -> ClockRef:
    """A permit's handling clock, with the eight grounds and one extension."""
    values: dict[str, Any] = {
        "purpose": "handle",
        "subject": ("test", number),
        "regime": "permit",
        "grounds": PERMIT_GROUNDS,
        "extend": "permit.decision.extend",
        **fields,
    }
    spec = ClockSpec(start_date=start, statutory=statutory, committed=committed, **values)
    return actions.open_clock(by=LOADER, at=at, spec=spec)


def stand(
    clock_id: int, on: date, *, until: date | None = None, ground: str = "expert_review", at: datetime = LATER
) -> ClockRef:
    """Let a clock stand, with everything that law asks for."""
    standing = actions.Standing(ground, on, until or date(2026, 12, 31), "请专家看图纸", "已书面告知")
    return actions.pause_clock(by=LOADER, at=at, clock_id=clock_id, standing=standing)


def _of_2027() -> Notice:
    named = {
        "元旦": "01-01",
        "春节": "02-08 02-09 02-10 02-11 02-12",
        "清明节": "04-05",
        "劳动节": "05-01 05-03 05-04",
        "端午节": "06-09",
        "中秋节": "09-15",
        "国庆节": "10-01 10-02 10-03 10-04 10-05",
    }
    off = [NoticeDay(date.fromisoformat(f"2027-{day}"), False, name) for name in named for day in named[name].split()]
    made_up = NoticeDay(date(2027, 2, 14), True, "调休上班")
    return Notice(2027, "测试通知〔2026〕1号", "测试", (*off, made_up))


#: Made up and whole, to load as if it were out.
OF_2027 = _of_2027()


def text_of(notice: Notice) -> str:
    """A notice as CSV."""
    return notice_text((one.day, one.name, one.works) for one in notice.days)


def notice_text(days: Iterable[tuple[date | str, str, bool]]) -> str:
    """A notice as CSV, from rows of day, name, and whether it is worked."""
    page = io.StringIO()
    csv.writer(page).writerows(
        [["日期", "名称", "类型"], *([day, name, "班" if works else "休"] for day, name, works in days)]
    )
    return page.getvalue()


def changed_2026(*, off: Iterable[date] = (), work: Iterable[date] = ()) -> str:
    """The shipped notice of 2026 with more days off and more make-up days: made up, and whole when they balance."""
    (shipped,) = (one for one in read_shipped_notices() if one.year == 2026)
    days = [(one.day, one.name, one.works) for one in shipped.days]
    return notice_text([*days, *((day, "测试", False) for day in off), *((day, "测试调休", True) for day in work)])


def take_in(text: str, *, at: datetime, number: str = "测试通知〔2026〕1号") -> int:
    """Propose a notice, and look at what it moves."""
    notice = actions.propose_notice(by=KEEPER, at=at, text=text, name="测试.csv", number=number)
    work_through(at)
    return notice


def work_through(at: datetime, *, chunk: int = 5000) -> int:
    """Do what the worker does about notices at a moment, until nothing is left; gives the number of chunks."""
    chunks = 0
    while actions.work_on_notices(at=at, chunk=chunk):
        chunks += 1
    return chunks


@contextmanager
def owning(kind: str, moved: registry.Moved) -> Iterator[None]:
    """Own a kind of subject for a while."""
    before = registry._moved.get(kind)
    registry.register_subject(kind, moved=moved)
    try:
        yield
    finally:
        del registry._moved[kind]
        if before is not None:
            registry._moved[kind] = before


@contextmanager
def watching(changed: registry.Changed) -> Iterator[None]:
    """Hear of changes of level for a while, beside those who always do."""
    registry.register_watcher(changed)
    try:
        yield
    finally:
        registry._changed.remove(changed)


def start_apart(pool: ThreadPoolExecutor, work: Callable[[], Done]) -> Future[Done]:
    """Begin something in a thread with a connection of its own, which commits."""

    def run() -> Done:
        try:
            return work()
        finally:
            connections.close_all()

    return pool.submit(run)


def apart(work: Callable[[], Done]) -> Done:
    """Do something with a connection of its own, which commits; take it away with `sweep`."""
    with ThreadPoolExecutor(1) as pool:
        return start_apart(pool, work).result()


def sweep() -> None:
    """Take away what was committed about clocks and notices, so that other tests find the city as it was."""
    with connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE deadlines_clock, deadlines_noticeshift, record_outboxmessage, record_auditentry CASCADE"
        )
    CalendarNotice.objects.filter(number__startswith="测试").delete()
    CalendarNotice.objects.update(replaced_at=None)
    queries.forget()
