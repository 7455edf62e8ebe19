"""What every write on a matter shares: lock it, check who and when, move it, write it down.

A turn is one lawful event on one matter. It locks the case row, so two clerks never overwrite each
other: the second is told what the first did.
"""

from __future__ import annotations

import json
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
from weimin.kernel.deadlines.types import Limit
from weimin.kernel.directory import queries as directory
from weimin.kernel.procedures import actions as procedures
from weimin.kernel.procedures.types import ReadyTask
from weimin.kernel.record.actions import queue_event, record_audit
from weimin.kernel.record.types import Actor

ANSWERS = "cases.answers"
PAPERS = "cases.papers"


class PageStale(Conflict):
    """Somebody else acted on the matter since this page was made."""

    code = "cases.page_stale"


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
                by_label=self.by.label[:120] or "系统",
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


def open_turn(*, by: Actor, at: datetime, case_id: int | str, seen: int | None = None) -> Turn:
    """Lock a matter that the actor may see, by its id or its number.

    Raises: CaseUnknown — not visible to the actor
            PageStale — the page the actor worked from is older than the matter
    Cost:   one query; locks the case row until commit
    """
    named = {"number": case_id} if isinstance(case_id, str) else {"pk": case_id}
    rows = access.visible_cases(by).select_related("applicant").select_for_update(of=("self",))
    case = rows.filter(**named).first()
    if case is None:
        raise access.CaseUnknown("找不到这个办件，或者它不归您办理。")
    if seen is not None and seen != case.revision:
        last = case.timeline.order_by("-id").first()
        told = f"{last.by_label}刚刚办理：{last.inner_text or last.public_text}。" if last else ""
        raise PageStale(f"这个办件在您打开页面后有变化。{told}请刷新页面，看过最新情况再办。")
    return Turn(case, catalogue.get_spec(case.item_version_id), by, at)


def take_step(turn: Turn, *, step_id: int, kinds: tuple[str, ...]) -> Step:
    """Check that an open step of the matter is this actor's to take.

    Raises: StepTakenAlready — done, or claimed by another officer
            StepNotYours — another agency or role
    Cost:   one query
    """
    step = Step.objects.filter(pk=step_id, case=turn.case).select_related("agency").first()
    if step is None:
        raise access.CaseUnknown("找不到这个环节，请刷新页面。")
    access.check_step(turn.by, step)
    if step.state == "done":
        raise StepTakenAlready(f"这一步已由{step.assignee_name or '别人'}办过，请刷新页面看最新情况。")
    if step.state == "cancelled" or step.kind not in kinds:
        raise StepTakenAlready("这一步现在不能这样办，请刷新页面看最新情况。")
    if step.assignee_id and turn.by.officer_id and step.assignee_id != turn.by.officer_id:
        raise StepTakenAlready(f"这一步已由{step.assignee_name}领办。需要换人时，请他先交回。")
    return step


def complete_step(turn: Turn, step: Step, *, outcome: str, opinion: str = "") -> list[Step]:
    """Finish a step, run the procedure on, and open the steps that follow.

    Shape:  the new steps
    Cost:   four statements
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
        raise StepTakenAlready("这一步刚刚被别人办过，请刷新页面看最新情况。")
    assert turn.case.instance_id is not None
    progress = procedures.complete_task(
        by=turn.by, at=turn.at, instance_id=turn.case.instance_id, task_id=step.task_id, outcome=outcome
    )
    turn.finished = progress.finished
    if progress.cancelled:
        Step.objects.filter(case=turn.case, task_id__in=progress.cancelled, state="open").update(
            state="cancelled", done_at=turn.at
        )
    return open_steps(turn, progress.opened)


def open_steps(turn: Turn, ready: tuple[ReadyTask, ...] | list[ReadyTask]) -> list[Step]:
    """Make a step of each ready task that has none yet.

    Cost:   one insert
    """
    fresh = [_step(turn, task) for task in ready]
    if fresh:
        Step.objects.bulk_create(fresh)
        turn.opened.extend(fresh)
    return fresh


def _step(turn: Turn, task: ReadyTask) -> Step:
    spec = task.spec
    due_on = turn.case.due_on
    if spec.limit_value:
        own = limits.count_from(start=turn.today, limit=Limit(spec.limit_value, spec.limit_unit, ""))
        due_on = min(own, due_on) if due_on else own
    return Step(
        case=turn.case,
        task_id=task.task_id,
        bpmn_id=spec.bpmn_id,
        kind=spec.kind,
        name=spec.name,
        outcomes=" ".join(spec.outcomes),
        agency_id=_agency(turn, spec.agency_rule),
        role=spec.role,
        state="open",
        due_on=due_on,
        opened_at=turn.at,
    )


def _agency(turn: Turn, rule: str) -> int:
    spec = turn.spec
    lead = spec.lead_key
    if rule.startswith("body:"):
        key = rule.removeprefix("body:")
        rule, lead = "township", spec.joint_bodies.get(key, lead)
    found = directory.resolve_agency(rule=rule, township_code=turn.case.township_id, lead_key=lead, area=spec.area)
    if found is None:
        raise Conflict(
            f"{turn.case.township_id} 没有承办“{lead}”事项的机构，请联系清单管理员补全机构目录。",
            code="cases.no_agency",
        )
    return found


def make_paper(turn: Turn, kind: PaperKind, **content: Any) -> None:
    """Keep a paper's content as it stands now; the PDF is drawn from it when it is asked for.

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
    Paper.objects.create(
        case=turn.case,
        kind=kind,
        made_at=turn.at,
        content_sealed=crypto.seal(json.dumps(body, ensure_ascii=False), purpose=PAPERS),
    )


def start_clock(turn: Turn, *, purpose: str, start: date, statutory: Limit | None, committed: Limit | None) -> None:
    """Open a clock on the matter and show its date on the case row.

    Cost:   two inserts
    """
    clock = deadlines.open_clock(
        by=turn.by,
        at=turn.at,
        purpose=purpose,
        subject=("case", turn.case.number),
        start_date=start,
        statutory=statutory,
        committed=committed,
    )
    turn.set(
        clock_id=clock.clock_id,
        due_on=clock.committed_due_date or clock.due_date,
        statutory_due_on=clock.due_date,
        due_provisional=clock.provisional,
    )


def stop_clock(turn: Turn) -> None:
    """Stop the clock that runs now, if one does.

    Cost:   two statements
    """
    if turn.case.clock_id:
        deadlines.stop_clock(by=turn.by, at=turn.at, clock_id=turn.case.clock_id, on=turn.today)


def parameter(code: str, on: date) -> Limit:
    """A dated legal limit by its id.

    Raises: deadlines' Missing — no row covers the day
    """
    row = limits.get_parameter(code=code, on=on)
    return Limit(int(row.value), row.unit, row.article)


def attention(on: date | None) -> datetime | None:
    """The moment after a limit's last day, when the loop must look; None without a limit."""
    return day_end(on) if on else None


def put_off(turn: Turn) -> None:
    """Nothing more to look at by itself on this matter."""
    turn.set(attention_at=None)


def waiting_steps(turn: Turn, state: str) -> None:
    """Put the open acceptance step on hold for the applicant, or back to work."""
    Step.objects.filter(Q(state="open") | Q(state="waiting"), case=turn.case, kind="accept").update(state=state)
