"""The life of list rows: drafted, checked by others than the drafter, published, in force on a day, compared, ended."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connections, transaction

from weimin.kernel.catalogue import actions, queries
from weimin.kernel.catalogue.actions import DraftChanged, Drafting, DraftStands, EndingOnly, RowBroken, StageNotYours
from weimin.kernel.catalogue.models import Item, ItemVersion
from weimin.kernel.catalogue.queries import lists
from weimin.kernel.catalogue.rules.comparing import compare
from weimin.kernel.catalogue.rules.lists import check_row, dead_laws, list_kinds
from weimin.kernel.deadlines import queries as law
from weimin.kernel.record.testing import forget_entries
from weimin.kernel.record.types import Actor

AT = datetime(2026, 3, 2, 2, tzinfo=UTC)
TODAY = date(2026, 3, 2)
CITY = "340300000000"
ROW: dict[str, Any] = {
    "name": "检查河道两岸的垃圾",
    "basis": [{"law": "中华人民共和国村民委员会组织法", "id": "cwh-2025", "article": "第四十三条"}],
    "department": "生态环境局",
    "way": "assist",
    "duties": ["每月看一次", "看到的照片发给乡镇"],
    "funding": "每村每年 2000 元，县财政",
    "period": "长期",
}


def staff(role: str, number: int, *, place: str = CITY) -> Actor:
    return Actor(
        kind="staff", name=f"演示{number}", account_id=number, post_id=number, agency_id=None, division_code=place,
        roles=frozenset({role}),
    )  # fmt: skip


KEEPER, CHECKER, LAWYER, HEAD = (
    staff("list_keeper", 91), staff("list_keeper", 92), staff("legal_reviewer", 93), staff("leader", 94)
)  # fmt: skip
needs_city = [pytest.mark.django_db, pytest.mark.usefixtures("city")]


def draft(code: str = "XZ-91", doc: dict[str, Any] | None = None, **changes: Any) -> int:
    """A saved draft of the list of helping duties."""
    version = actions.begin_draft(by=KEEPER, at=AT, list_code="village_help", code=code)
    drafting = Drafting(
        doc=doc or ROW,
        trigger="review",
        reason="年度评估以后调整",
        valid_from=changes.pop("valid_from", TODAY),
        **changes,
    )
    actions.save_draft(by=KEEPER, at=AT, version_id=version, revision=0, drafting=drafting)
    return version


def approved(code: str = "XZ-91", **changes: Any) -> int:
    version = draft(code, **changes)
    actions.submit_draft(by=KEEPER, at=AT, version_id=version)
    for by, stage in ((CHECKER, "lead"), (LAWYER, "legal"), (HEAD, "approve")):
        actions.review_version(by=by, at=AT, version_id=version, stage=stage, outcome="passed", opinion="")
    return version


def published(code: str = "XZ-91", **changes: Any) -> int:
    version = approved(code, **changes)
    actions.publish_version(by=KEEPER, at=AT, version_id=version)
    return version


# --- rules -------------------------------------------------------------------------------------------
def test_a_whole_row_has_no_faults() -> None:
    assert check_row(list_kinds()["village_help"], ROW) == {}


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "长" * 121}, "name"),
        ({"basis": []}, "basis"),
        ({"basis": [{"law": "某办法", "article": ""}]}, "basis"),
        ({"funding": ""}, "funding"),
        ({"way": "order"}, "way"),
        ({"duties": "一行"}, "duties"),
        ({"score": 3}, "score"),
    ],
)
def test_each_fault_of_a_row_is_named_by_its_field(changed: dict[str, Any], field: str) -> None:
    assert field in check_row(list_kinds()["village_help"], {**ROW, **changed})


def test_a_promise_needs_no_article_and_a_power_does() -> None:
    promise = {"name": "不收钱", "body": "代办点", "promise": "不收", "measure": "零件", "remedy": "退"}
    assert check_row(list_kinds()["commitment"], promise) == {}
    assert "basis" in check_row(list_kinds()["power"], {"name": "检查"})


def test_a_dead_law_and_one_to_come_are_told_apart() -> None:
    laws = [
        {"id": "old", "short": "旧法", "from": date(2000, 1, 1), "until": date(2026, 3, 2)},
        {"id": "new", "short": "新法", "from": date(2026, 3, 3)},
    ]
    doc = {"basis": [{"id": "old"}, {"id": "new"}, {"id": "local"}, {"law": "没有编号的文件"}]}
    assert dead_laws(doc, laws, on=date(2026, 3, 1)) == ["《新法》2026-03-03 起才施行"]
    assert dead_laws(doc, laws, on=date(2026, 3, 3)) == ["《旧法》已于 2026-03-02 失效"]


# --- comparing ---------------------------------------------------------------------------------------
def _asking(fields: list[dict[str, Any]]) -> dict[str, Any]:
    return {"form": {"pages": [{"title": "基本情况", "fields": fields}]}}


def test_when_a_question_is_asked_and_which_signs_it_takes_differ_in_words() -> None:
    fields = [
        {"name": "who", "label": "给谁申请", "choices": [["self", "本人"], ["ward", "家人"]]},
        {"name": "card", "label": "卡号"},
    ]
    changed = [fields[0], {**fields[1], "show_if": {"field": "who", "in": ["ward"]}, "pattern": r"\d(?: ?\d){5}"}]
    found = compare(_asking(fields), _asking(changed))
    assert [(one.label.rpartition("·")[2], one.old, one.new) for one in found] == [
        ("什么时候才问", "", "“给谁申请”选了“家人”"),
        ("格式", "", "6 位数字"),
    ]


def test_equal_records_differ_in_nothing() -> None:
    for record in actions.read_item_files():
        assert compare(record, {**record, "faq": record.get("faq") or None}) == ()


def test_one_changed_material_is_one_named_difference() -> None:
    record = next(one for one in actions.read_item_files() if one["code"] == "A1-01")
    changed = {**record, "materials": [{**record["materials"][0], "copies": 3}, *record["materials"][1:]]}
    (found,) = compare(record, changed)
    assert (found.label, found.old, found.new) == ("材料·“医院诊断证明”·复印件份数", "1", "3")


def test_an_added_a_dropped_and_a_moved_material() -> None:
    record = next(one for one in actions.read_item_files() if one["code"] == "A1-01")
    first, second = record["materials"]
    extra = {**second, "code": "new", "name": "新材料"}
    assert [one.label for one in compare(record, {**record, "materials": [first, extra, second]})] == ["材料·“新材料”"]
    assert [(one.old, one.new) for one in compare(record, {**record, "materials": [first]})] == [("有", "")]
    assert [one.label for one in compare(record, {**record, "materials": [second, first]})] == ["材料·顺序"]


# --- the way -----------------------------------------------------------------------------------------
class TestTheWay:
    pytestmark = needs_city

    def test_a_row_goes_from_draft_to_law(self) -> None:
        version = published()
        row = lists.find_as_of(code="XZ-91", on=TODAY)
        assert row is not None
        assert (row.version_id, row.status, row.published_at) == (version, "in_force", AT)
        assert lists.find_as_of(code="XZ-91", on=TODAY - timedelta(days=1)) is None
        stages = [one[0] for one in lists.get_version(viewer=KEEPER, version_id=version).steps]
        assert stages == ["起草", "起草", "牵头部门审核", "合法性审核", "批准", "公布"]

    def test_the_clock_of_publication_runs_from_approval_to_publication(self) -> None:
        version = approved()
        (clock,) = law.list_running(subject_type="list_version", subject_id=str(version))
        assert clock.due_date == law.count_from(start=TODAY, limit=law.get_limit(code="powerlist.publish", on=TODAY)[0])
        actions.publish_version(by=KEEPER, at=AT, version_id=version)
        assert law.list_running(subject_type="list_version", subject_id=str(version)) == []

    @pytest.mark.parametrize(
        ("by", "stage"),
        [
            (KEEPER, "lead"),
            (staff("leader", 91), "lead"),
            (LAWYER, "lead"),
            (staff("front_desk", 95), "lead"),
            (staff("leader", 96, place="340321113000"), "lead"),
            (Actor.anonymous(), "lead"),
        ],
    )
    def test_the_drafter_and_other_posts_check_nothing(self, by: Actor, stage: str) -> None:
        version = draft()
        actions.submit_draft(by=KEEPER, at=AT, version_id=version)
        with pytest.raises(StageNotYours):
            actions.review_version(by=by, at=AT, version_id=version, stage=stage, outcome="passed", opinion="")

    def test_nobody_checks_two_stages_of_one_version(self) -> None:
        both = staff("list_keeper", 97)
        both = Actor(**{**{name: getattr(both, name) for name in both.__slots__}, "roles": frozenset({"leader"})})
        version = draft()
        actions.submit_draft(by=KEEPER, at=AT, version_id=version)
        actions.review_version(by=both, at=AT, version_id=version, stage="lead", outcome="passed", opinion="")
        actions.review_version(by=LAWYER, at=AT, version_id=version, stage="legal", outcome="passed", opinion="")
        with pytest.raises(StageNotYours):
            actions.review_version(by=both, at=AT, version_id=version, stage="approve", outcome="passed", opinion="")
        assert [one.version_id for one in lists.list_waiting(viewer=HEAD)] == [version]
        assert lists.list_waiting(viewer=both) == []

    def test_what_was_returned_comes_back_to_whoever_returned_and_passed_it(self) -> None:
        version = draft()
        actions.submit_draft(by=KEEPER, at=AT, version_id=version)
        actions.review_version(by=CHECKER, at=AT, version_id=version, stage="lead", outcome="passed", opinion="")
        actions.review_version(
            by=LAWYER, at=AT, version_id=version, stage="legal", outcome="returned", opinion="依据的条款不对"
        )
        actions.submit_draft(by=KEEPER, at=AT, version_id=version)
        for by, stage in ((CHECKER, "lead"), (LAWYER, "legal"), (HEAD, "approve")):
            assert [one.version_id for one in lists.list_waiting(viewer=by)] == [version]
            actions.review_version(by=by, at=AT, version_id=version, stage=stage, outcome="passed", opinion="")

    def test_a_broken_row_is_not_submitted_and_every_fault_is_named(self) -> None:
        version = draft(doc={"name": "", "way": "order"})
        with pytest.raises(RowBroken) as refused:
            actions.submit_draft(by=KEEPER, at=AT, version_id=version)
        assert {"name", "basis", "way", "duties", "funding"} <= set(refused.value.fields)

    def test_a_dead_law_is_refused_at_publication_too(self) -> None:
        dead = {**ROW, "basis": [{"law": "年节及纪念日放假办法", "id": "fdjj-2013", "article": "第二条"}]}
        version = draft(doc=dead)
        with pytest.raises(RowBroken, match="失效"):
            actions.submit_draft(by=KEEPER, at=AT, version_id=version)
        later = approved("XZ-92")
        ItemVersion.objects.filter(pk=later).update(doc=dead)
        with pytest.raises(RowBroken, match="失效"):
            actions.publish_version(by=KEEPER, at=AT, version_id=later)

    def test_submitted_is_locked(self) -> None:
        version = draft()
        actions.submit_draft(by=KEEPER, at=AT, version_id=version)
        drafting = Drafting(doc=ROW, trigger="review", reason="再改一点", valid_from=TODAY)
        with pytest.raises(DraftChanged):
            actions.save_draft(by=KEEPER, at=AT, version_id=version, revision=1, drafting=drafting)
        with pytest.raises(DraftStands):
            actions.begin_draft(by=CHECKER, at=AT, list_code="village_help", code="XZ-91")

    def test_two_who_save_the_same_draft_do_not_overwrite_each_other(self) -> None:
        version = draft()
        drafting = Drafting(doc=ROW, trigger="review", reason="甲的理由", valid_from=TODAY)
        actions.save_draft(by=KEEPER, at=AT, version_id=version, revision=1, drafting=drafting)
        with pytest.raises(DraftChanged):
            actions.save_draft(by=CHECKER, at=AT, version_id=version, revision=1, drafting=drafting)

    def test_returned_goes_back_with_the_reason_and_refused_ends(self) -> None:
        version = draft()
        actions.submit_draft(by=KEEPER, at=AT, version_id=version)
        with pytest.raises(RowBroken):
            actions.review_version(by=CHECKER, at=AT, version_id=version, stage="lead", outcome="returned", opinion="")
        actions.review_version(
            by=CHECKER, at=AT, version_id=version, stage="lead", outcome="returned", opinion="经费写清楚"
        )
        assert lists.get_version(viewer=KEEPER, version_id=version).status == "draft"
        actions.submit_draft(by=KEEPER, at=AT, version_id=version)
        actions.review_version(
            by=CHECKER, at=AT, version_id=version, stage="lead", outcome="refused", opinion="不属于乡镇"
        )
        assert lists.get_version(viewer=KEEPER, version_id=version).status == "refused"
        assert lists.find_as_of(code="XZ-91", on=TODAY) is None

    def test_what_is_on_its_way_is_not_for_the_public(self) -> None:
        version = draft()
        with pytest.raises(lists.RowUnknown):
            lists.get_version(viewer=Actor.anonymous(), version_id=version)
        with pytest.raises(lists.RowUnknown):
            lists.list_versions(viewer=Actor.anonymous(), code="XZ-91")


class TestPeriods:
    pytestmark = needs_city

    def test_the_next_version_ends_the_one_before_on_its_day(self) -> None:
        first = published()
        second = published(valid_from=TODAY + timedelta(days=10))
        before = ItemVersion.objects.get(pk=first)
        assert (before.status, before.valid_until) == ("in_force", TODAY + timedelta(days=10))
        assert ItemVersion.objects.get(pk=second).status == "waiting"
        assert actions.bring_into_force(at=AT + timedelta(days=9)) == 0
        assert actions.bring_into_force(at=AT + timedelta(days=10)) == 1
        assert actions.bring_into_force(at=AT + timedelta(days=10)) == 0
        days = [lists.find_as_of(code="XZ-91", on=TODAY + timedelta(days=one)) for one in (9, 10)]
        assert [one.version_id for one in days if one] == [first, second]

    def test_twice_on_one_day_the_last_is_law_and_the_first_has_no_period(self) -> None:
        first, second = published(), published()
        gone = ItemVersion.objects.get(pk=first)
        assert (gone.status, gone.valid_from, gone.valid_until) == ("ended", TODAY, TODAY)
        row = lists.find_as_of(code="XZ-91", on=TODAY)
        assert row is not None
        assert row.version_id == second

    def test_periods_cannot_overlap_whatever_writes_them(self) -> None:
        item = Item.objects.create(code="XZ-99", list_code="village_help")
        ItemVersion.objects.create(
            item=item,
            number=1,
            status="ended",
            valid_from=TODAY,
            valid_until=TODAY + timedelta(days=9),
            name="甲",
            doc={},
        )
        with pytest.raises(IntegrityError, match="catalogue_version_once"), transaction.atomic():
            ItemVersion.objects.create(
                item=item, number=2, status="in_force", valid_from=TODAY + timedelta(days=8), name="乙", doc={}
            )

    def test_a_row_is_taken_off_the_list_and_its_history_stays(self) -> None:
        first = published()
        version = draft(effect="end", valid_from=TODAY + timedelta(days=5))
        actions.submit_draft(by=KEEPER, at=AT, version_id=version)
        for by, stage in ((CHECKER, "lead"), (LAWYER, "legal"), (HEAD, "approve")):
            actions.review_version(by=by, at=AT, version_id=version, stage=stage, outcome="passed", opinion="")
        actions.publish_version(by=KEEPER, at=AT, version_id=version)
        actions.bring_into_force(at=AT + timedelta(days=5))
        assert lists.find_as_of(code="XZ-91", on=TODAY + timedelta(days=5)) is None
        still = lists.find_as_of(code="XZ-91", on=TODAY + timedelta(days=4))
        assert still is not None
        assert still.version_id == first
        assert [one.status_text for one in lists.list_versions(viewer=Actor.anonymous(), code="XZ-91")] == [
            "已取消",
            "已停用",
        ]

    def test_what_is_not_on_the_list_cannot_be_taken_off(self) -> None:
        version = draft(effect="end")
        with pytest.raises(EndingOnly):
            actions.submit_draft(by=KEEPER, at=AT, version_id=version)

    def test_an_item_in_a_version_of_the_future_is_applied_for_as_it_is_today(self) -> None:
        before = queries.get_current(code="A3-13")
        version = actions.begin_draft(by=KEEPER, at=AT, list_code="service", code="A3-13")
        doc = {**before.doc, "plain": "换一句大白话。"}
        drafting = Drafting(doc=doc, trigger="review", reason="说得更明白", valid_from=TODAY + timedelta(days=3))
        assert actions.save_draft(by=KEEPER, at=AT, version_id=version, revision=0, drafting=drafting) == {}
        actions.submit_draft(by=KEEPER, at=AT, version_id=version)
        for by, stage in ((CHECKER, "lead"), (LAWYER, "legal"), (HEAD, "approve")):
            actions.review_version(by=by, at=AT, version_id=version, stage=stage, outcome="passed", opinion="")
        actions.publish_version(by=KEEPER, at=AT, version_id=version)
        assert queries.get_current(code="A3-13").version_id == before.version_id
        actions.bring_into_force(at=AT + timedelta(days=3))
        assert queries.get_current(code="A3-13").plain == "换一句大白话。"
        found = queries.search_items(text="换一句大白话")
        assert "A3-13" in [one.code for one in found]


@pytest.fixture
def committed(city: None, django_db_blocker: Any) -> Iterator[None]:
    """A row that other connections see too; taken away afterwards."""
    with django_db_blocker.unblock():
        item = Item.objects.create(code="XZ-77", list_code="village_help")
        yield
        ItemVersion.objects.filter(item=item).delete()
        item.delete()
        forget_entries("item")


def test_of_two_who_begin_the_same_row_one_is_told(committed: None) -> None:
    outcomes: list[str] = []

    def begin(by: Actor) -> None:
        try:
            actions.begin_draft(by=by, at=AT, list_code="village_help", code="XZ-77")
            outcomes.append("made")
        except DraftStands:
            outcomes.append("told")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=begin, args=(one,)) for one in (KEEPER, CHECKER)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(outcomes) == ["made", "told"]
