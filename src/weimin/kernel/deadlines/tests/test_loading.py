"""Loading notices, parameters and grounds: whole, again, by hand, wrong, and seen by every process."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from weimin.base import keeping
from weimin.kernel.deadlines import actions, queries
from weimin.kernel.deadlines.models import CalendarNotice, LegalParameter, PauseGround
from weimin.kernel.deadlines.rules import Calendar
from weimin.kernel.deadlines.testing import (
    AT,
    LATER,
    LOADER,
    OF_2027,
    changed_2026,
    read_notices,
    read_parameters,
    take_in,
    work_through,
)
from weimin.kernel.deadlines.types import CERTAINTIES, Limit, Notice, NoticeDay
from weimin.kernel.record.models import AuditEntry

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loaded")]


def load(notice: Notice = OF_2027) -> bool:
    return actions.load_notice(by=LOADER, at=AT, notice=notice)


# --- notices -----------------------------------------------------------------------------------------------
def test_what_is_loaded_is_what_is_shipped(shipped: Calendar) -> None:
    assert queries.get_calendar() == shipped
    assert queries.get_calendar().known_years == {2024, 2025, 2026}
    assert [(one.year, one.version, one.state) for one in queries.list_years()] == [
        (2024, 1, "done"),
        (2025, 1, "done"),
        (2026, 1, "done"),
    ]


def test_loading_the_shipped_notices_again_writes_nothing(shipped: Calendar) -> None:
    before = list(CalendarNotice.objects.order_by("pk").values()), AuditEntry.objects.count()
    assert actions.load_calendar_files(by=LOADER, at=LATER) == 3
    assert (list(CalendarNotice.objects.order_by("pk").values()), AuditEntry.objects.count()) == before
    assert queries.get_calendar() == shipped


def test_a_notice_is_loaded_once_and_both_steps_are_on_record() -> None:
    assert load() is True
    assert load() is False
    row = CalendarNotice.objects.get(year=2027)
    assert (row.version, row.state, row.number, len(row.days)) == (1, "done", "测试通知〔2026〕1号", 18)
    trail = AuditEntry.objects.filter(subject_type="calendar", subject_id="2027").order_by("pk")
    assert [(one.verb, one.changes) for one in trail] == [
        ("deadlines.notice.proposed", {"version": 1, "number": "测试通知〔2026〕1号", "days": 18}),
        ("deadlines.notice.approved", {"version": [None, 1], "number": "测试通知〔2026〕1号"}),
    ]


def test_a_new_notice_counts_at_once_and_is_no_longer_provisional() -> None:
    five = Limit(5, "workday")
    assert queries.count_from(start=date(2027, 2, 5), limit=five) == date(2027, 2, 12), "plain weekends"
    load()
    assert queries.count_from(start=date(2027, 2, 5), limit=five) == date(2027, 2, 18)
    assert queries.get_calendar().knows(date(2027, 6, 1))
    assert queries.get_calendar().notes[date(2027, 2, 14)] == "调休上班"


def test_a_correction_is_a_version_that_replaces_the_whole_year_and_no_other(shipped: Calendar) -> None:
    load()
    moved = [replace(one, day=date(2027, 2, 20)) if one.works else one for one in OF_2027.days]
    assert load(replace(OF_2027, days=tuple(moved))) is True
    first, second = CalendarNotice.objects.filter(year=2027).order_by("version")
    assert (first.replaced_at, second.replaced_at, second.version) == (AT, None, 2)
    calendar = queries.get_calendar()
    assert (calendar.works(date(2027, 2, 14)), calendar.works(date(2027, 2, 20))) == (False, True)
    assert {day: works for day, works in calendar.special.items() if day.year < 2027} == shipped.special


def test_a_loaded_notice_that_contradicts_itself_is_refused_and_the_old_one_stays() -> None:
    load()
    calendar = queries.get_calendar()
    with pytest.raises(actions.NoticeBroken, match="2027 年放假安排有矛盾：2027-02-14 既放假又上班"):
        load(replace(OF_2027, days=(*OF_2027.days, NoticeDay(date(2027, 2, 14), False, "春节"))))
    queries.forget()
    assert queries.get_calendar() == calendar
    assert CalendarNotice.objects.filter(year=2027).count() == 1


def test_a_proposed_notice_counts_only_when_it_is_approved(shipped: Calendar) -> None:
    text = changed_2026(off=[date(2026, 7, 1)], work=[date(2026, 7, 5)])
    notice = take_in(text, at=AT)
    queries.forget()
    assert queries.get_calendar() == shipped
    assert queries.get_notice(notice).state == "previewed"
    actions.approve_notice(by=LOADER, at=AT, notice_id=notice)
    assert not queries.get_calendar().works(date(2026, 7, 1))
    assert work_through(LATER) == 2
    assert queries.get_notice(notice).state == "done"


def test_what_another_process_approves_is_seen_within_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    day = date(2026, 7, 1)
    assert queries.get_calendar().works(day)
    row = CalendarNotice.objects.get(year=2026)
    CalendarNotice.objects.filter(pk=row.pk).update(days=[*row.days, [day.isoformat(), False, "测试"]])
    assert queries.get_calendar().works(day), "still kept"
    real = keeping.monotonic
    monkeypatch.setattr(keeping, "monotonic", lambda: real() + keeping.KEEP_SECONDS)
    assert not queries.get_calendar().works(day)


def test_calendar_and_parameters_are_read_once_and_then_kept(django_assert_num_queries: Any) -> None:
    queries.forget()
    with django_assert_num_queries(2):
        for _ in range(3):
            queries.get_calendar()
            queries.get_parameter(code="permit.decision", on=date(2026, 3, 2))


def test_read_notices_are_complete_records() -> None:
    assert [sorted(one) for one in read_notices()] == [["notice", "off", "source", "work", "year"]] * 3


# --- parameters --------------------------------------------------------------------------------------------
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


def test_shipped_parameters_are_named_once_a_day_and_say_where_from_and_how_sure() -> None:
    rows = read_parameters()
    keys = [(one["code"], one["valid_from"]) for one in rows]
    assert len(keys) == len(set(keys))
    assert LegalParameter.objects.count() == len(rows)
    assert {one["certainty"] for one in rows} <= set(CERTAINTIES)
    assert all(one["article"] and one["name"] for one in rows)
    local = {one["code"]: one["certainty"] for one in rows if one["article"].startswith("本地默认")}
    assert "verified" not in local.values(), "what law leaves open is never said to be verified"
    assert local["supplement.answer"] == local["rating.bad_reply"] == "memory-low"


def test_a_parameter_that_no_row_covers_or_nobody_filled_in_is_a_refusal() -> None:
    with pytest.raises(queries.ParameterMissing, match=r"2021-07-14 适用的法定参数“penalty\.decision”"):
        queries.get_parameter(code="penalty.decision", on=date(2021, 7, 14))
    with pytest.raises(queries.ParameterMissing, match=r"no\.such"):
        queries.get_limit(code="no.such", on=date(2026, 3, 2))
    with pytest.raises(queries.ParameterMissing, match="法律没有规定数值，本地还没有填"):
        queries.get_parameter(code="procure.tender.goods", on=date(2026, 3, 2))
    with pytest.raises(queries.ParameterMissing, match=r"receipt\.pigeon"):
        queries.receipt_date(channel="pigeon", closes=None, at=AT)


def test_loading_parameters_again_writes_nothing(django_assert_num_queries: Any) -> None:
    before = LegalParameter.objects.count(), AuditEntry.objects.count()
    with django_assert_num_queries(2):
        assert actions.load_parameters(by=LOADER, at=AT) == len(read_parameters())
    assert (LegalParameter.objects.count(), AuditEntry.objects.count()) == before


def test_loading_grounds_again_changes_nothing_and_a_permit_has_exactly_eight() -> None:
    before = list(PauseGround.objects.order_by("pk").values())
    assert actions.load_grounds(by=LOADER, at=LATER) == len(before)
    assert list(PauseGround.objects.order_by("pk").values()) == before
    permit = queries.list_grounds(regime="permit", on=date(2026, 3, 2))
    assert [one.name for one in permit] == ["听证", "招标", "拍卖", "检验", "检测", "检疫", "鉴定", "专家评审"]
    assert all(one.notice and one.article == "xkl-2019 art. 45" for one in permit)
