"""Tasks on the desk: the form at the gate, one task with what each may do, reports of work past the gate."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import FileResponse, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from weimin.apps.taskadmission import access as policy
from weimin.apps.taskadmission import actions, queries
from weimin.apps.taskadmission.models import Attempt, Report, Target, Task
from weimin.apps.taskadmission.types import FORMS, OUTCOMES, REPORT_STATES, RESPONSIBLE, STATES, TARGETS, Answer, Wanted
from weimin.apps.taskadmission.web.shown import key_of, read_wanted, task_fields
from weimin.base.errors import WeiminError
from weimin.base.guard import access
from weimin.base.shapes import read_id
from weimin.kernel.directory import queries as directory
from weimin.ui.answers import status_of
from weimin.ui.fields import Shown
from weimin.ui.sheets import moment, spreadsheet

PAGE_ROWS = 50
#: Reports that one page shows; the spreadsheet has all.
MANY_REPORTS = 200


@dataclass
class TasksPage:
    """The tasks that a viewer sees, and what waits for their office."""

    rows: Page[Any]
    state: str
    waiting: list[Task]
    objections: list[Target]
    attempts: list[Attempt]
    may_ask: bool
    office: bool
    level: str
    may_report: bool
    states: dict[str, str] = field(default_factory=lambda: STATES)


@dataclass
class FormPage:
    """The form at the gate, as typed, with what to mend."""

    fields: list[Shown]
    errors: dict[str, str]
    key: str
    target: str
    town: str
    town_name: str
    towns: list[tuple[str, str]]
    said: str = ""
    ready: bool = True
    reopened: bool = False


@dataclass
class TaskPage:
    """One task, the places that carry it, and what the viewer may do now."""

    task: Task
    targets: list[Target]
    may_decide: bool
    may_answer: bool
    may_speak: bool
    may_withdraw: bool
    attempt_id: int | None
    said: str = ""
    problem: str = ""
    errors: dict[str, str] = field(default_factory=dict)
    typed: dict[str, str] = field(default_factory=dict)


@dataclass
class ReportsPage:
    """Reports of work past the gate, the form of a township, the answers of the office."""

    rows: list[Report]
    fields: list[Shown]
    key: str
    office: bool
    errors: dict[str, str]
    problem: str
    chosen: str
    typed: str
    states: dict[str, str] = field(default_factory=lambda: REPORT_STATES)


@access("staff")
@require_GET
def tasks(request: Any) -> HttpResponse:
    """The tasks of my body, township or county; what waits for the leading group's office."""
    actor, state = request.actor, request.GET.get("state", "")
    page = TasksPage(
        rows=Paginator(queries.list_tasks(actor, state=state), PAGE_ROWS).get_page(request.GET.get("page")),
        state=state if state in STATES else "",
        waiting=queries.list_waiting(actor),
        objections=queries.list_objections(actor),
        attempts=queries.list_own_attempts(actor),
        may_ask=policy.may_ask(actor),
        office=policy.is_office(actor),
        level=policy.level_of(actor),
        may_report=policy.may_report(actor),
    )
    return render(request, "taskadmission/desk_tasks.html", {"page": page})


@access("staff")
@require_GET
def export_tasks(request: Any) -> FileResponse:
    """The same list as a spreadsheet, with the same filter, whole."""
    head = [
        "任务",
        "状态",
        "部门",
        "县区",
        "承接层级",
        "对村的方式",
        "责任主体",
        "清单",
        "依据",
        "开始",
        "完成期限",
        "经费（元）",
        "经费来源",
        "无经费的理由",
        "申请时间",
        "审核期限",
        "决定时间",
        "决定理由",
        "撤回时间",
        "撤回理由",
    ]
    rows = (
        [
            one.title,
            STATES[one.state],
            one.agency.name,
            one.county.name,
            TARGETS[one.target],
            FORMS.get(one.form, ""),
            RESPONSIBLE[one.responsible],
            one.row_code or "不在清单上",
            one.basis,
            one.starts,
            one.ends,
            one.amount,
            one.amount_source,
            one.zero_reason,
            moment(one.asked_at),
            one.due_on,
            moment(one.decided_at),
            one.reason,
            moment(one.withdrawn_at),
            one.withdrawal,
        ]
        for one in queries.list_tasks(request.actor, state=request.GET.get("state", "")).iterator(chunk_size=500)
    )
    return spreadsheet("tasks.xlsx", "任务", head, rows)


@access("staff", roles={"leader"})
@require_http_methods(["GET", "POST"])
def new(request: Any) -> HttpResponse:
    """The form at the gate: what is wrong is named by field, and what was typed stays; an earlier try opens again."""
    actor = request.actor
    policy.check_part(policy.may_ask(actor), policy.HEAD)
    again = read_id(request.GET.get("attempt", "")) if request.method == "GET" else 0
    wanted = queries.get_typed(actor, again) if again else None
    town = _town(request, wanted)
    said, wanted = Answer("", None), wanted or Wanted(target="village" if town else "township")
    errors: dict[str, str] = {}
    problem, status, key = "", 200, key_of(request.POST)
    if request.method == "POST":
        wanted = read_wanted(request.POST)
        try:
            said = actions.submit_task(by=actor, at=request.at, wanted=wanted, key=key)
        except WeiminError as fault:
            errors, problem, status = fault.fields, fault.message, status_of(fault)
        else:
            if said.task_id:
                there = reverse("desk:task", args=[said.task_id])
                return HttpResponseRedirect(f"{there}?said={said.outcome}")
            # the next try is another form: it needs a key of its own
            errors, problem, status, key = said.faults, OUTCOMES[said.outcome], 422, key_of({})
    page = FormPage(
        fields=task_fields(wanted, errors, county=actor.division_code, town=town, today=request.today),
        errors=errors,
        key=key,
        target=wanted.target,
        town=town,
        town_name=directory.get_division(town).name if town else "",
        towns=[(one.code, one.name) for one in directory.children_of(actor.division_code)],
        said=problem,
        ready=wanted.target == "township" or bool(town),
        reopened=bool(again),
    )
    return render(request, "taskadmission/desk_new.html", {"page": page}, status=status)


def _town(request: Any, wanted: Wanted | None) -> str:
    """The township of the county whose villages are asked; '' when townships are."""
    code = str(request.POST.get("town", request.GET.get("town", "")))
    if wanted is not None and wanted.target == "village" and wanted.places:
        code = directory.township_of(wanted.places[0])
    own = {one.code for one in directory.children_of(request.actor.division_code)}
    return code if code in own else ""


_SAID = {
    "admitted": "在清单上、要件齐全，已当场准入，承接单位已经能看到。",
    "asked": "不在清单上，已转领导小组办公室审核，到期前会有答复。",
    "decided": "已记录决定。",
    "withdrawn": "已经撤回，承接单位不用再办。",
    "objected": "异议已经送领导小组办公室，到期前会有答复。",
    "answered": "已答复异议。",
    "done": "已报完成。",
}


@access("staff")
@require_http_methods(["GET", "POST"])
def task(request: Any, task_id: int) -> HttpResponse:
    """One task: the office decides and answers objections, a township objects or reports it done."""
    errors: dict[str, str] = {}
    problem, status = "", 200
    if request.method == "POST":
        try:
            said = _act(request, task_id)
            return HttpResponseRedirect(f"{reverse('desk:task', args=[task_id])}?said={said}")
        except WeiminError as fault:
            errors, problem, status = fault.fields, fault.message, status_of(fault)
    actor = request.actor
    row, targets = queries.get_task(actor, task_id)
    page = TaskPage(
        task=row,
        targets=targets,
        may_decide=row.state == "asked" and policy.TASKS.may(actor, "decide", row),
        may_answer=policy.is_office(actor),
        may_speak=policy.may_answer(actor),
        may_withdraw=row.state in ("asked", "admitted")
        and any(one.state in ("open", "objected") for one in targets)
        and policy.TASKS.may(actor, "withdraw", row),
        attempt_id=queries.find_attempt_id(actor, row.pk) if row.state in ("refused", "withdrawn") else None,
        said=_SAID.get(request.GET.get("said", ""), ""),
        problem=problem,
        errors=errors,
        typed={one: request.POST.get(one, "") for one in ("target", "reason", "text", "withdrawal")},
    )
    return render(request, "taskadmission/desk_task.html", {"page": page}, status=status)


def _act(request: Any, task_id: int) -> str:
    """Do what the button says; returns what was done."""
    post, by, at = request.POST, request.actor, request.at
    do, target, text = post.get("do", ""), read_id(post.get("target", "")), post.get("text", "")
    if do == "object":
        actions.object_to_task(by=by, at=at, target_id=target, reason=text)
        return "objected"
    if do == "done":
        actions.report_done(by=by, at=at, target_id=target, note=text)
        return "done"
    if do in ("uphold", "keep"):
        actions.answer_objection(by=by, at=at, target_id=target, upheld=do == "uphold", reply=text)
        return "answered"
    if do in ("admit", "refuse"):
        actions.decide_task(by=by, at=at, task_id=task_id, admit=do == "admit", reason=post.get("reason", ""))
        return "decided"
    if do == "withdraw":
        actions.withdraw_task(by=by, at=at, task_id=task_id, reason=post.get("withdrawal", ""))
        return "withdrawn"
    raise actions.TaskBroken("请从页面上的按钮操作。")


@access("staff")
@require_http_methods(["GET", "POST"])
def reports(request: Any) -> HttpResponse:
    """Work pushed on us past the gate: a township or village reports it, the leading group's office answers."""
    actor, errors = request.actor, dict[str, str]()
    problem, status, key = "", 200, key_of(request.POST)
    if request.method == "POST":
        try:
            _report_or_answer(request, key)
            return HttpResponseRedirect(reverse("desk:task_reports"))
        except WeiminError as fault:
            errors, problem, status = fault.fields, fault.message, status_of(fault)
    page = ReportsPage(
        rows=list(queries.list_reports(actor)[:MANY_REPORTS]),
        fields=_report_fields(request, errors) if policy.may_report(actor) else [],
        key=key,
        office=policy.is_office(actor),
        errors=errors if not request.POST.get("report") else {},
        problem=problem,
        chosen=request.POST.get("report", ""),
        typed=request.POST.get("answer", ""),
    )
    return render(request, "taskadmission/desk_reports.html", {"page": page}, status=status)


@access("staff")
@require_GET
def export_reports(request: Any) -> FileResponse:
    """The same reports as a spreadsheet, whole."""
    head = [
        "部门",
        "状态",
        "情况",
        "乡镇",
        "反映的地方",
        "反映人",
        "反映时间",
        "最迟答复",
        "答复",
        "答复人",
        "答复时间",
    ]
    rows = (
        [
            one.agency.name,
            REPORT_STATES[one.state],
            one.text,
            one.township.name,
            one.place.name,
            one.by_label,
            moment(one.at),
            one.due_on,
            one.answer,
            one.answered_by,
            moment(one.answered_at),
        ]
        for one in queries.list_reports(request.actor).iterator(chunk_size=500)
    )
    return spreadsheet("reports.xlsx", "绕开准入的反映", head, rows)


def _report_or_answer(request: Any, key: str) -> None:
    post, by, at = request.POST, request.actor, request.at
    if post.get("report"):
        upheld, answer = post.get("do") == "uphold", post.get("answer", "")
        actions.answer_report(by=by, at=at, report_id=read_id(post["report"]), upheld=upheld, answer=answer)
    else:
        agency = read_id(post.get("agency", ""))
        actions.report_bypass(by=by, at=at, agency_id=agency, text=post.get("text", ""), key=key)


def _report_fields(request: Any, errors: dict[str, str]) -> list[Shown]:
    places = queries.list_accusable(request.actor)
    village = policy.level_of(request.actor) == "village"
    return [
        Shown(
            name="agency",
            label="哪个部门下的任务",
            type="select",
            value=request.POST.get("agency", ""),
            error=errors.get("agency", ""),
            groups=[(place if village else "", [(str(pk), name) for pk, name in bodies]) for place, bodies in places],
        ),
        Shown(
            name="text",
            label="什么任务、什么时候、怎么下来的",
            type="textarea",
            value=request.POST.get("text", ""),
            error=errors.get("text", ""),
            max_length=1000,
            help="只有领导小组办公室、监督员和反映的地方看得到" + ("；反映本乡镇的，乡镇看不到" if village else ""),
        ),
    ]
