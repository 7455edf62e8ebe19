"""Law on the desk: everybody in office reads every legal number, rule keepers write new versions."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.http import FileResponse, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from weimin.base.clock import local_date
from weimin.base.errors import Invalid, NotFound, WeiminError
from weimin.base.guard import access
from weimin.kernel.deadlines import actions, queries, rules
from weimin.kernel.deadlines.access import KEEPER, check_keeper
from weimin.kernel.deadlines.types import APPROVER_TEXT, CERTAINTIES, REGIME_TEXT
from weimin.kernel.deadlines.web.portal import read_day
from weimin.ui.answers import status_of
from weimin.ui.fields import Shown
from weimin.ui.sheets import spreadsheet

UNIT_WORDS = {
    "workday": "个工作日",
    "day": "日",
    "month": "个月",
    "year": "年",
    "hour": "小时",
    "yuan": "元",
    "share": "比例",
    "per_day": "每日比例",
    "count": "个（数量）",
    "flag": "是否（1 是，0 否）",
    "times": "次",
}
#: Parameters by the first part of their codes; what is not named here stands under “其他”.
GROUPS = (
    ("收到日", "receipt"),
    ("行政许可", "permit supplement"),
    ("其他办件、超期和督办", "service overrun order"),
    ("预警", "warning"),
    ("计时台账核查", "integrity"),
    ("最低生活保障", "dibao"),
    ("特困人员供养", "teka wubao"),
    ("刚性支出、儿童、残疾人和临时救助", "rigid child disabled linshi"),
    ("社会保险、居住证和法律援助", "insurance residence legalaid"),
    ("村民自治", "village resident"),
    ("集体经济组织、土地和森林", "collective land forest"),
    ("行政处罚", "penalty crime review suit"),
    ("行政强制", "coercion"),
    ("执法公示和法制审核", "enforce"),
    ("重大决策和协商", "decision rules normative plan consult"),
    ("信访、接访和调解", "petition reception mediation"),
    ("政府信息公开和清单", "disclosure powerlist lists"),
    ("赋权委托、任务准入和征求意见", "delegation tasks opinion"),
    ("政府购买服务", "purchase"),
    ("政府采购和合同", "procure contract"),
    ("评价和热线", "rating hotline"),
    ("安全、隐私和保管", "log security privacy reads rights pia share ca archive"),
    ("预算、决算和人大", "budget final congress"),
    ("公共服务、培训、公文、督查和处分", "house kindergarten community training appraisal paper inspection discipline"),
    ("年龄和节假日", "age holiday"),
)
_FRACTIONS = {Decimal("0.3333"): "三分之一", Decimal("0.6666"): "三分之二", Decimal("0.1428"): "七分之一"}
_NUMBER = re.compile(r"\d{1,10}(\.\d{1,4})?")
_LENGTHS = {"name": 60, "starts": 60, "counts": 80, "article": 80, "note": 200, "reason": 200}


@dataclass(frozen=True, slots=True)
class Row:
    """A version of a parameter in words; state is now, later, past or withdrawn."""

    row: Any
    value: str
    committed: str
    unit: str
    source: str
    certainty: str
    unsure: bool
    check: bool
    approver: str
    state: str


@dataclass(frozen=True, slots=True)
class GroundRow:
    """A pause ground in words."""

    row: Any
    source: str
    cap: str
    certainty: str
    check: bool


@dataclass(frozen=True, slots=True)
class LawPage:
    """What the list of law shows."""

    groups: list[tuple[str, list[Row]]]
    grounds: list[tuple[str, list[GroundRow]]]
    total: int
    unsure: int
    q: str
    check: bool


@dataclass(slots=True)
class LawRowPage:
    """One parameter: its versions, and the keeper's two forms."""

    code: str
    name: str
    versions: list[Row]
    keeper: bool
    fields: list[Shown]
    withdraw: list[Shown]
    errors: dict[str, str]
    problem: str
    done: str


def value_words(value: Decimal | None, unit: str, counts: str = "") -> str:
    """A legal number in words, with its unit."""
    if value is None:
        return "本地待填"
    if unit == "flag":
        return "是" if value else "否"
    if unit in ("share", "per_day"):
        percent = f"{(value * 100).normalize():f}%"
        words = f"{_FRACTIONS[value]}（{percent}）" if value in _FRACTIONS else percent
        return f"每日 {words}" if unit == "per_day" else words
    number = f"{value.normalize():f}"
    if unit == "count":
        return number
    return f"{number} {'周岁' if unit == 'year' and '周岁' in counts else UNIT_WORDS.get(unit, unit)}"


def _row(one: Any, today: date) -> Row:
    state = "past" if one.valid_until is not None and one.valid_until <= today else "now"
    if one.withdrawn_at is not None:
        state = "withdrawn"
    elif one.valid_from > today:
        state = "later"
    return Row(
        row=one,
        value=value_words(one.value, one.unit, one.counts),
        committed=value_words(Decimal(one.committed), one.unit, one.counts) if one.committed is not None else "",
        unit=UNIT_WORDS.get(one.unit, one.unit),
        source=rules.article_text(one.article),
        certainty=CERTAINTIES.get(one.certainty, one.certainty),
        unsure=one.certainty.startswith("memory"),
        check=one.certainty.startswith("memory") or one.value is None,
        approver=APPROVER_TEXT.get(one.approver, ""),
        state=state,
    )


def _law_page(request: Any) -> LawPage:
    """The rows asked for: those in force or to come, and the last of a parameter that has neither."""
    q = request.GET.get("q", "").strip()[:60]
    check = request.GET.get("check") == "1"
    rows = [_row(one, request.today) for one in queries.list_parameters() if one.withdrawn_at is None]
    living = {one.row.code for one in rows if one.state != "past"}
    last = {one.row.code: one for one in rows}
    rows = [one for one in rows if one.state != "past" or (one.row.code not in living and last[one.row.code] is one)]
    unsure = sum(one.check for one in rows)
    rows = [one for one in rows if (one.check or not check) and _holds(q, one)]
    names = {prefix: name for name, prefixes in GROUPS for prefix in prefixes.split()}
    groups: dict[str, list[Row]] = {name: [] for name, _ in (*GROUPS, ("其他", ""))}
    for one in rows:
        groups[names.get(one.row.code.split(".")[0], "其他")].append(one)
    return LawPage(
        groups=[(name, found) for name, found in groups.items() if found],
        grounds=_grounds(q, check),
        total=len(rows),
        unsure=unsure,
        q=q,
        check=check,
    )


def _holds(q: str, one: Row) -> bool:
    words = (one.row.name, one.row.code, one.source, one.row.starts, one.row.counts, one.row.note)
    return all(part in " ".join(words).lower() for part in q.lower().split())


def _grounds(q: str, check: bool) -> list[tuple[str, list[GroundRow]]]:
    groups: dict[str, list[GroundRow]] = {}
    for one in queries.list_ground_rows():
        row = GroundRow(
            row=one,
            source=rules.article_text(one.article),
            cap=f"{one.cap_value} {UNIT_WORDS.get(one.cap_unit, one.cap_unit)}" if one.cap_value else "",
            certainty=CERTAINTIES.get(one.certainty, one.certainty),
            check=one.certainty.startswith("memory"),
        )
        words = f"{one.name} {one.code} {row.source} {REGIME_TEXT.get(one.regime, '')}".lower()
        if (row.check or not check) and all(part in words for part in q.lower().split()):
            groups.setdefault(REGIME_TEXT.get(one.regime, one.regime), []).append(row)
    return list(groups.items())


@access("staff")
@require_GET
def law(request: Any) -> HttpResponse:
    """Every legal number and pause ground, with where it comes from and how sure that is."""
    return render(request, "deadlines/law.html", {"page": _law_page(request)})


@access("staff")
@require_GET
def export_law(request: Any) -> FileResponse:
    """The same list as a spreadsheet, with the same filters."""
    head = ["类别", "代码", "名称", "数值", "承诺", "从何起算", "怎样计算", "依据", "起", "止", "把握", "备注"]
    rows = (
        [
            group,
            one.row.code,
            one.row.name,
            one.value,
            one.committed,
            one.row.starts,
            one.row.counts,
            one.source,
            one.row.valid_from,
            one.row.valid_until,
            one.certainty,
            one.row.note,
        ]
        for group, found in _law_page(request).groups
        for one in found
    )
    return spreadsheet(f"law-{local_date(request.at):%Y%m%d}.xlsx", "法定期限和标准", head, rows)


@access("staff")
@require_http_methods(["GET", "POST"])
def law_row(request: Any, code: str) -> HttpResponse:
    """One parameter with its history; a keeper writes a new version or withdraws a wrong one."""
    rows = queries.list_parameters(code=code)
    if not rows:
        raise NotFound("没有这个参数，请从法定期限和标准的列表中打开。")
    errors: dict[str, str] = {}
    problem, status = "", 200
    withdrawing = request.POST.get("do") == "withdraw"
    if request.method == "POST":
        try:
            check_keeper(request.actor)
            if withdrawing:
                _withdraw(request, rows)
            else:
                actions.change_parameter(by=request.actor, at=request.at, version=_read_version(request.POST, code))
        except WeiminError as fault:
            status = status_of(fault)
            errors = {f"withdraw_{k}" if withdrawing else k: text for k, text in fault.fields.items()}
            problem = "" if errors and fault.kind == "invalid" else fault.message
        else:
            back = reverse("desk:law_row", args=[code])
            return HttpResponseRedirect(f"{back}?done={'withdrawn' if withdrawing else 'changed'}")
    versions = [_row(one, request.today) for one in rows]
    standing = [one for one in versions if one.state != "withdrawn"]
    now = next((one for one in standing if one.state == "now"), standing[-1] if standing else versions[-1])
    typed = request.POST if request.method == "POST" and not withdrawing else None
    page = LawRowPage(
        code=code,
        name=now.row.name or code,
        versions=versions[::-1],
        keeper=KEEPER in request.actor.roles,
        fields=_version_fields(now.row, typed, errors),
        withdraw=_withdraw_fields(standing, request.POST if withdrawing else {}, errors),
        errors=errors,
        problem=problem,
        done={"changed": "新的一版已保存。", "withdrawn": "写错的一版已作废。"}.get(request.GET.get("done", ""), ""),
    )
    return render(request, "deadlines/law_row.html", {"page": page}, status=status)


def _read_version(post: Any, code: str) -> actions.ParameterVersion:
    """What the keeper typed as a version.

    Raises: Invalid — with every field that cannot be read
    """
    typed = {name: str(post.get(name, "")).strip() for name in _VERSION_FIELDS}
    errors: dict[str, str] = {}
    days: dict[str, date | None] = {"valid_from": None, "valid_until": None}
    for name in days:
        if typed[name] or name == "valid_from":
            try:
                days[name] = read_day(typed[name])
            except Invalid as fault:
                errors[name] = fault.message
    for name in ("value", "committed"):
        typed[name] = unicodedata.normalize("NFKC", typed[name]).replace(",", "")
        if typed[name] and not _NUMBER.fullmatch(typed[name]):
            errors[name] = "请写成数字，如 20 或 0.3，小数最多四位。"
    for name, known in (("unit", UNIT_WORDS), ("certainty", CERTAINTIES), ("approver", {"": "", **APPROVER_TEXT})):
        if typed[name] not in known:
            errors[name] = "请从列表中选择。"
    for name, most in _LENGTHS.items():
        if len(typed[name]) > most:
            errors[name] = f"最多 {most} 个字，现在 {len(typed[name])} 个，请缩短。"
    since = days["valid_from"]
    if errors or since is None:
        raise Invalid("有几处需要改一下。", fields=errors)
    words = {name: typed[name] for name in _VERSION_FIELDS if name not in days}
    return actions.ParameterVersion(code=code, valid_from=since, valid_until=days["valid_until"], **words)


_VERSION_FIELDS = (
    "value",
    "unit",
    "committed",
    "valid_from",
    "valid_until",
    "article",
    "certainty",
    "approver",
    "name",
    "starts",
    "counts",
    "note",
    "reason",
)


def _version_fields(now: Any, typed: Any, errors: dict[str, str]) -> list[Shown]:
    """The form of a new version: what was typed, else what is in force."""
    fresh = {"valid_from": "", "valid_until": "", "reason": "", "note": ""}
    start = {name: fresh[name] if name in fresh else getattr(now, name) for name in _VERSION_FIELDS}
    start["value"] = f"{now.value.normalize():f}" if now.value is not None else ""
    start["committed"] = now.committed if now.committed is not None else ""

    def shown(name: str, label: str, kind: str = "text", **more: Any) -> Shown:
        value = typed.get(name, "").strip() if typed is not None else start[name]
        error = errors.get(name, "")
        kind = "text" if kind == "date" and error else kind
        return Shown(name, label, kind, value=value, error=error, max_length=_LENGTHS.get(name, 200), **more)

    return [
        shown(
            "value",
            "数值",
            "number",
            required=False,
            help="比例写成小数，如 0.3。法律没有规定、本地也还没定的可以不填，用到时会提示。",
        ),
        shown("unit", "单位", "select", groups=[("", list(UNIT_WORDS.items()))]),
        shown("committed", "承诺数值", "number", required=False, help="本地承诺的更短期限，不能超过法定数值。"),
        shown("valid_from", "从哪一天起适用", "date", help="现在适用的一版到这一天为止（不含）。"),
        shown(
            "valid_until",
            "到哪一天为止（不含）",
            "date",
            required=False,
            help="一般不填。填了，到期后没有接着的一版，用到它的事就办不了。",
        ),
        shown("article", "依据", help="法规代码和条文，如 xkl-2019 art. 42；没有代码的写文件名和文号。"),
        shown("certainty", "把握", "select", groups=[("", list(CERTAINTIES.items()))]),
        shown("approver", "延长由谁批准", "select", required=False, groups=[("", list(APPROVER_TEXT.items()))]),
        shown("name", "名称", required=False),
        shown("starts", "从何起算", required=False),
        shown("counts", "怎样计算", required=False),
        shown("note", "备注", "textarea", required=False),
        shown("reason", "为什么改", "textarea", help="至少 5 个字，留在历史里。"),
    ]


def _withdraw(request: Any, rows: list[Any]) -> None:
    """Withdraw the chosen version of this parameter.

    Raises: Invalid — none of its versions was chosen
    """
    chosen = request.POST.get("withdraw_row", "")
    row_id = next((one.pk for one in rows if str(one.pk) == chosen), None)
    if row_id is None:
        raise Invalid("请选择要作废哪一版。", fields={"row": "请选择要作废哪一版。"})
    reason = request.POST.get("withdraw_reason", "")
    actions.withdraw_parameter(by=request.actor, at=request.at, row_id=row_id, reason=reason)


def _withdraw_fields(standing: list[Row], typed: Any, errors: dict[str, str]) -> list[Shown]:
    options = [(str(one.row.pk), f"{one.row.valid_from:%Y-%m-%d} 起：{one.value}") for one in standing]
    return [
        Shown(
            "withdraw_row",
            "作废哪一版",
            "select",
            value=typed.get("withdraw_row", ""),
            error=errors.get("withdraw_row", ""),
            groups=[("", options)],
        ),
        Shown(
            "withdraw_reason",
            "为什么作废",
            "textarea",
            value=typed.get("withdraw_reason", ""),
            error=errors.get("withdraw_reason", ""),
            help="至少 5 个字，留在历史里。它的日子还给前一版。",
        ),
    ]
