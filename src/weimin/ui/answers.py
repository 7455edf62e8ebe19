"""Which HTTP status a kind of error answers with, once, for pages and for the API; the day that a page is asked for."""

from __future__ import annotations

from datetime import date
from http import HTTPStatus
from typing import Any

from weimin.base.errors import Invalid, WeiminError

STATUS = {
    "invalid": HTTPStatus.UNPROCESSABLE_ENTITY,
    "refused": HTTPStatus.UNPROCESSABLE_ENTITY,
    "conflict": HTTPStatus.CONFLICT,
    "forbidden": HTTPStatus.FORBIDDEN,
    "not_found": HTTPStatus.NOT_FOUND,
    "not_ready": HTTPStatus.SERVICE_UNAVAILABLE,
    "too_often": HTTPStatus.TOO_MANY_REQUESTS,
}


def status_of(error: WeiminError) -> int:
    """The HTTP status of an error by its kind."""
    return int(STATUS.get(error.kind, HTTPStatus.BAD_REQUEST))


def with_wait(answer: Any, error: Exception) -> Any:
    """Put `Retry-After` on the answer to somebody who tried too often, or at a moment when too many did."""
    if wait := getattr(error, "wait_seconds", 0):
        answer["Retry-After"] = str(wait)
    return answer


def read_day(text: str, today: date) -> date:
    """The day that is asked for; today where none is given.

    Raises: Invalid — no day
    """
    if not text.strip():
        return today
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        told = "日期请写成 2026-03-05 这样。"
        raise Invalid(told, fields={"on": told}) from None


def asked_day(request: Any) -> tuple[date, str, int]:
    """The day of `?on=`, what to say of one that is none, and the status of the answer; then today stands in."""
    try:
        return read_day(request.GET.get("on", ""), request.today), "", 200
    except Invalid as fault:
        return request.today, fault.message, status_of(fault)
