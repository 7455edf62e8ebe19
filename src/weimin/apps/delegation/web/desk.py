"""Delegations on the desk: propose, assess, publish, sign, run, evaluate, withdraw; acts under one; the picture."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable
from datetime import date
from typing import Any

from django.core.paginator import Paginator
from django.http import FileResponse, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from weimin.apps.delegation import actions, queries
from weimin.apps.delegation.access import DELEGATIONS, KEEPERS, ROLES
from weimin.apps.delegation.rules import focus_areas
from weimin.apps.delegation.types import (
    KINDS,
    LETTER_FILES,
    LEVELS,
    LISTS,
    OPEN_MATTERS,
    ORIGINS,
    POWERS,
    RECIPIENTS,
    RESULTS,
    STATES,
    Instrument,
    Readiness,
)
from weimin.apps.delegation.web.shown import sheet_of
from weimin.base.errors import Invalid, WeiminError
from weimin.base.guard import access
from weimin.kernel.cases.queries.authorities import count_under_delegation, list_under_delegation
from weimin.kernel.cases.types import STATE_TEXT, State
from weimin.kernel.catalogue.queries import lists
from weimin.kernel.directory import queries as directory
from weimin.ui.answers import asked_day, status_of
from weimin.ui.fields import Shown
from weimin.ui.sheets import moment, spreadsheet

NOBODY = [("", "请选择")]


@access("staff", roles=ROLES)
@require_GET
def delegations(request: Any) -> HttpResponse:
    """Every delegation of one's place, and whose evaluation is overdue."""
    asked = _asked(request)
    found = Paginator(queries.list_for_desk(viewer=request.actor, **asked), 50)
    context = {
        "rows": found.get_page(request.GET.get("page")),
        "overdue": list(queries.list_overdue(viewer=request.actor, on=request.today)[:50]),
        "asked": asked,
        "states": STATES.items(),
        "focuses": focus_areas().items(),
        "townships": directory.townships_by_county(),
        "keeper": bool(request.actor.roles & KEEPERS),
    }
    return render(request, "delegation/desk.html", context)


def _asked(request: Any) -> dict[str, str]:
    return {name: request.GET.get(name, "")[:20] for name in ("state", "township", "focus")}


@access("staff", roles=ROLES)
@require_GET
def export_delegations(request: Any) -> FileResponse:
    """The same list as a spreadsheet, with the same filters, whole."""
    return sheet_of(queries.list_for_desk(viewer=request.actor, **_asked(request)))


@access("staff", roles=set(KEEPERS))
@require_http_methods(["GET", "POST"])
def propose(request: Any) -> HttpResponse:
    """Propose to hand matters to a township."""
    errors: dict[str, str] = {}
    problem, status = "", 200
    if request.method == "POST":
        try:
            number = actions.propose_delegation(by=request.actor, at=request.at, instrument=_instrument(request))
            return HttpResponseRedirect(reverse("desk:delegation", args=[number]))
        except WeiminError as fault:
            errors, problem, status = fault.fields, fault.message, status_of(fault)
    context = {"fields": _fields(request, errors), "errors": errors, "problem": problem}
    return render(request, "delegation/propose.html", context, status=status)


def _day(text: str, name: str) -> date | None:
    try:
        return date.fromisoformat(text.strip()) if text.strip() else None
    except ValueError:
        raise Invalid("日期请写成 2026-03-05 这样。", fields={name: "日期请写成 2026-03-05 这样。"}) from None


def _instrument(request: Any) -> Instrument:
    post = request.POST
    start, until = _day(post.get("valid_from", ""), "valid_from"), _day(post.get("valid_until", ""), "valid_until")
    if start is None:
        raise Invalid("请写从哪一天起。", fields={"valid_from": "请写从哪一天起。"})
    township, lead = post.get("township", ""), post.get("lead", "")
    found = None
    if directory.division_exists(township):
        found = directory.resolve_agency(rule="county", township_code=township, lead_key=lead)
    if found is None:
        raise Invalid("请选择乡镇和它所在县（区）的部门。", fields={"lead": "这个县（区）没有这个部门，请核对。"})
    names = ("kind", "list_kind", "focus", "issuer_level", "recipient", "origin")
    texts = ("issuer_name", "document", "limits", "basis", "replaces")
    return Instrument(
        township=township,
        department_id=found,
        items=tuple(dict.fromkeys(" ".join(post.getlist("items")).replace("，", " ").replace(",", " ").split())),
        powers=tuple(post.getlist("powers")),
        valid_from=start,
        valid_until=until,
        **{name: post.get(name, "").strip() for name in (*names, *texts)},
    )


def _fields(request: Any, errors: dict[str, str]) -> list[Shown]:
    post, today = request.POST, request.today.isoformat()

    def choose(name: str, label: str, choices: dict[str, str], hint: str = "") -> Shown:
        options = [("", list(choices.items()))]
        return Shown(name, label, "select", post.get(name, ""), errors.get(name, ""), hint, groups=options)

    def write(name: str, label: str, hint: str = "", *, kind: str = "text", first: str = "", most: int = 400) -> Shown:
        return Shown(name, label, kind, post.get(name, first), errors.get(name, ""), hint, max_length=most)

    towns = [(county, [(one.code, one.name) for one in rows]) for county, rows in directory.townships_by_county()]
    until = write("valid_until", "到哪一天为止（不含）", "委托必须写明期限", kind="date")
    replaces = write("replaces", "置换掉哪一份", "现有那一份的编号；事项数要一样，那一份先收回", most=40)
    until.required = replaces.required = False
    replaces.show_field, replaces.show_values = "origin", "swap"
    return [
        choose("kind", "方式", KINDS, "赋权由省里决定、以乡镇名义；委托由有权机关书面委托、以委托机关名义"),
        choose("list_kind", "列入哪张清单", LISTS),
        choose("origin", "来源", ORIGINS, "基本盘各乡镇都承接；自选由乡镇挑；置换是同样数目地换"),
        replaces,
        choose("focus", "重点领域", focus_areas()),
        Shown(
            "township", "交给哪个乡镇（街道）", "select", post.get("township", ""), errors.get("township", ""),
            groups=towns,
        ),
        choose("lead", "县级主管部门", {one: one for one in directory.list_county_fields()}),
        choose("recipient", "承接主体", RECIPIENTS),
        Shown(
            "items", "具体事项", "choices", post.getlist("items") if post else [], errors.get("items", ""),
            "清单上写明赋权、委托以后乡镇可以决定的，和权力清单上的", choices=_choices(request.today),
        ),
        Shown(
            "powers", "交出哪些权力", "choices", post.getlist("powers") if post else [], errors.get("powers", ""),
            "法律不许交出的会被拒绝并记录", choices=list(POWERS.items()),
        ),
        choose("issuer_level", "决定机关层级", LEVELS),
        write("issuer_name", "决定机关", most=80),
        write("document", "书面决定或委托书文号", most=80),
        write("limits", "权限", "到什么范围、什么金额", kind="textarea"),
        write("basis", "依据", "法律、法规、规章和条款", kind="textarea"),
        write("valid_from", "从哪一天起", kind="date", first=today),
        until,
    ]  # fmt: skip


def _choices(today: date) -> list[tuple[str, str]]:
    return [(code, f"{code} {name}") for code, name in lists.list_movable(on=today)]


@access("staff", roles=ROLES)
@require_http_methods(["GET", "POST"])
def delegation(request: Any, letter: str) -> HttpResponse:
    """One delegation and its next step."""
    errors: dict[str, str] = {}
    problem, status = "", 200
    if request.method == "POST":
        try:
            _do(request, letter)
            return HttpResponseRedirect(f"{reverse('desk:delegation', args=[letter])}?done=1")
        except WeiminError as fault:
            errors, problem, status = fault.fields, fault.message, status_of(fault)
    row = queries.get_delegation(viewer=request.actor, number=letter)
    context = {
        "row": row,
        "focus": focus_areas().get(row.focus, ""),
        "powers": "、".join(POWERS.get(one, one) for one in row.powers),
        "place": directory.full_name(row.township_id),
        "forms": _forms(request, row, errors),
        "errors": errors,
        "problem": problem,
        "done": "已办好。" if request.GET.get("done") == "1" else "",
        "letter": row.letter_id is not None and DELEGATIONS.may(request.actor, "read_letter", row),
        "draft": DELEGATIONS.may(request.actor, "keep", row),
        "overdue": bool(row.evaluate_on and row.evaluate_on < request.today),
    }
    return render(request, "delegation/desk_one.html", context, status=status)


def _do(request: Any, number: str) -> None:
    """One step by the button that was pressed.

    Raises: Invalid — no such button
    """
    post = request.POST

    def text(name: str) -> str:
        return str(post.get(name, "")).strip()

    said = {"by": request.actor, "at": request.at, "number": number}
    steps: dict[str, Callable[[], Any]] = {
        "assess": lambda: actions.assess_readiness(readiness=_readiness(text), **said),
        "refuse": lambda: actions.refuse_delegation(reason=text("reason"), **said),
        "decide": lambda: actions.publish_decision(
            by_issuer=text("published_by_issuer"), by_recipient=text("published_by_recipient"), **said
        ),
        "letter": lambda: actions.attach_letter(**_upload(request), **said),
        "sign": lambda: actions.sign_confirmation(read=text("read") == "1", **said),
        "trial": lambda: actions.begin_running(trial=True, **said),
        "full": lambda: actions.begin_running(trial=False, **said),
        "evaluate": lambda: actions.evaluate_delegation(
            result=text("result"), text=text("text"), limits=text("limits"), **said
        ),
        "withdraw": lambda: actions.withdraw_delegation(
            reason=text("reason"), open_matters=text("open_matters"), on=_day(text("on"), "on"), **said
        ),
    }
    if text("do") not in steps:
        raise Invalid("没有这一步，请重新打开再办。")
    steps[text("do")]()


def _upload(request: Any) -> dict[str, Any]:
    """The file that was sent.

    Raises: Invalid — none
    """
    sent = request.FILES.get("letter")
    if sent is None:
        raise Invalid("请选择文件。", fields={"letter": "请选择盖章以后的扫描件。"})
    return {"name": sent.name, "content": sent.read()}


def _readiness(text: Callable[[str], str]) -> Readiness:
    """The evidence as typed: one certificate a line, number and last day.

    Raises: Invalid — a line that is not number and day
    """
    certificates = []
    for line in text("certificates").splitlines():
        if not line.strip():
            continue
        number, _, day = line.strip().rpartition(" ")
        last = _day(day, "certificates")
        if not number.strip() or last is None:
            raise Invalid("每行写一个执法证号和有效期。", fields={"certificates": "如 皖03-001 2027-12-31，一行一个。"})
        certificates.append((number.strip()[:40], last))
    rest = {name: text(name)[:200] for name in ("legal_reviewer", "equipment", "training", "seal")}
    return Readiness(tuple(certificates[:50]), **rest)


def _forms(request: Any, row: Any, errors: dict[str, str]) -> list[tuple[str, list[Shown], list[tuple[str, str]]]]:
    """What the viewer may do now: title, fields, buttons."""
    post, roles = request.POST, request.actor.roles

    def write(name: str, label: str, hint: str = "", kind: str = "text", most: int = 200) -> Shown:
        return Shown(name, label, kind, post.get(name, ""), errors.get(name, ""), hint, max_length=most)

    def choose(name: str, label: str, choices: dict[str, str]) -> Shown:
        return Shown(
            name, label, "select", post.get(name, ""), errors.get(name, ""), groups=[("", [*NOBODY, *choices.items()])]
        )

    if "leader" in roles and row.state == "decided" and _unsigned(request.actor, row):
        told = [("1", "我看过了书面决定（委托书）、事项、权限、期限和承接条件")]
        read = Shown("read", "签字以前", "choices", post.getlist("read"), errors.get("read", ""), choices=told)
        return [("签订承接确认书", [read], [("sign", "签字确认")])]
    if not DELEGATIONS.may(request.actor, "keep", row):
        return []
    refuse = ("不赋予", [write("reason", "理由", most=400)], [("refuse", "不赋予")])
    day = write("on", "哪天收回", "写以后的日子，到那天系统自动收回，在此以前照常办；已经定下的只能提前", "date")
    day.value = post.get("on", (row.withdraw_on or request.today).isoformat())
    withdraw = (
        "收回",
        [write("reason", "为什么收回", most=400), day, choose("open_matters", "在办件怎么办", OPEN_MATTERS)],
        [("withdraw", "收回")],
    )
    attach = Shown(
        "letter", "盖章以后的扫描件", "file", error=errors.get("letter", ""),
        help="PDF 或照片，最大 20 MB；公布以前可以换。没有附上的不能公布",
        accept=",".join(f".{one}" for one in (*LETTER_FILES, "jpeg")),
    )  # fmt: skip
    letter = (
        "书面决定（委托书）",
        [attach],
        [("letter", "换一份文件" if row.letter_id else "附上文件")],
    )
    ready = [
        write("certificates", "执法证", "一行一个：证号 有效期，如 皖03-001 2027-12-31；至少两名", "textarea", 2000),
        write("legal_reviewer", "法制审核", "谁负责"),
        write("equipment", "设备和技术条件"),
        write("training", "培训"),
        write("seal", "专用印章"),
    ]
    publish = [
        write("published_by_issuer", "决定（委托）机关在哪里公布", "网址或公示处"),
        write("published_by_recipient", "承接机关在哪里公布", "委托必须双方公布"),
    ]
    evaluate = [
        choose("result", "结果", RESULTS),
        write("text", "评估意见", kind="textarea", most=500),
        write("limits", "调整以后的权限", "结果是“调整权限”时填写", "textarea", 400),
    ]
    evaluate[2].required = publish[1].required = False
    found: dict[str, list[Any]] = {
        "proposed": [("评估承接条件", ready, [("assess", "条件具备")]), letter, refuse],
        "assessed": [letter, ("决定公布", publish, [("decide", "已决定并公布")]), refuse],
        "decided": [withdraw],
        "signed": [("开始运行", [], [("trial", "试运行"), ("full", "正式运行")]), withdraw],
        "trial": [("定期评估", evaluate, [("evaluate", "记下评估")]), withdraw],
        "full": [("定期评估", evaluate, [("evaluate", "记下评估")]), withdraw],
    }
    return found.get(row.state, [])


def _unsigned(viewer: Any, row: Any) -> bool:
    """Whether a leader's side has not signed yet."""
    if not DELEGATIONS.may(viewer, "sign", row):
        return False
    return not (row.signed_by_township if viewer.division_code == row.township_id else row.signed_by_department)


@access("staff", roles=ROLES)
@require_GET
def letter_file(request: Any, letter: str) -> HttpResponse:
    """The written letter as it was uploaded; never shown as anything but what it is."""
    found = queries.get_letter(viewer=request.actor, number=letter)
    answer = HttpResponse(found.content, content_type=found.media_type)
    tail = mimetypes.guess_extension(found.media_type) or ""
    way = "attachment" if found.media_type == "application/pdf" else "inline"
    answer["Content-Disposition"] = f'{way}; filename="letter-{letter}{tail}"'
    answer["Cache-Control"] = "private, no-store"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox; frame-ancestors 'none'"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


@access("staff", roles=set(KEEPERS))
@require_GET
def draft(request: Any, letter: str) -> HttpResponse:
    """The letter as drawn from what was typed, to be stamped and uploaded again."""
    row = queries.get_delegation(viewer=request.actor, number=letter)
    DELEGATIONS.check(request.actor, "keep", row)
    answer = HttpResponse(queries.draw_letter(row, on=request.today), content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="draft-{row.number}.pdf"'
    answer["Cache-Control"] = "private, no-store"
    return answer


@access("staff", roles=ROLES)
@require_GET
def acts(request: Any, letter: str) -> HttpResponse:
    """Every matter under one delegation."""
    row = queries.get_delegation(viewer=request.actor, number=letter)
    found = Paginator(_acts(request, row), 50)
    context = {
        "row": row,
        "rows": found.get_page(request.GET.get("page")),
        "names": _state_names(),
        "all": count_under_delegation(delegation=row.number),
    }
    return render(request, "delegation/acts.html", context)


def _acts(request: Any, row: Any) -> Any:
    whole = DELEGATIONS.may(request.actor, "oversee", row)
    return list_under_delegation(request.actor, delegation=row.number, whole=whole)


def _state_names() -> dict[str, str]:
    return {str(state): text for state, text in STATE_TEXT.items()}


@access("staff", roles=ROLES)
@require_GET
def export_acts(request: Any, letter: str) -> FileResponse:
    """The same as a spreadsheet."""
    row = queries.get_delegation(viewer=request.actor, number=letter)
    head = ["办件编号", "事项", "收件时间", "状态", "决定时间", "以谁的名义", "现在由谁决定"]
    cells = (
        [
            one.number,
            one.item_name,
            moment(one.submitted_at),
            STATE_TEXT[State(one.state)],
            moment(one.decided_at),
            (one.authority or {}).get("name_of", ""),
            "乡镇" if (one.authority or {}).get("decider") == "township" else "县级部门",
        ]
        for one in _acts(request, row).iterator(chunk_size=500)
    )
    return spreadsheet(f"{row.number}.xlsx", "授权下的办件", head, cells)


@access("staff", roles=ROLES)
@require_GET
def coverage(request: Any) -> HttpResponse:
    """The eight fields by township as a heat table; each cell leads to its delegations."""
    on, problem, status = asked_day(request)
    counties = {one.parent_code: one.county_name for one in directory.list_townships()}
    county = request.GET.get("county", "")
    rows = queries.coverage(on=on, county=county if county in counties else "")
    context = {
        "rows": rows,
        "heads": list(focus_areas().values()),
        "on": on,
        "county": county,
        "counties": counties.items(),
        "covered": sum(1 for one in rows if one.total),
        "problem": problem,
    }
    return render(request, "delegation/coverage.html", context, status=status)
