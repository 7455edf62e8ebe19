"""The counter's pages: a new matter for a person present, and the inbox as a spreadsheet."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

from django.http import FileResponse, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from weimin.base.clock import local_date
from weimin.base.errors import WeiminError
from weimin.base.guard import access
from weimin.base.shapes import read_id
from weimin.kernel.cases import actions as cases
from weimin.kernel.cases import queries as case_queries
from weimin.kernel.cases.queries.notices import get_notice
from weimin.kernel.cases.types import Channel, Guardian, Submission, UploadedFile
from weimin.kernel.catalogue import forms
from weimin.kernel.catalogue import queries as catalogue
from weimin.kernel.catalogue.types import Filters
from weimin.kernel.directory import queries as directory
from weimin.kernel.residents import actions as residents
from weimin.kernel.residents import queries as resident_queries
from weimin.ui.sheets import spreadsheet

#: What the page of a new matter sends beside the item's own questions.
_OWN_NAMES = {
    "key",
    "notice",
    "guardian_name",
    "guardian_relation",
    "name",
    "id_number",
    "phone",
    "division",
    "channel",
    "seen",
    "kept",
    "taken",
}
CHANNELS = (("window", "本人到窗口"), ("agent", "村代办员代办"), ("home", "上门办理"))


@access("staff", roles={"front_desk"})
@require_GET
def choose(request: Any) -> HttpResponse:
    """Choose the item: by plain words, as the person says it."""
    q = request.GET.get("q", "")
    filters = Filters(township=request.actor.division_code)
    found = catalogue.search_items(text=q, filters=filters)
    return render(request, "counter/choose.html", {"q": q, "found": found})


@access("staff", roles={"front_desk"})
@require_http_methods(["GET", "POST"])
def new_matter(request: Any, code: str) -> HttpResponse:
    """One page for everything: the person, the questions, the materials checked one by one."""
    actor = request.actor
    offer = catalogue.find_offer(code=code, township_code=actor.division_code, on=request.today)
    spec = catalogue.get_spec(offer.version_id)
    typed: dict[str, Any] = {}
    person = {"name": "", "id_number": "", "phone": "", "division": "", "channel": "window"}
    errors: dict[str, str] = {}
    key, status = secrets.token_hex(16), 200
    kept: list[int] = []
    if request.method == "POST":
        person = {name: request.POST.get(name, "").strip() for name in person}
        typed = forms.read_post(spec.form.fields, request.POST)
        key = request.POST.get("key", key)[:40]
        kept = [one for one in map(read_id, request.POST.getlist("kept")) if one]
        before = case_queries.find_sent(actor, key=key)
        if before and _is_applicant(request, before, person["id_number"]):
            return HttpResponseRedirect(reverse("desk:case", args=[before]) + "?again=1")
        key = secrets.token_hex(16) if before else key  # an old page filled in anew for somebody else
        number = _send(request, spec, offer, person, typed, key, kept, errors)
        if number:
            return HttpResponseRedirect(reverse("desk:case", args=[number]))
        status = 422
    context = {
        "spec": spec,
        "offer": offer,
        "person": person,
        "errors": errors,
        "key": key,
        "fields": forms.show_fields(spec.form.fields, typed, errors, place=actor.division_code),
        "villages": directory.children_of(actor.division_code),
        "channels": CHANNELS,
        "notice": get_notice(on=request.today),
        "guardian": {part: request.POST.get(f"guardian_{part}", "") for part in ("name", "relation")},
        "told": bool(request.POST.get("notice")),
        "kept": case_queries.list_loose_files(actor, ids=kept),
        "brought": request.POST.getlist("seen"),
    }
    return render(request, "counter/new_matter.html", context, status=status)


def _send(
    request: Any,
    spec: Any,
    offer: Any,
    person: dict[str, str],
    typed: dict[str, Any],
    key: str,
    kept: list[int],
    errors: dict[str, str],
) -> str:
    """Register the person, take in the files, submit; gives the number, or fills the errors."""
    actor = request.actor
    _take_files(request, spec, kept, errors)
    own = _OWN_NAMES | {f"material_{one.code}" for one in spec.materials}  # browsers send an empty choice as text
    errors.update(forms.strange_names(spec.form.fields, request.POST, beside=own))
    try:
        applicant = residents.register_resident(
            by=actor,
            at=request.at,
            name=person["name"],
            id_number=person["id_number"],
            phone=person["phone"],
            division_code=person["division"],
        )
    except WeiminError as fault:
        errors.update(fault.fields or {"id_number": fault.message})
        return ""
    if errors:
        return ""
    channel = person["channel"] if person["channel"] in dict(CHANNELS) else "window"
    answers = {name: value for name, value in typed.items() if value not in ("", [])}
    try:
        done = cases.submit(
            by=actor,
            at=request.at,
            key=key,
            submission=Submission(
                item_code=spec.code,
                township_code=offer.township_code,
                applicant_id=applicant,
                channel=Channel(channel),
                answers=answers,
                file_ids=tuple(kept),
                waived_materials=tuple(request.POST.getlist("seen")),
                notice=request.POST.get("notice", "")[:12],
                guardian=_guardian(request),
            ),
        )
    except WeiminError as fault:
        errors.update(fault.fields or {"send": fault.message})
        return case_queries.find_sent(actor, key=key)  # the same page sent twice at the same moment
    return done.number


def _guardian(request: Any) -> Guardian | None:
    typed = [request.POST.get(f"guardian_{part}", "").strip()[:40] for part in ("name", "relation")]
    return Guardian(*typed) if any(typed) else None


def _is_applicant(request: Any, number: str, id_number: str) -> bool:
    """Whether a matter is the person's whose identity number was typed."""
    try:
        found = resident_queries.find_by_id_number(id_number)
        return bool(case_queries.find_case(request.actor, number).applicant_id == found)
    except WeiminError:
        return False


def _take_files(request: Any, spec: Any, kept: list[int], errors: dict[str, str]) -> None:
    """Take out the files whose tick was taken away, take in the new ones; fills the ids and the errors."""
    for one in {read_id(text) for text in request.POST.getlist("taken")} - set(kept):
        if case_queries.list_loose_files(request.actor, ids=[one]):
            cases.remove_file(by=request.actor, at=request.at, file_id=one)
    for one in spec.materials:
        for upload in request.FILES.getlist(f"material_{one.code}"):
            try:
                kept.append(
                    cases.add_file(
                        by=request.actor,
                        at=request.at,
                        material_code=one.code,
                        allowed=one.accept,
                        upload=UploadedFile(upload.name, upload.read()),
                    )
                )
            except WeiminError as fault:
                name = f"material_{one.code}"
                errors[name] = errors.get(name, "") + fault.message


@access("staff", roles={"front_desk"}, reads="窗口核对登记信息")
@require_POST
def find_person(request: Any) -> HttpResponse:
    """Say whether a person is registered, so that the clerk need not type everything again."""
    try:
        found = resident_queries.find_by_id_number(request.POST.get("id", ""))
    except WeiminError as fault:
        return HttpResponse(fault.message, status=422, content_type="text/plain; charset=utf-8")
    if found is None:
        return HttpResponse("没有登记过，请填写。", content_type="text/plain; charset=utf-8")
    card = resident_queries.get_card(resident_id=found)
    return HttpResponse(f"已登记：{card.name}，{card.place}", content_type="text/plain; charset=utf-8")


@access("staff", roles={"reviewer"})
@require_http_methods(["GET", "POST"])
def register(request: Any, code: str = "") -> HttpResponse:
    """Begin a matter without an applicant: choose the item, fill in, register."""
    actor = request.actor
    if not code:
        found = catalogue.list_own_motion(township_code=actor.division_code)
        return render(request, "counter/register_list.html", {"found": found})
    offer = catalogue.find_offer(code=code, township_code=actor.division_code, on=request.today)
    spec = catalogue.get_spec(offer.version_id)
    typed: dict[str, Any] = {}
    errors: dict[str, str] = {}
    key, status = request.POST.get("key", secrets.token_hex(16))[:40], 200
    if request.method == "POST":
        typed = forms.read_post(spec.form.fields, request.POST)
        answers = {name: value for name, value in typed.items() if value not in ("", [])}
        errors = forms.strange_names(spec.form.fields, request.POST, beside={"key"})
        try:
            if not errors:
                done = cases.register_own_motion(by=actor, at=request.at, key=key, item_code=code, answers=answers)
                return HttpResponseRedirect(reverse("desk:case", args=[done.number]))
        except WeiminError as fault:
            errors = fault.fields or {"send": fault.message}
        status = 422
    context = {
        "spec": spec,
        "errors": errors,
        "key": key,
        "fields": forms.show_fields(spec.form.fields, typed, errors, place=actor.division_code),
    }
    return render(request, "counter/register.html", context, status=status)


@access("staff", reads="导出待办表格")
@require_GET
def export_inbox(request: Any) -> FileResponse:
    """The inbox as a spreadsheet, with the same filters."""
    head = ["期限", "事项", "申请人", "环节", "渠道", "承办人", "编号"]
    return spreadsheet(f"inbox-{local_date(request.at):%Y%m%d}.xlsx", "待办", head, _inbox_rows(request))


def _inbox_rows(request: Any) -> Iterator[list[Any]]:
    after = ""
    while True:
        page = case_queries.get_inbox(
            request.actor,
            mine=request.GET.get("mine") == "1",
            kind=request.GET.get("kind", ""),
            item=request.GET.get("item", "")[:40],
            after=after,
        )
        for row in page.rows:
            yield [
                row.due_on,
                row.item_name,
                row.applicant,
                row.step_name,
                row.channel,
                row.assignee,
                row.number,
            ]
        after = page.after
        if not after:
            return
