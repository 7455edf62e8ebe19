"""Who asks, decides, objects, reports and answers, and which rows each sees: one policy a table, asked both ways.

What lies in a township is asked of the directory, never of a code: a village's code need not begin like its township's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Q, QuerySet

from weimin.apps.taskadmission.models import Attempt, Matter, Opinion, OpinionFile, Report, Target, Task
from weimin.base.errors import Forbidden
from weimin.base.policy import Condition, Policy
from weimin.kernel.directory import queries as directory
from weimin.kernel.directory.types import HANDLING
from weimin.kernel.record.types import Actor

OFFICE = "admission_office"
#: Who sees everything of a county.
OVERSEERS = frozenset({OFFICE, "supervisor"})
#: Whose work the pages are; in a village its agent too.
WORKING = HANDLING | OVERSEERS | {"leader"}
HEAD, LEADING_OFFICE, TOWN_HEAD = "县级部门负责人", "领导小组办公室", "承接任务的乡镇（街道）负责人"


class NotYourPart(Forbidden):
    """The step belongs to another post: county body, leading group's office or township."""

    code = "taskadmission.not_your_part"


def _refusal(whose: str) -> tuple[type[NotYourPart], str]:
    return NotYourPart, f"这一步由{whose}办理，您的岗位不办这一步。"


# --- what somebody is, whatever the row ------------------------------------------------------------------------
def level_of(viewer: Actor) -> str:
    """The level of the place that somebody works for: county, township, village …; '' for everybody else."""
    if not viewer.is_staff or viewer.is_administrator or viewer.agency_id is None:
        return ""
    level = directory.level_of(viewer.division_code)
    return level if viewer.roles & (WORKING | {"agent"} if level == "village" else WORKING) else ""


def may_ask(viewer: Actor) -> bool:
    """Whether somebody may bring a task or matter: the head of a county body."""
    return level_of(viewer) == "county" and "leader" in viewer.roles


def may_answer(viewer: Actor) -> bool:
    """Whether somebody speaks for a township: its head."""
    return level_of(viewer) == "township" and "leader" in viewer.roles


def may_report(viewer: Actor) -> bool:
    """Whether somebody may tell of work past the gate: anybody who works for a township or a village."""
    return level_of(viewer) in ("township", "village")


def is_office(viewer: Actor) -> bool:
    """Whether somebody serves in the leading group's office of a county."""
    return level_of(viewer) == "county" and OFFICE in viewer.roles


def township_of(viewer: Actor) -> str:
    """The township somebody works in; '' above it."""
    return directory.township_of(viewer.division_code) if level_of(viewer) in ("township", "village") else ""


def county_of(viewer: Actor) -> str:
    """The county that somebody of a county, township or village works in."""
    town = township_of(viewer)
    return directory.get_division(town).parent_code if town else viewer.division_code


def check_part(allowed: bool, whose: str) -> None:
    """Refuse whoever has not the part.

    Raises: NotYourPart — with whose it is
    """
    if not allowed:
        kind, sentence = _refusal(whose)
        raise kind(sentence)


# --- the policies ----------------------------------------------------------------------------------------------
def _by_place(
    viewer: Actor, *, body: Condition, town: Callable[[str], Condition], village: Callable[[str], Condition]
) -> Condition:
    """All of a place for its office and supervisors; else what a body, a township or a village has of it."""
    if viewer.kind == "system":
        return True
    level, home = level_of(viewer), viewer.division_code
    if level == "village":
        return village(home)
    if level == "township":
        return town(home)
    if not level:
        return False
    return directory.within("county__code", home) if viewer.roles & OVERSEERS else body


def _in_body(viewer: Actor) -> Q:
    return Q(agency_id=viewer.agency_id)


#: What a township or village may see of a task: once it was let down to it.
_LET_DOWN = Q(state="admitted") | Q(state="withdrawn", decided_at__isnull=False)


def _sees_task(viewer: Actor) -> Condition:
    """A body its own; a township or village those that were let down to it."""

    def down(**where: str) -> Q:
        return _LET_DOWN & Q(pk__in=Target.objects.filter(**where).values("task"))

    return _by_place(
        viewer,
        body=_in_body(viewer),
        town=lambda home: down(township_id=home),
        village=lambda home: down(place_id=home),
    )


def _decides_task(viewer: Actor) -> Condition:
    """The office those of its county, but nobody what they brought themselves."""
    if not is_office(viewer):
        return False
    own = Q(county_id=viewer.division_code)
    return own & ~Q(account_id=viewer.account_id) if viewer.account_id is not None else own


def _heads(viewer: Actor) -> Condition:
    """The head of a county body what the body brought."""
    return _in_body(viewer) if may_ask(viewer) else False


def _sees_target(viewer: Actor) -> Condition:
    """The places of the tasks that one sees; a township or village its own ones only."""
    if viewer.kind == "system":
        return True
    seen = Q(task__in=TASKS.visible(viewer))
    own = {"township": "township_id", "village": "place_id"}.get(level_of(viewer))
    return seen & Q(**{own: viewer.division_code}) if own else seen


def _speaks_target(viewer: Actor) -> Condition:
    """The head of a township for it and its villages."""
    return _sees_target(viewer) if may_answer(viewer) else False


def _answers_target(viewer: Actor) -> Condition:
    return Q(task__county_id=viewer.division_code) if is_office(viewer) else False


def _sees_attempt(viewer: Actor) -> Condition:
    """A body its own, the office and supervisors those of their place; townships see tasks that were let down only."""
    return _by_place(viewer, body=_in_body(viewer), town=lambda _: False, village=lambda _: False)


def _sees_report(viewer: Actor) -> Condition:
    """A village its own; a township its own and its villages', but not what these say of it; the named body none."""

    def town(home: str) -> Q:
        of_us = directory.within("agency__division__code", home)
        return Q(township_id=home) & (Q(place_id=home) | ~of_us)

    return _by_place(viewer, body=False, town=town, village=lambda home: Q(place_id=home))


def _answers_report(viewer: Actor) -> Condition:
    return Q(county_id=viewer.division_code) if is_office(viewer) else False


def _sees_matter(viewer: Actor) -> Condition:
    """A body its own; a township those that ask it; a village none of its own, it reads the public record."""
    return _by_place(
        viewer,
        body=_in_body(viewer),
        town=lambda home: Q(pk__in=Opinion.objects.filter(township_id=home).values("matter")),
        village=lambda _: False,
    )


def _sees_opinion(viewer: Actor) -> Condition:
    """All opinions of the matters that one sees: the record is public."""
    return True if viewer.kind == "system" else Q(matter__in=MATTERS.visible(viewer))


def _gives_opinion(viewer: Actor) -> Condition:
    return Q(township_id=viewer.division_code) if may_answer(viewer) else False


def _answers_opinion(viewer: Actor) -> Condition:
    return Q(matter__agency_id=viewer.agency_id) if may_ask(viewer) else False


def _sees_file(viewer: Actor) -> Condition:
    """Files are not public: for the body that asked, the office and supervisors, and the township that gave them."""
    if viewer.kind == "system":
        return True
    seen = Q(opinion__in=OPINIONS.visible(viewer))
    return seen & Q(opinion__township_id=viewer.division_code) if level_of(viewer) == "township" else seen


TASKS = Policy(
    Task,
    see=_sees_task,
    decide=_decides_task,
    withdraw=_heads,
    refusals={
        "decide": _refusal("领导小组办公室（自己提的由另一位同事）"),
        "withdraw": _refusal("提出任务的部门负责人"),
    },
)
TARGETS = Policy(
    Target,
    see=_sees_target,
    speak=_speaks_target,
    answer=_answers_target,
    refusals={"speak": _refusal(TOWN_HEAD), "answer": _refusal(LEADING_OFFICE)},
)
ATTEMPTS = Policy(Attempt, see=_sees_attempt, reopen=_heads, refusals={"reopen": _refusal(HEAD)})
REPORTS = Policy(Report, see=_sees_report, answer=_answers_report, refusals={"answer": _refusal(LEADING_OFFICE)})
MATTERS = Policy(Matter, see=_sees_matter, close=_heads, refusals={"close": _refusal("提出事项的县级部门负责人")})
OPINIONS = Policy(
    Opinion,
    see=_sees_opinion,
    give=_gives_opinion,
    answer=_answers_opinion,
    refusals={
        "give": _refusal("涉及的乡镇（街道）负责人"),
        "answer": _refusal("提出事项的县级部门负责人"),
    },
)
FILES = Policy(OpinionFile, see=_sees_file)


def find(policy: Policy[Any], viewer: Actor, pk: int, *, lock: bool = False) -> Any:
    """A row that somebody sees, locked when it is to be changed; None where there is none for them."""
    rows: QuerySet[Any] = policy.visible(viewer)
    return (rows.select_for_update(of=("self",)) if lock else rows).filter(pk=pk).first()
