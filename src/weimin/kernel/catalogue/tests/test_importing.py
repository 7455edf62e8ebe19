"""Whole lists from workbooks: every fault by its row, all rows or none, and a batch that goes its way together."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from weimin.kernel.catalogue import actions
from weimin.kernel.catalogue.actions import BatchElsewhere, RowBroken, StageNotYours
from weimin.kernel.catalogue.models import ItemVersion, ListImport
from weimin.kernel.catalogue.queries import lists
from weimin.kernel.catalogue.rules.workbooks import fill_sheets
from weimin.kernel.catalogue.tests.test_lists import AT, CHECKER, HEAD, KEEPER, LAWYER, TODAY
from weimin.kernel.deadlines import queries as law
from weimin.kernel.record.actions import FileRefused

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]
HELP_HEADS = ["事项代码", "名称", "请求协助的部门", "方式", "协助做什么", "经费", "期限"]
BASIS_HEADS = ["事项代码", "文件名称", "条款", "法规编号"]
Change = Callable[[Workbook], None]


def helping(count: int = 3, change: Change | None = None) -> bytes:
    """A workbook of the helping duties."""
    book = Workbook()
    first = book.active
    assert first is not None
    first.title = "清单"
    first.append(HELP_HEADS)
    basis = book.create_sheet("依据")
    basis.append(BASIS_HEADS)
    for number in range(1, count + 1):
        code = f"XZ-{number:05d}"
        first.append([code, f"协助第 {number} 项", "民政局", "协助", "第一件\n第二件", "每年 1000 元", "长期"])
        basis.append([code, "中华人民共和国村民委员会组织法", "第四十三条", "cwh-2025"])
    if change:
        change(book)
    return saved(book)


def saved(book: Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def bring(content: bytes, list_code: str = "village_help", **changes: Any) -> ListImport:
    """Bring a workbook and let the worker read it."""
    wanted: dict[str, Any] = {
        "list_code": list_code, "name": "清单.xlsx", "content": content, "trigger": "review", "reason": "年度评估",
        "valid_from": TODAY, **changes,
    }  # fmt: skip
    made = actions.start_import(by=KEEPER, at=AT, workbook=actions.Workbook(**wanted))
    assert actions.work_on_imports(at=AT) == 1
    assert actions.work_on_imports(at=AT) == 0
    return ListImport.objects.get(pk=made)


def go(job: ListImport, to: str = "publish") -> None:
    """Take a batch on its way up to a stage."""
    way = [(KEEPER, "submit"), (CHECKER, "passed"), (LAWYER, "passed"), (HEAD, "passed"), (KEEPER, "publish")]
    stages = ["submit", "lead", "legal", "approve", "publish"]
    for by, do in way[: stages.index(to) + 1]:
        actions.move_batch(by=by, at=AT, import_id=job.pk, do=do)


def test_a_workbook_becomes_drafts_and_goes_its_way_as_one_batch() -> None:
    job = bring(helping(3))
    assert (job.state, job.made, job.fault_count) == ("drafts", 3, 0)
    go(job)
    assert actions.bring_into_force(at=AT) == 3
    row = lists.find_as_of(code="XZ-00002", on=TODAY)
    assert row is not None
    assert row.doc["duties"] == ["第一件", "第二件"]
    assert row.doc["way"] == "assist"
    assert row.doc["basis"][0]["id"] == "cwh-2025"
    assert ListImport.objects.get(pk=job.pk).state == "done"


def test_the_same_workbook_again_changes_nothing() -> None:
    go(bring(helping(3)))
    actions.bring_into_force(at=AT)
    again = bring(helping(3))
    assert (again.state, again.made, again.unchanged) == ("done", 0, 3)


def test_one_changed_row_is_one_draft() -> None:
    go(bring(helping(3)))
    actions.bring_into_force(at=AT)

    def change(book: Workbook) -> None:
        book["清单"]["F3"] = "每年 1500 元"

    job = bring(helping(3, change))
    assert (job.made, job.unchanged) == (1, 2)
    assert ItemVersion.objects.get(batch=job).number == 2


def test_the_whole_service_list_comes_back_as_it_went_out() -> None:
    book = Workbook()
    book.remove(book.active)  # type: ignore[arg-type]
    rows = [(one.item.code, one.doc) for one in lists.list_rows(list_code="service", on=TODAY, whole=True)]
    for title, heads, cells in fill_sheets("service", rows):
        sheet = book.create_sheet(title)
        sheet.append(heads)
        for line in cells:
            sheet.append(line)
    job = bring(saved(book), "service", valid_from=date(2026, 8, 3))
    assert job.faults == []
    assert (job.state, job.made, job.unchanged) == ("done", 0, 60)


def test_older_codes_come_in_with_a_warning_at_their_row() -> None:
    def service(**codes: str) -> bytes:
        book = Workbook()
        book.remove(book.active)  # type: ignore[arg-type]
        rows = [(one.item.code, {**one.doc, **codes}) for one in lists.list_rows(list_code="service", on=TODAY)[:2]]
        for title, heads, cells in fill_sheets("service", rows):
            sheet = book.create_sheet(title)
            sheet.append(heads)
            for line in cells:
                sheet.append(line)
        return saved(book)

    job = bring(service(base_code="0120010010"), "service")
    assert (job.state, job.made, job.fault_count, job.warning_count) == ("drafts", 2, 0, 2)
    assert [one[:3] for one in job.warnings] == [["清单", 2, "编码"], ["清单", 3, "编码"]]
    assert "旧编码" in job.warnings[0][3]
    actions.move_batch(by=KEEPER, at=AT, import_id=job.pk, do="submit")
    wrong = bring(service(base_code="01200100100"), "service")
    assert wrong.state == "broken"
    assert any(one[2] == "基本编码" and one[1] == 2 for one in wrong.faults)


def merged(book: Workbook) -> None:
    book["清单"].merge_cells("B2:B3")


def wrong_heading(book: Workbook) -> None:
    book["清单"]["C1"] = "部门"


def no_code_heading(book: Workbook) -> None:
    book["清单"]["A1"] = "编号"


def twice(book: Workbook) -> None:
    book["清单"]["A3"] = "XZ-00001"


def stray(book: Workbook) -> None:
    book["依据"].append(["XZ-99999", "某法", "第一条", ""])


def strange_sheet(book: Workbook) -> None:
    book.create_sheet("备注")


def no_first(book: Workbook) -> None:
    book["清单"].title = "Sheet1"


def bad_choice(book: Workbook) -> None:
    book["清单"]["D4"] = "责成"


def no_money(book: Workbook) -> None:
    book["清单"]["F2"] = None


def no_basis(book: Workbook) -> None:
    book["依据"].delete_rows(3)


def dead_basis(book: Workbook) -> None:
    book["依据"]["D2"] = "fdjj-2013"


@pytest.mark.parametrize(
    ("change", "sheet", "row", "word"),
    [
        (merged, "清单", 0, "合并"),
        (wrong_heading, "清单", 1, "部门"),
        (no_code_heading, "清单", 1, "事项代码"),
        (twice, "清单", 3, "重复"),
        (stray, "依据", 5, "XZ-99999"),
        (strange_sheet, "备注", 0, "备注"),
        (no_first, "", 0, "Sheet1"),
        (bad_choice, "清单", 4, "责成"),
        (no_money, "清单", 2, "经费"),
        (no_basis, "清单", 3, "依据"),
        (dead_basis, "清单", 2, "失效"),
    ],
)
def test_each_fault_is_named_by_its_place_and_nothing_comes_in(change: Change, sheet: str, row: int, word: str) -> None:
    job = bring(helping(3, change))
    assert job.state == "broken"
    assert any(one[0] == sheet and one[1] == row and word in one[2] + one[3] for one in job.faults), job.faults
    assert not ItemVersion.objects.filter(batch=job).exists()


def test_ten_thousand_rows_and_one_error() -> None:
    def change(book: Workbook) -> None:
        book["清单"]["F7777"] = ""

    job = bring(helping(10_000, change))
    assert (job.state, job.total, job.fault_count) == ("broken", 10_000, 1)
    assert job.faults == [["清单", 7777, "经费", "“经费”不能空。"]]
    assert not ItemVersion.objects.filter(item__code__regex=r"^XZ-\d{5}$").exists()


def test_what_is_no_workbook_is_refused_at_the_door() -> None:
    for content in (b"", b"PK\x03\x04 broken", b"<html></html>"):
        with pytest.raises(FileRefused):
            bring(content)


@pytest.mark.parametrize(
    "changed",
    [{"list_code": "nothing"}, {"trigger": "loaded"}, {"reason": ""}, {"valid_from": date(2020, 1, 1)}],
)
def test_a_workbook_needs_list_trigger_reason_and_day(changed: dict[str, Any]) -> None:
    with pytest.raises(RowBroken):
        bring(helping(1), **changed)


def test_only_keepers_bring_workbooks() -> None:
    workbook = actions.Workbook("village_help", "a.xlsx", helping(1), "review", "理由", TODAY)
    with pytest.raises(StageNotYours):
        actions.start_import(by=LAWYER, at=AT, workbook=workbook)


def test_nobody_checks_the_batch_that_they_brought_and_nothing_moves_twice() -> None:
    job = bring(helping(2))
    go(job, "submit")
    with pytest.raises(StageNotYours):
        actions.move_batch(by=KEEPER, at=AT, import_id=job.pk, do="passed")
    with pytest.raises(BatchElsewhere):
        actions.move_batch(by=KEEPER, at=AT, import_id=job.pk, do="submit")


def test_a_batch_is_returned_with_its_reason_and_the_clock_of_publication_runs_once() -> None:
    job = bring(helping(2))
    go(job, "submit")
    actions.move_batch(by=CHECKER, at=AT, import_id=job.pk, do="returned", opinion="经费没有来源")
    assert set(ItemVersion.objects.filter(batch=job).values_list("status", flat=True)) == {"draft"}
    go(job, "approve")
    (clock,) = law.list_running(subject_type="list_batch", subject_id=str(job.pk))
    assert clock.due_date is not None
    actions.move_batch(by=KEEPER, at=AT, import_id=job.pk, do="publish")
    assert law.list_running(subject_type="list_batch", subject_id=str(job.pk)) == []


def test_a_row_on_its_way_is_not_changed_by_a_workbook() -> None:
    actions.begin_draft(by=KEEPER, at=AT, list_code="village_help", code="XZ-00001")
    job = bring(helping(1))
    assert job.state == "broken"
    assert "正在办理" in job.faults[0][3]


def test_a_batch_of_the_future_waits_for_its_day() -> None:
    job = bring(helping(2), valid_from=TODAY + timedelta(days=4))
    go(job)
    assert actions.bring_into_force(at=AT) == 0
    assert actions.bring_into_force(at=datetime(2026, 3, 6, 2, tzinfo=UTC)) == 2


def test_what_was_exported_looks_like_what_is_filled() -> None:
    book = load_workbook(io.BytesIO(helping(1)))
    assert [one.title for one in book.worksheets] == ["清单", "依据"]
