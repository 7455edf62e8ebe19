"""Reads of matters. The viewer comes first; who may see is decided in the same query that lists."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Count, F, Q, QuerySet

from weimin.base import attending, crypto, looking
from weimin.base.errors import NotFound
from weimin.base.shapes import read_id
from weimin.kernel.cases import access
from weimin.kernel.cases.models import Case, CaseFile, Paper, Step
from weimin.kernel.cases.queries.drafts import draft_answers as draft_answers
from weimin.kernel.cases.queries.drafts import draft_files as draft_files
from weimin.kernel.cases.queries.drafts import find_draft as find_draft
from weimin.kernel.cases.queries.drafts import find_older_draft as find_older_draft
from weimin.kernel.cases.queries.drafts import find_sent as find_sent
from weimin.kernel.cases.queries.drafts import find_sent_lately as find_sent_lately
from weimin.kernel.cases.queries.drafts import list_drafts as list_drafts
from weimin.kernel.cases.queries.drafts import list_loose_files as list_loose_files
from weimin.kernel.cases.queries.drafts import open_answers as open_answers
from weimin.kernel.cases.queries.drafts import open_post as open_post
from weimin.kernel.cases.queries.drafts import submit_scope as submit_scope
from weimin.kernel.cases.queries.finding import FOUND as FOUND
from weimin.kernel.cases.queries.finding import NotFindable as NotFindable
from weimin.kernel.cases.queries.finding import find_matters as find_matters
from weimin.kernel.cases.queries.finding import find_number as find_number
from weimin.kernel.cases.queries.finding import is_about_people as is_about_people
from weimin.kernel.cases.queries.smells import find_bursts as find_bursts
from weimin.kernel.cases.queries.smells import find_reopened as find_reopened
from weimin.kernel.cases.queries.smells import find_supplements_twice as find_supplements_twice
from weimin.kernel.cases.rules import numbers
from weimin.kernel.cases.types import (
    CHANNEL_TEXT,
    ENDED,
    PAPER_TEXT,
    STATE_TEXT,
    Channel,
    InboxRow,
    PaperKind,
    PostalAddress,
    SeenPaper,
    State,
)
from weimin.kernel.catalogue import queries as catalogue
from weimin.kernel.catalogue.types import ItemSpec
from weimin.kernel.deadlines.types import Explanation, Ledger
from weimin.kernel.directory import queries as directory
from weimin.kernel.record import access as wall
from weimin.kernel.record import queries as record
from weimin.kernel.record.types import Actor
from weimin.ui import paper

TYPST = Path(__file__).parents[1] / "typst"
PAGE = 30
#: Stands for the day in the key of a page whose last step has none; these come last.
UNDATED = "undated"
_PAPERS = "cases.papers"


class FileUnknown(NotFound):
    """No such file for this viewer."""

    code = "cases.file_unknown"


@dataclass(slots=True)
class InboxPage:
    """A page of an inbox, ordered by what falls due.

    Shape:  after is the key of the next page, '' on the last
    """

    rows: list[InboxRow]
    after: str = ""


@dataclass(slots=True)
class CaseView:
    """Everything of one matter that a page shows."""

    case: Case
    spec: ItemSpec
    answers: dict[str, Any]
    steps: list[Step]
    files: list[CaseFile]
    papers: list[Paper]
    timeline: list[Any]
    comments: list[Any]
    supplement: Any
    decisions: list[Any]

    @property
    def state_text(self) -> str:
        """The legal state in words."""
        return STATE_TEXT[State(self.case.state)]

    @property
    def channel_text(self) -> str:
        """The channel in words."""
        return CHANNEL_TEXT[Channel(self.case.channel)]

    @property
    def seen_papers(self) -> dict[str, SeenPaper]:
        """What a clerk saw on paper when the matter came in, by material code."""
        return {
            one["code"]: SeenPaper(one["code"], one["name"], one["by"], datetime.fromisoformat(one["at"]))
            for one in self.case.seen_papers
        }

    @property
    def post_to(self) -> PostalAddress | None:
        """Where the result is posted to, for whoever posts it and the applicant; None when it is not."""
        return open_post(self.case.post_sealed)

    @property
    def open_steps(self) -> list[Step]:
        """The steps that wait for somebody."""
        return [one for one in self.steps if one.state in ("open", "waiting")]

    @property
    def lit(self) -> str:
        """The nodes of the picture to light, separated by spaces."""
        return " ".join(one.bpmn_id for one in self.open_steps)


def get_inbox(viewer: Actor, *, mine: bool = False, kind: str = "", item: str = "", after: str = "") -> InboxPage:
    """Open steps that wait for the viewer, what falls due first; paged by key, not by offset.

    Cost:   one query
    """
    rows = access.workable_steps(viewer).select_related("case")
    if mine:
        rows = rows.filter(assignee_id=viewer.officer_id)
    if kind:
        rows = rows.filter(kind=kind)
    if item:
        rows = rows.filter(case__item_name__icontains=item)
    if after:
        rows = _after(rows, after)
    found = list(rows.order_by(F("due_on").asc(nulls_last=True), "pk")[: PAGE + 1])
    page = [_inbox_row(step, viewer) for step in found[:PAGE]]
    last = found[PAGE - 1] if len(found) > PAGE else None
    return InboxPage(page, f"{last.due_on or UNDATED}_{last.pk}" if last else "")


def _after(rows: QuerySet[Step], key: str) -> QuerySet[Step]:
    """The steps behind the last one of a page; a key that cannot be read is the first page."""
    text, _, number = key.partition("_")
    last = read_id(number)
    if not last:
        return rows
    if text == UNDATED:
        return rows.filter(due_on=None, pk__gt=last)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return rows
    return rows.filter(Q(due_on__gt=day) | Q(due_on=day, pk__gt=last) | Q(due_on=None))


def _inbox_row(step: Step, viewer: Actor) -> InboxRow:
    case = step.case
    looking.note(case.applicant_id, matter=case.number, about=case.item_name)
    return InboxRow(
        step_id=step.pk,
        case_id=case.pk,
        number=case.number,
        item_name=case.item_name,
        applicant=case.applicant_shown,
        kind=step.kind,
        step_name=step.name,
        state=State(case.state),
        due_on=step.due_on,
        opened_at=step.opened_at,
        channel=CHANNEL_TEXT[Channel(case.channel)],
        assignee=step.assignee_name,
        mine=step.assignee_id is not None and step.assignee_id == viewer.officer_id,
        waiting=step.state == "waiting",
    )


def count_open_matters(viewer: Actor, item_code: str) -> dict[int, int]:
    """How many matters of an item are open in a viewer's place, by the number of the version they run on.

    Numbers only, for whoever is about to publish a new version; nothing of any matter is read.

    Cost:   one query
    """
    if viewer.kind != "system" and not viewer.is_staff:
        return {}
    rows = Case.objects.filter(item_version__item__code=item_code).exclude(state__in=ENDED)
    if viewer.kind != "system":
        rows = rows.filter(directory.within("township__code", viewer.division_code))
    return dict(rows.values_list("item_version__number").annotate(many=Count("pk")).order_by("item_version__number"))


def count_held(viewer: Actor) -> list[tuple[int, str, int, int]]:
    """How many open steps each officer holds in each of a leader's bodies.

    Shape:  officer id, name, agency id, number
    Cost:   two queries
    """
    rows = access.held_steps(viewer).values_list("assignee_id", "assignee__name", "agency_id")
    return list(rows.annotate(n=Count("pk")).order_by("assignee__name", "agency_id"))


def list_held(viewer: Actor, officer_id: int) -> list[Step]:
    """The open steps that an officer of a leader's bodies holds, what falls due first.

    Cost:   two queries
    """
    rows = access.held_steps(viewer).filter(assignee_id=officer_id).select_related("case", "agency")
    return list(rows.order_by(F("due_on").asc(nulls_last=True), "pk"))


def count_inbox(viewer: Actor, *, today: date) -> dict[str, int]:
    """How many steps wait: all, mine, overdue, due today, and by kind.

    Cost:   one query
    """
    counts: dict[str, int] = access.workable_steps(viewer).aggregate(
        all=Count("pk"),
        mine=Count("pk", filter=Q(assignee_id=viewer.officer_id)),
        late=Count("pk", filter=Q(due_on__lt=today)),
        today=Count("pk", filter=Q(due_on=today)),
        accept=Count("pk", filter=Q(kind__in=("accept", "register"))),
        issue=Count("pk", filter=Q(kind="issue")),
    )
    return counts


def get_case(viewer: Actor, number: str) -> CaseView:
    """One matter with all that its page shows.

    Raises: CaseUnknown — no such matter for this viewer
    Cost:   eight queries
    """
    case = access.visible_cases(viewer).select_related("township__parent", "applicant").filter(number=number).first()
    if case is None:
        raise access.CaseUnknown("找不到这个办件，或者它不归您查看。请核对编号。")
    looking.note(case.applicant_id, matter=case.number, about=case.item_name)
    return CaseView(
        case=case,
        spec=catalogue.get_spec(case.item_version_id),
        answers=open_answers(case.answers_sealed),
        steps=list(case.steps.select_related("agency").order_by("id")),
        files=list(case.files.select_related("blob").order_by("id")),
        papers=list(case.papers.order_by("id")),
        timeline=list(access.TIMELINE.visible(viewer).filter(case=case).order_by("id")),
        comments=list(access.COMMENTS.visible(viewer).filter(case=case).order_by("id")),
        supplement=case.supplements.first(),
        decisions=list(case.decisions.select_related("agency").order_by("id")),
    )


def find_case(viewer: Actor, number: str, *, shown: bool = False, to: str = "see") -> Case:
    """The row of one matter that the viewer may see, without its parts; `shown` when its people are named by it.

    Raises: CaseUnknown — no such matter for this viewer
            Forbidden — what the viewer wants `to` do with it is another's to do
    Cost:   one query; one more for staff who want to do something
    """
    case = access.visible_cases(viewer).filter(number=number).first()
    if case is None:
        raise access.CaseUnknown("找不到这个办件，或者它不归您办理。请核对编号。")
    if to != "see":
        access.CASES.check(viewer, to, case)
    if shown:
        looking.note(case.applicant_id, matter=case.number, about=case.item_name)
    return case


def get_spec(viewer: Actor, case_id: int) -> ItemSpec:
    """The item version that a matter started with.

    Raises: CaseUnknown — no such matter for this viewer
    Cost:   one query
    """
    version_id = access.visible_cases(viewer).filter(pk=case_id).values_list("item_version_id", flat=True).first()
    if version_id is None:
        raise access.CaseUnknown("找不到这个办件，或者它不归您办理。请核对编号。")
    return catalogue.get_spec(version_id)


def list_mine(viewer: Actor, *, limit: int = 50) -> list[Case]:
    """A resident's own matters, newest first.

    Cost:   one query
    """
    if viewer.kind != "resident":
        return []
    rows = access.visible_cases(viewer).select_related("township").order_by("-submitted_at")
    return list(rows[:limit])


def get_file(viewer: Actor, file_id: int) -> CaseFile:
    """A file that the viewer may open: of a matter they may see, or that they took in themselves.

    Raises: FileUnknown — no such file for this viewer
    Cost:   one query
    """
    row = access.FILES.visible(viewer).select_related("blob", "case").filter(pk=file_id).first()
    if row is None:
        raise FileUnknown("找不到这个文件，或者它不归您查看。")
    if row.case is not None:
        looking.note(row.case.applicant_id, matter=row.case.number, about=row.case.item_name)
    return row


def get_paper(viewer: Actor, paper_id: int) -> tuple[Paper, dict[str, Any]]:
    """A paper and its content.

    Raises: CaseUnknown — no such paper for this viewer
    Cost:   one query
    """
    row = access.PAPERS.visible(viewer).select_related("case").filter(pk=paper_id).first()
    if row is None:
        raise access.CaseUnknown("找不到这份文书，或者它不归您查看。")
    looking.note(row.case.applicant_id, matter=row.case.number, about=row.case.item_name)
    content: dict[str, Any] = json.loads(crypto.unseal(bytes(row.content_sealed), purpose=_PAPERS))
    return row, content


def draw_paper(viewer: Actor, paper_id: int) -> tuple[str, str, bytes]:
    """A paper's title, its matter's number, and its PDF, drawn from the kept content.

    Raises: CaseUnknown — no such paper for this viewer
    Law:    gb-9704
    Cost:   one query, two for a receipt; a few milliseconds to draw
    """
    row, content = get_paper(viewer, paper_id)
    title = str(content.get("title") or PAPER_TEXT[PaperKind(row.kind)])
    address = f"{settings.WEIMIN_BASE_URL}/verify/?n={row.case.number}&c={content['verify_code']}"
    if row.kind == PaperKind.RECEIPT:
        # in the person's hands it proves that the entry was not changed before it was chained
        digest = record.find_digest(subject_type="case", subject_id=row.case.number, verb="cases.case.received")
        content = {**content, "audit_digest": digest}
    return (
        title,
        row.case.number,
        paper.draw(TYPST / f"{row.kind}.typ", {**content, "title": title, "verify_url": address}),
    )


def draw_why(viewer: Actor, number: str, why: Explanation, *, on: date) -> bytes:
    """Why a date is what it is, as PDF: every entry, the days one by one.

    Raises: CaseUnknown — no such matter for this viewer
    Cost:   one query; a few milliseconds to draw
    """
    case = find_case(viewer, number, shown=True)
    code = numbers.receipt_code(number)
    named = (("承诺期限", why.committed), ("法定期限", why.statutory))
    return paper.draw(
        TYPST / "why.typ",
        {
            "title": "为什么是这一天",
            "number": number,
            "verify_code": code,
            "verify_url": f"{settings.WEIMIN_BASE_URL}/verify/?n={number}&c={code}",
            "item_name": case.item_name,
            "purpose": why.purpose,
            "label": why.label,
            "stopped_on": why.stopped_on.isoformat() if why.stopped_on else "",
            "made_on": on.isoformat(),
            "ledgers": [_ledger_words(name, ledger) for name, ledger in named if ledger is not None],
        },
    )


def _ledger_words(name: str, ledger: Ledger) -> dict[str, Any]:
    return {
        "name": name,
        "limit": ledger.limit.text,
        "due": ledger.due.isoformat() if ledger.due else "停钟中",
        "provisional": ledger.provisional,
        "lines": [
            {
                "on": one.on.isoformat(),
                "text": one.text + (f" → {one.due_after:%Y-%m-%d}" if one.due_after else ""),
                "source": one.source,
                "by": one.by,
            }
            for one in ledger.lines
        ],
        "days": [{"day": f"{one.day:%m-%d}", "kind": one.kind, "count": str(one.count)} for one in ledger.strip],
    }


def verify_receipt(*, number: str, code: str) -> dict[str, Any] | None:
    """What a receipt's code proves to anyone who holds it: that the matter exists, where it stands, what is on record.

    Shape:  item, township, submitted_at, state, proofs; None when the code does not belong to the number
    Cost:   at most six queries, 200 proofs
    """
    try:
        tidy = numbers.read_number(number)
    except numbers.NumberInvalid:
        return None
    if not numbers.receipt_holds(tidy, code):
        return None
    wall.seek(case=tidy)
    case = Case.objects.filter(number=tidy).select_related("township__parent").first()
    if case is None:
        return None
    return {
        "number": case.number,
        "item_name": case.item_name,
        "place": f"{case.township.parent.name if case.township.parent else ''}{case.township.name}",
        "submitted_at": case.submitted_at,
        "state_text": STATE_TEXT[State(case.state)],
        "destroyed_under": case.destroyed_under,
        "proofs": record.list_proofs(subject_type="case", subject_id=case.number),
    }


def agency_figures(viewer: Actor, *, since: datetime, today: date) -> dict[str, int]:
    """What a viewer's agency did since a moment and what waits.

    Cost:   two queries
    """
    ours = access.STEPS.visible(viewer, "count")
    done = ours.filter(state="done", done_at__gte=since).aggregate(
        accepted=Count("pk", filter=Q(kind="accept", outcome="accept")),
        refused=Count("pk", filter=Q(kind="accept", outcome="refuse")),
        reviewed=Count("pk", filter=Q(kind__in=("review", "survey", "notice"))),
        decided=Count("pk", filter=Q(kind="decide")),
        issued=Count("pk", filter=Q(kind="issue")),
    )
    waits = ours.filter(state="open").aggregate(waiting=Count("pk"), late=Count("pk", filter=Q(due_on__lt=today)))
    return {**done, **waits}


def list_done(viewer: Actor, *, since: datetime, kind: str = "", after: int = 0, limit: int = 50) -> list[Step]:
    """The steps a viewer's agency did since a moment, newest first: the records behind a figure.

    `after` is the last step of the page before; one that the viewer does not see begins anew.

    Cost:   one query; two for a further page
    """
    rows = access.STEPS.visible(viewer, "count").filter(state="done", done_at__gte=since)
    if kind:
        rows = rows.filter(kind__in=kind.split(","))
    edge = rows.filter(pk=after).values_list("done_at", flat=True).first() if after else None
    if edge is not None:
        rows = rows.filter(Q(done_at__lt=edge) | Q(done_at=edge, pk__lt=after))
    shown = ("done_at", "name", "outcome", "assignee_name", "kind", "state", "case__item_name", "case__number")
    return list(rows.select_related("case").only(*shown).order_by("-done_at", "-pk")[:limit])


@dataclass(frozen=True, slots=True)
class CaseName:
    """What a list of warnings says of a matter; `public` when its item may stand on a public list."""

    number: str
    item_name: str
    public: bool


def list_names(*, numbers: list[str]) -> dict[str, CaseName]:
    """What some matters are, by number; for supervision, which shows them without their people.

    Cost:   one query
    """
    rows = Case.objects.filter(number__in=numbers).values_list("number", "item_name", "item_version__publication_class")
    return {number: CaseName(number, name, kind == "public") for number, name, kind in rows}


def list_visible(viewer: Actor, *, numbers: list[str]) -> set[str]:
    """Which of some matters the viewer may open, by number: only those are links.

    Cost:   one query; none without numbers
    """
    if not numbers:
        return set()
    return set(access.visible_cases(viewer).filter(number__in=numbers).values_list("number", flat=True))


def find_case_id(viewer: Actor, number: str) -> tuple[int, int]:
    """The id and revision of a matter that the viewer may see.

    Raises: CaseUnknown — no such matter for this viewer
    Cost:   one query
    """
    row = access.visible_cases(viewer).filter(number=number).values_list("pk", "revision").first()
    if row is None:
        raise access.CaseUnknown("找不到这个办件，或者它不归您办理。请核对编号。")
    return row


def list_stuck(*, limit: int = 50) -> list[Case]:
    """Matters whose due moment failed, for the operator."""
    return attending.list_stuck(Case.objects.all(), limit=limit)
