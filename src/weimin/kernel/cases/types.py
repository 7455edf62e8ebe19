"""The words of a matter's life, and the values that cross the border of this package."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any


class State(StrEnum):
    """The legal state of a matter."""

    RECEIVED = "received"
    SUPPLEMENT = "supplement"
    HANDLING = "handling"
    DECIDED = "decided"
    RESULT_MADE = "result_made"
    ISSUED = "issued"
    CLOSED = "closed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


STATE_TEXT = {
    State.RECEIVED: "已收件，待审查",
    State.SUPPLEMENT: "等您补正材料",
    State.HANDLING: "已受理，办理中",
    State.DECIDED: "已作出决定",
    State.RESULT_MADE: "结果已出，待领取",
    State.ISSUED: "结果已寄出",
    State.CLOSED: "已办结",
    State.REFUSED: "不予受理",
    State.WITHDRAWN: "已撤回",
    State.LAPSED: "逾期未补正，已终止",
}
ENDED = frozenset({State.CLOSED, State.REFUSED, State.WITHDRAWN, State.LAPSED})


class Event(StrEnum):
    """What may happen to a matter in law."""

    ASK_SUPPLEMENT = "ask_supplement"
    ANSWER_SUPPLEMENT = "answer_supplement"
    ACCEPT = "accept"
    ACCEPT_BY_SILENCE = "accept_by_silence"
    REFUSE = "refuse"
    DECIDE = "decide"
    MAKE_RESULT = "make_result"
    HAND_OUT = "hand_out"
    SEND = "send"
    CONFIRM_DELIVERY = "confirm_delivery"
    WITHDRAW = "withdraw"
    LAPSE = "lapse"
    ARCHIVE = "archive"
    RENEW_BY_SILENCE = "renew_by_silence"


class Channel(StrEnum):
    """Through which door a matter came."""

    PORTAL = "portal"
    WINDOW = "window"
    AGENT = "agent"
    HOME = "home"
    API = "api"
    OWN_MOTION = "own_motion"


DELIVERY_TEXT = {"pickup": "到窗口领取", "post": "邮寄", "online": "网上查看"}
CHANNEL_TEXT = {
    Channel.PORTAL: "网上",
    Channel.WINDOW: "窗口",
    Channel.AGENT: "村代办员",
    Channel.HOME: "上门",
    Channel.API: "系统接口",
    Channel.OWN_MOTION: "依职权",
}


class PaperKind(StrEnum):
    """The papers that a matter gives rise to."""

    RECEIPT = "receipt"
    SUPPLEMENT = "supplement"
    ACCEPTANCE = "acceptance"
    REFUSAL = "refusal"
    DECISION = "decision"
    DELIVERY = "delivery"
    CORRECTION = "correction"
    PAUSE = "pause"
    EXTENSION = "extension"
    RENEWAL = "renewal"


PAPER_TEXT = {
    PaperKind.RECEIPT: "收件凭证",
    PaperKind.SUPPLEMENT: "一次性补正告知书",
    PaperKind.ACCEPTANCE: "受理通知书",
    PaperKind.REFUSAL: "不予受理决定书",
    PaperKind.DECISION: "办理决定书",
    PaperKind.DELIVERY: "送达回证",
    PaperKind.CORRECTION: "更正通知书",
    PaperKind.PAUSE: "办理期限扣除告知书",
    PaperKind.EXTENSION: "延长办理期限告知书",
    PaperKind.RENEWAL: "视为准予延续告知书",
}
STEP_TEXT = {
    "accept": "受理审查",
    "review": "审核",
    "survey": "入户（现场）核查",
    "notice": "公示",
    "decide": "审批决定",
    "result": "制作结果",
    "issue": "发放结果",
    "register": "登记",
    "extend": "延长期限审批",
}
OUTCOME_TEXT = {
    "accept": "受理",
    "refuse": "不予受理",
    "agree": "同意",
    "disagree": "不同意",
    "return": "退回重审",
    "approve": "准予",
    "deny": "不予批准",
    "done": "完成",
    "file": "予以登记（备案）",
    "send_back": "退回更正",
    "extend": "同意延长",
    "keep": "不同意延长",
}


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file as it came in: its name and content."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class PostalAddress:
    """Where a result is posted to."""

    name: str
    phone: str
    address: str


@dataclass(frozen=True, slots=True)
class SeenPaper:
    """A material that a clerk saw on paper: who, when."""

    code: str
    name: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Guardian:
    """Who acts for a child under fourteen, and what they are to the child."""

    name: str
    relation: str


@dataclass(frozen=True, slots=True)
class Submission:
    """What somebody applies for: the item in a township, answers, and files by material code."""

    item_code: str
    township_code: str
    applicant_id: int
    channel: Channel
    answers: dict[str, Any]
    file_ids: tuple[int, ...] = ()
    waived_materials: tuple[str, ...] = ()
    delivery: str = "pickup"
    post_to: PostalAddress | None = None
    draft_id: int | None = None
    notice: str = ""
    guardian: Guardian | None = None


@dataclass(frozen=True, slots=True)
class NextStep:
    """A step that somebody has to take next."""

    step_id: int
    kind: str
    agency_id: int


@dataclass(frozen=True, slots=True)
class Submitted:
    """The answer to a submission: the same for a repeat with the same key."""

    case_id: int
    number: str
    receipt_code: str
    repeated: bool = False
    next_steps: tuple[NextStep, ...] = ()


@dataclass(frozen=True, slots=True)
class StepTaken:
    """What a step led to."""

    case_id: int
    number: str
    state: State
    revision: int
    next_steps: tuple[NextStep, ...] = ()


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What became of the steps of somebody who leaves: taken on by a colleague, or open to all again."""

    moved: int
    freed: int


@dataclass(frozen=True, slots=True)
class InboxRow:
    """One line of an inbox: a step that waits for this agency and role."""

    step_id: int
    case_id: int
    number: str
    item_name: str
    applicant: str
    kind: str
    step_name: str
    state: State
    due_on: date | None
    opened_at: datetime
    channel: str
    assignee: str
    mine: bool
    waiting: bool


@dataclass(frozen=True, slots=True)
class SupplementItem:
    """One thing that a person is asked to bring or to correct."""

    code: str
    name: str
    what: str


@dataclass(frozen=True, slots=True)
class TimelineLine:
    """One line of a matter's public or inner history."""

    at: datetime
    text: str
    by: str
    public: bool
    kind: str = ""
    due_on: date | None = None
    why: str = ""
    extra: dict[str, Any] = field(default_factory=dict)
