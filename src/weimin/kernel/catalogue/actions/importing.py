"""Whole lists from workbooks: read by the worker, every fault named by its row, drafts made of all rows or of none.

The drafts of one workbook go their way together: submitted, checked, approved and published as one batch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, Subquery

from weimin.base.clock import local_date
from weimin.base.errors import NotFound, Refused
from weimin.kernel.catalogue import access, registry
from weimin.kernel.catalogue.actions.loading import columns_of
from weimin.kernel.catalogue.actions.versions import NEXT, RowBroken, await_publication, check_opinion, faults_of
from weimin.kernel.catalogue.models import Item, ItemVersion, ListImport, VersionStep
from weimin.kernel.catalogue.rules.codes import check_record
from weimin.kernel.catalogue.rules.lists import check_row, list_kinds
from weimin.kernel.catalogue.rules.records import read_record, rows_of, sections_of, typed_rows
from weimin.kernel.catalogue.rules.workbooks import FIRST, SheetFault, SheetRow, read_workbook, single_parts
from weimin.kernel.catalogue.types import ACTS, IN_PROCESS, STAGES, TRIGGERS
from weimin.kernel.deadlines import actions as deadlines
from weimin.kernel.deadlines import queries as law
from weimin.kernel.procedures import queries as procedures
from weimin.kernel.record import actions as record
from weimin.kernel.record import queries as stored
from weimin.kernel.record.actions import record_audit
from weimin.kernel.record.types import Actor

#: How many faults are kept to be shown; all are counted.
SHOWN_FAULTS = 500
_STEP = 250


class ImportUnknown(NotFound):
    """No such import."""

    code = "catalogue.import_unknown"


class BatchElsewhere(Refused):
    """The batch stands at another stage, or the same person drafted or checked it."""

    code = "catalogue.batch_elsewhere"


@dataclass(frozen=True, slots=True)
class Workbook:
    """A workbook to bring in, and why."""

    list_code: str
    name: str
    content: bytes
    trigger: str
    reason: str
    valid_from: date


def start_import(*, by: Actor, at: datetime, workbook: Workbook) -> int:
    """Take a workbook in; the worker reads it.

    Raises: StageNotYours — not a list keeper · FileRefused — not a workbook · RowBroken — no list, trigger or reason
    Cost:   about five queries and one file
    """
    access.check_stage(by, "draft")
    faults = {}
    if workbook.list_code not in list_kinds():
        faults["list_code"] = "请选择清单。"
    if workbook.trigger not in TRIGGERS or workbook.trigger == "loaded":
        faults["trigger"] = "请选择起因。"
    if not 2 <= len(workbook.reason.strip()) <= 500:
        faults["reason"] = "请写明为什么调整，公布时群众看得到。"
    if workbook.valid_from < local_date(at):
        faults["valid_from"] = "生效日已经过了。"
    if faults:
        raise RowBroken("还不能导入：" + "；".join(faults.values()), fields=faults)
    with transaction.atomic():
        blob = record.store_blob(at=at, content=workbook.content, name=workbook.name, allowed=("xlsx",))
        row = ListImport.objects.create(
            list_code=workbook.list_code,
            blob_id=blob.blob_id,
            file_name=blob.name[:120],
            trigger=workbook.trigger,
            reason=workbook.reason.strip(),
            valid_from=workbook.valid_from,
            at=at,
            by_label=by.label,
            account_id=by.account_id,
        )
        record_audit(
            by=by,
            at=at,
            verb="catalogue.list.imported",
            subject_type="list_import",
            subject_id=str(row.pk),
            changes={"list": workbook.list_code},
        )
    return row.pk


def work_on_imports(*, at: datetime) -> int:
    """Read the next workbook that waits, check every row, and make drafts of all or of none.

    Shape:  how many were worked on, 0 when none waits. One that broke off is read again from its start
    Cost:   a 10,000-row list of plain rows in some ten seconds
    """
    row = ListImport.objects.filter(state__in=("queued", "reading")).order_by("pk").first()
    if row is None or not ListImport.objects.filter(pk=row.pk, state=row.state).update(state="reading"):
        return 0
    job_id = row.pk
    rows, faults = read_workbook(stored.read_blob(row.blob_id), row.list_code)

    def progress(done: int, total: int) -> None:
        ListImport.objects.filter(pk=job_id).update(done=done, total=total)

    warnings: list[SheetFault] = []
    drafts = _check_rows(row, rows, faults, warnings, progress)
    with transaction.atomic():
        row = ListImport.objects.select_for_update().get(pk=row.pk)
        if row.state != "reading":
            return 1
        if not faults and (busy := _busy([one.code for one, _ in drafts])):
            faults.append(
                SheetFault(FIRST, 0, "事项代码", f"{'、'.join(sorted(busy)[:5])} 有一版正在办理，办完才能再改。")
            )
        if faults:
            row.state = "broken"
        else:
            row.made, row.unchanged = _make_drafts(row, drafts, at), len(rows) - len(drafts)
            row.state = "drafts" if row.made else "done"
        faults.sort(key=lambda one: (one.sheet != FIRST, one.sheet, one.row))
        row.fault_count = len(faults)
        row.faults = [[one.sheet, one.row, one.heading, one.text] for one in faults[:SHOWN_FAULTS]]
        row.warning_count = len(warnings)
        row.warnings = [[one.sheet, one.row, one.heading, one.text] for one in warnings[:SHOWN_FAULTS]]
        row.total = row.done = len(rows)
        row.save()
    return 1


def _check_rows(
    job: ListImport,
    rows: Sequence[SheetRow],
    faults: list[SheetFault],
    warnings: list[SheetFault],
    progress: Callable[[int, int], None],
) -> list[tuple[SheetRow, dict[str, Any]]]:
    """The rows that say something new, with their records; adds what is wrong, and what should only be looked at."""
    kind, laws = list_kinds()[job.list_code], law.list_laws()
    wanted = [one.code for one in rows]
    bases, busy = _standing(wanted), _busy(wanted)
    drafts = []
    for place, one in enumerate(rows, start=1):
        if place % _STEP == 0:
            progress(place, len(rows))
        base = bases.get(one.code)
        if base is not None and base[0] != job.list_code:
            faults.append(SheetFault(FIRST, one.row, "事项代码", "这个代码已经用在别的清单上。"))
            continue
        old = base[1] if base else {"code": one.code} if job.list_code == "service" else {}
        groups = _groups(job.list_code, old, one)
        doc, wrong = read_record(job.list_code, old, one.typed, groups)
        if job.list_code == "service" and "procedure" in one.typed:
            wrong |= {} if doc.get("procedure") else {"procedure": "请选择办理流程。"}
        wrong = {**check_row(kind, doc, laws=laws, on=job.valid_from), **wrong}
        faults.extend(_placed(job.list_code, one, groups, wrong))
        if job.list_code == "service":
            warnings.extend(SheetFault(FIRST, one.row, "编码", told) for told in check_record(doc)[1])
        if doc == old:
            continue
        if one.code in busy:
            faults.append(SheetFault(FIRST, one.row, "事项代码", "这一行有一版正在办理，办完才能再改。"))
        drafts.append((one, doc))
    return drafts


def _busy(codes: list[str]) -> set[str]:
    """The codes with a version on its way."""
    rows = ItemVersion.objects.filter(item__code__in=codes, status__in=IN_PROCESS)
    return set(rows.values_list("item__code", flat=True))


def _standing(codes: list[str]) -> dict[str, tuple[str, dict[str, Any]]]:
    """By code the list and the text that a new version starts from: of each row's versions the last one only."""
    rows = ItemVersion.objects.filter(item__code__in=codes).exclude(status__in=(*IN_PROCESS, "refused"))
    last = rows.order_by("item__code", "-number").distinct("item__code")
    return {code: (kind, doc) for code, kind, doc in last.values_list("item__code", "item__list_code", "doc")}


def _groups(list_code: str, old: Mapping[str, Any], row: SheetRow) -> dict[str, list[dict[str, str]]]:
    """The groups of a row with the places that their members had before; unnamed groups as they were."""
    from_page = {}
    for section in sections_of(list_code):
        if not section.group:
            continue
        before = rows_of(section, old)
        if section.group not in row.groups:
            from_page[section.group] = typed_rows(section, before)
            continue
        key = next((part.path for part in section.parts if part.path in ("code", "name", "q", "law")), "")
        places = {str(one.get(key)): str(place) for place, one in enumerate(before)}
        filled = row.groups[section.group]
        from_page[section.group] = [{**one, "_was": places.get(one.get(key, ""), "")} for one in filled]
    return from_page


def _placed(
    list_code: str, row: SheetRow, groups: Mapping[str, Sequence[Mapping[str, str]]], wrong: Mapping[str, str]
) -> list[SheetFault]:
    """Faults of a record at their places in the workbook."""
    labels = {part.path: part.label for part in single_parts(list_code)}
    titles = {section.group: section for section in sections_of(list_code) if section.group}
    placed = []
    for name, text in wrong.items():
        group = next((one for one in titles if name.startswith(f"{one}.")), "")
        if group:
            place, _, path = name.removeprefix(f"{group}.").partition(".")
            heading = next((part.label for part in titles[group].parts if part.path == path), path)
            number = groups[group][int(place)].get("_row", "0")
            placed.append(SheetFault(titles[group].title, int(number), heading, text))
        else:
            heading = titles[name].title if name in titles else labels.get(name, name)
            placed.append(SheetFault(FIRST, row.row, heading, text))
    return placed


def _make_drafts(job: ListImport, drafts: Sequence[tuple[SheetRow, dict[str, Any]]], at: datetime) -> int:
    """One draft for each changed row, all at once."""
    Item.objects.bulk_create(
        [Item(code=row.code, list_code=job.list_code) for row, _ in drafts], ignore_conflicts=True, batch_size=1000
    )
    last = ItemVersion.objects.filter(item=OuterRef("pk")).order_by("-number").values("number")[:1]
    codes = [row.code for row, _ in drafts]
    items = {
        code: (pk, number or 0)
        for code, pk, number in Item.objects.filter(code__in=codes)
        .annotate(last=Subquery(last))
        .values_list("code", "pk", "last")
    }
    routes = {one.code: one.version_id for one in procedures.list_current_versions()}
    made = ItemVersion.objects.bulk_create(
        [
            ItemVersion(
                item_id=items[row.code][0],
                number=items[row.code][1] + 1,
                status="draft",
                trigger=job.trigger,
                reason=job.reason,
                drafted_by=job.account_id,
                valid_from=job.valid_from,
                batch=job,
                **columns_of(job.list_code, doc, procedure_id=routes.get(str(doc.get("procedure")))),
            )
            for row, doc in drafts
        ],
        batch_size=500,
    )
    _note_all(made, "draft", "done", f"表格导入：{job.file_name}", at, job.by_label, job.account_id)
    return len(made)


def _note_all(
    versions: Sequence[ItemVersion], stage: str, outcome: str, opinion: str, at: datetime, who: str, account: int | None
) -> None:
    VersionStep.objects.bulk_create(
        [
            VersionStep(
                version=one,
                stage=stage,
                outcome=outcome,
                opinion=opinion[:500],
                at=at,
                by_label=who,
                account_id=account,
            )
            for one in versions
        ],
        batch_size=1000,
    )


def move_batch(*, by: Actor, at: datetime, import_id: int, do: str, opinion: str = "") -> int:
    """Take all drafts of a workbook one step on: submit, passed, returned, refused, publish.

    Published ones come in force by the worker, on their day.

    Raises: ImportUnknown · StageNotYours — another post's stage, or the same person again · RowBroken — a row breaks a
            rule now; nothing moves · BatchElsewhere — nothing stands at this stage
    Shape:  how many versions moved
    Cost:   about ten queries, and a check of every row where it is passed on
    """
    with transaction.atomic():
        job = ListImport.objects.select_for_update().filter(pk=import_id).first()
        if job is None:
            raise ImportUnknown("找不到这次导入。")
        versions = list(
            ItemVersion.objects.select_for_update(of=("self",)).select_related("item").filter(batch=job).order_by("pk")
        )
        status = next((one for one in IN_PROCESS if any(v.status == one for v in versions)), "")
        here = [one for one in versions if one.status == status]
        stage = {"approved": "publish"}.get(status, status)
        if not here or do not in ACTS.get(stage, ()):
            raise BatchElsewhere("这一批刚才已经办到别的环节了，请刷新再看。")
        access.check_stage(by, stage, here[0])
        check_opinion(do, opinion)
        if do in ("submit", "passed", "publish"):
            _check_all(here, local_date(at))
        for one in here if do == "publish" else ():
            registry.check_gates(by=by, at=at, record=one.doc)
        outcome = {"submit": "done", "publish": "done"}.get(do, do)
        _note_all(here, stage, outcome, opinion.strip(), at, by.label, by.account_id)
        _move_all(by, at, job, here, stage, do)
        record_audit(
            by=by,
            at=at,
            verb="catalogue.batch.moved",
            subject_type="list_import",
            subject_id=str(job.pk),
            changes={"stage": STAGES[stage], "outcome": outcome, "versions": len(here)},
        )
    return len(here)


def _check_all(versions: Sequence[ItemVersion], today: date) -> None:
    for one in versions:
        if faults := faults_of(one, on=today):
            text = "；".join(faults.values())
            raise RowBroken(f"{one.item.code} {one.name}：{text}", fields=faults)


def _move_all(by: Actor, at: datetime, job: ListImport, versions: Sequence[ItemVersion], stage: str, do: str) -> None:
    today = local_date(at)
    rows = ItemVersion.objects.filter(pk__in=[one.pk for one in versions])
    if do == "publish":
        rows.filter(valid_from__lt=today).update(valid_from=today)
        day = rows.values_list("valid_from", flat=True)[0]
        old = ItemVersion.objects.filter(item__in=[one.item_id for one in versions], status="in_force")
        old.filter(valid_from__lte=day).update(valid_until=day)
        rows.update(status="waiting", published_at=at)
        job.state = "done"
        deadlines.stop_clocks_of(by=by, at=at, subject=("list_batch", str(job.pk)))
    else:
        back = {"returned": "draft", "refused": "refused"}
        rows.update(status=back.get(do, NEXT[stage]))
        job.state = "refused" if do == "refused" else "drafts" if do == "returned" else "on_way"
    job.save(update_fields=["state"])
    if do == "passed" and stage == "approve":
        await_publication(by, at, ("list_batch", str(job.pk)), job.file_name)


__all__ = ["BatchElsewhere", "ImportUnknown", "Workbook", "move_batch", "start_import", "work_on_imports"]
