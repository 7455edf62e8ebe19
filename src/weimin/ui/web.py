"""The style page: every component with made-up data, to be looked at and tested for accessibility."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from weimin.base.guard import access
from weimin.ui.fields import Cell, Shown

_SHELLS = {"portal": "ui/portal.html", "desk": "ui/desk.html"}


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the sample strip."""

    day: date
    kind: str
    count: int = 0
    note: str = ""


def _fields() -> list[Shown]:
    """One question of each type, empty or filled."""
    return [
        Shown("s_text", "老人姓名", help="与身份证上的一致。", value="王秀兰", max_length=40),
        Shown("s_area", "说明情况", "textarea", help="写清时间、地点，不超过 200 字。"),
        Shown("s_number", "家里几口人", "number", unit="人", value="3"),
        Shown("s_money", "上月全家收入", "money", unit="元", help="没有收入填 0。", required=False),
        Shown("s_date", "出生日期", "date", value="1944-03-05"),
        Shown(
            "s_choice",
            "给谁申请",
            "choice",
            value="relative",
            choices=(("self", "本人"), ("relative", "家人")),
        ),
        Shown("s_relation", "和老人的关系", "text", show_field="s_choice", show_values="relative"),
        Shown(
            "s_choices",
            "有哪些困难",
            "choices",
            value=["ill"],
            required=False,
            choices=(("ill", "重病"), ("disabled", "残疾"), ("alone", "独居")),
        ),
        Shown("s_id", "身份证号", "id_number", help="18 位，最后一位可能是 X。"),
        Shown("s_phone", "手机号", "phone", value="13800000000"),
        Shown(
            "s_division",
            "住在哪个村（社区）",
            "division",
            groups=(("东河镇", (("1", "柳树村"), ("2", "河湾村"))), ("西山乡", (("3", "石桥村"),))),
        ),
        Shown(
            "s_file",
            "社会保障卡照片",
            "file",
            accept=".jpg,.png,.pdf",
            help="拍清楚卡号那一面，不超过 20 MB。",
        ),
        _table(),
    ]


def _table() -> Shown:
    """A table question with two empty rows."""
    heads = (("name", "姓名", "text"), ("born", "出生日期", "date"), ("work", "做什么", "choice"))
    work = (("farm", "务农"), ("out", "外出打工"), ("school", "上学"))
    rows = [
        [
            Cell(
                f"s_table-{at}-{name}",
                f"第 {at + 1} 行 {label}",
                kind,
                choices=work if kind == "choice" else (),
            )
            for name, label, kind in heads
        ]
        for at in range(2)
    ]
    columns = [Cell(name, label, kind) for name, label, kind in heads]
    return Shown("s_table", "家里人", "table", required=False, columns=columns, rows=rows)


def _wrong() -> list[Shown]:
    """Questions with an error, as after a failed check."""
    return [
        Shown(
            "w_id",
            "身份证号",
            "id_number",
            value="34010119440305123",
            help="18 位，最后一位可能是 X。",
            error="身份证号应为 18 位，请核对后再填。",
        ),
        Shown(
            "w_choice",
            "领取方式",
            "choice",
            error="请选择一种领取方式。",
            choices=(("counter", "到窗口领"), ("post", "寄到家")),
        ),
    ]


def _strip() -> list[Day]:
    """Days of each kind around a holiday."""
    return [
        Day(date(2026, 9, 29), "work", 1),
        Day(date(2026, 9, 30), "paused"),
        Day(date(2026, 10, 1), "off", note="国庆节"),
        Day(date(2026, 10, 2), "off", note="国庆节"),
        Day(date(2026, 10, 8), "work", 2),
        Day(date(2026, 10, 10), "makeup", 3),
        Day(date(2026, 10, 11), "off", note="周日"),
        Day(date(2026, 10, 12), "work", 4),
    ]


@dataclass(frozen=True, slots=True)
class StylePage:
    """What the style page shows."""

    shell: str
    fields: list[Shown] = field(default_factory=_fields)
    wrong: list[Shown] = field(default_factory=_wrong)
    strip: list[Day] = field(default_factory=_strip)
    due_date: date = date(2026, 10, 20)
    moment: datetime = datetime(2026, 9, 29, 1, 5, tzinfo=UTC)
    left: tuple[int, ...] = (6, 0, -2)
    section: str = "items"

    @property
    def errors(self) -> dict[str, str]:
        """The errors of the wrong questions, as the summary takes them."""
        return {one.name: one.error for one in self.wrong}


@access("demo")
@require_GET
def style_page(request: Any) -> HttpResponse:
    """Every component in the shell of the portal, or with `?shell=desk` of the desk."""
    page = StylePage(_SHELLS.get(request.GET.get("shell", ""), _SHELLS["portal"]))
    context = {name: getattr(page, name) for name in page.__slots__}
    return render(request, "ui/styleguide.html", {**context, "errors": page.errors})
