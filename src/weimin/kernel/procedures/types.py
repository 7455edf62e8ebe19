"""The words of a procedure, and the values that cross the border of this package."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

#: What a task does, and which outcomes it has when the drawing names none.
KINDS: dict[str, str] = {
    "accept": "受理审查",
    "review": "审核",
    "survey": "现场核查",
    "notice": "公示",
    "decide": "审批决定",
    "result": "制作结果",
    "issue": "发放结果",
    "register": "登记立项",
}
DEFAULT_OUTCOMES: dict[str, tuple[str, ...]] = {
    "accept": ("accept", "refuse"),
    "review": ("agree", "disagree"),
    "decide": ("approve", "deny"),
}
#: Outcomes that a task of a kind may offer.
OUTCOMES: dict[str, frozenset[str]] = {
    "accept": frozenset({"accept", "refuse"}),
    "review": frozenset({"agree", "disagree", "return", "done"}),
    "survey": frozenset({"done", "agree", "disagree", "return"}),
    "notice": frozenset({"done", "agree", "disagree"}),
    "decide": frozenset({"approve", "deny", "file", "send_back"}),
    "result": frozenset({"done"}),
    "issue": frozenset({"done"}),
    "register": frozenset({"done"}),
}
OUTCOME_TEXT: dict[str, str] = {
    "accept": "受理",
    "refuse": "不予受理",
    "agree": "同意",
    "disagree": "不同意",
    "return": "退回",
    "approve": "准予",
    "deny": "不予批准",
    "file": "予以登记（备案）",
    "send_back": "退回更正",
    "done": "完成",
}
ROLES: dict[str, str] = {
    "front_desk": "窗口受理人员",
    "reviewer": "审核人员",
    "decider": "审批决定人员",
    "issuer": "出件人员",
}
AGENCIES: dict[str, str] = {
    "accepting": "受理的便民服务中心",
    "township": "乡镇（街道）承办站所",
    "county": "县（区）主管部门",
}
UNITS: dict[str, str] = {"workday": "个工作日", "day": "天"}


@dataclass(frozen=True, slots=True)
class TaskSpec:
    """One drawn task: who does it, by when, and what they may choose.

    Shape:  agency_rule is accepting, township, county or body:<key>; outcomes is never empty
    Units:  limit_value in limit_unit (workday or day); None and "" when the task has no limit of its own
    """

    bpmn_id: str
    name: str
    kind: str
    agency_rule: str
    role: str
    limit_value: int | None
    limit_unit: str
    outcomes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReadyTask:
    """A task that waits to be done in one instance; a second visit has another `task_id`."""

    task_id: str
    spec: TaskSpec


@dataclass(frozen=True, slots=True)
class Progress:
    """Where an instance stands after a step.

    Shape:  ready holds every open task, opened only those that this step opened; cancelled holds task ids;
            end_name is the drawn name of the end that was reached, "" while it runs
    """

    state: dict[str, Any]
    ready: tuple[ReadyTask, ...]
    cancelled: tuple[str, ...] = ()
    finished: bool = False
    end_name: str = ""
    opened: tuple[ReadyTask, ...] = ()


@dataclass(frozen=True, slots=True)
class Started:
    """A new instance and its first tasks."""

    instance_id: int
    ready: tuple[ReadyTask, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """What the checker says about a drawing; an error keeps it from being published.

    Shape:  where is the id of the element; path the walk that shows the fault, in words, "" when none is needed
    """

    level: Literal["error", "warning"]
    where: str
    message_zh: str
    rule: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class VersionView:
    """A version of a procedure as others see it."""

    version_id: int
    code: str
    name: str
    number: int
    status: str
    digest: str
    published_at: datetime | None
    published_by_name: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """What loading the shipped procedures did."""

    published: tuple[VersionView, ...] = field(default=())
    unchanged: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class TableAnswer:
    """What a decision table says about answers.

    Shape:  row counts from 1, 0 when no row holds; results are (name, label, value); why is a Chinese sentence
    """

    row: int
    results: tuple[tuple[str, str, str], ...]
    why: str


@dataclass(frozen=True, slots=True)
class TableVerdict:
    """What the table in force says, and which table that was."""

    name: str
    number: int
    answer: TableAnswer


@dataclass(frozen=True, slots=True)
class PathStep:
    """One step of a path in words."""

    task_id: str
    name: str
    who: str
    outcome: str


@dataclass(frozen=True, slots=True)
class PathText:
    """One way from the start to an end, in words."""

    starts_with: str
    steps: tuple[PathStep, ...]
    end_name: str


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs between two drawings or tables in one place; changed holds (what, before, after)."""

    where: str
    kind: Literal["added", "removed", "changed"]
    what: str
    changed: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Use:
    """Something above that uses a procedure or a table, as its package registers it.

    Shape:  version_id is the version it is bound to (None: always the one in force); fields maps the name of each
            question that it asks to the values it offers (() for free input); steps are drawn steps it speaks of
    """

    label: str
    code: str
    version_id: int | None
    fields: tuple[tuple[str, tuple[str, ...]], ...] = ()
    steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DraftView:
    """A draft as its keepers see it."""

    version_id: int
    code: str
    name: str
    xml: str
    revision: int
    saved_at: datetime | None
    saved_by_name: str
    reason: str
    proposed_at: datetime | None
    proposed_by_name: str
    proposed_account_id: int | None
    saved_account_id: int | None
    returned_reason: str


@dataclass(frozen=True, slots=True)
class KeptRow:
    """A procedure or table in the list of its keepers.

    Shape:  number is 0 and version_id None while nothing is published; open_matters counts running instances of
            every version, older_matters those of versions that are not in force any more
    """

    code: str
    name: str
    version_id: int | None
    number: int
    published_at: datetime | None
    draft: str
    uses: int
    open_matters: int
    older_matters: int


@dataclass(frozen=True, slots=True)
class UseView:
    """Something that uses a procedure or table, and what would not fit if it took over the text that is looked at."""

    label: str
    code: str
    version_number: int | None
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Impact:
    """What publishing would touch: matters keep their version, items take the new one with their own next version.

    Shape:  running as (version number, how many open matters), newest first
    """

    running: tuple[tuple[int, int], ...]
    uses: tuple[UseView, ...]

    @property
    def open_matters(self) -> int:
        """How many matters are on their way, on whichever version."""
        return sum(count for _, count in self.running)

    @property
    def misfits(self) -> tuple[UseView, ...]:
        """Those whose form or stages lack something."""
        return tuple(one for one in self.uses if one.faults)
