"""An honest year through the real actions: hardly a clock is flagged, and who cheats among them is found."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from weimin.base.clock import local_date
from weimin.kernel.cases import actions
from weimin.kernel.cases.models import Case
from weimin.kernel.cases.types import Channel, State
from weimin.kernel.deadlines.actions import Standing
from weimin.kernel.deadlines.models import Clock, ClockEntry
from weimin.kernel.supervision.actions import scan_period
from weimin.kernel.supervision.actions.scanning import PATTERNS
from weimin.kernel.supervision.models import Finding, Warning
from weimin.kernel.supervision.testing import SYSTEM
from weimin.kernel.supervision.tests.matters import FELLING, apply_for
from weimin.kernel.supervision.tests.year import ASK, FIRST, LAST, Life, Year

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]
HONEST = 295
NOON = timedelta(hours=4)  # UTC


class Cheats:
    """Those who do not keep their clocks honestly, one of each kind, in the middle of the year."""

    def __init__(self, year: Year) -> None:
        self.year, self.town = year, year.towns[0]
        self.numbers: dict[str, set[str]] = {name: set() for name in PATTERNS}

    def lives(self) -> list[Life]:
        """One life of each."""
        kinds: list[Callable[[], Life]] = [
            lambda: self.pause("late_pause", waits=9, back=0, told=3, stands=3),
            lambda: self.pause("backdated", waits=5, back=3, told=4, stands=3),
            lambda: self.pause("long_pause", waits=2, back=0, told=3, stands=16),
            lambda: self.pause("bare_pause", waits=2, back=0, told=3, stands=3),
            self.burst,
            self.supplement_twice,
            self.reopened,
        ]
        return [kind() for kind in kinds]

    def permit(self, at: datetime, person: Any) -> Any:
        """A felling permit, received and accepted; gives what was accepted and the number."""
        clerk = self.year.clerk(self.town)
        done = apply_for(clerk, at, FELLING, person.resident_id, town=self.town, channel=Channel.HOME)
        step = done.next_steps[0].step_id
        return actions.accept_application(by=clerk, at=at, case_id=done.case_id, step_id=step)

    def begin(self, day: date) -> datetime:
        return self.year.hour(self.year.after(day, 0))

    def worked(self, at: datetime, days: int) -> datetime:
        return self.year.hour(self.year.after(local_date(at), days))

    def pause(self, name: str, *, waits: int, back: int, told: int, stands: int) -> Life:
        """Wait, write a pause for some days before, and go on some days after."""
        at = self.begin(date(2026, 6, 1))
        yield at
        taken = self.permit(at, self.year.person(at))
        self.numbers[name].add(taken.number)
        who = self.year.someone(taken.next_steps[0].agency_id)
        start = local_date(at)
        at = self.worked(at, waits)
        yield at
        on = self.year.after(start, waits - back)
        standing = Standing("expert_review", on, self.year.after(local_date(at), told), "请专家到现场看", "")
        actions.pause_case(by=who, at=at, case_id=taken.case_id, standing=standing)
        if name == "bare_pause":  # no action writes such an entry: somebody did it in the table
            ClockEntry.objects.filter(clock__subject_id=taken.number, kind="pause").update(notice="")
        at = self.worked(at, stands)
        yield at
        actions.resume_case(by=who, at=at, case_id=taken.case_id, on=local_date(at))
        actions.withdraw_application(by=SYSTEM, at=at, case_id=taken.case_id)

    def burst(self) -> Life:
        """Six in a row, two seconds each."""
        at = self.begin(date(2026, 6, 2))
        yield at
        taken = [self.permit(at, self.year.person(at)) for _ in range(6)]
        at = self.worked(at, 2).replace(second=25)
        yield at
        who = self.year.someone(taken[0].next_steps[0].agency_id)
        for place, one in enumerate(taken):
            self.year.work(who, at + timedelta(seconds=2 * place), one.case_id, one.next_steps[0])
        self.numbers["burst"].add(taken[-1].number)
        for one in taken:
            actions.withdraw_application(by=SYSTEM, at=at + timedelta(minutes=1), case_id=one.case_id)

    def supplement_twice(self) -> Life:
        """Asked once, too late to answer, and asked again for something else."""
        at = self.begin(date(2026, 6, 3))
        yield at
        person, clerk = self.year.person(at), self.year.clerk(self.town)
        for name in ("first", "again"):
            done = apply_for(clerk, at, FELLING, person.resident_id or 0, town=self.town)
            step = done.next_steps[0].step_id
            actions.ask_supplement(by=clerk, at=at, case_id=done.case_id, step_id=step, items=ASK)
            at = self.worked(at, 17)
            yield at
            assert Case.objects.get(pk=done.case_id).state == State.LAPSED, name
        self.numbers["supplement_twice"].add(done.number)

    def reopened(self) -> Life:
        """Withdrawn when the promise is nearly over, and in again two days later."""
        at = self.begin(date(2026, 6, 4))
        yield at
        person = self.year.person(at)
        first = self.permit(at, person)
        at = self.worked(at, 9)
        yield at
        actions.withdraw_application(by=person, at=at, case_id=first.case_id)
        at = self.worked(at, 2)
        yield at
        self.numbers["reopened"].add(self.permit(at, person).number)


def test_a_year_of_honest_work_is_hardly_flagged_and_who_cheats_is_found(settings: Any, tmp_path: Any) -> None:
    """Of all clocks, and even of all matters, less than two in a hundred; every planted one is listed."""
    settings.WEIMIN_FILES = str(tmp_path)
    year = Year(2026)
    cheats = Cheats(year)
    year.run([*year.honest(HONEST), *cheats.lives()])

    for pattern, numbers in cheats.numbers.items():
        found = set(Finding.objects.filter(pattern=pattern).values_list("subject_id", flat=True))
        assert numbers, pattern
        assert numbers <= found, pattern

    planted = set().union(*cheats.numbers.values())
    smelled = Finding.objects.exclude(subject_id__in=planted)
    honest = Clock.objects.filter(subject_type="case").exclude(subject_id__in=planted)
    lived = Case.objects.exclude(number__in=planted)
    assert lived.count() >= 300
    assert lived.filter(state=State.CLOSED).count() > 250
    clocks = {one.clock_id or one.subject_id for one in smelled}
    assert 0 < len(clocks) < 0.02 * honest.count()
    assert len({one.subject_id for one in smelled}) < 0.02 * lived.count()

    kinds = set(ClockEntry.objects.values_list("kind", flat=True))
    assert kinds == {"start", "stop", "pause", "resume", "extend"}, "the year had all that is lawful"
    assert Warning.objects.filter(eased_at__isnull=False).exists()
    before = Finding.objects.count()
    scan = scan_period(by=SYSTEM, at=year.hour(LAST), since=FIRST, until=LAST)
    assert Finding.objects.count() == before, "what was listed is not listed again"
    assert scan.looked >= honest.count()
    assert 0 < scan.share < 0.02
