"""The legal life of a matter as one small state machine.

The law's states are here, the office's routes are in the procedure. Nothing else may change a state.
"""

from __future__ import annotations

from weimin.base.errors import Refused
from weimin.kernel.cases.types import ENDED, STATE_TEXT, Event, State


class NotAllowed(Refused):
    """The law does not let this happen in this state."""

    code = "cases.not_allowed"


#: (state, event) → state, each with the article that allows it.
TRANSITIONS: dict[tuple[State, Event], tuple[State, str]] = {
    (State.RECEIVED, Event.ASK_SUPPLEMENT): (State.SUPPLEMENT, "xkl-2019 art. 32"),
    (State.SUPPLEMENT, Event.ANSWER_SUPPLEMENT): (State.RECEIVED, "xkl-2019 art. 32"),
    (State.SUPPLEMENT, Event.LAPSE): (State.LAPSED, "xkl-2019 art. 32"),
    (State.RECEIVED, Event.ACCEPT): (State.HANDLING, "xkl-2019 art. 32"),
    (State.RECEIVED, Event.ACCEPT_BY_SILENCE): (State.HANDLING, "xkl-2019 art. 32"),
    (State.RECEIVED, Event.REFUSE): (State.REFUSED, "xkl-2019 art. 32"),
    (State.HANDLING, Event.DECIDE): (State.DECIDED, "xkl-2019 art. 38"),
    (State.HANDLING, Event.RENEW_BY_SILENCE): (State.DECIDED, "xkl-2019 art. 50"),
    (State.DECIDED, Event.MAKE_RESULT): (State.RESULT_MADE, "xkl-2019 art. 39"),
    (State.DECIDED, Event.HAND_OUT): (State.CLOSED, "xkl-2019 art. 44"),
    (State.RESULT_MADE, Event.HAND_OUT): (State.CLOSED, "xkl-2019 art. 44"),
    (State.RESULT_MADE, Event.SEND): (State.ISSUED, "xkl-2019 art. 44"),
    (State.ISSUED, Event.CONFIRM_DELIVERY): (State.CLOSED, "xkl-2019 art. 44"),
    (State.RESULT_MADE, Event.ARCHIVE): (State.CLOSED, "sw-716 art. 12"),
    (State.RECEIVED, Event.WITHDRAW): (State.WITHDRAWN, "xkl-2019 art. 7"),
    (State.SUPPLEMENT, Event.WITHDRAW): (State.WITHDRAWN, "xkl-2019 art. 7"),
    (State.HANDLING, Event.WITHDRAW): (State.WITHDRAWN, "xkl-2019 art. 7"),
}

_EVENT_TEXT = {
    Event.ASK_SUPPLEMENT: "要求补正",
    Event.ANSWER_SUPPLEMENT: "提交补正材料",
    Event.ACCEPT: "受理",
    Event.ACCEPT_BY_SILENCE: "视为受理",
    Event.REFUSE: "不予受理",
    Event.DECIDE: "作出决定",
    Event.MAKE_RESULT: "制作结果",
    Event.HAND_OUT: "发放结果",
    Event.SEND: "寄出结果",
    Event.CONFIRM_DELIVERY: "确认送达",
    Event.WITHDRAW: "撤回",
    Event.LAPSE: "终止",
    Event.ARCHIVE: "归档",
    Event.RENEW_BY_SILENCE: "视为准予延续",
}


def move(state: State, event: Event) -> State:
    """The state after an event.

    Raises: NotAllowed — the law does not let this happen now; the sentence says the present state
    Law:    xkl-2019 art. 32, 38, 44
    """
    found = TRANSITIONS.get((state, event))
    if found is None:
        tail = "这件事已经结束，不能再改。" if state in ENDED else "请重新打开办件看最新情况。"
        raise NotAllowed(f"现在是“{STATE_TEXT[state]}”，不能{_EVENT_TEXT[event]}。{tail}")
    return found[0]


def may(state: State, event: Event) -> bool:
    """Whether an event is lawful in a state."""
    return (state, event) in TRANSITIONS


def article(state: State, event: Event) -> str:
    """The article that allows an event in a state; empty when none does."""
    found = TRANSITIONS.get((state, event))
    return found[1] if found else ""
