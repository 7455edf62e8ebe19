"""Loading notices and parameters: whole, again, wrong, and seen by every process."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from weimin.kernel.deadlines import actions, queries
from weimin.kernel.deadlines.models import CalendarDay, CalendarYear, LegalParameter
from weimin.kernel.deadlines.rules import Calendar
from weimin.kernel.deadlines.testing import AT, LOADER, read_notices, read_parameters
from weimin.kernel.deadlines.types import Limit, Parameter
from weimin.kernel.record.models import AuditEntry

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loaded")]

#: Made up, to load as if it were out.
NOTICE_2027: dict[str, Any] = {
    "year": 2027,
    "notice": "测试通知〔2026〕1号",
    "source": "测试",
    "off": {"元旦": [date(2027, 1, 1), date(2027, 1, 2), date(2027, 1, 3), date(2027, 1, 4)]},
    "work": [date(2027, 1, 9)],
}


def load(notice: dict[str, Any]) -> int:
    return actions.load_calendar(by=LOADER, at=AT, year_data=notice)


def test_what_is_loaded_is_what_is_shipped(shipped: Calendar) -> None:
    assert queries.get_calendar().special == shipped.special
    assert queries.get_calendar().known_years == shipped.known_years == {2024, 2025, 2026}
    assert [one.year for one in queries.list_years()] == [2024, 2025, 2026]


def test_loading_again_changes_nothing(shipped: Calendar) -> None:
    assert actions.load_calendar_files(by=LOADER, at=AT) == 3
    assert queries.get_calendar().special == shipped.special
    assert CalendarYear.objects.count() == 3


def test_loading_a_notice_is_on_record() -> None:
    load(NOTICE_2027)
    entry = AuditEntry.objects.filter(verb="deadlines.calendar.loaded").latest("pk")
    assert (entry.subject_id, entry.changes) == ("2027", {"notice": "测试通知〔2026〕1号", "days": 5})


def test_a_new_notice_counts_at_once_and_is_no_longer_provisional() -> None:
    due = queries.count_from(start=date(2026, 12, 31), limit=Limit(5, "workday"))
    assert due == date(2027, 1, 7)
    load(NOTICE_2027)
    assert queries.count_from(start=date(2026, 12, 31), limit=Limit(5, "workday")) == date(2027, 1, 9)
    assert queries.get_calendar().knows(date(2027, 6, 1))
    assert queries.get_calendar().notes[date(2027, 1, 9)] == "调休上班"


def test_a_corrected_notice_replaces_the_whole_year_and_no_other() -> None:
    load(NOTICE_2027)
    load({**NOTICE_2027, "off": {"元旦": [date(2027, 1, 1)]}, "work": []})
    assert [one.date for one in CalendarDay.objects.filter(date__year=2027)] == [date(2027, 1, 1)]
    assert CalendarDay.objects.filter(date__year=2026).count() == 39


@pytest.mark.parametrize(
    "wrong",
    [
        {"work": [date(2028, 1, 1)]},
        {"off": {"元旦": [date(2026, 12, 31)]}},
        {"work": [date(2027, 1, 1)]},
    ],
    ids=["works in another year", "off in another year", "both off and worked"],
)
def test_a_notice_that_contradicts_itself_is_refused_and_the_old_one_stays(wrong: dict[str, Any]) -> None:
    load(NOTICE_2027)
    with pytest.raises(actions.NoticeBroken, match="2027 年放假安排有矛盾"):
        load({**NOTICE_2027, **wrong})
    assert CalendarDay.objects.filter(date__year=2027).count() == 5


def test_what_another_process_loads_is_seen_within_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    assert queries.get_calendar().works(date(2026, 3, 6))
    CalendarDay.objects.create(date=date(2026, 3, 6), works=False, note="测试")
    assert queries.get_calendar().works(date(2026, 3, 6)), "still kept"
    real = queries.monotonic
    monkeypatch.setattr(queries, "monotonic", lambda: real() + queries.KEEP_SECONDS + 1)
    assert not queries.get_calendar().works(date(2026, 3, 6))


def test_the_calendar_is_read_once_and_then_kept(django_assert_num_queries: Any) -> None:
    queries.forget()
    with django_assert_num_queries(2):
        queries.get_calendar()
    with django_assert_num_queries(0):
        queries.get_calendar()


#: The limits of the shipped list that the law fixes: code, value, unit.
FIXED = [
    ("permit.accept_check", 5, "workday"),
    ("permit.decision", 20, "workday"),
    ("permit.decision.extend", 10, "workday"),
    ("permit.joint", 45, "workday"),
    ("permit.joint.extend", 15, "workday"),
    ("permit.deliver", 10, "workday"),
    ("penalty.decision", 90, "day"),
    ("penalty.simple.citizen", 200, "yuan"),
    ("penalty.simple.org", 3000, "yuan"),
    ("petition.notice", 15, "day"),
    ("petition.objection", 5, "workday"),
    ("petition.finish", 60, "day"),
    ("petition.finish.extend", 30, "day"),
    ("disclosure.proactive", 20, "workday"),
    ("disclosure.reply", 20, "workday"),
    ("disclosure.reply.extend", 20, "workday"),
    ("decision.public_comment", 30, "day"),
    ("decision.legality_review", 7, "workday"),
    ("dibao.total", 30, "workday"),
    ("dibao.delegated", 20, "workday"),
    ("dibao.special", 45, "workday"),
    ("dibao.notice", 7, "day"),
    ("teka.township", 15, "workday"),
    ("teka.county", 15, "workday"),
    ("rigid.total", 30, "workday"),
    ("rigid.special", 45, "workday"),
    ("rigid.valid", 12, "month"),
    ("village.notice_posted_min", 15, "day"),
    ("contract.publish", 2, "workday"),
    ("contract.file", 7, "workday"),
    ("purchase.term", 1, "year"),
    ("purchase.term.max", 3, "year"),
    ("budget.publish", 20, "day"),
    ("rating.bad_reply", 5, "workday"),
    ("log.retention", 6, "month"),
    ("pia.retention", 3, "year"),
    ("review.apply", 60, "day"),
    ("suit.apply", 6, "month"),
]


@pytest.mark.parametrize(("code", "value", "unit"), FIXED, ids=[one[0] for one in FIXED])
def test_parameter(code: str, value: int, unit: str) -> None:
    found = queries.get_parameter(code=code, on=date(2026, 8, 3))
    assert (found.value, found.unit) == (value, unit)
    assert found.article


def test_shipped_parameters_are_named_once_a_day_and_say_how_sure_they_are() -> None:
    rows = read_parameters()
    keys = [(one["code"], one["valid_from"]) for one in rows]
    assert len(keys) == len(set(keys))
    assert {one["certainty"] for one in rows} <= {"verified", "memory-high", "memory-medium", "memory-low"}
    assert {one["unit"] for one in rows} <= {"workday", "day", "month", "year", "yuan"}
    local = {one["code"]: one["certainty"] for one in rows if one["article"].startswith("本地")}
    assert local == {"supplement.answer": "memory-low", "rating.bad_reply": "memory-low"}


def test_a_parameter_that_no_row_covers_is_a_refusal() -> None:
    with pytest.raises(queries.ParameterMissing, match="penalty"):
        queries.get_parameter(code="penalty.decision", on=date(2021, 7, 14))
    with pytest.raises(queries.ParameterMissing):
        queries.get_parameter(code="no.such", on=date(2026, 3, 2))


def parameter(value: int, since: date, until: date | None = None) -> dict[str, Any]:
    return {
        "code": "test.limit",
        "value": value,
        "unit": "workday",
        "article": "xkl-2019 art. 42",
        "valid_from": since,
        "valid_until": until,
        "certainty": "verified",
    }


def give(*rows: dict[str, Any]) -> int:
    return actions.load_parameters(by=LOADER, at=AT, rows=list(rows))


def test_periods_are_half_open_and_may_have_a_gap() -> None:
    give(
        parameter(20, date(2020, 1, 1), date(2025, 1, 1)),
        parameter(15, date(2025, 1, 1), date(2026, 1, 1)),
        parameter(10, date(2026, 2, 1)),
    )

    def on(day: date) -> Parameter:
        return queries.get_parameter(code="test.limit", on=day)

    assert [on(day).value for day in (date(2024, 12, 31), date(2025, 1, 1), date(2026, 2, 1))] == [20, 15, 10]
    with pytest.raises(queries.ParameterMissing):
        on(date(2026, 1, 1))


def test_a_newer_row_goes_before_one_that_was_never_closed() -> None:
    give(parameter(20, date(2020, 1, 1)), parameter(15, date(2026, 7, 1)))
    values = [queries.get_parameter(code="test.limit", on=day).value for day in (date(2026, 6, 30), date(2026, 7, 1))]
    assert values == [20, 15]


def test_loading_parameters_again_writes_nothing(django_assert_num_queries: Any) -> None:
    rows, entries = LegalParameter.objects.count(), AuditEntry.objects.count()
    with django_assert_num_queries(1):
        assert actions.load_parameters(by=LOADER, at=AT) == len(read_parameters())
    assert (LegalParameter.objects.count(), AuditEntry.objects.count()) == (rows, entries)


def test_a_changed_parameter_is_on_record_with_what_was_and_is() -> None:
    give(parameter(20, date(2020, 1, 1)))
    give(parameter(15, date(2020, 1, 1)))
    entry = AuditEntry.objects.filter(verb="deadlines.parameters.loaded").latest("pk")
    assert entry.changes == {
        "test.limit 2020-01-01": [
            "20 workday xkl-2019 art. 42 verified",
            "15 workday xkl-2019 art. 42 verified",
        ]
    }
    assert queries.get_parameter(code="test.limit", on=date(2026, 3, 2)).value == 15


def test_read_notices_are_complete_records() -> None:
    assert [sorted(one) for one in read_notices()] == [["notice", "off", "source", "work", "year"]] * 3
