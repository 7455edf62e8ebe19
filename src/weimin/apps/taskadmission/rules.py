"""What a task must name before it may go down, what may never go to a village, and when a county matter may pass."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from weimin.apps.taskadmission.types import FIELDS, FORMS, RESPONSIBLE, TARGETS, OpinionFacts, Reading, Wanted
from weimin.kernel.record.types import Blocker

#: Fields in which a village is never the responsible body.
NEVER_VILLAGE = frozenset({"enforcement", "demolition", "environment", "investment"})
COMMUNITY = "《中共中央国务院关于加强和完善城乡社区治理的意见》（2017年）"
PAID = "《村民委员会组织法》第四十三条"
GUIDED = "《村民委员会组织法》第六条"
NO_MATCHING = "《蚌埠市加强乡镇政府服务能力建设实施方案》第 6 点：不得要求乡镇安排项目配套资金"
TAKE_PART = "《蚌埠市加强乡镇政府服务能力建设实施方案》第 2 点（参与权和建议权）"
#: The largest amount, in yuan.
MOST_MONEY = Decimal("100000000000")
_MATCHING = re.compile(
    r"(?P<before>[^，。；;]{0,8}?)(?P<said>(乡镇|乡\(镇\)|镇里|街道|村|社区)[^，。；;]{0,6}(配套|自筹|自行解决|自行承担|垫付|垫资)"
    r"|配套资金由(乡镇|街道|村|社区))"
)
_NOT = re.compile("不(?![足够同])|无需|无须|免")
#: An identity number or a mobile phone, grouped as people write them. A body's own telephone is no secret.
_PERSONAL = re.compile(
    r"(?<!\d)\d{6}[\s-]?\d{8}[\s-]?\d{3}[\dXx]|(?<!\d)1[3-9]\d[\s-]?\d{4}[\s-]?\d{4}(?!\d)", re.ASCII
)
NO_NUMBERS = "这段话会公开，请去掉身份证号和手机号码。"
#: What of a form is public; the contact is not.
_PUBLIC = ("title", "content", "basis", "amount_source", "zero_reason", "people")
_NAMED = re.compile(r"《([^《》]{2,60})》")
_BY_ARTICLE = re.compile(r"^(?P<name>.{2,60}?)第[〇一二三四五六七八九十百千0-9]+条")
_LENGTHS = {
    "title": (4, 100, "任务名称"),
    "content": (10, 2000, "要做什么"),
    "basis": (4, 300, "依据"),
    "people": (2, 300, "要多少人、什么人"),
    "contact": (4, 120, "联系人和办公电话"),
}


def names_somebody(text: str) -> bool:
    """Whether a text that will be public holds an identity or mobile number, in whatever width it was typed."""
    return _PERSONAL.search(unicodedata.normalize("NFKC", text)) is not None


def asks_matching(text: str) -> bool:
    """Whether a text on money has townships or villages pay; “不要乡镇配套” does not."""
    plain = unicodedata.normalize("NFKC", text).replace(" ", "")
    return any(not _NOT.search(one["before"] + one["said"]) for one in _MATCHING.finditer(plain))


def find_dead_basis(basis: str, laws: Iterable[Mapping[str, Any]], *, on: date) -> str:
    """What is wrong with a basis: '' unless it names a law of the register of which no version is in force.

    Shape:  laws as rows of the register: title, short, from, until. What is outside of the register is not judged
    """
    said = _NAMED.findall(basis) or [one["name"] for one in [_BY_ARTICLE.match(basis.strip())] if one]
    rows = list(laws)
    for name in said:
        known = [one for one in rows if _plain(name) in (_plain(one["title"]), _plain(one["short"]))]
        if not known or any(one["from"] <= on and not (one.get("until") and one["until"] <= on) for one in known):
            continue
        last = max(known, key=lambda one: one["from"])
        if last["from"] > on:
            return f"《{name}》{last['from']:%Y-%m-%d} 起才施行，今天还不能作依据。"
        return f"《{name}》已于 {last['until']:%Y-%m-%d} 失效，请换成现行的依据。"
    return ""


def _plain(name: str) -> str:
    return name.strip().removeprefix("中华人民共和国")


def read_task(wanted: Wanted, *, today: date, laws: Iterable[Mapping[str, Any]] = ()) -> Reading:
    """Read a form: every part that is missing or wrong by its field, and what law forbids.

    Law:    cwh-2025 art. 43
    """
    faults: dict[str, str] = {}
    for name, (least, most, label) in _LENGTHS.items():
        size = len(getattr(wanted, name).strip())
        if not least <= size <= most:
            faults[name] = f"请写明{label}，{least} 到 {most} 个字。"
    for name in _PUBLIC:
        if name not in faults and names_somebody(getattr(wanted, name)):
            faults[name] = NO_NUMBERS
    if "basis" not in faults and (dead := find_dead_basis(wanted.basis, laws, on=today)):
        faults["basis"] = dead
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
    if starts and starts < today:
        faults["starts"] = f"开始日期不能早于今天（{today:%Y-%m-%d}）：先准入，后下达。"
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
    for name in ("amount_source", "zero_reason", "people"):
        if asks_matching(getattr(wanted, name)):
            barred[name] = f"不能要乡镇、村里配套、自筹或者垫付资金（{NO_MATCHING}）。"
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
