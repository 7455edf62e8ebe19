"""Entries through actions: what each wrong one is refused with, and that nothing is written then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from weimin.base.errors import Forbidden, WeiminError
from weimin.kernel.deadlines import actions, queries
from weimin.kernel.deadlines.access import ApproverWrong
from weimin.kernel.deadlines.models import Clock, ClockEntry
from weimin.kernel.deadlines.rules import CommittedTooLong, LimitInvalid
from weimin.kernel.deadlines.testing import LOADER, TWENTY, open_permit
from weimin.kernel.deadlines.types import Limit
from weimin.kernel.directory.testing import body
from weimin.kernel.record.models import AuditEntry, OutboxMessage
from weimin.kernel.record.types import Actor

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loaded")]
START = date(2026, 3, 2)
LAST = date(2026, 3, 30)


def march(day: int) -> date:
    return date(2026, 3, day)


def moment(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 3, tzinfo=UTC)


@dataclass(frozen=True)
class Desk:
    """One permit's clock from 2026-03-02, and who may do what to it."""

    clock_id: int
    head: Actor
    clerk: Actor
    elsewhere: Actor
    supervisor: Actor
    today: date = date(2026, 3, 20)

    @property
    def at(self) -> datetime:
        return moment(self.today)

    def on(self, today: date) -> Desk:
        return replace(self, today=today)

    def another(self, start: date = START, **fields: Any) -> Desk:
        agency = {"agency_id": self.head.agency_id}
        ref = open_permit(start, at=self.at, **{**agency, **fields})
        return replace(self, clock_id=ref.clock_id)

    def pause(self, on: date, until: date | None = LAST, ground: str = "expert_review", told: str = "文书1") -> None:
        standing = actions.Standing(ground, on, until, "请专家看图纸", told)
        actions.pause_clock(by=self.clerk, at=self.at, clock_id=self.clock_id, standing=standing)

    def resume(self, on: date) -> None:
        actions.resume_clock(by=self.clerk, at=self.at, clock_id=self.clock_id, on=on)

    def extend(self, on: date, *, by: Actor | None = None, reason: str = "雨雪封山，看不了现场") -> None:
        actions.extend_clock(by=by or self.head, at=self.at, clock_id=self.clock_id, on=on, reason=reason)

    def stop(self, on: date) -> None:
        actions.stop_clock(by=self.clerk, at=self.at, clock_id=self.clock_id, on=on)

    def correct(
        self, kind: str, on: date | None, *, by: Actor | None = None, reason: str = "日期记错了，按签收单"
    ) -> None:
        rows = [one for one in queries.list_entries(self.clock_id) if one.kind == kind]
        entry = rows[-1].pk if rows else 0
        who = by or self.supervisor
        actions.correct_entry(by=who, at=self.at, clock_id=self.clock_id, entry_id=entry, on=on, reason=reason)


@pytest.fixture
def desk() -> Desk:
    agency, other = body(), body("county")
    head = Actor("staff", "负责人", post_id=1, officer_id=1, agency_id=agency, roles=frozenset({"leader"}))
    made = Desk(
        clock_id=0,
        head=head,
        clerk=replace(head, name="承办人", roles=frozenset({"reviewer"})),
        elsewhere=replace(head, agency_id=other),
        supervisor=replace(head, agency_id=other, roles=frozenset({"supervisor"})),
    )
    return made.another()


def written() -> tuple[Any, ...]:
    """Everything that an act could have written."""
    rows = [list(model.objects.order_by("pk").values()) for model in (Clock, ClockEntry)]
    return *rows, AuditEntry.objects.count(), OutboxMessage.objects.count()


Act = Callable[[Desk], object]
DISCLOSURE = {"regime": "disclosure", "grounds": ("third_party",), "extend": ""}


def paused(desk: Desk) -> Desk:
    desk.pause(march(9))
    return desk


def resumed(desk: Desk) -> Desk:
    paused(desk).resume(march(18))
    return desk


def extended(desk: Desk) -> Desk:
    desk.extend(march(16))
    return desk


def ended(desk: Desk) -> Desk:
    desk.stop(march(19))
    return desk


def service(desk: Desk) -> Desk:
    return desk.another(regime="service", grounds=())


def joint(desk: Desk) -> Desk:
    return desk.another(statutory=Limit(45, "workday"), extend="permit.joint.extend")


def asked(desk: Desk) -> Desk:
    return desk.another(date(2026, 2, 2), **DISCLOSURE)


def waiting(desk: Desk) -> Desk:
    asking = asked(desk)
    asking.pause(date(2026, 2, 4), None, "third_party", "")
    return asking


def as_it_is(desk: Desk) -> Desk:
    return desk


#: name, what came before, the act, the error, what its sentence says
REFUSED: list[tuple[str, Callable[[Desk], Desk], Act, type[WeiminError], str]] = [
    ("a ground that no permit has", as_it_is, lambda d: d.pause(march(9), ground="applicant_request"),
     actions.GroundRefused, "行政许可法第四十五条"),
    ("a ground of another regime", as_it_is, lambda d: d.pause(march(9), ground="third_party"),
     actions.GroundRefused, "行政许可法第四十五条"),
    ("a ground that the item does not name", service, lambda d: d.pause(march(9), ground="appraisal"),
     actions.GroundRefused, "没有这一种停钟情形"),
    ("a pause without the time needed", as_it_is, lambda d: d.pause(march(9), None),
     actions.GroundRefused, "把所需时间书面告知申请人"),
    ("a pause without a notice", as_it_is, lambda d: d.pause(march(9), told=" "),
     actions.GroundRefused, "请写明告知的内容"),
    ("a pause planned to end before it begins", as_it_is, lambda d: d.pause(march(9), march(8)),
     actions.GroundRefused, "早于停钟的日期"),
    ("a pause planned beyond its cap", asked, lambda d: d.pause(date(2026, 2, 4), march(6), "third_party"),
     actions.GroundRefused, "最长 15 个工作日，到 2026年3月3日 为止"),
    ("a pause resumed beyond its cap", waiting, lambda d: d.resume(march(4)),
     actions.GroundRefused, "最长 15 个工作日，到 2026年3月3日 为止"),
    ("a pause before the start", as_it_is, lambda d: d.pause(date(2026, 3, 1)),
     actions.ClockRefused, "停钟的日期早于起算日 2026年3月2日"),
    ("a pause in the future", as_it_is, lambda d: d.pause(march(21)),
     actions.ClockRefused, "停钟不能记在今天以后"),
    ("a second pause while it stands", paused, lambda d: d.pause(march(12)),
     actions.ClockRefused, "已经停着"),
    ("a pause on a day that stood", resumed, lambda d: d.pause(march(18)),
     actions.ClockRefused, "上一次停钟到 2026年3月18日"),
    ("a pause after the limit is over", as_it_is, lambda d: d.on(date(2026, 4, 1)).pause(march(31), date(2026, 4, 9)),
     actions.ClockRefused, "期限到 2026年3月30日 已经届满"),
    ("a pause of an ended clock", ended, lambda d: d.pause(march(18)),
     actions.ClockRefused, "已经结束"),
    ("a pause of no clock", as_it_is, lambda d: replace(d, clock_id=0).pause(march(9)),
     queries.ClockUnknown, "找不到"),
    ("a resumption without a pause", as_it_is, lambda d: d.resume(march(9)),
     actions.ClockRefused, "时钟没有停"),
    ("a second resumption", resumed, lambda d: d.resume(march(19)),
     actions.ClockRefused, "时钟没有停"),
    ("a resumption before its pause", paused, lambda d: d.resume(march(8)),
     actions.ClockRefused, "恢复的日期早于停钟的日期 2026年3月9日"),
    ("a resumption in the future", paused, lambda d: d.resume(march(21)),
     actions.ClockRefused, "恢复计时不能记在今天以后"),
    ("a resumption of an ended clock", ended, lambda d: d.resume(march(19)),
     actions.ClockRefused, "已经结束"),
    ("an extension by the clerk", as_it_is, lambda d: d.extend(march(16), by=d.clerk),
     ApproverWrong, "由本机关负责人批准"),
    ("an extension by the head of another body", as_it_is, lambda d: d.extend(march(16), by=d.elsewhere),
     ApproverWrong, "由本机关负责人批准"),
    ("an extension by the platform", as_it_is, lambda d: d.extend(march(16), by=LOADER),
     ApproverWrong, "由本机关负责人批准"),
    ("a joint permit extended by the body's head", joint, lambda d: d.extend(march(16)),
     ApproverWrong, "由本级政府负责人批准"),
    ("a second extension", extended, lambda d: d.extend(march(17)),
     actions.ClockRefused, "只能延长一次"),
    ("an extension that nothing allows", asked, lambda d: d.extend(march(16)),
     actions.ClockRefused, "没有可以延长期限的规定"),
    ("an extension by a row that is not there", lambda d: d.another(extend="no.such"), lambda d: d.extend(march(16)),
     queries.ParameterMissing, "法定参数“no.such”"),
    ("an extension in another unit", lambda d: d.another(extend="coercion.seizure.extend"),
     lambda d: d.extend(march(16)), actions.ClockRefused, "单位不同"),
    ("an extension without a reason", as_it_is, lambda d: d.extend(march(16), reason="忙"),
     actions.ClockRefused, "至少 5 个字"),
    ("an extension after the limit is over", as_it_is, lambda d: d.on(date(2026, 4, 1)).extend(march(31)),
     actions.ClockRefused, "已经届满，之后不能再延长"),
    ("an extension before the start", as_it_is, lambda d: d.extend(date(2026, 3, 1)),
     actions.ClockRefused, "延长的日期早于起算日"),
    ("an extension in the future", as_it_is, lambda d: d.extend(march(21)),
     actions.ClockRefused, "延长不能记在今天以后"),
    ("an end before the start", as_it_is, lambda d: d.stop(date(2026, 3, 1)),
     actions.ClockRefused, "结束的日期早于起算日"),
    ("a correction by the clerk", paused, lambda d: d.correct("pause", march(10), by=d.clerk),
     Forbidden, "由承办机构负责人或监督员办理"),
    ("a correction by the head of another body", paused, lambda d: d.correct("pause", march(10), by=d.elsewhere),
     Forbidden, "由承办机构负责人或监督员办理"),
    ("a correction without a reason", paused, lambda d: d.correct("pause", march(10), reason="错"),
     actions.ClockRefused, "写明理由"),
    ("a correction into the future", paused, lambda d: d.correct("pause", march(21)),
     actions.ClockRefused, "不能在今天以后"),
    ("a correction of nothing", as_it_is, lambda d: d.correct("pause", march(10)),
     actions.ClockRefused, "只能更正"),
    ("a start struck", as_it_is, lambda d: d.correct("start", None),
     actions.ClockRefused, "起算不能取消"),
    ("a pause corrected to before the start", paused, lambda d: d.correct("pause", date(2026, 3, 1)),
     actions.ClockRefused, "前后矛盾：停钟的日期早于起算日"),
    ("a pause corrected to after its end", resumed, lambda d: d.correct("pause", march(19)),
     actions.ClockRefused, "前后矛盾：恢复计时的日期早于停钟日期"),
    ("a start corrected to after a pause", paused, lambda d: d.correct("start", march(10)),
     actions.ClockRefused, "前后矛盾：停钟的日期早于起算日"),
    ("a start corrected to after the extension", extended, lambda d: d.correct("start", march(17)),
     actions.ClockRefused, "前后矛盾：延长的日期早于起算日"),
    ("an extension corrected to before the start", extended, lambda d: d.correct("extend", date(2026, 3, 1)),
     actions.ClockRefused, "前后矛盾：延长的日期早于起算日"),
    ("no limit at all", as_it_is, lambda d: d.another(statutory=None),
     actions.ClockRefused, "没有期限可以计时"),
    ("a limit of nothing", as_it_is, lambda d: d.another(statutory=Limit(0, "workday")),
     LimitInvalid, "正整数"),
    ("a start farther ahead than a next working day", as_it_is, lambda d: d.another(date(2026, 4, 5)),
     actions.ClockRefused, "起算日离今天太远"),
    ("a promise longer than the law", as_it_is, lambda d: d.another(committed=Limit(21, "workday")),
     CommittedTooLong, "优化营商环境条例第三十六条"),
    ("a promise longer than the law in other days", as_it_is, lambda d: d.another(committed=Limit(29, "day")),
     CommittedTooLong, "不能长于法定期限"),
    ("a kind of item without its thresholds", as_it_is, lambda d: d.another(regime="nothing"),
     queries.ParameterMissing, r"warning\.nothing\.yellow"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "act", "error", "says"), [one[1:] for one in REFUSED], ids=[one[0] for one in REFUSED]
)
def test_refused_with_the_rule_and_nothing_written(
    desk: Desk, before: Callable[[Desk], Desk], act: Act, error: type[WeiminError], says: str
) -> None:
    ready = before(desk)
    was = written()
    with pytest.raises(error, match=says):
        act(ready)
    assert written() == was


def test_what_was_struck_cannot_be_corrected_again(desk: Desk) -> None:
    paused(desk).correct("pause", None)
    was = written()
    for on in (None, march(10)):
        with pytest.raises(actions.ClockRefused, match="已经取消"):
            desk.correct("pause", on)
    assert written() == was
    assert Clock.objects.get(pk=desk.clock_id).due_date == LAST


# --- what is allowed ---------------------------------------------------------------------------------------
def dates(desk: Desk) -> tuple[date | None, date | None]:
    clock = Clock.objects.get(pk=desk.clock_id)
    return clock.due_date, clock.committed_due_date


def test_the_last_day_of_a_cap_is_allowed_and_a_pause_without_an_end_too(desk: Desk) -> None:
    asking = waiting(desk)
    asking.resume(date(2026, 3, 3))
    assert dates(asking) == (date(2026, 3, 30), None)
    other = asked(desk)
    other.pause(date(2026, 2, 4), date(2026, 3, 3), "third_party")
    assert Clock.objects.get(pk=other.clock_id).planned_until == date(2026, 3, 3)


def test_a_struck_resumption_lets_the_clock_stand_again_and_it_can_be_resumed_again(desk: Desk) -> None:
    resumed(desk).correct("resume", None)
    assert dates(desk) == (None, None)
    desk.resume(march(13))
    assert dates(desk) == (date(2026, 4, 7), None)


@pytest.mark.parametrize("by", ["head", "supervisor"])
def test_a_corrected_pause_stays_in_the_ledger_with_who_and_why(desk: Desk, by: str) -> None:
    resumed(desk).correct("pause", march(12), by=getattr(desk, by))
    assert dates(desk) == (date(2026, 4, 7), None)
    last = queries.list_entries(desk.clock_id)[-1]
    assert (last.kind, last.on, last.struck, last.reason) == ("correct", march(12), False, "日期记错了，按签收单")
    law = queries.explain_clock(clock_id=desk.clock_id).statutory
    assert law and law.lines[-1].text == "更正：改为2026年3月12日。日期记错了，按签收单"


def test_an_extension_adds_to_both_limits_and_names_its_article(desk: Desk) -> None:
    promised = desk.another(committed=Limit(15, "workday"))
    assert dates(promised) == (LAST, march(23))
    promised.extend(march(16))
    assert dates(promised) == (date(2026, 4, 14), date(2026, 4, 7))
    why = queries.explain_clock(clock_id=promised.clock_id)
    for ledger in (why.statutory, why.committed):
        assert ledger and [(one.article, one.by) for one in ledger.lines if one.kind == "extend"] == [
            ("xkl-2019 art. 42", "负责人")
        ]


def test_the_head_of_the_body_above_and_of_the_government_approve_what_is_theirs(desk: Desk) -> None:
    whole = joint(desk)
    government = replace(desk.head, agency_id=body("township", "政府"))
    whole.extend(march(16), by=government)
    due, _ = dates(whole)
    assert due == queries.count_from(start=START, limit=Limit(60, "workday"))
    desk.extend(march(16), by=government)
    assert dates(desk) == (date(2026, 4, 14), None)


@pytest.mark.parametrize("kind", ["pause", "extend"])
def test_the_last_day_itself_is_still_in_time(desk: Desk, kind: str) -> None:
    today = desk.on(LAST)
    today.pause(LAST, LAST + timedelta(days=9)) if kind == "pause" else today.extend(LAST)
    assert dates(desk)[0] == (None if kind == "pause" else date(2026, 4, 14))
    assert queries.limit_of(Clock.objects.get(pk=desk.clock_id), "statutory") == TWENTY
