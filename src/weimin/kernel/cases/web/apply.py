"""Apply step by step: one thing a page, saved at each step, reviewed before sending."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from weimin.base.clock import local_date
from weimin.base.errors import WeiminError
from weimin.base.guard import access
from weimin.kernel.cases import actions, queries
from weimin.kernel.cases.types import Channel, Submission, UploadedFile
from weimin.kernel.catalogue import forms
from weimin.kernel.catalogue import queries as catalogue
from weimin.kernel.catalogue.rules.forms import check_answers, is_shown
from weimin.kernel.catalogue.types import ItemSpec, OfferView
from weimin.kernel.residents import queries as residents
from weimin.ui.fields import Shown

DELIVERIES = (("pickup", "到便民服务中心窗口领取"), ("post", "邮寄到家"))


@dataclass
class ApplyPage:
    """One page of applying."""

    spec: ItemSpec
    offer: OfferView
    page: str
    position: int
    total: int
    title: str
    back: str
    errors: dict[str, str] = field(default_factory=dict)
    fields: list[Shown] = field(default_factory=list)
    materials: list[dict[str, Any]] = field(default_factory=list)
    lines: list[tuple[str, str, str]] = field(default_factory=list)
    card: Any = None
    delivery: str = "pickup"
    deliveries: tuple[tuple[str, str], ...] = DELIVERIES
    key: str = ""
    newer: bool = False
    section: str = "items"


def _pages(spec: ItemSpec) -> list[str]:
    pages = [str(number) for number in range(1, len(spec.form.pages) + 1)]
    if any(not one.shared for one in spec.materials):
        pages.append("materials")
    return [*pages, "review"]


@access("resident")
@require_http_methods(["GET"])
def start(request: Any, code: str, township: str) -> HttpResponse:
    """Begin or resume: to the first page, by way of the profile when it is missing."""
    here = reverse("portal:apply", args=[code, township])
    if request.actor.resident_id is None:
        return HttpResponseRedirect(f"{reverse('portal:profile')}?next={here}")
    offer = catalogue.find_offer(code=code, township_code=township, on=local_date(request.at))
    spec = catalogue.get_spec(offer.version_id)
    draft = queries.find_draft(request.actor, version_id=offer.version_id, township_code=township)
    newer = False
    if draft is None:
        older = queries.find_older_draft(request.actor, item_id=spec.item_id, township_code=township)
        kept = queries.draft_answers(older) if older else {}
        known = {one.name for one in spec.form.fields}
        newer = older is not None
        actions.save_draft(
            by=request.actor,
            at=request.at,
            item_code=code,
            township_code=township,
            answers={k: v for k, v in kept.items() if k in known},
            key=secrets.token_hex(16),
        )
    first = reverse("portal:apply_page", args=[code, township, _pages(spec)[0]])
    return HttpResponseRedirect(first + ("?newer=1" if newer else ""))


@access("resident")
@require_http_methods(["GET", "POST"])
def page(request: Any, code: str, township: str, page: str) -> HttpResponse:
    """One page: questions, materials, or the review."""
    offer = catalogue.find_offer(code=code, township_code=township, on=local_date(request.at))
    spec = catalogue.get_spec(offer.version_id)
    draft = queries.find_draft(request.actor, version_id=offer.version_id, township_code=township)
    pages = _pages(spec)
    if draft is None or page not in pages or request.actor.resident_id is None:
        return HttpResponseRedirect(reverse("portal:apply", args=[code, township]))
    position = pages.index(page)
    back = pages[position - 1] if position else ""
    shown = ApplyPage(
        spec=spec,
        offer=offer,
        page=page,
        position=position + 1,
        total=len(pages),
        title="",
        back=reverse("portal:apply_page", args=[code, township, back])
        if back
        else reverse("portal:guide", args=[code]),
        delivery=draft.delivery,
        key=draft.key,
        newer=request.GET.get("newer") == "1",
    )
    onward = pages[position + 1] if position + 1 < len(pages) else ""
    view = _review if page == "review" else _materials if page == "materials" else _questions
    return view(request, shown, draft, onward)


def _go(shown: ApplyPage, page: str) -> HttpResponse:
    return HttpResponseRedirect(reverse("portal:apply_page", args=[shown.spec.code, shown.offer.township_code, page]))


def _questions(request: Any, shown: ApplyPage, draft: Any, onward: str) -> HttpResponse:
    form_page = shown.spec.form.pages[int(shown.page) - 1]
    answers = queries.draft_answers(draft)
    status = 200
    if request.method == "POST":
        typed = forms.read_post(form_page.fields, request.POST)
        clean, shown.errors = check_answers(form_page.fields, {**answers, **typed}, today=local_date(request.at))
        kept = {k: v for k, v in answers.items() if k not in {f.name for f in form_page.fields}}
        _save(request, shown, {**kept, **typed, **clean}, draft)
        if not shown.errors:
            return _go(shown, "review" if request.POST.get("return") else onward)
        answers, status = {**answers, **typed}, 422
    elif not [one for one in form_page.fields if is_shown(one, answers)]:
        return _go(shown, onward)
    shown.title = form_page.title
    shown.fields = forms.show_fields(form_page.fields, answers, shown.errors, place=shown.offer.township_code)
    return render(request, "cases/apply_questions.html", vars(shown), status=status)


def _save(request: Any, shown: ApplyPage, answers: dict[str, Any], draft: Any) -> None:
    actions.save_draft(
        by=request.actor,
        at=request.at,
        item_code=shown.spec.code,
        township_code=shown.offer.township_code,
        answers=answers,
        delivery=draft.delivery,
        key=draft.key,
    )


def _materials(request: Any, shown: ApplyPage, draft: Any, onward: str) -> HttpResponse:
    status = 200
    wanted = [one for one in shown.spec.materials if not one.shared]
    if request.method == "POST":
        for one in wanted:
            upload = request.FILES.get(f"material_{one.code}")
            if upload is not None:
                try:
                    actions.add_file(
                        by=request.actor,
                        at=request.at,
                        material_code=one.code,
                        draft_id=draft.pk,
                        upload=UploadedFile(upload.name, upload.read()),
                        allowed=one.accept,
                    )
                except WeiminError as fault:
                    shown.errors[f"material_{one.code}"] = fault.message
        have = {one.material_code for one in queries.draft_files(draft)}
        for one in wanted:
            name = f"material_{one.code}"
            if one.required and one.code not in have and name not in shown.errors:
                shown.errors[name] = f"请上传“{one.name}”。"
        if not shown.errors:
            return _go(shown, onward)
        status = 422
    shown.title = "上传材料"
    shown.materials = _material_rows(shown, draft)
    return render(request, "cases/apply_materials.html", vars(shown), status=status)


def _material_rows(shown: ApplyPage, draft: Any) -> list[dict[str, Any]]:
    files = queries.draft_files(draft)
    return [
        {
            "material": one,
            "files": [f for f in files if f.material_code == one.code],
            "shown": Shown(
                name=f"material_{one.code}",
                label=one.name,
                type="file",
                required=one.required,
                help=f"{one.note}（{'、'.join(one.accept)}，不超过 20 MB）",
                error=shown.errors.get(f"material_{one.code}", ""),
                accept=",".join(f".{kind}" for kind in one.accept),
            ),
        }
        for one in shown.spec.materials
    ]


def _review(request: Any, shown: ApplyPage, draft: Any, onward: str) -> HttpResponse:
    answers = queries.draft_answers(draft)
    visible = {
        one.name: answers[one.name]
        for one in shown.spec.form.fields
        if one.name in answers and is_shown(one, answers) and answers[one.name] not in ("", [])
    }
    status = 200
    if request.method == "POST":
        delivery = request.POST.get("delivery", "pickup")
        shown.delivery = delivery if delivery in dict(DELIVERIES) else "pickup"
        try:
            done = actions.submit(
                by=request.actor,
                at=request.at,
                key=draft.key,
                seen_version=_number(request.POST.get("version")),
                submission=Submission(
                    item_code=shown.spec.code,
                    township_code=shown.offer.township_code,
                    applicant_id=request.actor.resident_id,
                    channel=Channel.PORTAL,
                    answers=visible,
                    file_ids=tuple(one.pk for one in queries.draft_files(draft)),
                    delivery=shown.delivery,
                    draft_id=draft.pk,
                ),
            )
        except WeiminError as fault:
            shown.errors, status = fault.fields or {"send": fault.message}, 422
        else:
            return HttpResponseRedirect(reverse("portal:matter", args=[done.number]) + "?sent=1")
    shown.title = "核对后提交"
    shown.card = residents.get_card(resident_id=request.actor.resident_id)
    where = {
        one.name: str(number)
        for number, form_page in enumerate(shown.spec.form.pages, start=1)
        for one in form_page.fields
    }
    for one in shown.spec.form.fields:
        if one.name in visible:
            text = forms.answers_in_words((one,), visible)[0][1]
            shown.lines.append((one.label, text, where[one.name]))
    shown.materials = _material_rows(shown, draft)
    return render(request, "cases/apply_review.html", vars(shown), status=status)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() else None
