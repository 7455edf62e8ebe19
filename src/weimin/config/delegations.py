"""Three small delegations of the demonstration's township, one by each way that the law knows for such matters.

They go the whole way by the same actions as real ones; document numbers and certificates are made up.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from weimin.apps.delegation import actions, queries
from weimin.apps.delegation.types import Instrument, Readiness
from weimin.base.clock import local_date
from weimin.config.demonstration import LOADER, TOWNSHIP, actor_of
from weimin.kernel.directory import queries as directory

#: The county department of each, and what the instrument says.
EXAMPLES: tuple[tuple[str, dict[str, Any]], ...] = (
    (
        "民政局",
        {
            "kind": "empower",
            "focus": "poverty",
            "items": ("A4-19", "A4-20", "A4-22"),
            "powers": ("confirm",),
            "issuer_name": "安徽省人民政府（演示）",
            "issuer_level": "province",
            "document": "皖政演〔2026〕1 号（演示）",
            "limits": "本镇户籍居民的最低生活保障、边缘家庭、特困人员确认",
            "basis": "社会救助法第四十四条第二款",
        },
    ),
    (
        "民政局",
        {
            "kind": "entrust",
            "focus": "poverty",
            "items": ("A4-23",),
            "powers": ("pay",),
            "issuer_name": "怀远县民政局",
            "issuer_level": "county",
            "document": "怀民演〔2026〕2 号（演示）",
            "limits": "小额临时救助；金额上限以本地规定为准",
            "basis": "社会救助暂行办法第四十八条",
        },
    ),
    (
        "自然资源和规划局",
        {
            "kind": "entrust",
            "focus": "farming",
            "items": ("A9-51",),
            "powers": ("permit",),
            "issuer_name": "怀远县自然资源和规划局",
            "issuer_level": "county",
            "document": "怀自然资演〔2026〕3 号（演示）",
            "limits": "农村居民采伐自留山和个人承包集体林地上的林木",
            "basis": "森林法第五十七条",
        },
    ),
)


def load_delegations(*, at: datetime) -> int:
    """Make the example delegations once; gives how many were made."""
    if queries.list_for_desk(viewer=LOADER, township=TOWNSHIP).exists():
        return 0
    today, made = local_date(at), 0
    for lead, said in EXAMPLES:
        department = directory.resolve_agency(rule="county", township_code=TOWNSHIP, lead_key=lead)
        signers = [actor_of("liucheng.lingdao", at), actor_of("huaiyuan.lingdao", at, agency_id=department)]
        if department is None or None in signers:
            continue
        number = actions.propose_delegation(by=LOADER, at=at, instrument=_instrument(department, today, said))
        actions.assess_readiness(by=LOADER, at=at, number=number, readiness=_readiness(today))
        drawn = queries.draw_letter(queries.get_delegation(viewer=LOADER, number=number), on=today)
        actions.attach_letter(by=LOADER, at=at, number=number, name="书面文件（演示）.pdf", content=drawn)
        actions.publish_decision(
            by=LOADER, at=at, number=number, by_issuer="县政府网站（演示）", by_recipient="榴城镇公示栏（演示）"
        )
        for one in signers:
            assert one is not None
            actions.sign_confirmation(by=one, at=at, number=number, read=True)
        actions.begin_running(by=LOADER, at=at, number=number)
        made += 1
    return made


def _instrument(department: int, today: date, said: dict[str, Any]) -> Instrument:
    until = date(today.year + 2, 1, 1)
    return Instrument(
        list_kind="permit", township=TOWNSHIP, department_id=department, valid_from=today, valid_until=until, **said
    )


def _readiness(today: date) -> Readiness:
    last = today + timedelta(days=700)
    return Readiness(
        (("演示证-001", last), ("演示证-002", last)),
        "司法所一名法制审核员",
        "执法终端两台",
        "业务培训 40 学时",
        "专用章一枚",
    )
