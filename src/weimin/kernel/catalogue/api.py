"""The API of items: list, search, read, and the form as JSON Schema. Open to everyone."""

from __future__ import annotations

from typing import Any

from ninja import Query, Router, Schema

from weimin.base.addresses import address_of
from weimin.kernel.accounts import actions as accounts
from weimin.kernel.catalogue import queries
from weimin.kernel.catalogue.rules.forms import json_schema
from weimin.kernel.catalogue.types import Filters

router = Router(tags=["items"])


class ItemLine(Schema):
    """An item in a list."""

    code: str
    name: str
    plain: str
    area: str
    online: bool
    limit_text: str


class ItemPage(Schema):
    """A list of items."""

    count: int
    items: list[ItemLine]


class MaterialOut(Schema):
    """A material of an item."""

    code: str
    name: str
    required: bool
    kind: str
    kind_text: str
    originals: int
    copies: int
    issued_by: str
    share_source: str
    accept: list[str]
    note: str


class LimitOut(Schema):
    """A limit; value null where law gives no number of days."""

    value: int | None
    unit: str
    text: str
    basis: str


class ItemOut(Schema):
    """An item in force with what its guide says."""

    code: str
    version: int
    version_id: int
    name: str
    plain: str
    type_code: str
    type_text: str
    procedure: str
    procedure_text: str
    decision_level: str
    lead: str
    statutory: LimitOut
    committed: LimitOut
    steps: list[dict[str, Any]]
    fee: dict[str, Any]
    channels: list[str]
    online: bool
    visits: int
    review_body: str
    court: str
    conditions: list[str]
    materials: list[MaterialOut]
    basis: list[dict[str, Any]]
    result: dict[str, Any]


@router.get("", response=ItemPage, auth=None, operation_id="list_items")
def list_items(
    request: Any,
    q: str = Query("", max_length=60, description="What people say: 老人补贴, gljt"),
    area: str = Query("", max_length=4),
    event: str = Query("", max_length=20),
    audience: str = Query("", max_length=2),
    township: str = Query("", max_length=12),
    online: bool = False,
) -> Any:
    """List or search the items in force."""
    accounts.spend(limit="search", who=address_of(request), at=request.at)
    filters = Filters(area=area, life_event=event, audience=audience, township=township, online=online)
    found = queries.search_items(text=q, filters=filters, limit=100)
    return {"count": len(found), "items": [ItemLine.model_validate(one, from_attributes=True) for one in found]}


@router.get("/{code}", response=ItemOut, auth=None, operation_id="get_item")
def get_item(request: Any, code: str) -> Any:
    """Read an item in force."""
    spec = queries.get_current(code=code)
    return {
        "code": spec.code,
        "version": spec.number,
        "version_id": spec.version_id,
        "name": spec.name,
        "plain": spec.plain,
        "type_code": spec.type_code,
        "type_text": spec.type_text,
        "procedure": spec.procedure_code,
        "procedure_text": spec.procedure_text,
        "decision_level": spec.decision_level,
        "lead": spec.lead_key,
        "statutory": LimitOut.model_validate(spec.statutory, from_attributes=True),
        "committed": LimitOut.model_validate(spec.committed, from_attributes=True),
        "steps": list(spec.doc.get("steps") or []),
        "fee": dict(spec.doc.get("fee") or {}),
        "channels": list(spec.doc.get("channels") or []),
        "online": bool(spec.doc.get("online")),
        "visits": int(spec.doc.get("visits") or 0),
        "review_body": str(spec.doc.get("review_body") or ""),
        "court": str(spec.doc.get("court") or ""),
        "conditions": list(spec.doc.get("conditions") or []),
        "materials": [MaterialOut.model_validate(one, from_attributes=True) for one in spec.materials],
        "basis": list(spec.doc.get("basis") or []),
        "result": dict(spec.doc.get("result") or {}),
    }


@router.get("/{code}/schema", response=dict, auth=None, operation_id="get_item_schema")
def get_item_schema(request: Any, code: str) -> Any:
    """Read an item's form as JSON Schema."""
    spec = queries.get_current(code=code)
    return json_schema(spec.form, title=spec.name, schema_id=f"urn:weimin:item:{spec.code}:{spec.number}")
