"""A year of a county's matters, lived through the real actions from one seed: who applies, who works, and when.

A life is a generator: it yields the moment of its next act and acts when it is resumed. The year resumes whoever is
next, and every night the worker looks at what is due, every other week at what smells.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Generator, Iterable
from datetime import UTC, date, datetime, time, timedelta

from weimin.base.clock import SHANGHAI, day_start, local_date
from weimin.kernel.cases import actions
from weimin.kernel.cases.models import Case, Step
from weimin.kernel.cases.types import Channel, NextStep, State, StepTaken, Submitted, SupplementItem
from weimin.kernel.deadlines import queries as limits
from weimin.kernel.deadlines.actions import Standing
from weimin.kernel.directory import queries as places
from weimin.kernel.record.types import Actor
from weimin.kernel.residents import actions as residents
from weimin.kernel.supervision import actions as supervision
from weimin.kernel.supervision.testing import COUNTY, SYSTEM, look, serve
from weimin.kernel.supervision.tests.matters import DECIDED, apply_for

Life = Generator[datetime, None, None]
FIRST, LAST = date(2026, 1, 6), date(2026, 12, 31)
#: A quiet service, a permit with its pauses and extensions, a request for information, a registration on the spot.
ITEMS = {"A3-13": 18, "A9-51": 30, "A9-60": 8, "A2-06": 44}
#: On what ground a clock of an item stands, how often, and for how many working days.
GROUNDS = {"A9-51": ("expert_review", 0.4, (4, 9)), "A9-60": ("third_party", 0.3, (5, 12))}
ASK = [SupplementItem("form", "申请表", "少填了一栏，请补上")]
ROLES = {"centre": ("front_desk", "decider", "issuer")}
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def id_number(serial: int) -> str:
    """A synthetic identity number with a birth date in 1900."""
    body = f"340321190001{serial // 900 + 10:02d}{serial % 900 + 100}"
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, WEIGHTS, strict=True)) % 11]


class Year:
    """The people of a county, its calendar, and what happens when."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.works = limits.get_calendar().works
        self.towns = [one.code for one in places.list_townships() if one.parent_code == COUNTY][:3]
        self.staff: dict[tuple[int, str], list[Actor]] = {}
        self.free: dict[tuple[int | None, date], datetime] = {}
        self.people = 0
        self.lives: list[tuple[datetime, int, Life]] = []
        self.night = FIRST

    # --- people and hours ----------------------------------------------------------------------------------
    def someone(self, agency_id: int, role: str = "") -> Actor:
        """One of three who serve in a body, or its leader."""
        team = self.staff.get((agency_id, role))
        if team is None:
            body = places.get_agency(agency_id)
            roles = (role,) if role else ROLES.get(body.kind, ("reviewer", "decider"))
            since = day_start(FIRST)
            team = self.staff[agency_id, role] = [serve(since, body.code, *roles) for _ in range(1 if role else 3)]
        return self.dice.choice(team)

    def clerk(self, town: str) -> Actor:
        """Somebody at a township's counter."""
        return self.someone(places.resolve_agency(rule="accepting", township_code=town, lead_key="") or 0)

    def person(self, at: datetime) -> Actor:
        """Somebody new who applies."""
        self.people += 1
        name = f"{self.dice.choice('赵钱孙李周吴郑王')}演示"
        found = residents.register_resident(
            by=SYSTEM,
            at=at,
            name=name,
            id_number=id_number(self.people),
            phone=f"139{self.people:08d}",
            division_code=f"{self.towns[0][:9]}200",
        )
        return Actor(kind="resident", name=name, via="portal", resident_id=found)

    def hour(self, day: date, first: int = 8, last: int = 17) -> datetime:
        """Some moment of a day's hours."""
        minutes = self.dice.randint(first * 60 + 40, last * 60 + 10)
        clock = time(minutes // 60, minutes % 60, self.dice.randrange(60))
        return datetime.combine(day, clock, tzinfo=SHANGHAI).astimezone(UTC)

    def arrives(self, *, window: bool) -> datetime:
        """When somebody applies: in office hours or a little after, or online on any day."""
        day = FIRST + timedelta(days=self.dice.randrange(328))
        while window and not self.works(day):
            day += timedelta(days=1)
        return self.hour(day, 8, 18) if window else self.hour(day, 6, 22)

    def later(self, at: datetime, least: int, most: int, who: Actor | None = None) -> datetime:
        """Some working days on, when an officer has a minute: what lies on a desk is worked off in a row."""
        day = self.after(local_date(at), self.dice.randint(least, most))
        moment = max(self.hour(day), at + timedelta(minutes=self.dice.randint(4, 90)))
        if who is None:
            return moment
        key = (who.officer_id, local_date(moment))
        moment = max(moment, self.free.get(key, moment))
        self.free[key] = moment + timedelta(seconds=self.dice.randint(35, 400))
        return moment

    def after(self, day: date, worked: int) -> date:
        """The day so many working days on; of none, the next day that is one."""
        while worked or not self.works(day):
            day += timedelta(days=1)
            worked -= self.works(day) and worked > 0
        return day

    # --- the year ------------------------------------------------------------------------------------------
    def run(self, lives: Iterable[Life]) -> None:
        """Live until the last night of the year."""
        for number, life in enumerate(lives):
            heapq.heappush(self.lives, (next(life), number, life))
        while self.lives:
            at, number, life = heapq.heappop(self.lives)
            self.sleep(until=local_date(at))
            following = next(life, None)
            if following is not None and local_date(following) <= LAST:
                heapq.heappush(self.lives, (following, number, life))
        self.sleep(until=LAST)

    def sleep(self, *, until: date) -> None:
        """Every night the worker looks at what is due; every second Sunday, at what smells."""
        while self.night < until:
            self.night += timedelta(days=1)
            at = day_start(self.night) + timedelta(minutes=5)
            look(at)
            if self.night.toordinal() % 14 == 0:
                supervision.scan_clocks(by=SYSTEM, at=at)

    def honest(self, count: int) -> list[Life]:
        """So many matters of honest people."""
        codes = self.dice.choices(list(ITEMS), list(ITEMS.values()), k=count)
        return [self.matter(code, self.dice.choice(self.towns)) for code in codes]

    # --- a matter ------------------------------------------------------------------------------------------
    def matter(self, code: str, town: str) -> Life:
        """From receipt to the result in hand; who withdrew or answered too late may come again with everything."""
        online = code in ("A9-51", "A9-60") and self.dice.random() < 0.5
        at = self.arrives(window=not online)
        yield at
        person = self.person(at)
        done = self.apply(person, at, code, town, online=online)
        yield from self.live(done, code, person, at)
        ended = Case.objects.get(pk=done.case_id)
        if ended.state == State.WITHDRAWN and self.dice.random() < 0.6:
            at = self.later(ended.ended_at or at, 1, 15)
            yield at
            yield from self.live(self.apply(person, at, code, town, online=False), code, person, at)

    def apply(self, person: Actor, at: datetime, code: str, town: str, *, online: bool) -> Submitted:
        """Through one of the doors."""
        by = person if online else self.clerk(town)
        channel = Channel.PORTAL if online else self.dice.choice([Channel.WINDOW, Channel.AGENT, Channel.HOME])
        return apply_for(by, at, code, person.resident_id or 0, town=town, channel=channel)

    def live(self, done: Submitted, code: str, person: Actor, at: datetime) -> Life:
        """The check, and what follows it."""
        taken = yield from self.check(done, person, at)
        if taken is not None:
            yield from self.handle(taken, code, person)

    def check(self, done: Submitted, person: Actor, at: datetime) -> Generator[datetime, None, StepTaken | None]:
        """Accepted, asked for a supplement once, refused, or forgotten until silence accepts."""
        step, fate = done.next_steps[0], self.dice.random()
        clerk = self.someone(step.agency_id)
        at = self.later(at, 0, 3, clerk)
        if fate < 0.02:
            yield self.later(at, 7, 9)
            return self.silent(done.case_id)
        yield at
        who = {"by": clerk, "at": at, "case_id": done.case_id, "step_id": step.step_id}
        if fate < 0.04:
            actions.refuse_application(**who, reasons="不属于本乡镇受理范围。", basis="行政许可法第三十二条")
            return None
        if fate < 0.17:
            actions.ask_supplement(**who, items=ASK)
            at = self.later(at, 1, 9)
            yield at
            if fate < 0.06:
                return None  # they never answer, and it lapses
            replies = {"form": "已经补好，照片上传了"}
            actions.answer_supplement(by=person, at=at, case_id=done.case_id, replies=replies)
            at = self.later(at, 0, 3, clerk)
            yield at
        return actions.accept_application(**{**who, "at": at})

    def silent(self, case_id: int) -> StepTaken:
        """What silence accepted."""
        case = Case.objects.get(pk=case_id)
        assert case.accepted_how == "silence"
        steps = tuple(NextStep(one.pk, one.kind, one.agency_id) for one in Step.objects.filter(case=case, state="open"))
        return StepTaken(case.pk, case.number, State(case.state), case.revision, steps)

    def handle(self, taken: StepTaken, code: str, person: Actor) -> Life:
        """Step after step; a permit may stand for its experts or be extended, an applicant may think better of it."""
        at = Case.objects.values_list("accepted_at", flat=True).get(pk=taken.case_id)
        at = max(at, day_start(self.night))
        if self.dice.random() < 0.04:
            at = self.later(at, 1, 3)
            yield at
            actions.withdraw_application(by=person, at=at, case_id=taken.case_id)
            return
        if self.dice.random() < GROUNDS.get(code, ("", 0.0))[1]:
            at = yield from self.stand(taken, code, at)
        elif code == "A9-51" and self.dice.random() < 0.25:
            at = yield from self.extend(taken, at)
        slow = self.dice.random() < 0.05
        while taken.next_steps:
            step = taken.next_steps[0]
            who = self.someone(step.agency_id)
            at = self.later(at, 5, 8, who) if slow else self.later(at, 0, 2, who)
            slow = False
            yield at
            taken = self.work(who, at, taken.case_id, step)

    def stand(self, taken: StepTaken, code: str, at: datetime) -> Generator[datetime, None, datetime]:
        """Stand on a lawful ground, told in writing where law asks for it, and go on when it is over."""
        ground, _, (least, most) = GROUNDS[code]
        who = self.someone(taken.next_steps[0].agency_id)
        at = self.later(at, 7, 9, who) if self.dice.random() < 0.05 else self.later(at, 0, 4, who)
        yield at
        on = local_date(at)
        until = self.after(on, self.dice.randint(least, most))
        standing = Standing(ground, on, until, "请专家到现场看", "")
        actions.pause_case(by=who, at=at, case_id=taken.case_id, standing=standing)
        over = self.after(on, self.dice.randint(least - 1, least))
        at = self.later(datetime.combine(over, time(9), tzinfo=SHANGHAI).astimezone(UTC), 0, 1, who)
        if self.dice.random() < 0.06:
            at = self.later(at, 3, 4, who)  # the file lay about
        yield at
        actions.resume_case(by=who, at=at, case_id=taken.case_id, on=over)
        return at

    def extend(self, taken: StepTaken, at: datetime) -> Generator[datetime, None, datetime]:
        """Ask the head for ten days more, and get them."""
        who = self.someone(taken.next_steps[0].agency_id)
        at = self.later(at, 2, 6, who)
        yield at
        asked = actions.ask_extension(by=who, at=at, case_id=taken.case_id, reason="连日雨雪，现场看不了")
        step = asked.next_steps[0]
        head = self.someone(step.agency_id, "leader")
        at = self.later(at, 0, 1, head)
        yield at
        actions.decide_extension(
            by=head, at=at, case_id=taken.case_id, step_id=step.step_id, outcome="extend", reason="情况属实，同意延长"
        )
        return at

    def work(self, who: Actor, at: datetime, case_id: int, step: NextStep) -> StepTaken:
        """Do one step of a procedure, whatever it is."""
        what = {"by": who, "at": at, "case_id": case_id, "step_id": step.step_id}
        if step.kind == "decide":
            return actions.decide_case(**what, **DECIDED)
        if step.kind == "result":
            return actions.make_result(**what)
        if step.kind == "issue":
            return actions.hand_out_result(**what, signed_by="本人")
        return actions.complete_review(**what, outcome="agree", opinion="属实")
