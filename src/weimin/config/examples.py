"""A few made-up matters in the demonstration's township, so that nobody starts before an empty inbox.

They are made by the same actions as real ones; the people have birth dates in 1900 and say 演示.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from weimin.base.clock import local_date
from weimin.base.errors import WeiminError
from weimin.config.demonstration import TOWNSHIP, actor_of
from weimin.kernel.cases import actions, queries
from weimin.kernel.cases.queries.notices import get_notice
from weimin.kernel.cases.types import Channel, Submission
from weimin.kernel.catalogue import queries as catalogue
from weimin.kernel.catalogue.types import FormField, ItemSpec
from weimin.kernel.directory import queries as directory
from weimin.kernel.residents import actions as residents

#: Made-up people: name, synthetic identity number, phone.
PEOPLE = (
    ("赵演示", "340321190007119001", "13900000101"),
    ("钱演示", "340321190008129017", "13900000102"),
    ("孙演示", "340321190009139022", "13900000103"),
    ("陈演示", "340321190007149032", "13900000104"),
    ("冯演示", "340321190008159048", "13900000105"),
    ("卫演示", "340321190009169053", "13900000106"),
)
#: How many days ago each matter came in: some are fresh, some late, so that the clocks have something to show.
DAYS_AGO = (1, 0, 16, 2, 4, 0, 20, 7, 30, 12, 9)
MATTERS = ("A5-31", "A4-19", "A3-13", "A4-23", "A6-35", "A2-06", "A4-24", "A7-40", "A5-32", "A2-11", "A9-51")


def _answer(field: FormField, day: str) -> Any:
    """Something that fits a question."""
    number = field.min if field.min is not None else "1"
    plain: dict[str, Callable[[], Any]] = {
        "choice": lambda: field.choices[0][0],
        "choices": lambda: [field.choices[0][0]],
        "number": lambda: number,
        "money": lambda: "1200",
        "date": lambda: "2090-12-01" if field.min == "today" else day,
        "id_number": lambda: PEOPLE[0][1],
        "phone": lambda: PEOPLE[0][2],
        "division": lambda: directory.children_of(TOWNSHIP)[0].code,
        "table": lambda: [{c.name: c.choices[0][0] if c.choices else "1" for c in field.columns}],
    }
    if field.type in plain:
        return plain[field.type]()
    return "6222000000000000001" if "[0-9" in field.pattern or "\\d" in field.pattern else "演示内容"


def answers_of(spec: ItemSpec, day: str) -> dict[str, Any]:
    """Made-up answers to every required question of an item; dates are the given day."""
    return {one.name: _answer(one, day) for one in spec.form.fields if one.type != "file" and one.required}


def load_matters(*, at: datetime, progress: Callable[[str, int, int], None]) -> int:
    """Make the example matters once; gives how many were made. Every second one is accepted."""
    clerk = actor_of("liucheng.shouli", at)
    if clerk is None or queries.get_inbox(clerk).rows:
        return 0
    made = 0
    for place, code in enumerate(MATTERS):
        name, number, phone = PEOPLE[place % len(PEOPLE)]
        village = directory.children_of(TOWNSHIP)[place].code
        then = at - timedelta(days=DAYS_AGO[place])
        try:
            spec = catalogue.get_current(code=code)
            person = residents.register_resident(
                by=clerk, at=then, name=name, id_number=number, phone=phone, division_code=village
            )
            submission = Submission(
                item_code=code,
                township_code=TOWNSHIP,
                applicant_id=person,
                channel=Channel.WINDOW,
                answers=answers_of(spec, (local_date(then) - timedelta(days=40)).isoformat()),
                waived_materials=tuple(one.code for one in spec.materials),
                notice=get_notice(on=local_date(then)).version,
            )
            done = actions.submit(by=clerk, at=then, key=f"example-{code}", submission=submission)
            made += 1
            if place % 2 == 0:
                step = done.next_steps[0].step_id
                actions.accept_application(by=clerk, at=then, case_id=done.case_id, step_id=step)
        except WeiminError:
            continue  # an item of another city's list may ask what these answers do not fit
        progress("演示办件", place + 1, len(MATTERS))
    progress("演示办件", len(MATTERS), len(MATTERS))
    return made
