"""What every write on a matter shares: lock it, check who and when, move it, write it down.

A turn is one lawful event on one matter. It locks the case row, so two clerks never overwrite each
other: the second is told what the first did.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import Q

from weimin.base import crypto
from weimin.base.clock import day_end, local_date
from weimin.base.errors import Conflict
from weimin.kernel.cases import access
from weimin.kernel.cases.models import Case, Paper, Step, TimelineEntry
from weimin.kernel.cases.rules import numbers, states
from weimin.kernel.cases.types import STATE_TEXT, Event, NextStep, PaperKind, State, StepTaken
from weimin.kernel.catalogue import queries as catalogue
from weimin.kernel.catalogue.types import ItemSpec
from weimin.kernel.deadlines import actions as deadlines
from weimin.kernel.deadlines import queries as limits
from weimin.kernel.deadlines.types import ClockRef, ClockSpec, Limit
from weimin.kernel.directory import queries as directory
from weimin.kernel.procedures import actions as procedures
from weimin.kernel.procedures.types import ReadyTask, TaskSpec
from weimin.kernel.record.actions import queue_event, record_audit
from weimin.kernel.record.types import Actor

ANSWERS = "cases.answers"
PAPERS = "cases.papers"
POST = "cases.post"


class PageStale(Conflict):
    """Somebody else acted on the matter since this page was made."""

    code = "cases.page_stale"


class ClockStands(Conflict):
    """The matter's clock stands, so nothing may be decided."""

    code = "cases.clock_stands"


class StepTakenAlready(Conflict):
    """The step is done, cancelled, or another officer's."""

    code = "cases.step_taken"


@dataclass(slots=True)
class Turn:
    """One event on one locked matter, while it happens."""

    case: Case
    spec: ItemSpec
    by: Actor
    at: datetime
    changed: dict[str, list[Any]] = field(default_factory=dict)
    lines: list[TimelineEntry] = field(default_factory=list)
    fresh: bool = False
    opened: list[Step] = field(default_factory=list)
    finished: bool = False
    clock_fresh: bool = False

    @property
    def today(self) -> date:
        """The local day of the turn."""
        return local_date(self.at)

    def set(self, **values: Any) -> None:
        """Change fields of the case, keeping old and new for the audit entry."""
        for name, value in values.items():
            old = getattr(self.case, name)
            if old != value:
                self.changed[name] = [_plain(old), _plain(value)]
                setattr(self.case, name, value)

    def move(self, event: Event) -> None:
        """Move the legal state.

        Raises: NotAllowed — the law does not let this happen now
        """
        self.set(state=str(states.move(State(self.case.state), event)))

    def say(self, kind: str, *, public: str = "", inner: str = "", due_on: date | None = None) -> None:
        """Add a line to the timeline."""
        self.lines.append(
            TimelineEntry(
                case=self.case,
                at=self.at,
                kind=kind,
                public_text=public,
                inner_text=inner,
                by_label="申请人" if self.by.kind == "resident" else self.by.label[:120] or "系统",
                agency_name=self.by.agency_name[:80],
                due_on=due_on,
                clock_id=self.case.clock_id if due_on else None,
            )
        )

    def finish(self, *, verb: str, notice: dict[str, Any] | None = None) -> StepTaken:
        """Write the case, the timeline, the audit entry and the notice; give the new state.

        Cost:   four statements
        """
        if not self.fresh:
            self.case.revision += 1
            fields = [*self.changed, "revision"]
            self.case.save(update_fields=[_column(name) for name in dict.fromkeys(fields)])
        TimelineEntry.objects.bulk_create(self.lines)
        record_audit(
            by=self.by,
            at=self.at,
            verb=verb,
            subject_type="case",
            subject_id=self.case.number,
            changes=self.changed,
        )
        queue_event(at=self.at, topic=verb, payload={**self._payload(), **(notice or {})})
        return StepTaken(self.case.pk, self.case.number, State(self.case.state), self.case.revision, self.next_steps())

    def next_steps(self) -> tuple[NextStep, ...]:
        """The steps that this turn opened."""
        return tuple(NextStep(one.pk, one.kind, one.agency_id) for one in self.opened)

    def _payload(self) -> dict[str, Any]:
        case = self.case
        return {
            "case_id": case.pk,
            "number": case.number,
            "resident_id": case.applicant_id,
            "item_name": case.item_name,
            "state": str(case.state),
            "state_text": STATE_TEXT[State(case.state)],
            "due_on": case.due_on.isoformat() if case.due_on else "",
        }


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return "（加密内容）"
    return getattr(value, "pk", value)


def _column(name: str) -> str:
    return name.removesuffix("_id")


def open_turn(*, by: Actor, at: datetime, case_id: int | str, seen: int | None = None, to: str = "see") -> Turn:
    """Lock a matter that the actor may see, by its id or its number; `to` is the policy's verb for what follows.

    Raises: CaseUnknown — not visible to the actor
            Forbidden — visible, but this is another's to do
            PageStale — the page the actor worked from is older than the matter
    Cost:   one query; locks the case row until commit
    """
    named = {"number": case_id} if isinstance(case_id, str) else {"pk": case_id}
    rows = access.visible_cases(by).select_related("applicant").select_for_update(of=("self",))
    case = rows.filter(**named).first()
    if case is None:
        raise access.CaseUnknown("找不到这个办件，或者它不归您办理。")
    if to != "see":
        access.CASES.check(by, to, case)
    if seen is not None and seen != case.revision:
        last = case.timeline.order_by("-id").first()
        told = f"{last.by_label}刚刚办理：{last.inner_text or last.public_text}。" if last else ""
        raise PageStale(f"这个办件在您打开页面后有变化。{told}请重新打开办件，看过最新情况再办。")
    return Turn(case, catalogue.get_spec(case.item_version_id), by, at)


def take_step(turn: Turn, *, step_id: int, kinds: tuple[str, ...]) -> Step:
    """Check that an open step of the matter is this actor's to take.

    Raises: StepTakenAlready — done, or claimed by another officer
            StepNotYours — another agency or role
    Cost:   one query
    """
    step = Step.objects.filter(pk=step_id, case=turn.case).select_related("agency").first()
    if step is None:
        raise access.CaseUnknown("找不到这个环节，请重新打开办件。")
    access.check_step(turn.by, step)
    if step.state == "done":
        raise StepTakenAlready(f"这一步已由{step.assignee_name or '别人'}办过，请重新打开办件看最新情况。")
    if step.state == "cancelled" or step.kind not in kinds:
        raise StepTakenAlready("这一步现在不能这样办，请重新打开办件看最新情况。")
    if step.assignee_id and turn.by.officer_id and step.assignee_id != turn.by.officer_id:
        raise StepTakenAlready(f"这一步已由{step.assignee_name}领办。需要换人时，请他先交回。")
    return step


def complete_step(turn: Turn, step: Step, *, outcome: str, opinion: str = "") -> list[Step]:
    """Finish a step, run the procedure on, and open the steps that follow.

    Shape:  the new steps
    Cost:   four statements; three more when a stage's clock ends or begins
    """
    done = Step.objects.filter(pk=step.pk, state__in=("open", "waiting")).update(
        state="done",
        done_at=turn.at,
        outcome=outcome,
        opinion=opinion,
        assignee_id=turn.by.officer_id,
        assignee_name=turn.by.name[:60],
    )
    if done != 1:
        raise StepTakenAlready("这一步刚刚被别人办过，请重新打开办件看最新情况。")
    assert turn.case.instance_id is not None
    progress = procedures.complete_task(
        by=turn.by, at=turn.at, instance_id=turn.case.instance_id, task_id=step.task_id, outcome=outcome
    )
    turn.finished = progress.finished
    if progress.cancelled:
        Step.objects.filter(case=turn.case, task_id__in=progress.cancelled, state="open").update(
            state="cancelled", done_at=turn.at
        )
    return open_steps(turn, progress.opened, leaving=step)


def open_steps(turn: Turn, ready: Sequence[ReadyTask], *, leaving: Step | None = None) -> list[Step]:
    """Make a step of each ready task, with its stage's clock; the clock of the stage that is left ends.

    Cost:   one insert; three statements more when a clock ends or begins
    """
    plans = [(task, _stage_of(turn.spec, task.spec)) for task in ready]
    kept = _goes_on(turn, leaving, [stage for _, stage in plans])
    stop = [leaving.clock_id] if leaving is not None and leaving.clock_id and not kept else []
    agencies = [_agency(turn, task.spec.agency_rule) for task, _ in plans]
    fresh = [
        (place, _stage_clock(turn, stage, agencies[place], side_by_side=len(plans) > 1))
        for place, (_, stage) in enumerate(plans)
        if stage is not None and stage != kept
    ]
    opened: list[ClockRef] = []
    if stop or fresh:
        opened = deadlines.turn_clocks(
            by=turn.by, at=turn.at, stop=[one for one in stop if one], on=turn.today, specs=[spec for _, spec in fresh]
        )
    clocks = {place: ref for (place, _), ref in zip(fresh, opened, strict=True)}
    steps = [
        _step(turn, task, agencies[place], clocks.get(place), leaving if stage is not None and stage == kept else None)
        for place, (task, stage) in enumerate(plans)
    ]
    if steps:
        Step.objects.bulk_create(steps)
        turn.opened.extend(steps)
    return steps


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of the handling with limits of its own: by law, as the procedure promises, or both."""

    key: str
    label: str
    law: Limit | None
    promise: Limit | None


def _stage_of(spec: ItemSpec, task: TaskSpec) -> Stage | None:
    own = Limit(task.limit_value, task.limit_unit, "办理流程规定") if task.limit_value else None
    for one in spec.stages:
        if task.bpmn_id in one.steps:
            promise = own if len(one.steps) == 1 else None  # a stage of several steps has no single promise
            return Stage(one.name, one.name, Limit(one.value, one.unit, one.basis), promise)
    return Stage(task.bpmn_id, task.name, None, own) if own else None


def _goes_on(turn: Turn, leaving: Step | None, stages: list[Stage | None]) -> Stage | None:
    """The stage that the next steps still belong to; None when it is left."""
    if leaving is None or not leaving.clock_id:
        return None
    for one in turn.spec.stages:
        if leaving.bpmn_id in one.steps:
            return next((stage for stage in stages if stage is not None and stage.key == one.name), None)
    return None


def _stage_clock(turn: Turn, stage: Stage, agency_id: int, *, side_by_side: bool) -> ClockSpec:
    return ClockSpec(
        purpose="body" if side_by_side else "stage",
        subject=("case", turn.case.number),
        start_date=turn.today,
        statutory=stage.law,
        committed=stage.promise,
        regime=turn.spec.regime,
        grounds=grounds_of(turn),
        label=stage.label,
        agency_id=agency_id,
        place=turn.case.township_id,
        parent_id=turn.case.clock_id,
        parent_runs=turn.clock_fresh,
    )


def grounds_of(turn: Turn) -> tuple[str, ...]:
    """The codes of the grounds on which this matter's clocks may stand: the item's, of those in force today.

    Law:    xkl-2019 art. 45
    """
    found = limits.list_grounds(regime=turn.spec.regime, on=turn.today)
    return tuple(one.code for one in found if turn.spec.is_permit or one.name in turn.spec.pause_names)


def _step(turn: Turn, task: ReadyTask, agency_id: int, clock: ClockRef | None, same: Step | None) -> Step:
    own = clock.shown if clock else same.due_on if same else None
    due_on = min((day for day in (own, turn.case.due_on) if day is not None), default=None)
    return Step(
        case=turn.case,
        task_id=task.task_id,
        bpmn_id=task.spec.bpmn_id,
        kind=task.spec.kind,
        name=task.spec.name,
        outcomes=" ".join(task.spec.outcomes),
        agency_id=agency_id,
        role=task.spec.role,
        state="open",
        due_on=due_on,
        clock_id=clock.clock_id if clock else same.clock_id if same else None,
        opened_at=turn.at,
    )


def _find_agency(turn: Turn, rule: str) -> int | None:
    spec = turn.spec
    lead = spec.lead_key
    if rule == "county" and (turn.case.authority or {}).get("decider") == "township":
        rule = "township"  # under a delegation the township does what the county would do
    if rule.startswith("body:"):
        key = rule.removeprefix("body:")
        rule, lead = "township", spec.joint_bodies.get(key, lead)
    return directory.resolve_agency(rule=rule, township_code=turn.case.township_id, lead_key=lead, area=spec.area)


def deciding_rule(turn: Turn) -> str:
    """Whether county or township decides: by the item, or by the delegation that the matter started with."""
    level = turn.spec.decision_level
    if level == "township_if_empowered":
        return str((turn.case.authority or {}).get("decider") or "county")
    return "county" if level == "county" else "township"


def deciding_agency(turn: Turn) -> int:
    """The body that has to decide the matter.

    Raises: Conflict — the place has no such body
    """
    return _agency(turn, deciding_rule(turn))


def _agency(turn: Turn, rule: str) -> int:
    found = _find_agency(turn, rule)
    if found is None:
        raise Conflict(
            f"{turn.case.township_id} 没有承办“{turn.spec.lead_key}”事项的机构，请联系清单管理员补全机构目录。",
            code="cases.no_agency",
        )
    return found


def make_paper(turn: Turn, kind: PaperKind, **content: Any) -> int:
    """Keep a paper's content as it stands now; the PDF is drawn from it when it is asked for. Gives its id.

    Cost:   one insert
    """
    body = {
        "number": turn.case.number,
        "item_name": turn.case.item_name,
        "item_type": turn.spec.type_text,
        "made_on": turn.today.isoformat(),
        "verify_code": numbers.receipt_code(turn.case.number),
        "officer": turn.by.name,
        **content,
    }
    row = Paper.objects.create(
        case=turn.case,
        kind=kind,
        made_at=turn.at,
        content_sealed=crypto.seal(json.dumps(body, ensure_ascii=False), purpose=PAPERS),
    )
    return row.pk


def start_clock(
    turn: Turn,
    *,
    purpose: str,
    start: date,
    statutory: Limit | None,
    committed: Limit | None,
    agency_rule: str = "accepting",
) -> ClockRef:
    """Open the matter's next clock, end the one before, and show the new date on the case row.

    Cost:   two inserts; an update more when a clock ends
    """
    (clock,) = deadlines.turn_clocks(
        by=turn.by,
        at=turn.at,
        stop=[turn.case.clock_id] if turn.case.clock_id else [],
        on=_counted_today(turn),
        specs=[
            ClockSpec(
                purpose=purpose,
                subject=("case", turn.case.number),
                start_date=start,
                statutory=statutory,
                committed=committed,
                regime=turn.spec.regime,
                grounds=grounds_of(turn) if purpose == "handle" else (),
                extend=turn.spec.statutory.extend_code if purpose == "handle" else "",
                agency_id=_find_agency(turn, agency_rule),
                place=turn.case.township_id,
            )
        ],
    )
    turn.set(
        clock_id=clock.clock_id,
        due_on=clock.shown,
        statutory_due_on=clock.due_date,
        due_provisional=clock.provisional,
    )
    turn.clock_fresh = True
    return clock


def _counted_today(turn: Turn) -> date:
    """Today, or the day of receipt when something is done before it: after closing time, on a day off."""
    return max(turn.today, turn.case.received_on or turn.today)


def stop_clock(turn: Turn) -> None:
    """End the clock that runs now with its parts, if one does, and show no date.

    Cost:   two statements
    """
    if turn.case.clock_id:
        deadlines.stop_clock(by=turn.by, at=turn.at, clock_id=turn.case.clock_id, on=_counted_today(turn))
    turn.set(clock_id=None, due_on=None, statutory_due_on=None, due_provisional=False)


def check_running(turn: Turn) -> None:
    """Refuse to go on while the matter's clock stands.

    Raises: ClockStands — with what to do first
    """
    if turn.case.clock_id and turn.case.due_on is None:
        raise ClockStands("时钟还停着。停钟的事由结束后，先记“恢复计时”，再作决定。")


def parameter(code: str, on: date) -> tuple[Limit, Limit | None]:
    """A dated legal limit by its id, and the shorter one that is promised, if any.

    Raises: deadlines' ParameterMissing — no row covers the day
    """
    return limits.get_limit(code=code, on=on)


def attention(on: date | None) -> datetime | None:
    """The moment after a limit's last day, when the loop must look; None without a limit."""
    return day_end(on) if on else None


def put_off(turn: Turn) -> None:
    """Nothing more to look at by itself on this matter."""
    turn.set(attention_at=None)


def waiting_steps(turn: Turn, state: str) -> None:
    """Put the open acceptance step on hold for the applicant, or back to work."""
    Step.objects.filter(Q(state="open") | Q(state="waiting"), case=turn.case, kind="accept").update(state=state)
