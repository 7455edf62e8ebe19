"""Finding matters by what stands on a receipt or the person at the window says: number, identity number, name."""

from __future__ import annotations

import re
import unicodedata

from weimin.base import looking
from weimin.base.errors import Invalid
from weimin.kernel.cases import access
from weimin.kernel.cases.models import Case
from weimin.kernel.cases.rules import numbers
from weimin.kernel.record.types import Actor
from weimin.kernel.residents import queries as residents

#: How many matters of people are shown; whoever has more is found by number.
FOUND = 50
_CJK = re.compile(r"[\u3400-\u9fff\U00020000-\U000323af]")


class NotFindable(Invalid):
    """The text is no number of a matter, no identity number and no whole name."""

    code = "cases.not_findable"


def is_about_people(text: str) -> bool:
    """Whether a text is more than a matter's number: it stays out of addresses and logs."""
    try:
        numbers.read_number(text)
    except numbers.NumberInvalid:
        return True
    return False


def find_number(viewer: Actor, text: str) -> str | None:
    """The number of a matter that the viewer may see, from what was typed.

    Raises: NumberInvalid — not a matter number
    Cost:   one query
    """
    number = numbers.read_number(text)
    return access.visible_cases(viewer).filter(number=number).values_list("number", flat=True).first()


def find_matters(viewer: Actor, text: str) -> list[Case]:
    """The matters of a person or body that the viewer may see, newest first, from an identity number or a whole name.

    Nothing tells whether somebody is registered whose matters are not the viewer's. Every person shown finds the look
    in their own log.

    Raises: IdentifierInvalid — an identity number with a slip; NotFindable — neither a number nor a whole name
    Law:    pipl-2021 art. 6
    Cost:   three queries by identity number, two by name; at most 50 rows. Which of them the viewer may see is
            decided in the indexes; only those are read
    """
    tidy = unicodedata.normalize("NFKC", text).strip()
    rows = access.visible_cases(viewer)
    if re.fullmatch(r"[0-9A-Za-z -]{15,23}", tidy):
        person = residents.find_by_identifier(tidy)
        rows = rows.filter(applicant_id=person) if person else rows.none()
    elif 2 <= len(tidy) <= 80 and _CJK.search(tidy):
        rows = rows.filter(applicant__name=tidy)
    else:
        raise NotFindable("请输入办件编号（20 位数字）、完整的证件号，或者完整的姓名、单位名称。")
    keys = list(rows.order_by("-submitted_at", "-pk").values_list("pk", flat=True)[:FOUND])
    theirs = access.visible_cases(viewer).filter(pk__in=keys).select_related("township")
    found = list(theirs.order_by("-submitted_at", "-pk")) if keys else []
    for case in found if len(found) > 1 else ():  # the only one is opened, and that is the look
        looking.note(case.applicant_id, matter=case.number, about=case.item_name)
    return found
