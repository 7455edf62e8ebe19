"""Reads of what is being filled in: drafts, their files, what became of a draft that was sent."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from weimin.base import crypto
from weimin.kernel.cases import access
from weimin.kernel.cases.models import CaseFile, Draft
from weimin.kernel.cases.types import Guardian, PostalAddress
from weimin.kernel.record.queries import find_answer
from weimin.kernel.record.types import Actor

_ANSWERS = "cases.answers"
_POST = "cases.post"
GUARDIAN = "cases.guardian"
#: How long after sending an old page of an application still leads to the matter it became.
_SENT_LATELY = timedelta(days=1)


def open_answers(sealed: bytes | memoryview) -> dict[str, Any]:
    """The answers in clear; nothing for a cleared draft."""
    raw = bytes(sealed)
    answers: dict[str, Any] = json.loads(crypto.unseal(raw, purpose=_ANSWERS)) if raw else {}
    return answers


def open_post(sealed: bytes | memoryview | None) -> PostalAddress | None:
    """The postal address in clear; None when the result is not posted."""
    raw = bytes(sealed or b"")
    return PostalAddress(**json.loads(crypto.unseal(raw, purpose=_POST))) if raw else None


def open_guardian(sealed: bytes | memoryview | None) -> Guardian | None:
    """The guardian who acts for a child, in clear; None when there is none."""
    raw = bytes(sealed or b"")
    return Guardian(**json.loads(crypto.unseal(raw, purpose=GUARDIAN))) if raw else None


def list_drafts(viewer: Actor) -> list[Draft]:
    """A resident's unsent applications, newest first.

    Cost:   one query
    """
    rows = access.visible_drafts(viewer).select_related("item_version__item", "township")
    return list(rows.order_by("-updated_at"))


def find_draft(viewer: Actor, *, version_id: int, township_code: str) -> Draft | None:
    """The draft that a viewer has of an item in a township.

    Cost:   one query
    """
    return access.visible_drafts(viewer).filter(item_version_id=version_id, township_id=township_code).first()


def find_older_draft(viewer: Actor, *, item_code: str, township_code: str) -> Draft | None:
    """The newest draft of an item in a township, of whatever version: what was typed can be taken over.

    Cost:   one query
    """
    return (
        access.visible_drafts(viewer)
        .filter(item_version__item__code=item_code, township_id=township_code)
        .order_by("-updated_at")
        .first()
    )


def find_sent(viewer: Actor, *, key: str) -> str:
    """The number of the matter that the viewer made with a key; '' when there is none.

    Cost:   one query; none without a key
    """
    answer = find_answer(scope=submit_scope(viewer), key=key) if key else None
    return str(answer["number"]) if answer else ""


def submit_scope(viewer: Actor) -> str:
    """Within what a submission's key must be unique: its maker."""
    return f"submit:{viewer.account_id or viewer.name}"


def find_sent_lately(viewer: Actor, *, item_code: str, township_code: str, at: datetime) -> str:
    """The number of the matter that the viewer last sent of an item to a township, within a day; '' without one.

    Cost:   one query
    """
    rows = access.DRAFTS.visible(viewer, "own").filter(
        item_version__item__code=item_code,
        township_id=township_code,
        case__submitted_at__gt=at - _SENT_LATELY,
    )
    return rows.order_by("-case_id").values_list("case__number", flat=True).first() or ""


def draft_answers(draft: Draft) -> dict[str, Any]:
    """What was filled in so far."""
    return open_answers(draft.answers_sealed)


def draft_files(draft: Draft) -> list[CaseFile]:
    """The files of a draft, the newest of each material last.

    Cost:   one query
    """
    return list(CaseFile.objects.filter(draft=draft, case=None).order_by("id"))


def list_loose_files(viewer: Actor, *, ids: list[int]) -> list[CaseFile]:
    """Files that the viewer took in and that belong to no matter yet."""
    return list(access.FILES.visible(viewer, "hold").filter(pk__in=ids).order_by("id"))
