"""Who may change law and calendar, approve an extension, and correct a ledger."""

from __future__ import annotations

from weimin.base.errors import Forbidden
from weimin.kernel.deadlines.models import Clock
from weimin.kernel.deadlines.types import APPROVER_TEXT
from weimin.kernel.directory import queries as directory
from weimin.kernel.record.types import Actor

KEEPER = "procedure_keeper"


class ApproverWrong(Forbidden):
    """The post may not approve this extension."""

    code = "deadlines.approver_wrong"


def check_keeper(by: Actor) -> None:
    """Refuse anyone but a procedure keeper or the platform's own loading.

    Raises: Forbidden — with who may
    """
    if by.kind != "system" and KEEPER not in by.roles:
        raise Forbidden("法定参数和放假安排由规则管理员维护。")


def check_approver(by: Actor, clock: Clock, approver: str) -> None:
    """Refuse an extension by a post that the law does not name.

    Raises: ApproverWrong — with the post that may
    Law:    xkl-2019 art. 42
    Cost:   at most two queries
    """
    named = APPROVER_TEXT.get(approver, "本机关负责人")
    fits = "leader" in by.roles and by.agency_id is not None and by.officer_id is not None
    if fits and approver == "government_head":
        fits = directory.get_agency(by.agency_id or 0).kind == "government"
    elif fits and clock.agency_id is not None:
        fits = clock.agency_id in (by.agency_id, *directory.list_led_agencies(agency_id=by.agency_id or 0))
    if not fits:
        raise ApproverWrong(f"延长期限依法要由{named}批准，您的岗位不能批准。")


def check_corrector(by: Actor, clock: Clock) -> None:
    """Refuse a correction by anyone but the body's leader or a supervisor.

    Raises: Forbidden — with who may
    Cost:   one query
    """
    if "supervisor" in by.roles:
        return
    led = directory.list_led_agencies(agency_id=by.agency_id or 0) if "leader" in by.roles else []
    if clock.agency_id is None or clock.agency_id not in (*led, by.agency_id if "leader" in by.roles else None):
        raise Forbidden("台账更正由承办机构负责人或监督员办理。")
