"""Reads of ratings, repairs, and questions about looks."""

from __future__ import annotations

from datetime import date

from weimin.base import looking
from weimin.base.measuring import Part
from weimin.kernel.cases.queries.measured import MATTER, PUBLIC
from weimin.kernel.evaluation import access
from weimin.kernel.evaluation.models import Rating, ReadQuery, Repair
from weimin.kernel.record.types import Actor

#: What of ratings is counted: each grade, in the month in which the matter that was rated had ended.
RATED = Part(
    subject="r.case_id",
    moment="c.ended_at",
    measure="'rated.' || r.grade",
    place="c.township_id",
    item="i.code",
    public=PUBLIC,
    source=f"evaluation_rating r JOIN {MATTER.replace('cases_case c', 'cases_case c ON c.id = r.case_id', 1)}",
    where="c.ended_at IS NOT NULL",
    number="c.number",
    title="c.item_name",
)


def find_rating(viewer: Actor, *, case_id: int) -> Rating | None:
    """The rating of a matter, with its repair."""
    return access.RATINGS.visible(viewer).select_related("repair").filter(case_id=case_id).first()


def list_repairs(viewer: Actor, *, limit: int = 100) -> list[Repair]:
    """The repairs of a viewer's agency: open ones by due day, then answered ones.

    Cost:   one query
    """
    rows = access.REPAIRS.visible(viewer).select_related("rating__case")
    found = list(rows.order_by("answered_at", "due_on")[:limit])
    for one in found:
        case = one.rating.case
        looking.note(case.applicant_id, matter=case.number, about=case.item_name)
    return found


def list_my_queries(viewer: Actor, *, entry_ids: list[int]) -> dict[int, ReadQuery]:
    """What the viewer asked about some looks at their data, by entry.

    Cost:   one query
    """
    if viewer.kind != "resident":
        return {}
    rows = access.visible_read_queries(viewer).filter(entry_id__in=entry_ids).select_related("agency")
    return {one.entry_id: one for one in rows}


def list_read_queries(viewer: Actor, *, limit: int = 100) -> list[ReadQuery]:
    """The questions that a viewer answers, by due day; what the person wrote is theirs, so it is noted.

    Cost:   one query
    """
    found = list(access.answerable_read_queries(viewer).select_related("entry", "agency").order_by("due_on")[:limit])
    for one in found:
        looking.note(one.resident_id, matter=_matter(one))
    return found


def _matter(query: ReadQuery) -> str:
    pairs = zip(query.entry.residents, query.entry.matters, strict=True)
    return next((matter for person, matter in pairs if person == query.resident_id and matter), "")


def list_overdue_queries(viewer: Actor, *, today: date, limit: int = 200) -> list[ReadQuery]:
    """Questions that nobody answered in time, for the audit administrator and the supervisor; without the person.

    Cost:   one query
    """
    rows = access.visible_read_queries(viewer).filter(answered_at=None, due_on__lt=today)
    return list(rows.select_related("agency", "entry").defer("question").order_by("due_on")[:limit])
