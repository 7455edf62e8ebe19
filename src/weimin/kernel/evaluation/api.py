"""The API of ratings."""

from __future__ import annotations

from typing import Any

from ninja import Router, Schema, Status
from pydantic import Field

from weimin.base.shapes import Input
from weimin.kernel.evaluation import actions

router = Router(tags=["ratings"])


class RateIn(Input):
    """A rating: 1 very satisfied … 5 very dissatisfied."""

    grade: int = Field(ge=1, le=5)
    comment: str = Field(default="", max_length=500)


class RateOut(Schema):
    """The rating's id."""

    rating_id: int


@router.post("/{number}/rating", response={201: RateOut}, operation_id="rate_matter")
def rate(request: Any, number: str, body: RateIn) -> Any:
    """Rate a matter that has ended, as the person at the counter said; a second rating is refused."""
    rating_id = actions.rate_case(
        by=request.actor, at=request.at, number=number, grade=body.grade, comment=body.comment
    )
    return Status(201, {"rating_id": rating_id})
