"""Help for anyone's tests: an instrument that the law lets pass, and a delegation that runs."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from weimin.apps.delegation import actions
from weimin.apps.delegation.models import Delegation
from weimin.apps.delegation.types import Instrument, Readiness
from weimin.base.clock import local_date
from weimin.kernel.directory import queries as directory
from weimin.kernel.record.types import Actor

TOWN = "340321113000"
SYSTEM = Actor.system("测试")


def department(lead: str = "民政局", town: str = TOWN) -> int:
    """The county department of a field."""
    found = directory.resolve_agency(rule="county", township_code=town, lead_key=lead)
    assert found is not None
    return found


def instrument(**changes: Any) -> Instrument:
    """An entrustment of small temporary assistance that lacks nothing."""
    fields: dict[str, Any] = {
        "kind": "entrust",
        "list_kind": "permit",
        "focus": "poverty",
        "township": TOWN,
        "department_id": 0,
        "items": ("A4-23",),
        "powers": ("pay",),
        "valid_from": date(2026, 1, 1),
        "valid_until": date(2028, 1, 1),
        "issuer_name": "怀远县民政局",
        "issuer_level": "county",
        "document": "怀民委〔2026〕1 号",
        "limits": "单次 2000 元以下",
        "basis": "社会救助暂行办法第四十八条",
    }
    return replace(Instrument(**fields), **changes)


def ready(on: date) -> Readiness:
    """Evidence that lacks nothing on a day."""
    last = on + timedelta(days=365)
    return Readiness(
        (("皖03-001", last), ("皖03-002", last)), "法制审核员一名", "终端两台", "已培训 40 学时", "专用章一枚"
    )


#: The least that is a PDF by its content.
LETTER = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n%%EOF\n"


def attach(at: datetime, number: str) -> None:
    """The written letter of a delegation."""
    actions.attach_letter(by=SYSTEM, at=at, number=number, name="委托书.pdf", content=LETTER)


def propose(at: datetime, **changes: Any) -> str:
    """A delegation that is proposed; gives its number."""
    made = instrument(**changes)
    if not made.department_id:
        made = replace(made, department_id=department())
    return actions.propose_delegation(by=SYSTEM, at=at, instrument=made)


def run_delegation(at: datetime, **changes: Any) -> str:
    """A delegation taken all the way to running; gives its number."""
    number = propose(at, **changes)
    actions.assess_readiness(by=SYSTEM, at=at, number=number, readiness=ready(local_date(at)))
    attach(at, number)
    actions.publish_decision(by=SYSTEM, at=at, number=number, by_issuer="县政府网", by_recipient="乡镇公示栏")
    row = Delegation.objects.get(number=number)
    for code, agency in ((row.township_id, None), ("", row.department_id)):
        leader = Actor(
            kind="staff", name="演示领导", post_id=1, agency_id=agency or 1, division_code=code or "340321000000",
            roles=frozenset({"leader"}),
        )  # fmt: skip
        actions.sign_confirmation(by=leader, at=at, number=number, read=True)
    actions.begin_running(by=SYSTEM, at=at, number=number)
    return number
