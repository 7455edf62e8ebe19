"""Versions of a legal parameter: whose day it is, what a keeper may write, and what loading leaves alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError

from weimin.base.errors import Conflict, Forbidden
from weimin.kernel.deadlines import actions, queries
from weimin.kernel.deadlines.models import LegalParameter
from weimin.kernel.deadlines.testing import AT, KEEPER, LATER, LOADER
from weimin.kernel.deadlines.types import Limit, Parameter
from weimin.kernel.record.models import AuditEntry
from weimin.kernel.record.types import Actor

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loaded")]


def row(value: int, since: date, until: date | None = None, **more: Any) -> dict[str, Any]:
    return {
        "code": "test.limit",
        "name": "测试期限",
        "value": value,
        "unit": "workday",
        "article": "xkl-2019 art. 42",
        "valid_from": since,
        "valid_until": until,
        "certainty": "verified",
        **more,
    }


def give(*rows: dict[str, Any]) -> int:
    return actions.load_parameters(by=LOADER, at=AT, rows=list(rows))


def on(day: date) -> Parameter:
    return queries.get_parameter(code="test.limit", on=day)


def values(*days: date) -> list[int]:
    return [on(day).value for day in days]


def test_periods_are_half_open_and_may_have_a_gap() -> None:
    give(
        row(20, date(2020, 1, 1), date(2025, 1, 1)),
        row(15, date(2025, 1, 1), date(2026, 1, 1)),
        row(10, date(2026, 2, 1)),
    )
    assert values(date(2024, 12, 31), date(2025, 1, 1), date(2026, 2, 1)) == [20, 15, 10]
    for day in (date(2019, 12, 31), date(2026, 1, 1), date(2026, 1, 31)):
        with pytest.raises(queries.ParameterMissing):
            on(day)


@pytest.mark.parametrize(
    "rows",
    [
        (row(20, date(2020, 1, 1)), row(15, date(2026, 7, 1))),
        (row(20, date(2020, 1, 1), date(2026, 7, 2)), row(15, date(2026, 7, 1))),
    ],
    ids=["never closed", "one day too many"],
)
def test_rows_of_a_file_that_overlap_are_refused_and_nothing_is_written(rows: tuple[dict[str, Any], ...]) -> None:
    before = LegalParameter.objects.count(), AuditEntry.objects.count()
    with pytest.raises(actions.ParameterOverlap, match=r"“test\.limit”有两行的适用期重叠（2026-07-01）"):
        give(*rows)
    assert (LegalParameter.objects.count(), AuditEntry.objects.count()) == before


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"valid_from": date(2026, 7, 1)}, "deadlines_parameter_once"),
        ({"valid_from": date(2025, 7, 1), "valid_until": date(2025, 6, 1)}, "deadlines_parameter_period"),
        (
            {"valid_from": date(2025, 7, 1), "valid_until": date(2025, 8, 1), "committed": 6},
            "deadlines_parameter_promise",
        ),
    ],
    ids=["two rows for one day", "a period turned round", "a promise beyond the law"],
)
def test_the_database_itself_refuses_what_cannot_be(wrong: dict[str, Any], name: str) -> None:
    fields = {"code": "test.limit", "value": 5, "unit": "day", "article": "测试", "certainty": "verified"}
    LegalParameter.objects.create(**fields, valid_from=date(2026, 1, 1))
    with pytest.raises(IntegrityError, match=name):
        LegalParameter.objects.create(**{**fields, **wrong})


def test_a_parameter_renewed_by_a_file_is_on_record_with_what_was_and_is() -> None:
    give(row(20, date(2020, 1, 1)))
    give(row(15, date(2020, 1, 1)))
    entry = AuditEntry.objects.filter(verb="deadlines.parameters.loaded").latest("pk")
    was, now = "20.0000 workday xkl-2019 art. 42", "15.0000 workday xkl-2019 art. 42"
    assert entry.changes == {"test.limit 2020-01-01": [was, now]}
    assert values(date(2026, 3, 2)) == [15]


# --- by hand -----------------------------------------------------------------------------------------------
FULL = {"value": "15", "unit": "workday", "article": "xkl-2019 art. 42", "reason": "按新的清单改短"}


def change(since: date, *, by: Actor = KEEPER, **more: Any) -> int:
    version = actions.ParameterVersion(code="test.limit", valid_from=since, **{**FULL, **more})
    return actions.change_parameter(by=by, at=AT, version=version)


@pytest.fixture
def twenty() -> None:
    give(row(20, date(2020, 1, 1)))


@pytest.mark.usefixtures("twenty")
def test_a_version_ends_the_one_before_and_says_why() -> None:
    change(date(2026, 7, 1), committed="10")
    assert values(date(2026, 6, 30), date(2026, 7, 1)) == [20, 15]
    assert queries.get_limit(code="test.limit", on=date(2026, 7, 1)) == (
        Limit(15, "workday", "xkl-2019 art. 42"),
        Limit(10, "workday", "承诺时限"),
    )
    entry = AuditEntry.objects.filter(verb="deadlines.parameter.changed").latest("pk")
    assert (entry.subject_id, entry.actor_name) == ("test.limit", "甲")
    assert entry.changes == {
        "value": ["20.0000", "15"],
        "valid_from": [None, "2026-07-01"],
        "reason": "按新的清单改短",
    }


@pytest.mark.usefixtures("twenty")
def test_a_version_for_a_time_leaves_no_gap_and_withdrawing_it_gives_its_days_back() -> None:
    new = change(date(2026, 7, 1), valid_until=date(2026, 9, 1))
    days = date(2026, 6, 30), date(2026, 7, 1), date(2026, 8, 31), date(2026, 9, 1)
    assert values(*days) == [20, 15, 15, 20]
    actions.withdraw_parameter(by=KEEPER, at=LATER, row_id=new, reason="起日写错了，重新来")
    assert values(*days) == [20, 20, 20, 20]
    kept = LegalParameter.objects.get(pk=new)
    assert (kept.withdrawn_at, kept.note) == (LATER, "作废：起日写错了，重新来")
    assert AuditEntry.objects.filter(verb="deadlines.parameter.withdrawn", subject_id="test.limit").count() == 1
    with pytest.raises(Conflict, match="已经作废"):
        actions.withdraw_parameter(by=KEEPER, at=LATER, row_id=new, reason="再作废一次试试")


@pytest.mark.usefixtures("twenty")
def test_loading_the_file_again_touches_neither_what_was_changed_nor_what_was_withdrawn() -> None:
    change(date(2026, 7, 1))
    shipped = LegalParameter.objects.get(code="permit.joint")
    actions.withdraw_parameter(by=KEEPER, at=AT, row_id=shipped.pk, reason="本地不适用，先作废")
    give(row(20, date(2020, 1, 1)))
    actions.load_parameters(by=LOADER, at=LATER)
    assert values(date(2026, 6, 30), date(2026, 7, 1)) == [20, 15]
    with pytest.raises(queries.ParameterMissing):
        queries.get_parameter(code="permit.joint", on=date(2026, 3, 2))


@pytest.mark.usefixtures("twenty")
@pytest.mark.parametrize(
    ("more", "field", "says"),
    [
        ({"reason": "改短"}, "reason", "至少 5 个字"),
        ({"article": " "}, "article", "依据的法规和条文"),
        ({"unit": "week"}, "unit", "从列表中选择"),
        ({"value": "二十"}, "value", "要写成数字"),
        ({"value": "Infinity"}, "value", "要写成数字"),
        ({"value": "0.00001"}, "value", "最多四位小数"),
        ({"value": "-1"}, "value", "不能是负数"),
        ({"committed": "16"}, "committed", "不能超过法定数值"),
        ({"committed": "0"}, "committed", "正整数"),
        ({"value": "", "committed": "5"}, "committed", "不能超过法定数值"),
        ({"valid_until": date(2026, 7, 1)}, "valid_until", "止日要在起日之后"),
    ],
)
def test_a_version_that_cannot_be_is_refused_by_field_and_nothing_is_written(
    more: dict[str, Any], field: str, says: str
) -> None:
    before = LegalParameter.objects.count(), AuditEntry.objects.count()
    with pytest.raises(actions.ParameterInvalid) as refused:
        change(date(2026, 7, 1), **more)
    assert says in refused.value.fields[field]
    assert (LegalParameter.objects.count(), AuditEntry.objects.count()) == before


@pytest.mark.usefixtures("twenty")
def test_a_version_that_overlaps_another_is_refused_and_the_one_before_is_not_cut() -> None:
    change(date(2026, 7, 1))
    before = AuditEntry.objects.count()
    for since, until in ((date(2026, 7, 1), None), (date(2020, 1, 1), date(2020, 2, 1)), (date(2025, 1, 1), None)):
        with pytest.raises(actions.ParameterOverlap, match="同一天只能有一版适用"):
            change(since, valid_until=until, value="12")
    assert values(date(2020, 1, 1), date(2026, 6, 30), date(2026, 7, 1), date(2030, 1, 1)) == [20, 20, 15, 15]
    assert AuditEntry.objects.count() == before


@pytest.mark.usefixtures("twenty")
def test_only_a_keeper_changes_law_and_only_with_a_reason() -> None:
    leader = replace(KEEPER, roles=frozenset({"leader", "supervisor"}))
    twenty = LegalParameter.objects.get(code="test.limit")
    with pytest.raises(Forbidden, match="由规则管理员维护"):
        change(date(2026, 7, 1), by=leader)
    with pytest.raises(Forbidden, match="由规则管理员维护"):
        actions.withdraw_parameter(by=leader, at=AT, row_id=twenty.pk, reason="看着不顺眼了")
    with pytest.raises(actions.ParameterInvalid, match="为什么作废"):
        actions.withdraw_parameter(by=KEEPER, at=AT, row_id=twenty.pk, reason="错")
    assert values(date(2026, 7, 1)) == [20]
