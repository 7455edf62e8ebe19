"""Who applies for what, where and when: skewed by township, item, season and hour, the same for the same seed."""

from __future__ import annotations

import math
import random
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import accumulate
from typing import Any

from bench.city.lives import Life
from weimin.base.clock import SHANGHAI

#: How long back the city's matters go.
YEARS = 3
#: How busy a month is against the year's mean, January first: enrolments in autumn, subsidies in spring, little at New Year.
SEASON = (0.8, 0.6, 1.3, 1.2, 1.0, 0.9, 0.8, 1.1, 1.3, 0.9, 1.1, 1.2)
#: How busy an hour is; windows are open from 8:30 to 12 and from 14:30 to 17:30, the portal always.
HOURS = (1, 1, 0, 0, 0, 1, 2, 5, 30, 60, 50, 25, 4, 6, 25, 40, 35, 15, 6, 6, 8, 7, 4, 2)
#: What part of the matters is left lying, whatever its age.
LEFT_LYING = 0.002
#: How often a life of a way is copied against the others of its item.
WAYS = {"plain": 50, "good": 30, "bad": 1.5, "refused": 3, "withdrawn": 3, "supplemented": 10}
_NAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜"


@dataclass(frozen=True, slots=True)
class Matter:
    """One line of the plan."""

    life: int
    at: datetime
    town: str
    person: int
    number: str


@dataclass(slots=True)
class Draw:
    """Draws by weight."""

    things: list[Any]
    sums: list[float] = field(default_factory=list)

    @classmethod
    def of(cls, weights: dict[Any, float]) -> Draw:
        """A draw of the keys by their values."""
        return cls(list(weights), list(accumulate(weights.values())))

    def one(self, dice: random.Random) -> Any:
        """One of the things."""
        return self.things[bisect_right(self.sums, dice.random() * self.sums[-1])]


class Plan:
    """The made-up matters of a city, in the order of their time."""

    def __init__(
        self, *, count: int, seed: int, lives: list[Life], towns: list[str], until: datetime, taken: dict[str, int]
    ) -> None:
        self.count, self.until, self.taken = count, until, taken
        self.dice = random.Random(seed)
        weights = {town: math.exp(self.dice.gauss(0, 0.6)) for town in towns}
        self.towns = Draw.of(weights)
        codes = sorted({one.item_code for one in lives})
        self.items = Draw.of({code: math.exp(self.dice.gauss(0, 1)) for code in codes})
        self.ended: dict[str, Draw] = {}
        self.open: dict[str, list[Life]] = defaultdict(list)
        for code in codes:
            mine = [one for one in lives if one.item_code == code]
            self.ended[code] = Draw.of({one: WAYS[one.way] for one in mine if one.ended})
            self.open[code] = sorted((one for one in mine if not one.ended), key=lambda one: one.lasted)
        people = max(len(towns), min(count // 3, 2_400_000))
        whole = sum(weights.values())
        self.people = {town: max(1, round(people * weight / whole)) for town, weight in weights.items()}

    def list_people(self) -> Iterator[tuple[int, str, str]]:
        """Number from 0, township and name of every person, a township's in one row."""
        place = 0
        for town, many in self.people.items():
            for _ in range(many):
                name = f"{_NAMES[place % len(_NAMES)]}演{place % 9973}"
                yield place, town, name
                place += 1

    def _days(self) -> Draw:
        first = self.until.date() - timedelta(days=365 * YEARS)
        weights: dict[date, float] = {}
        for past in range(365 * YEARS):
            day = first + timedelta(days=past)
            growth = 0.7 + 0.6 * past / (365 * YEARS)
            weights[day] = SEASON[day.month - 1] * growth * (0.06 if day.weekday() > 4 else 1)
        return Draw.of(weights)

    def _moments(self) -> list[datetime]:
        days, hours = self._days(), Draw.of({hour: weight for hour, weight in enumerate(HOURS) if weight})
        dice = self.dice
        found = []
        for _ in range(self.count):
            within = timedelta(seconds=dice.random() * 3600)
            found.append(datetime.combine(days.one(dice), time(hours.one(dice)), tzinfo=SHANGHAI) + within)
        return sorted(found)

    def _life(self, code: str, age: timedelta) -> Life:
        ended: Life = self.ended[code].one(self.dice)
        stages = [one for one in self.open[code] if one.lasted <= age]
        if stages and (ended.lasted > age or self.dice.random() < LEFT_LYING):
            return stages[-1] if ended.lasted > age else self.dice.choice(stages)
        return ended

    def list_matters(self) -> Iterator[Matter]:
        """Every matter, the oldest first."""
        starts = dict(zip(self.people, accumulate(self.people.values(), initial=0), strict=False))
        serials: dict[str, int] = defaultdict(int, self.taken)
        for at in self._moments():
            town = self.towns.one(self.dice)
            prefix = f"{town[:9]}-{at:%y%m%d}"
            serials[prefix] += 1
            life = self._life(self.items.one(self.dice), self.until - at)
            person = starts[town] + int(self.people[town] * self.dice.random() ** 2)
            yield Matter(life.case_id, at, town, person, f"{prefix}-{serials[prefix]:05d}")
