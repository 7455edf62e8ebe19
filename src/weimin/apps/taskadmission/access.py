"""Who asks, decides, objects and answers, and which rows each sees: one policy, asked both ways, always in SQL."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.db.models import Model, Q, QuerySet

from weimin.apps.taskadmission.models import Matter, Opinion, Report, Target, Task
from weimin.base.errors import Forbidden
from weimin.kernel.directory import queries as directory
from weimin.kernel.record.types import Actor

Row = TypeVar("Row", bound=Model)
OFFICE = "admission_office"
#: Who sees everything of a county.
OVERSEERS = frozenset({OFFICE, "supervisor"})


class NotYourPart(Forbidden):
    """The step belongs to another post: county body, leading group's office or township."""

    code = "taskadmission.not_your_part"


def is_county(viewer: Actor) -> bool:
    """Whether somebody serves in a body of a county."""
    return viewer.is_staff and len(directory.place_prefix(viewer.division_code)) == 6


def is_township(viewer: Actor) -> bool:
    """Whether somebody serves in a body of a township."""
    return viewer.is_staff and bool(township_of(viewer))


def township_of(viewer: Actor) -> str:
    """The township somebody serves in; '' above it."""
    return directory.township_of(viewer.division_code) if viewer.division_code else ""


def county_of(viewer: Actor) -> str:
    """The county that a county's or township's officer serves in."""
    town = township_of(viewer)
    return directory.get_division(town).parent_code if town else viewer.division_code


def may_ask(viewer: Actor) -> bool:
    """Whether somebody may bring a task or matter: the head of a county body."""
    return is_county(viewer) and "leader" in viewer.roles


def may_answer(viewer: Actor) -> bool:
    """Whether somebody speaks for a township: its head."""
    return is_township(viewer) and "leader" in viewer.roles


def is_office(viewer: Actor) -> bool:
    """Whether somebody serves in the leading group's office of a county."""
    return is_county(viewer) and OFFICE in viewer.roles


def check_part(allowed: bool, whose: str) -> None:
    """Refuse whoever has not the part.

    Raises: NotYourPart — with whose it is
    """
    if not allowed:
        raise NotYourPart(f"这一步由{whose}办理，您的岗位不办这一步。")


def _seen(rows: QuerySet[Row], viewer: Actor, *, of_town: Callable[[str], Q], of_body: Q | None) -> QuerySet[Row]:
    """A township's rows for its people; a county's for its office; a place's for a supervisor; a body's own, if any."""
    if viewer.kind == "system":
        return rows
    if not viewer.is_staff:
        return rows.none()
    if town := township_of(viewer):
        return rows.filter(of_town(town))
    if viewer.roles & OVERSEERS:
        return rows.filter(county__code__startswith=directory.place_prefix(viewer.division_code))
    return rows.filter(of_body) if of_body is not None else rows.none()


def visible_tasks(viewer: Actor) -> QuerySet[Task]:
    """A county body's own; all of a county for its office, of a place for a supervisor; a township's admitted ones."""

    def of_town(town: str) -> Q:
        return Q(state="admitted", pk__in=Target.objects.filter(township_id=town).values("task"))

    rows = Task.objects.select_related("agency", "county")
    return _seen(rows, viewer, of_town=of_town, of_body=Q(agency_id=viewer.agency))


def visible_targets(viewer: Actor) -> QuerySet[Target]:
    """The places of the tasks that one sees; a township only its own."""
    rows = Target.objects.filter(task__in=visible_tasks(viewer).values("pk")).select_related("place", "township")
    town = township_of(viewer) if viewer.is_staff else ""
    return rows.filter(township_id=town) if town else rows


def visible_reports(viewer: Actor) -> QuerySet[Report]:
    """A township's own; those of a county for its office; those of a place for a supervisor. Not the accused body's."""
    rows = Report.objects.select_related("agency", "township")
    return _seen(rows, viewer, of_town=lambda town: Q(township_id=town), of_body=None)


def visible_matters(viewer: Actor) -> QuerySet[Matter]:
    """A body's own, or those that ask one's township; a county's for its office, a place's for a supervisor."""

    def of_town(town: str) -> Q:
        return Q(pk__in=Opinion.objects.filter(township_id=town).values("matter"))

    rows = Matter.objects.select_related("agency", "county")
    return _seen(rows, viewer, of_town=of_town, of_body=Q(agency_id=viewer.agency))
