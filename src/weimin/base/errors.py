"""The short tree of errors that a person may cause, without HTTP.

Every package subclasses one of these kinds beside the code that raises it and sets `code`.
`web` and `api` map kinds to answers once, in `weimin.ui.answers`.
"""

from __future__ import annotations


class WeiminError(Exception):
    """A refusal in words: a Chinese sentence that says what to do next, a stable code, named fields.

    Shape:  str(error) is the sentence; error.fields maps a field name to its own sentence
    """

    code = "error"
    kind = "error"

    def __init__(self, message: str, *, code: str | None = None, fields: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.fields = fields or {}
        if code is not None:
            self.code = code


class Invalid(WeiminError):
    """The input is not right; the fields say where."""

    code = "invalid"
    kind = "invalid"


class Refused(WeiminError):
    """The input is right but a rule forbids it."""

    code = "refused"
    kind = "refused"


class Conflict(WeiminError):
    """Somebody else changed the thing first, or it is already done."""

    code = "conflict"
    kind = "conflict"


class Forbidden(WeiminError):
    """The actor may not do this."""

    code = "forbidden"
    kind = "forbidden"


class NotFound(WeiminError):
    """No such thing for this viewer; says nothing of whether it exists for others."""

    code = "not_found"
    kind = "not_found"


class NotReady(WeiminError):
    """Something the platform needs is missing or down; trying later may help."""

    code = "not_ready"
    kind = "not_ready"


class TooOften(WeiminError):
    """It was tried too often; `wait_seconds` says when the next try is admitted."""

    code = "too_often"
    kind = "too_often"

    def __init__(self, message: str, *, wait_seconds: int, code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.wait_seconds = wait_seconds
