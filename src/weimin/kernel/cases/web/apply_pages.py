"""The pages of an application: questions, materials, the review; each saves before it goes on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from weimin.base.clock import local_date
from weimin.base.errors import WeiminError
from weimin.base.shapes import read_id
from weimin.kernel.cases import actions, queries
from weimin.kernel.cases.queries import notices
from weimin.kernel.cases.types import Channel, Guardian, PostalAddress, Submission, UploadedFile
from weimin.kernel.catalogue import forms
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
    lines: list[tuple[str, str, str, str]] = field(default_factory=list)
    card: Any = None
    delivery: str = "pickup"
    deliveries: tuple[tuple[str, str], ...] = DELIVERIES
    posting: list[Shown] = field(default_factory=list)
    hands_in: bool = False
    key: str = ""
    newer: bool = False
    guarding: list[Shown] = field(default_factory=list)
    notice: Any = None
    about: Any = None
    section: str = "items"


def pages_of(spec: ItemSpec) -> list[str]:
    """The pages of an application, by the last part of their addresses."""
    pages = [str(number) for number in range(1, len(spec.form.pages) + 1)]
    if any(not one.shared for one in spec.materials):
        pages.append("materials")
    return [*pages, "review"]


def go(shown: ApplyPage, page: str) -> HttpResponse:
    """On to another page of the same application."""
    return HttpResponseRedirect(reverse("portal:apply_page", args=[shown.spec.code, shown.offer.township_code, page]))


def sent_before(number: str) -> HttpResponse:
    """To the matter that an application became, saying that it was not sent twice."""
    return HttpResponseRedirect(reverse("portal:matter", args=[number]) + "?again=1")


def questions(request: Any, shown: ApplyPage, draft: Any, onward: str) -> HttpResponse:
    """One page of questions."""
    form_page = shown.spec.form.pages[int(shown.page) - 1]
    answers = queries.draft_answers(draft)
    status = 200
    if request.method == "POST":
        typed = forms.read_post(form_page.fields, request.POST)
        clean, shown.errors = check_answers(form_page.fields, {**answers, **typed}, today=local_date(request.at))
        shown.errors |= forms.strange_names(form_page.fields, request.POST, beside={"return"})
        kept = {k: v for k, v in answers.items() if k not in {f.name for f in form_page.fields}}
        actions.update_draft(by=request.actor, at=request.at, draft_id=draft.pk, answers={**kept, **typed, **clean})
        if not shown.errors:
            return go(shown, "review" if request.POST.get("return") else onward)
        answers, status = {**answers, **typed}, 422
    elif not [one for one in form_page.fields if is_shown(one, answers)]:
        return go(shown, onward)
    shown.title = form_page.title
    shown.fields = forms.show_fields(form_page.fields, answers, shown.errors, place=shown.offer.township_code)
    return render(request, "cases/apply_questions.html", vars(shown), status=status)


def materials(request: Any, shown: ApplyPage, draft: Any, onward: str) -> HttpResponse:
    """Upload, look at and take out again what has to be handed in."""
    status = 200
    if request.method == "POST":
        shown.errors = take_files(request, shown.spec, draft.pk)
        if remove := read_id(request.POST.get("remove", "")):
            actions.remove_file(by=request.actor, at=request.at, file_id=remove)
            if not shown.errors:
                return go(shown, shown.page)
        else:
            shown.errors = _missing(shown.spec, draft) | shown.errors
            if not shown.errors:
                return go(shown, onward)
        status = 422
    shown.title = "上传材料"
    shown.materials = _material_rows(shown, draft)
    return render(request, "cases/apply_materials.html", vars(shown), status=status)


def take_files(request: Any, spec: ItemSpec, draft_id: int) -> dict[str, str]:
    """Take in every chosen file; gives a sentence for each material of which one was refused."""
    errors: dict[str, str] = {}
    for one in spec.materials:
        for upload in [] if one.shared else request.FILES.getlist(f"material_{one.code}"):
            try:
                actions.add_file(
                    by=request.actor,
                    at=request.at,
                    material_code=one.code,
                    draft_id=draft_id,
                    upload=UploadedFile(upload.name, upload.read()),
                    allowed=one.accept,
                )
            except WeiminError as fault:
                name = f"material_{one.code}"
                errors[name] = errors.get(name, "") + fault.message
    return errors


def _missing(spec: ItemSpec, draft: Any) -> dict[str, str]:
    have = {one.material_code for one in queries.draft_files(draft)}
    wanted = [one for one in spec.materials if one.required and not one.shared and one.code not in have]
    return {f"material_{one.code}": f"请上传“{one.name}”。" for one in wanted}


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
                help=f"{one.note}（{'、'.join(one.accept)}，每个不超过 20 MB，可以一次选几个）",
                error=shown.errors.get(f"material_{one.code}", ""),
                accept=",".join(f".{kind}" for kind in one.accept),
                multiple=True,
            ),
        }
        for one in shown.spec.materials
    ]


def read_delivery(request: Any) -> tuple[str, PostalAddress | None]:
    """How the result is to come, and the address as it was typed."""
    chosen = request.POST.get("delivery", "")
    typed = [request.POST.get(f"post_{part}", "").strip()[:200] for part in ("name", "phone", "address")]
    return chosen if chosen in dict(DELIVERIES) else "pickup", PostalAddress(*typed) if any(typed) else None


def review(request: Any, shown: ApplyPage, draft: Any, onward: str) -> HttpResponse:
    """Everything once more, how the result is to come, and sending."""
    answers = queries.draft_answers(draft)
    visible = {
        one.name: answers[one.name]
        for one in shown.spec.form.fields
        if one.name in answers and is_shown(one, answers) and answers[one.name] not in ("", [])
    }
    post_to = queries.open_post(draft.post_sealed)
    status = 200
    if request.method == "POST":
        shown.delivery, post_to = read_delivery(request)
        try:
            done = _send(request, shown, draft, visible, post_to)
        except WeiminError as fault:
            if number := queries.find_sent(request.actor, key=draft.key):
                return sent_before(number)
            shown.errors, status = fault.fields or {"send": fault.message}, 422
        else:
            here = reverse("portal:matter", args=[done.number])
            return sent_before(done.number) if done.repeated else HttpResponseRedirect(f"{here}?sent=1")
    shown.title = "核对后提交"
    shown.card = residents.get_card(resident_id=request.actor.resident_id)
    shown.notice = notices.get_notice(on=local_date(request.at))
    shown.about = notices.item_notice(shown.spec)
    shown.hands_in = "materials" in pages_of(shown.spec)
    shown.guarding = _guarding(request, shown)
    shown.posting = _posting(shown, post_to)
    shown.lines = _lines(shown.spec, visible)
    shown.materials = _material_rows(shown, draft)
    return render(request, "cases/apply_review.html", vars(shown), status=status)


def _send(request: Any, shown: ApplyPage, draft: Any, answers: dict[str, Any], post_to: PostalAddress | None) -> Any:
    """Keep the delivery and submit: an address that is refused is still there afterwards."""
    actions.choose_delivery(
        by=request.actor, at=request.at, draft_id=draft.pk, delivery=shown.delivery, post_to=post_to
    )
    return actions.submit(
        by=request.actor,
        at=request.at,
        key=draft.key,
        seen_version=draft.item_version_id,
        submission=Submission(
            item_code=shown.spec.code,
            township_code=shown.offer.township_code,
            applicant_id=request.actor.resident_id,
            channel=Channel.PORTAL,
            answers=answers,
            file_ids=tuple(one.pk for one in queries.draft_files(draft)),
            delivery=shown.delivery,
            post_to=post_to,
            draft_id=draft.pk,
            notice=request.POST.get("notice", "")[:12],
            guardian=read_guardian(request),
        ),
    )


def read_guardian(request: Any) -> Guardian | None:
    """Who acts for a child, as it was typed."""
    typed = [request.POST.get(f"guardian_{part}", "").strip()[:40] for part in ("name", "relation")]
    return Guardian(*typed) if any(typed) else None


def _guarding(request: Any, shown: ApplyPage) -> list[Shown]:
    """The questions on the guardian, where the item is about children or the applicant is a child."""
    if "guardian_relation" not in shown.errors and not notices.asks_about_children(shown.spec):
        return []
    given = read_guardian(request) or Guardian("", "")
    rows = [
        Shown("guardian_relation", "您（监护人）是孩子的什么人", value=given.relation, required=False, max_length=20),
        Shown("guardian_name", "监护人姓名", value=given.name, required=False, max_length=40),
    ]
    rows[0].help = "孩子不满 14 周岁的要填，比如母亲、祖父。"
    rows[1].help = "用孩子的身份申请的才填。"
    for row in rows:
        row.error = shown.errors.get(row.name, "")
    return rows


def _posting(shown: ApplyPage, post_to: PostalAddress | None) -> list[Shown]:
    """The questions of a postal address; the applicant's own name to begin with."""
    given = post_to or PostalAddress(shown.card.name, "", "")
    rows = [
        Shown("post_name", "收件人", value=given.name, max_length=40, autocomplete="name"),
        Shown("post_phone", "收件人手机号", "phone", value=given.phone, required=False),
        Shown("post_address", "收件地址", value=given.address, max_length=120, autocomplete="street-address"),
    ]
    rows[1].help = f"不填就用登记的手机号 {shown.card.phone_masked}。"
    rows[2].help = "写到村组或街道门牌号。"
    for row in rows:
        row.show_field, row.show_values, row.error = "delivery", "post", shown.errors.get(row.name, "")
    return rows


def _lines(spec: ItemSpec, visible: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """What was answered, each with the page where it can be changed."""
    return [
        (one.name, one.label, forms.answers_in_words((one,), visible)[0][1], str(number))
        for number, form_page in enumerate(spec.form.pages, start=1)
        for one in form_page.fields
        if one.name in visible
    ]
