"""Children under fourteen: who acts for them, and how lists name them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from weimin.base.errors import Invalid
from weimin.base.identifiers import check_id_number
from weimin.kernel.cases.types import Guardian

#: How lists name a child under the age, in place of a masked name.
CHILD_SHOWN = "未成年人"


def is_below(birth: date | None, on: date, *, years: int) -> bool:
    """Whether somebody has not reached an age on a day; nobody without a birth date.

    Law:    pipl-2021 art. 31
    """
    if birth is None:
        return False
    return on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day)) < years


def births_of(numbers: Iterable[object]) -> list[date]:
    """The birth dates in some identity numbers; what is no number says nothing."""
    found = []
    for one in numbers:
        try:
            found.append(check_id_number(str(one)).birth_date)
        except Invalid:
            continue
    return found


def check_guardian(given: Guardian | None, *, applicant_is_child: bool) -> dict[str, str]:
    """A sentence for each part that is missing of the guardian who acts for a child under fourteen.

    A guardian who applies in their own name says only what they are to the child.

    Law:    pipl-2021 art. 31
    """
    given = given or Guardian("", "")
    errors: dict[str, str] = {}
    if applicant_is_child and not 2 <= len(given.name.strip()) <= 40:
        errors["guardian_name"] = "申请人不满 14 周岁，请填写监护人姓名，由监护人来办。"
    if not given.relation.strip():
        errors["guardian_relation"] = "办的是不满 14 周岁的孩子的事，请填写监护人和孩子的关系，如母亲。"
    return errors
