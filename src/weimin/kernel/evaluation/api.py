"""The API of ratings."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from ninja import Header, Router, Schema, Status
from pydantic import Field

from weimin.base.shapes import Input
from weimin.kernel.evaluation import actions
from weimin.kernel.record.actions import do_once

router = Router(tags=["ratings"])
KEY: Any = Header(..., alias="Idempotency-Key", min_length=8, max_length=80)


class RateIn(Input):
    """A rating: 1 very satisfied … 5 very dissatisfied."""

    grade: int = Field(ge=1, le=5)
    comment: str = Field(default="", max_length=500)


class RateOut(Schema):
    """The rating's id."""

    rating_id: int


@router.post("/{number}/rating", response={201: RateOut}, operation_id="rate_matter")
def rate(request: Any, response: HttpResponse, number: str, body: RateIn, key: str = KEY) -> Any:
    """Rate a matter that has ended, as the person at the counter said; a second rating is refused."""

    def run() -> dict[str, Any]:
        done = actions.rate_case(by=request.actor, at=request.at, number=number, grade=body.grade, comment=body.comment)
        return {"rating_id": done}

    answer, repeated = do_once(
        at=request.at,
        scope=f"api:{request.client_id}",
        key=key,
        request={"path": request.path, "body": body.model_dump(mode="json")},
        run=run,
    )
    if repeated:
        response["Idempotency-Replayed"] = "true"
    return Status(201, answer)
