"""Filling in: a draft begun, kept, taken over to a newer version; files taken in and taken out again."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import transaction

from weimin.base import crypto
from weimin.base.clock import local_date
from weimin.base.errors import Conflict, Forbidden, NotFound, Refused
from weimin.kernel.cases import access, queries
from weimin.kernel.cases.actions.turning import ANSWERS, POST
from weimin.kernel.cases.models import CaseFile, Draft
from weimin.kernel.cases.queries.drafts import GUARDIAN
from weimin.kernel.cases.rules import completeness
from weimin.kernel.cases.types import Channel, Guardian, PostalAddress, UploadedFile
from weimin.kernel.catalogue import queries as catalogue
from weimin.kernel.catalogue.types import ItemSpec
from weimin.kernel.record.actions import store_blob
from weimin.kernel.record.types import Actor


class DraftSent(Conflict):
    """The draft was sent in the meantime, or taken over to a newer version."""

    code = "cases.draft_sent"


class NotApplied(Refused):
    """Nobody applies for this item: an office begins it."""

    code = "cases.not_applied"


class NotOnline(Refused):
    """The item is done at the window only."""

    code = "cases.not_online"


class FileGone(NotFound):
    """The file is not one's own, or belongs to a matter already."""

    code = "cases.file_gone"


def check_door(spec: ItemSpec, channel: str) -> None:
    """Refuse an item that nobody applies for, and online one that is done at the window only.

    Raises: NotApplied, NotOnline
    """
    if not spec.applied:
        raise NotApplied(f"“{spec.name}”由机关主动办理，不用申请。知道有这样的情况，请告诉乡镇或村里，也可以打 12345。")
    if channel == Channel.PORTAL and not spec.online:
        why = str(spec.doc.get("visit_reason") or "要当面办")
        raise NotOnline(f"“{spec.name}”不能网上申请：{why}。请带上材料到便民服务中心窗口办理。")


def seal_answers(answers: dict[str, Any]) -> bytes:
    """Answers as they are kept."""
    return crypto.seal(json.dumps(answers, ensure_ascii=False), purpose=ANSWERS)


def seal_post(post_to: PostalAddress | None) -> bytes | None:
    """A postal address as it is kept; None where nothing is posted."""
    return crypto.seal(json.dumps(asdict(post_to), ensure_ascii=False), purpose=POST) if post_to else None


def seal_guardian(guardian: Guardian | None) -> bytes | None:
    """A child's guardian as it is kept; None where there is none."""
    return crypto.seal(json.dumps(asdict(guardian), ensure_ascii=False), purpose=GUARDIAN) if guardian else None


def save_draft(
    *, by: Actor, at: datetime, item_code: str, township_code: str, answers: dict[str, Any], key: str = ""
) -> int:
    """Begin to fill in, or keep what was filled in so far; one draft per person, item and township. Gives its id.

    Raises: NotOffered — the township does not offer the item
            NotApplied, NotOnline — the item cannot be applied for online
    Cost:   three queries
    """
    if by.account_id is None:
        raise Forbidden("请先登录再填写。")
    offer = catalogue.find_offer(code=item_code, township_code=township_code, on=local_date(at))
    check_door(catalogue.get_spec(offer.version_id), Channel.PORTAL)
    sealed = seal_answers(answers)
    draft, _ = Draft.objects.update_or_create(
        account_id=by.account_id,
        item_version_id=offer.version_id,
        township_id=township_code,
        case=None,
        defaults={"answers_sealed": sealed, "updated_at": at},
        create_defaults={
            "answers_sealed": sealed,
            "updated_at": at,
            "key": key or f"draft-{by.account_id}-{at.timestamp():.6f}",
        },
    )
    return draft.pk


def update_draft(*, by: Actor, at: datetime, draft_id: int, answers: dict[str, Any]) -> None:
    """Keep what was typed, whatever has become of the item.

    Raises: DraftSent — sent in the meantime, or not one's own
    Cost:   one update
    """
    _change(by, at, draft_id, answers_sealed=seal_answers(answers))


def choose_delivery(*, by: Actor, at: datetime, draft_id: int, delivery: str, post_to: PostalAddress | None) -> None:
    """Keep how the result is to come, with the address as it was typed.

    Raises: DraftSent — sent in the meantime, or not one's own
    Cost:   one update
    """
    _change(by, at, draft_id, delivery=delivery, post_sealed=seal_post(post_to))


def _change(by: Actor, at: datetime, draft_id: int, **values: Any) -> None:
    rows = access.DRAFTS.visible(by).filter(pk=draft_id)
    if rows.update(**values, updated_at=at) != 1:
        raise DraftSent("这份申请已经提交，或者已经换成新版本，请到“我的办件”里看。")


def renew_draft(*, by: Actor, at: datetime, draft_id: int, key: str) -> int:
    """Take a draft over to the item's version in force: its answers, files and delivery. Gives the new draft's id.

    What the new version does not ask for any more is left behind; a draft of the new version that exists
    already keeps its own answers first.

    Raises: DraftSent — sent in the meantime, or not one's own
            NotOffered, NotApplied, NotOnline — as when one begins
    Cost:   about ten queries
    """
    with transaction.atomic():
        rows = Draft.objects.select_for_update().select_related("item_version__item")
        old = rows.filter(pk=draft_id, account_id=by.account, case=None).first()
        if old is None:
            raise DraftSent("这份申请已经提交，或者已经换成新版本，请到“我的办件”里看。")
        code, township = old.item_version.item.code, old.township_id
        offer = catalogue.find_offer(code=code, township_code=township, on=local_date(at))
        spec = catalogue.get_spec(offer.version_id)
        if offer.version_id == old.item_version_id:
            return old.pk
        known = {one.name for one in spec.form.fields}
        answers = {name: value for name, value in queries.draft_answers(old).items() if name in known}
        there = queries.find_draft(by, version_id=offer.version_id, township_code=township)
        answers |= queries.draft_answers(there) if there else {}
        new_id = save_draft(by=by, at=at, item_code=code, township_code=township, answers=answers, key=key)
        if there is None:
            Draft.objects.filter(pk=new_id).update(delivery=old.delivery, post_sealed=old.post_sealed)
        asked = [one.code for one in spec.materials if not one.shared]
        CaseFile.objects.filter(draft=old, case=None, material_code__in=asked).update(draft_id=new_id)
        old.delete()
    return new_id


def add_file(
    *,
    by: Actor,
    at: datetime,
    material_code: str,
    upload: UploadedFile,
    allowed: tuple[str, ...],
    draft_id: int | None = None,
) -> int:
    """Take in one file for a material, before it belongs to a matter. Gives its id.

    Raises: FileRefused — empty, too large, lying about its kind, or one too many
            DraftSent — the draft was sent in the meantime, or is not one's own
    Cost:   three queries, one file write
    """
    if draft_id is not None:
        if not access.DRAFTS.visible(by).filter(pk=draft_id).exists():
            raise DraftSent("这份申请已经提交，或者已经换成新版本，请到“我的办件”里看。")
        taken = CaseFile.objects.filter(draft_id=draft_id, case=None, material_code=material_code[:40]).count()
        completeness.check_count(taken + 1)
    return attach_file(by=by, at=at, material_code=material_code, upload=upload, allowed=allowed, draft_id=draft_id)


def attach_file(
    *,
    by: Actor,
    at: datetime,
    material_code: str,
    upload: UploadedFile,
    allowed: tuple[str, ...],
    draft_id: int | None = None,
) -> int:
    """Store a file's content and a row that says what it is for; checks only the file.

    Raises: Forbidden — a client of somebody without an account: nobody could find the file again
    """
    if by.account_id is None:
        raise Forbidden("这个凭证代表的人没有登录账号，不能上传材料。请为他建立账号后再试。")
    blob = store_blob(at=at, content=upload.content, name=upload.name, allowed=allowed)
    row = CaseFile.objects.create(
        draft_id=draft_id,
        blob_id=blob.blob_id,
        material_code=material_code[:40],
        name=blob.name,
        uploaded_at=at,
        uploaded_by=by.label[:120],
        owner_account_id=by.account_id,
    )
    return row.pk


def remove_file(*, by: Actor, at: datetime, file_id: int) -> str:
    """Take a file out again that belongs to no matter yet. Gives its material's code.

    Raises: FileGone — not one's own, or sent already
    Cost:   two queries
    """
    row = access.FILES.visible(by, "hold").filter(pk=file_id).first()
    if row is None:
        raise FileGone("这个文件已经随申请交上去了，或者已经删掉。")
    row.delete()
    return row.material_code
