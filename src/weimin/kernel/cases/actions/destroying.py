"""Taking away: what was never sent, and the content of matters whose time of keeping is over.

Run by the platform, which stands before the wall: a clerk may not delete another person's draft or a timeline.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from weimin.base.errors import Conflict
from weimin.kernel.cases.models import Case, CaseFile, Comment, Decision, Draft, Paper, Supplement, TimelineEntry
from weimin.kernel.cases.types import ENDED
from weimin.kernel.record.actions import drop_blobs, record_audit
from weimin.kernel.record.types import Actor


class NotToDestroy(Conflict):
    """The matter runs, or its content is destroyed already."""

    code = "cases.not_to_destroy"


def forget_unsent(*, by: Actor, at: datetime, account_id: int) -> tuple[int, int]:
    """Delete an account's drafts and files that belong to no matter. Gives how many of each.

    Law:    pipl-2021 art. 47
    Cost:   about four queries, two for each file
    """
    with transaction.atomic():
        files = _drop_files(Q(owner_account_id=account_id, case=None))
        drafts, _ = Draft.objects.filter(account_id=account_id, case=None).delete()
        Draft.objects.filter(account_id=account_id).delete()
        record_audit(
            by=by,
            at=at,
            verb="cases.unsent.forgotten",
            subject_type="account",
            subject_id=account_id,
            changes={"drafts": drafts, "files": files},
        )
    return drafts, files


def sweep_unsent(*, at: datetime, keep: timedelta) -> tuple[int, int]:
    """Delete drafts that nobody touched and files that became part of no matter within some time.

    Law:    pipl-2021 art. 47
    """
    with transaction.atomic():
        old = Draft.objects.filter(case=None, updated_at__lt=at - keep)
        files = _drop_files(Q(case=None) & (Q(draft__in=old) | Q(draft=None, uploaded_at__lt=at - keep)))
        drafts, _ = old.delete()
    return drafts, files


def _drop_files(which: Q) -> int:
    rows = CaseFile.objects.filter(which)
    blobs = list(rows.values_list("blob_id", flat=True))
    count, _ = rows.delete()
    drop_blobs(ids=blobs)
    return count


def destroy_case(*, by: Actor, at: datetime, case_id: int, certificate: str) -> str:
    """Destroy the content of an ended matter: answers, address, files, papers, reasons, names. Gives its number.

    Every sealed value carries its own key, so the key goes with the value; a file's key goes with its row. What is
    left is what the trail names: number, item, place, dates, outcome, and the certificate.

    Raises: NotToDestroy — running, or destroyed already
    Law:    pipl-2021 art. 47
    Cost:   about fourteen statements, two for each file
    """
    with transaction.atomic():
        emptied = Case.objects.filter(pk=case_id, state__in=ENDED, destroyed_under="").update(
            answers_sealed=b"",
            post_sealed=None,
            guardian_sealed=None,
            seen_papers=[],
            applicant=None,
            applicant_shown="已销毁",
            destroyed_under=certificate[:32],
        )
        if emptied != 1:
            raise NotToDestroy("这件还没有结束，或者已经销毁过。")
        _drop_files(Q(case_id=case_id))
        for table in (Paper, Supplement, Comment, TimelineEntry):
            table.objects.filter(case_id=case_id).delete()
        Decision.objects.filter(case_id=case_id).update(reasons="", basis="", officer_name="")
        case = Case.objects.get(pk=case_id)
        case.steps.update(opinion="", assignee_name="")
        Draft.objects.filter(case_id=case_id).delete()
        record_audit(
            by=by,
            at=at,
            verb="cases.case.destroyed",
            subject_type="case",
            subject_id=case.number,
            changes={"certificate": certificate},
        )
    return case.number
