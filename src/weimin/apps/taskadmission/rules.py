"""What a task must name before it may go down, what may never go to a village, and when a county matter may pass."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal, InvalidOperation

from weimin.apps.taskadmission.types import FIELDS, FORMS, RESPONSIBLE, TARGETS, OpinionFacts, Reading, Wanted
from weimin.kernel.record.types import Blocker

#: Fields in which a village is never the responsible body.
NEVER_VILLAGE = frozenset({"enforcement", "demolition", "environment", "investment"})
COMMUNITY = "《中共中央国务院关于加强和完善城乡社区治理的意见》（2017年）"
PAID = "《村民委员会组织法》第四十三条"
GUIDED = "《村民委员会组织法》第六条"
TAKE_PART = "《蚌埠市加强乡镇政府服务能力建设实施方案》第 2 点（参与权和建议权）"
#: The largest amount, in yuan.
MOST_MONEY = Decimal("100000000000")
_LENGTHS = {
    "title": (4, 100, "任务名称"),
    "content": (10, 2000, "要做什么"),
    "basis": (4, 300, "依据"),
    "people": (2, 300, "要多少人、什么人"),
    "contact": (4, 120, "联系人和办公电话"),
}


def read_task(wanted: Wanted, *, today: date) -> Reading:
    """Read a form: every part that is missing or wrong by its field, and what law forbids.

    Law:    cwh-2025 art. 43
    """
    faults: dict[str, str] = {}
    for name, (least, most, label) in _LENGTHS.items():
        size = len(getattr(wanted, name).strip())
        if not least <= size <= most:
            faults[name] = f"请写明{label}，{least} 到 {most} 个字。"
    if wanted.target not in TARGETS:
        faults["places"] = "请选择任务下给乡镇还是村。"
    elif not wanted.places:
        faults["places"] = f"请至少选一个{TARGETS[wanted.target]}。"
    if wanted.field not in FIELDS:
        faults["field"] = "请选择属于哪一类工作。"
    if wanted.responsible not in RESPONSIBLE:
        faults["responsible"] = "请选择谁是责任主体。"
    starts, ends = _period(wanted, today, faults)
    amount = _money(wanted, faults)
    return Reading(starts, ends, amount, faults, _barred(wanted, amount))


def _period(wanted: Wanted, today: date, faults: dict[str, str]) -> tuple[date | None, date | None]:
    days: list[date | None] = []
    for name in ("starts", "ends"):
        try:
            days.append(date.fromisoformat(getattr(wanted, name).strip()))
        except ValueError:
            days.append(None)
            faults[name] = "请写日期，如 2026-03-05。"
    starts, ends = days
    if ends and ends < today:
        faults["ends"] = "完成期限已经过了，请写今天或以后的日期。"
    elif starts and ends and ends < starts:
        faults["ends"] = "完成期限早于开始日期。"
    return starts, ends


def _money(wanted: Wanted, faults: dict[str, str]) -> Decimal | None:
    """The amount; zero needs a reason, anything else its source."""
    text = wanted.amount.strip().replace(",", "").replace("，", "")
    try:
        amount = Decimal(text)
    except InvalidOperation:
        faults["amount"] = "请写经费数额（元），没有经费写 0。"
        return None
    if not amount.is_finite() or not 0 <= amount <= MOST_MONEY or amount != amount.quantize(Decimal("0.01")):
        faults["amount"] = "经费数额不对：要是 0 或正数，最多两位小数。"
        return None
    if amount == 0 and len(wanted.zero_reason.strip()) < 4:
        faults["zero_reason"] = "没有经费，必须说明为什么不需要经费，至少 4 个字。"
    if amount > 0 and len(wanted.amount_source.strip()) < 2:
        faults["amount_source"] = "请写明钱从哪里来，如“县级财政预算某某专项”。"
    return amount


def _barred(wanted: Wanted, amount: Decimal | None) -> dict[str, str]:
    """What law or the central opinion forbids, by field, with the clause.

    Law:    cwh-2025 art. 6; cwh-2025 art. 43
    """
    barred: dict[str, str] = {}
    if wanted.target == "village":
        if wanted.form not in FORMS:
            barred["form"] = f"对村只能指导、请求协助或者委托，不能下命令（{GUIDED}）。"
        if wanted.form == "entrusted" and amount == 0:
            barred["amount"] = f"委托村里办事，必须给经费（{PAID}）。"
    if wanted.responsible == "village" and wanted.field in NEVER_VILLAGE:
        barred["responsible"] = f"{FIELDS[wanted.field]}不能把村（居）委会作为责任主体（{COMMUNITY}）。"
    return barred


def find_blockers(opinions: Iterable[OpinionFacts]) -> list[Blocker]:
    """Why a county matter may not pass yet: opinions not in, opinions without an answer. Silence blocks nothing.

    A matter that touches nobody has nobody to ask: it is blocked, since the gate is for matters that touch townships.
    """
    rows = list(opinions)
    if not rows:
        return [Blocker("nobody_asked", "还没有向任何乡镇征求意见。", TAKE_PART)]
    found = [
        Blocker("opinion_missing", f"{one.place}的意见还没有回来，期限也还没有到。", TAKE_PART)
        for one in rows
        if one.state == "asked"
    ]
    found += [
        Blocker("opinion_unanswered", f"{one.place}的意见还没有答复采纳不采纳、为什么。", TAKE_PART)
        for one in rows
        if one.state == "answered" and not one.replied
    ]
    return found
