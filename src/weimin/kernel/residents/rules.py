"""Pure rules on people: ages, names."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple

from weimin.base.errors import Invalid

_HAN = r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff〇]"
_NAME = re.compile(rf"(?=.{{2,40}}\Z){_HAN}+(?:·{_HAN}+)*|[A-Za-z][A-Za-z .'-]{{1,59}}")
_DOTS = re.compile(r"[•・．‧∙⋅●.。]")


class NameInvalid(Invalid):
    """The name cannot be a person's."""

    code = "residents.name_invalid"


def age_on(birth: date, on: date) -> int:
    """Full years (周岁): a year older from the day after the birthday; 0 up to the first.

    Units:  years
    Law:    mfd-2020 art. 1259
    """
    years = on.year - birth.year
    return max(0, years - ((on.month, on.day) <= (birth.month, birth.day)))


def check_name(text: str) -> str:
    """Check a person's name; the dot of minority names becomes U+00B7.

    Raises: NameInvalid — with what to do
    """
    name = re.sub(r"\s+", " ", text.strip())
    if not name.isascii():
        name = _DOTS.sub("·", name.replace(" ", ""))
    if not _NAME.fullmatch(name):
        raise NameInvalid("姓名请按身份证填写，2 到 40 个汉字；少数民族姓名中间用“·”。")
    return name


class Crowd(NamedTuple):
    """Many different people looked at within a short time."""

    who: str
    since: datetime
    until: datetime
    people: int
    looks: int


def find_bursts(looks: Iterable[tuple[datetime, str, list[int]]], within: timedelta, more_than: int) -> Iterator[Crowd]:
    """Where one account looked at more than so many different people within so long; windows that touch are one.

    Shape:  looks are (when, who, resident ids) of one account, oldest first; people counts the fullest window
    Cost:   each person of each look is counted once in and once out
    """
    window: deque[tuple[datetime, str, list[int]]] = deque()
    seen: Counter[int] = Counter()
    burst: Crowd | None = None
    for look in looks:
        window.append(look)
        seen.update(look[2])
        while look[0] - window[0][0] > within:
            for person in window.popleft()[2]:
                seen[person] -= 1
                if not seen[person]:
                    del seen[person]
        if len(seen) <= more_than:
            continue
        at, who, _ = look
        if burst is not None and window[0][0] <= burst.until:
            burst = Crowd(who, burst.since, at, max(burst.people, len(seen)), burst.looks + 1)
        else:
            if burst is not None:
                yield burst
            burst = Crowd(who, window[0][0], at, len(seen), len(window))
    if burst is not None:
        yield burst
