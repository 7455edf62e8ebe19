"""Which HTTP status a kind of error answers with: once, for pages and for the API."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from weimin.base.errors import TooOften, WeiminError

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
    """Put `Retry-After` on the answer to somebody who tried too often."""
    if isinstance(error, TooOften):
        answer["Retry-After"] = str(error.wait_seconds)
    return answer
