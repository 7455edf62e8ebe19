"""Under which delegation a matter is decided: kept from submission on, ended only by a withdrawal that says so."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import transaction

from weimin.base.errors import Refused
from weimin.kernel.cases.models import Case, Step, TimelineEntry
from weimin.kernel.catalogue import queries as catalogue
from weimin.kernel.catalogue.authority import decision_authority
from weimin.kernel.catalogue.types import ItemSpec
from weimin.kernel.directory import queries as directory
from weimin.kernel.record.actions import record_audit
from weimin.kernel.record.types import Actor

SOMETIMES = "township_if_empowered"


class NotInForce(Refused):
    """The delegation under which the township would decide is not in force."""

    code = "cases.authority_not_in_force"


def authority_for(spec: ItemSpec, township_code: str, on: date) -> dict[str, Any] | None:
    """What a new matter keeps: the delegation in force, or that the county decides; None where no delegation matters.

    Cost:   one query where the item's decision can be delegated, else none
    """
    if spec.decision_level != SOMETIMES:
        return None
    found = decision_authority(spec.code, township_code, on)
    return found.stored() if found is not None else {"decider": "county"}


def check_authority(case: Case, on: date) -> None:
    """Refuse a township's decision outside the period of its delegation, unless the withdrawal lets it finish.

    Raises: NotInForce — in words, with what to do
    Law:    ctl-2021 art. 20, 24; xkl-2019 art. 24
    Cost:   no query
    """
    kept = case.authority or {}
    if kept.get("decider") != "township" or kept.get("finish"):
        return
    if kept.get("until") and on >= date.fromisoformat(kept["until"]):
        raise NotInForce(
            f"“{kept['delegation']}”的期限到 {kept['until']} 为止，现在已经不再有效，乡镇不能再据此作出决定。"
            "请县级主管部门办理收回，写明在办件由乡镇办完还是交县里决定。"
        )


def printed_authority(case: Case) -> dict[str, str]:
    """What a decision prints: in whose name and under which delegation; nothing where no delegation applies."""
    kept = case.authority or {}
    if kept.get("decider") != "township":
        return {}
    return {"agency": kept["name_of"], "authority_text": kept["text"]}


def shorten_authority(*, delegation: str, until: date) -> int:
    """Tell the open matters of a delegation that its period ends sooner: from that day on the township decides no more.

    What becomes of them `end_authority` says on the day; until then a decision after it is refused in words.

    Shape:  how many matters were told
    Cost:   one query, and one for each open matter
    """
    with transaction.atomic():
        open_cases = list(
            Case.objects.select_for_update()
            .filter(delegation=delegation, decided_at=None, ended_at=None)
            .order_by("pk")
        )
        for case in open_cases:
            case.authority = {**(case.authority or {}), "until": until.isoformat()}
            case.save(update_fields=["authority"])
    return len(open_cases)


def end_authority(*, by: Actor, at: datetime, delegation: str, hand_up: bool, reason: str) -> int:
    """Settle the open matters of a delegation that is withdrawn: the township finishes them, or the county decides.

    Shape:  how many matters were open
    Cost:   one query, and four statements for each open matter
    """
    with transaction.atomic():
        open_cases = list(
            Case.objects.select_for_update()
            .filter(delegation=delegation, decided_at=None, ended_at=None)
            .order_by("pk")
        )
        for case in open_cases:
            kept = dict(case.authority or {})
            case.authority = {**kept, "decider": "county", "handed_up": True} if hand_up else {**kept, "finish": True}
            case.revision += 1
            case.save(update_fields=["authority", "revision"])
            if hand_up:
                _move_decision(case)
            told = "改由县级主管部门决定" if hand_up else "由乡镇（街道）办完"
            TimelineEntry.objects.create(
                case=case,
                at=at,
                kind="note",
                public_text=f"授权已收回，这一件{told}。",
                inner_text=f"收回 {delegation}：{told}。{reason}"[:400],
                by_label=by.label[:120],
                agency_name=by.agency_name[:80],
            )
            record_audit(
                by=by,
                at=at,
                verb="cases.authority.ended",
                subject_type="case",
                subject_id=case.number,
                changes={"delegation": delegation, "hand_up": hand_up},
            )
    return len(open_cases)


def _move_decision(case: Case) -> None:
    spec = catalogue.get_spec(case.item_version_id)
    county = directory.resolve_agency(rule="county", township_code=case.township_id, lead_key=spec.lead_key)
    if county is not None:
        steps = Step.objects.filter(case=case, state="open", kind="decide")
        steps.update(agency_id=county, assignee=None, assignee_name="")
