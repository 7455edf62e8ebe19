"""Reads of tasks, reports, matters and opinions, and the public figures by department."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db.models import Avg, Count, F, Prefetch, Q, QuerySet

from weimin.apps.taskadmission import access, types
from weimin.apps.taskadmission.models import Attempt, Matter, Opinion, OpinionFile, Report, Target, Task
from weimin.base.clock import day_end, day_start
from weimin.base.errors import NotFound
from weimin.kernel.catalogue.queries import lists
from weimin.kernel.directory import queries as directory
from weimin.kernel.record.registry import check_gates
from weimin.kernel.record.types import Actor, Blocker

#: What the records behind a public figure may be narrowed to.
KINDS = {
    "asked": "申请准入",
    "admitted": "准入",
    "refused": "不予准入",
    "outside": "不在清单上",
    "waiting": "等审核",
    "withdrawn": "撤回",
    "incomplete": "退回",
    "bypassed": "绕开准入（查实）",
}


#: Forms that became nothing and are not counted as asked: with gaps, or a repeat.
_SENT_BACK = Q(outcome__in=("incomplete", "repeated"))


class NotHere(NotFound):
    """No such task or matter for this viewer."""

    code = "taskadmission.not_here"


# --- tasks -------------------------------------------------------------------------------------------------
def list_tasks(viewer: Actor, *, state: str = "") -> QuerySet[Task]:
    """The tasks that a viewer sees, newest first.

    Cost:   one query when a page of it is read
    """
    rows = access.TASKS.visible(viewer).select_related("agency", "county")
    if state in types.STATES:
        rows = rows.filter(state=state)
    return rows.order_by("-pk")


def list_waiting(viewer: Actor) -> list[Task]:
    """The tasks that wait for the viewer's office, by due day, 200 at most.

    Cost:   one query
    """
    rows = access.TASKS.visible(viewer, "decide") if access.is_office(viewer) else Task.objects.none()
    return list(rows.select_related("agency").filter(state="asked").order_by("due_on", "pk")[:200])


def list_objections(viewer: Actor) -> list[Target]:
    """The objections that wait for the viewer's office, by due day, 200 at most.

    Cost:   one query
    """
    if not access.is_office(viewer):
        return []
    rows = access.TARGETS.visible(viewer, "answer").filter(state="objected", task__state="admitted")
    rows = rows.select_related("task__agency", "place")
    return list(rows.order_by("due_on", "pk")[:200])


def get_task(viewer: Actor, task_id: int) -> tuple[Task, list[Target]]:
    """One task with the places that the viewer sees of it.

    Raises: NotHere
    Cost:   two queries
    """
    task = access.TASKS.visible(viewer).select_related("agency", "county", "row").filter(pk=task_id).first()
    if task is None:
        raise NotHere("找不到这个任务。")
    return task, list(
        access.TARGETS.visible(viewer).filter(task=task).select_related("place", "township").order_by("place__sort_key")
    )


def list_own_attempts(viewer: Actor) -> list[Attempt]:
    """What one's body brought that did not become a task, newest first, 50 at most.

    Cost:   one query
    """
    rows = access.ATTEMPTS.visible(viewer, "reopen").filter(task=None)
    return list(rows.order_by("-pk")[:50])


def get_typed(viewer: Actor, attempt_id: int) -> types.Wanted:
    """What was typed in a form of one's body, to be mended and sent again.

    Raises: NotHere
    Cost:   one query
    """
    row = access.ATTEMPTS.visible(viewer, "reopen").filter(pk=attempt_id).first()
    if row is None:
        raise NotHere("找不到这次申请。")
    return types.Wanted.of(row.typed)


def find_attempt_id(viewer: Actor, task_id: int) -> int | None:
    """The form of one's body from which a task was made, to be opened again after a refusal.

    Cost:   one query
    """
    return access.ATTEMPTS.visible(viewer, "reopen").filter(task_id=task_id).values_list("pk", flat=True).first()


def list_row_choices(*, target: str, on: date) -> list[tuple[str, list[tuple[str, str]]]]:
    """The rows in force on a day of the lists on which a task may stand, by list, 1,000 a list at most.

    Cost:   one query a list
    """
    found = []
    for code in types.LISTS_OF.get(target, ()):
        rows = lists.list_rows(list_code=code, on=on).values_list("item__code", "name")[:1000]
        choices = [(row, f"{row} {name}"[:80]) for row, name in rows]
        if choices:
            found.append((lists.get_kind(code).name, choices))
    return found


# --- reports -----------------------------------------------------------------------------------------------
def list_reports(viewer: Actor) -> QuerySet[Report]:
    """The reports that a viewer sees, open ones by due day first.

    Cost:   one query when a page of it is read
    """
    rows = access.REPORTS.visible(viewer).select_related("agency", "township", "place")
    return rows.order_by(F("answered_at").desc(nulls_first=True), "due_on", "pk")


def list_accusable(viewer: Actor) -> list[tuple[str, list[tuple[int, str]]]]:
    """Whom somebody may name in a report: the bodies of the county, and for a village those of its township.

    Cost:   one query, two for a village
    """
    places = [access.county_of(viewer)]
    if access.level_of(viewer) == "village":
        places.insert(0, access.township_of(viewer))
    found = []
    for code in places:
        bodies = directory.list_agencies(division_code=code).filter(kind__in=("government", "department", "station"))
        found.append((directory.get_division(code).name, [(one.pk, one.name) for one in bodies]))
    return found


# --- matters -----------------------------------------------------------------------------------------------
def list_matters(viewer: Actor) -> QuerySet[Matter]:
    """The matters that a viewer sees, newest first, each with how many opinions are asked, in, silent and answered.

    Cost:   one query when a page of it is read
    """
    return _counted(access.MATTERS.visible(viewer).select_related("agency", "county")).order_by("-pk")


def list_public_matters(*, county: str = "") -> QuerySet[Matter]:
    """Every matter, newest first, with the same counts; the record is public.

    Cost:   one query when a page of it is read
    """
    rows = Matter.objects.select_related("agency", "county")
    return _counted(rows.filter(county_id=county) if county else rows).order_by("-pk")


def _counted(rows: QuerySet[Matter]) -> QuerySet[Matter]:
    return rows.annotate(
        asked=Count("opinions"),
        given=Count("opinions", filter=Q(opinions__state="answered")),
        silent=Count("opinions", filter=Q(opinions__state="silent")),
        replied=Count("opinions", filter=Q(opinions__replied_at__isnull=False)),
    )


def get_matter(viewer: Actor, matter_id: int, *, at: datetime) -> tuple[Matter, list[Opinion], list[Blocker]]:
    """One matter, its opinions, and what stands in its way; a township sees them all, since the record is public.

    Raises: NotHere
    Cost:   three queries
    """
    matter = access.MATTERS.visible(viewer).select_related("agency", "county").filter(pk=matter_id).first()
    if matter is None:
        raise NotHere("找不到这个事项。")
    return _with_opinions(matter, at)


def list_opinion_files(viewer: Actor, matter_id: int) -> dict[int, list[OpinionFile]]:
    """The files on the opinions of a matter that a viewer may open, by opinion.

    Cost:   one query
    """
    found: dict[int, list[OpinionFile]] = defaultdict(list)
    for one in access.FILES.visible(viewer).filter(opinion__matter_id=matter_id).order_by("pk"):
        found[one.opinion_id].append(one)
    return dict(found)


def get_opinion_file(viewer: Actor, file_id: int) -> OpinionFile:
    """A file on an opinion, with its content's row.

    Raises: NotHere
    Cost:   one query
    """
    row = access.FILES.visible(viewer).select_related("blob").filter(pk=file_id).first()
    if row is None:
        raise NotHere("找不到这个附件。")
    return row


def get_public_matter(matter_id: int, *, at: datetime) -> tuple[Matter, list[Opinion], list[Blocker]]:
    """One matter in public, with what every township said and what the county answered.

    Raises: NotHere
    Cost:   three queries
    """
    matter = Matter.objects.select_related("agency", "county").filter(pk=matter_id).first()
    if matter is None:
        raise NotHere("没有这个事项。")
    return _with_opinions(matter, at)


def _with_opinions(matter: Matter, at: datetime) -> tuple[Matter, list[Opinion], list[Blocker]]:
    opinions = list(matter.opinions.select_related("township").order_by("township__sort_key"))
    shut = matter.state == "open"
    blockers = check_gates(subject_kind="county_matter", subject_id=str(matter.pk), at=at) if shut else []
    return matter, opinions, blockers


# --- the public figures --------------------------------------------------------------------------------------
def count_departments(*, county: str, since: date, until: date) -> list[types.Count]:
    """How often each department of a county asked townships for work in a period, and what came of it; most first.

    Shape:  by the day of asking, of reporting for bypassed; who asked nothing is left out; both days count
    Cost:   four queries
    """
    period = {"at__gte": day_start(since), "at__lt": day_end(until)}
    found: dict[int, dict[str, Any]] = defaultdict(dict)
    names: dict[int, str] = {}

    def note(rows: Iterable[Any]) -> None:
        for row in rows:
            key = row.pop("agency")
            names[key] = row.pop("agency__name")
            found[key] |= row

    attempts = Attempt.objects.filter(county_id=county, **period).values("agency", "agency__name").order_by()
    note(
        attempts.annotate(
            asked=Count("pk", filter=~_SENT_BACK),
            admitted=Count("pk", filter=Q(task__state="admitted")),
            refused=Count("pk", filter=Q(task__state="refused") | Q(outcome="barred")),
            outside=Count("pk", filter=Q(outcome="asked")),
            waiting=Count("pk", filter=Q(task__state="asked")),
            withdrawn=Count("pk", filter=Q(task__state="withdrawn")),
            incomplete=Count("pk", filter=_SENT_BACK),
            took=Avg(F("task__decided_at") - F("task__asked_at"), filter=Q(outcome="asked")),
        )
    )
    reports = Report.objects.filter(county_id=county, state="upheld", **period)
    note(reports.values("agency", "agency__name").order_by().annotate(bypassed=Count("pk")))
    rows = []
    for key, row in found.items():
        took = row.pop("took", None)
        days = round(took.total_seconds() / 86400, 1) if took is not None else None
        rows.append(types.Count(agency_id=key, name=names[key], average_days=days, **row))
    return sorted(rows, key=lambda one: (-one.asked - one.bypassed, one.name))


def list_public_records(*, county: str, since: date, until: date, agency_id: int = 0, kind: str = "") -> QuerySet[Any]:
    """The attempts behind the public figures, newest first; without contacts, contents or names of officers.

    Shape:  rows of Attempt with agency and task; for `bypassed` rows of Report with agency
    Cost:   one query when a page of it is read
    """
    period = {"at__gte": day_start(since), "at__lt": day_end(until)}
    if kind == "bypassed":
        reports = Report.objects.filter(county_id=county, state="upheld", **period).select_related("agency")
        return (reports.filter(agency_id=agency_id) if agency_id else reports).order_by("-pk")
    rows = Attempt.objects.filter(county_id=county, **period).select_related("agency", "task").defer("typed")
    if agency_id:
        rows = rows.filter(agency_id=agency_id)
    narrowed = {
        "asked": ~_SENT_BACK,
        "admitted": Q(task__state="admitted"),
        "refused": Q(task__state="refused") | Q(outcome="barred"),
        "outside": Q(outcome="asked"),
        "waiting": Q(task__state="asked"),
        "withdrawn": Q(task__state="withdrawn"),
        "incomplete": _SENT_BACK,
    }.get(kind)
    return (rows.filter(narrowed) if narrowed is not None else rows).order_by("-pk")


def get_public_task(task_id: int) -> Task:
    """One task in public, with its places; the page shows no contact.

    Raises: NotHere
    Cost:   two queries
    """
    places = Prefetch("targets", Target.objects.select_related("place").order_by("place__sort_key"))
    task = Task.objects.select_related("agency", "county", "row").prefetch_related(places).filter(pk=task_id).first()
    if task is None:
        raise NotHere("没有这个任务。")
    return task


def list_counties() -> list[tuple[str, str]]:
    """The counties with townships, code and name."""
    return list({one.parent_code: one.county_name for one in directory.list_townships()}.items())


def find_latest_county() -> str:
    """The county of the latest form at the gate; '' before the first.

    Cost:   one query
    """
    return Attempt.objects.order_by("-pk").values_list("county_id", flat=True).first() or ""
