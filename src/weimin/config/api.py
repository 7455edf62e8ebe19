"""The REST API under /api/v1/: token clients, one error shape, an OpenAPI 3.1 file that is checked in."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import DataError
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.security import HttpBearer

from weimin.base.addresses import address_of
from weimin.base.errors import Forbidden, WeiminError
from weimin.config.answers import UNSTORABLE
from weimin.config.hardening import BoundedParser
from weimin.kernel.accounts import actions
from weimin.kernel.accounts import queries as accounts
from weimin.kernel.cases.api import router as matters
from weimin.kernel.catalogue.api import router as items
from weimin.kernel.directory import queries as directory
from weimin.kernel.evaluation.api import router as ratings
from weimin.kernel.record import access
from weimin.kernel.record.types import Actor
from weimin.ui.answers import status_of, with_wait

FILE = Path(__file__).resolve().parents[3] / "docs/reference/openapi.json"


class Problem(Schema):
    """Every error's body: a stable code, a sentence for the person, the fields it concerns."""

    code: str
    message: str
    fields: dict[str, str] = {}


class Token(HttpBearer):
    """A client's token; it acts for one post. Reading needs the scope read, all else write."""

    def authenticate(self, request: Any, token: str) -> Any:
        """Find the client and its post's actor; count the call.

        Raises: TooOften — too many calls of this client, or too many unknown tokens from one address
        Cost:   two queries, none for five seconds after; one statement that counts
        """
        known = _find(token, request.at)
        limit, who = ("api.client", str(known.client_id)) if known else ("api.unknown", address_of(request))
        actions.spend(limit=limit, who=who, at=request.at)
        if known is None:
            return None
        wanted = "read" if request.method in ("GET", "HEAD") else "write"
        if wanted not in known.scopes:
            raise Forbidden("这个凭证没有办理权限，只能查询。", code="api.scope_missing")
        if known.actor.post_id is None:
            raise Forbidden("这个凭证代表的岗位已经离任，请重新发放。", code="api.post_ended")
        request.actor, request.client_id = known.actor, known.client_id
        access.act_as(known.actor)
        request.reads = f"接口：{known.name}"
        return known.actor


@dataclass(frozen=True, slots=True)
class _Known:
    """A client and its actor, as found a moment ago."""

    until: datetime
    client_id: int
    name: str
    scopes: tuple[str, ...]
    actor: Actor


#: Clients found in the last seconds, by token digest: a revoked token works at most this much longer.
_KEEP = timedelta(seconds=5)
_known: dict[str, _Known] = {}


def _find(token: str, at: datetime) -> _Known | None:
    digest = accounts.token_digest(token)
    kept = _known.get(digest)
    if kept is not None and at < kept.until:
        return kept
    found = accounts.find_client(token=token, at=at)
    if found is None:
        _known.pop(digest, None)
        return None
    client_id, post_id, name, scopes = found
    actor = directory.get_actor_for_post(post_id=post_id, at=at, via="api")
    if len(_known) > 1000:
        _known.clear()
    _known[digest] = _Known(at + _KEEP, client_id, name, tuple(scopes), actor)
    return _known[digest]


api = NinjaAPI(
    title="为民 Weimin",
    version="1",
    description="Township government services: items, and matters from submission to result.",
    auth=Token(),
    parser=BoundedParser(),
    docs_url=None,
    openapi_url="openapi.json",
)
api.add_router("/items", items)
api.add_router("/matters", matters)
api.add_router("/matters", ratings)


def _problem(request: HttpRequest, status: int, code: str, message: str, fields: dict[str, str]) -> HttpResponse:
    access.undo()
    return api.create_response(request, {"code": code, "message": message, "fields": fields}, status=status)


@api.exception_handler(WeiminError)
def refuse(request: HttpRequest, fault: Any) -> HttpResponse:
    """Our own errors, by kind."""
    answer = _problem(request, status_of(fault), fault.code, fault.message, fault.fields)
    return with_wait(answer, fault)  # type: ignore[no-any-return]


@api.exception_handler(AuthenticationError)
def unknown_client(request: HttpRequest, fault: Any) -> HttpResponse:
    """No token, or one that is not valid."""
    return _problem(request, 401, "api.token_invalid", "凭证无效或已过期，请用 weimin token 重新发放。", {})


@api.exception_handler(HttpError)
def unreadable(request: HttpRequest, fault: Any) -> HttpResponse:
    """A body that is no JSON, and the like."""
    return _problem(request, fault.status_code, "api.unreadable", "请求内容无法识别，请检查是否为正确的 JSON。", {})


@api.exception_handler(DataError)
def unstorable(request: HttpRequest, fault: Any) -> HttpResponse:
    """Text that PostgreSQL cannot hold."""
    return _problem(request, 422, "api.unstorable", UNSTORABLE, {})


@api.exception_handler(ValidationError)
def malformed(request: HttpRequest, fault: Any) -> HttpResponse:
    """A body or parameter of the wrong shape."""
    fields = {_path(one.get("loc", ())): _shape_fault(one) for one in fault.errors}
    return _problem(request, 422, "api.malformed", "请求内容的格式不对，请对照接口文档。", fields)


#: What is wrong with a value, by the validator's kind; others are only said to be of the wrong shape.
_SHAPES = {
    "missing": "缺少这一项。",
    "extra_forbidden": "没有这一项，请对照接口文档。",
    "string_too_long": "太长，最多 {max_length} 个字符。",
    "string_too_short": "太短，至少 {min_length} 个字符。",
    "string_type": "应是文字。",
    "string_pattern_mismatch": "写法不对，应符合 {pattern}。",
    "int_parsing": "应是整数。",
    "int_type": "应是整数。",
    "list_type": "应是列表。",
    "dict_type": "应是对象。",
    "greater_than_equal": "不能小于 {ge}。",
    "less_than_equal": "不能大于 {le}。",
}


def _path(loc: tuple[Any, ...]) -> str:
    """Where a value stands: person.phone in the body, q in the address, Idempotency-Key in the headers."""
    parts = [str(part) for part in loc if part not in ("body", "query", "path", "header")]
    return ".".join(parts) or "body"


def _shape_fault(fault: dict[str, Any]) -> str:
    sentence = _SHAPES.get(str(fault.get("type", "")), "格式不对，请对照接口文档。")
    return sentence.format_map({**(fault.get("ctx") or {})}) if "{" in sentence else sentence


def schema() -> dict[str, Any]:
    """The OpenAPI document, with the problem shape on every operation that may fail."""
    document: dict[str, Any] = json.loads(json.dumps(api.get_openapi_schema(path_prefix="/api/v1/"), default=str))
    document["components"]["schemas"]["Problem"] = Problem.model_json_schema()
    body = {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for operations in document["paths"].values():
        for operation in operations.values():
            for status, text in _FAILURES.items():
                operation["responses"].setdefault(status, {"description": text, "content": body})
    return document


_FAILURES = {
    "400": "The request cannot be read",
    "401": "No valid token",
    "403": "Not allowed",
    "404": "No such thing for this client",
    "409": "Somebody was faster, or it is done already",
    "422": "Not right, or not allowed by a rule; the fields say where",
    "429": "Too many calls; Retry-After says how many seconds to wait",
    "503": "Maintenance is on (code system.maintenance): reading goes on; Retry-After says how long to wait",
}


def write_openapi(path: Path = FILE) -> None:
    """Write the OpenAPI file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(schema(), ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")
