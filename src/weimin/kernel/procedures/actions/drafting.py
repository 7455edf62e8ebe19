"""Drafts of drawings and tables: saved as often as one likes, proposed by one person, published by another."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from weimin.base.crypto import sm3_hex
from weimin.base.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from weimin.kernel.procedures.access import check_keep
from weimin.kernel.procedures.actions.versions import (
    SHELVES,
    ProcedureRefused,
    Shelf,
    check_names,
    lock_parent,
    put_in_force,
    refuse_errors,
)
from weimin.kernel.procedures.models import DraftSave
from weimin.kernel.procedures.registry import Kind
from weimin.kernel.procedures.types import Finding, VersionView
from weimin.kernel.record.actions import record_audit
from weimin.kernel.record.types import Actor

LEAST_REASON = 5


class DraftMoved(Conflict):
    """Somebody else saved the draft since it was opened; what was sent is in the sender's hands still."""

    code = "procedures.draft_moved"


class DraftMissing(NotFound):
    """There is no draft."""

    code = "procedures.draft_missing"


class DraftNotReady(Refused):
    """The draft is not proposed yet, or is proposed already."""

    code = "procedures.draft_not_ready"


class SameHands(Forbidden):
    """Who proposed or saved a draft cannot be the one who publishes it."""

    code = "procedures.same_hands"


class ReasonMissing(Invalid):
    """Every change and every return has a reason."""

    code = "procedures.reason_missing"


def save_draft(
    *, by: Actor, at: datetime, code: str, name: str, xml: str, kind: Kind = "procedure", revision: int | None = None
) -> tuple[Finding, ...]:
    """Keep a text as the one draft of its procedure or table, and tell what is still wrong with it.

    A draft may have errors, but not unsafe XML. Each saving is kept beside. Saving takes back a proposal, since what
    was proposed is not what stands there any more.

    Raises: NotKeeper — the actor may not
            ProcedureNameBad — the code or name cannot be used
            ProcedureRefused — the text is not a safe file
            DraftMoved — `revision` is given and is not that of the draft (0: there was none)
    Cost:   seven queries; locks the procedure until commit
    """
    check_keep(by)
    check_names(code, name)
    shelf = SHELVES[kind]
    checked = shelf.check(xml)
    if any(one.rule.startswith("xml.") and one.level == "error" for one in checked.findings):
        raise ProcedureRefused(checked.findings, what=shelf.what)
    digest = sm3_hex(xml.encode())
    with transaction.atomic():
        parent = lock_parent(shelf, code, name)
        draft = shelf.versions.objects.filter(**{shelf.foreign_key: parent}, status="draft").first()
        before = draft.revision if draft else 0
        if revision is not None and revision != before:
            whose = f"{draft.saved_by_name}刚存过这份草稿" if draft else "这份草稿已经发布或删去"
            raise DraftMoved(f"{whose}，您打开的不是最新的。您的改动还在下面，没有保存，请比较以后再存。")
        if draft is not None and draft.digest == digest:
            return checked.findings
        fields = _saved(by, at, xml, digest, before + 1)
        if draft is None:
            shelf.versions.objects.create(**{shelf.foreign_key: parent}, status="draft", **fields)
        else:
            shelf.versions.objects.filter(pk=draft.pk).update(**fields)
        DraftSave.objects.create(
            kind=kind, code=code, revision=before + 1, xml=xml, saved_at=at, saved_by_name=by.label[:120]
        )
        changes = {"digest": [draft.digest if draft else None, digest]}
        _audit(shelf, by, at, code, "saved", changes)
    return checked.findings


def _saved(by: Actor, at: datetime, xml: str, digest: str, revision: int) -> dict[str, Any]:
    return {
        "xml": xml,
        "digest": digest,
        "revision": revision,
        "saved_at": at,
        "saved_by_name": by.label[:120],
        "saved_account_id": by.account_id,
        "proposed_at": None,
        "proposed_by_name": "",
        "proposed_account_id": None,
    }


def _audit(shelf: Shelf, by: Actor, at: datetime, code: str, done: str, changes: dict[str, Any]) -> None:
    middle = "draft" if shelf.kind == "procedure" else "table"
    record_audit(
        by=by,
        at=at,
        verb=f"procedures.{middle}.{done}",
        subject_type=shelf.subject,
        subject_id=code,
        changes=changes,
    )


def propose_draft(*, by: Actor, at: datetime, kind: Kind, code: str, revision: int, reason: str) -> None:
    """Ask another person to publish a draft that has no errors, and say why it is changed.

    Raises: NotKeeper — the actor may not
            DraftMissing — no draft
            DraftMoved — the draft is not the one the actor saw
            DraftNotReady — it is proposed already
            ReasonMissing — no reason
            ProcedureRefused — the checker found errors
    Cost:   six queries; locks the draft until commit
    """
    check_keep(by)
    shelf = SHELVES[kind]
    reason = _reason(reason, "请写明为什么要改，发布后大家看得到。")
    with transaction.atomic():
        draft = _lock_draft(shelf, code, revision)
        if draft.proposed_at is not None:
            raise DraftNotReady(f"这份草稿已经由{draft.proposed_by_name}送审，在等另一位同事审核。")
        refuse_errors(shelf, shelf.check(draft.xml))
        shelf.versions.objects.filter(pk=draft.pk).update(
            reason=reason,
            proposed_at=at,
            proposed_by_name=by.label[:120],
            proposed_account_id=by.account_id,
            returned_reason="",
        )
        _audit(shelf, by, at, code, "proposed", {"digest": draft.digest, "reason": reason})


def approve_draft(*, by: Actor, at: datetime, kind: Kind, code: str, revision: int) -> VersionView:
    """Publish a proposed draft as the next version; never by the hands that proposed or last saved it.

    Open matters keep the version they started with.

    Raises: NotKeeper — the actor may not
            SameHands — the actor proposed it
            DraftMissing — no draft
            DraftMoved — the draft is not the one the actor saw
            DraftNotReady — nobody proposed it
            ProcedureRefused — the checker, which may have become stricter since, found errors
    Law:    xkl-2019 art. 32, 34, 38, 44
    Cost:   about ten queries; locks the procedure until commit
    """
    check_keep(by)
    shelf = SHELVES[kind]
    with transaction.atomic():
        draft = _lock_draft(shelf, code, revision)
        if draft.proposed_at is None:
            raise DraftNotReady("这份草稿还没有送审，不能发布。")
        if by.account_id is None or by.account_id in (draft.proposed_account_id, draft.saved_account_id):
            raise SameHands("起草或送审的人不能自己批准。请另一位清单管理员看过以后发布。")
        checked = shelf.check(draft.xml)
        refuse_errors(shelf, checked)
        return put_in_force(shelf, by, at, code, checked.name, draft.xml)


def return_draft(*, by: Actor, at: datetime, kind: Kind, code: str, revision: int, reason: str) -> None:
    """Give a proposed draft back with a reason; who proposed it may take it back the same way.

    Raises: NotKeeper — the actor may not
            DraftMissing — no draft
            DraftMoved — the draft is not the one the actor saw
            DraftNotReady — nobody proposed it
            ReasonMissing — no reason
    Cost:   five queries; locks the draft until commit
    """
    check_keep(by)
    shelf = SHELVES[kind]
    reason = _reason(reason, "请写明为什么退回，起草的人要照着改。")
    with transaction.atomic():
        draft = _lock_draft(shelf, code, revision)
        if draft.proposed_at is None:
            raise DraftNotReady("这份草稿没有送审，不用退回。")
        shelf.versions.objects.filter(pk=draft.pk).update(
            proposed_at=None, proposed_by_name="", proposed_account_id=None, returned_reason=reason
        )
        _audit(shelf, by, at, code, "returned", {"digest": draft.digest, "reason": reason})


def _reason(reason: str, told: str) -> str:
    text = " ".join(reason.split())
    if not LEAST_REASON <= len(text) <= 300:
        raise ReasonMissing(told, fields={"reason": f"{told}（{LEAST_REASON} 到 300 个字）"})
    return text


def _lock_draft(shelf: Shelf, code: str, revision: int) -> Any:
    found = shelf.versions.objects.select_for_update(of=("self",))
    draft = found.filter(**{f"{shelf.foreign_key}__code": code}, status="draft").first()
    if draft is None:
        raise DraftMissing("没有这份草稿，可能已经发布。")
    if draft.revision != revision:
        raise DraftMoved(f"{draft.saved_by_name}又改过这份草稿，请重新打开，看过最新的再办。")
    return draft
