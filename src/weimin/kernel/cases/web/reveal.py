"""A masked number of one person whole, on a page of its own, for a typed reason."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from weimin.base import looking
from weimin.base.guard import access
from weimin.base.looking import ReasonTooShort
from weimin.kernel.cases import queries
from weimin.kernel.catalogue import forms
from weimin.kernel.residents import queries as residents

#: The fields of a form's own questions stand behind this, so that none can be taken for the person's.
_ANSWER = "answer:"


def list_masked(view: queries.CaseView) -> list[tuple[str, str]]:
    """What stands masked on a case page, by field and label."""
    person = list(residents.REVEALABLE.items()) if view.case.applicant_id else []
    hidden = forms.list_hidden(view.spec.form.fields, view.answers)
    return person + [(_ANSWER + name, label) for name, label in hidden]


@access("staff", reads="显示全号")
@require_POST
def reveal(request: Any, number: str) -> HttpResponse:
    """Show one number whole; without a reason the form comes back with what was chosen."""
    field, reason = request.POST.get("field", ""), request.POST.get("reason", "")
    view = queries.get_case(request.actor, number)
    context: dict[str, Any] = {
        "case": view.case,
        "fields": list_masked(view),
        "field": field,
        "reason": reason,
        "errors": {},
    }
    status = 200
    try:
        context["label"], context["value"] = _value(view, field, reason)
    except ReasonTooShort as fault:
        looking.drop()
        context["errors"], status = fault.fields, 422
    answer = render(request, "cases/reveal.html", context, status=status)
    answer["Cache-Control"] = "private, no-store"
    return answer


def _value(view: queries.CaseView, field: str, reason: str) -> tuple[str, str]:
    case = view.case
    if field.startswith(_ANSWER):
        name = field.removeprefix(_ANSWER)
        asked = next((one for one in view.spec.form.fields if one.name == name and name in view.answers), None)
        if asked is None:
            raise queries.FileUnknown("这一件里没有这一项全号。")
        looking.note_reveal(asked.label, reason=reason)
        return forms.answers_in_words((asked,), view.answers)[0]
    value = residents.reveal(resident_id=case.applicant_id or 0, field=field, reason=reason, matter=case.number)
    return residents.REVEALABLE[field], value
