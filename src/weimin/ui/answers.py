"""Which HTTP status a kind of error answers with: once, for pages and for the API."""

from __future__ import annotations

from http import HTTPStatus

from weimin.base.errors import WeiminError

STATUS = {
    "invalid": HTTPStatus.UNPROCESSABLE_ENTITY,
    "refused": HTTPStatus.UNPROCESSABLE_ENTITY,
    "conflict": HTTPStatus.CONFLICT,
    "forbidden": HTTPStatus.FORBIDDEN,
    "not_found": HTTPStatus.NOT_FOUND,
    "not_ready": HTTPStatus.SERVICE_UNAVAILABLE,
}


def status_of(error: WeiminError) -> int:
    """The HTTP status of an error by its kind."""
    return int(STATUS.get(error.kind, HTTPStatus.BAD_REQUEST))
