"""Figures of warnings from the tallies: by level and by body, in the last days."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta

from django.db.models import Sum

from weimin.kernel.deadlines.types import Level
from weimin.kernel.record.types import Actor
from weimin.kernel.supervision import access
from weimin.kernel.supervision.types import AgencyFigure, Figure, Warned

#: Bodies are told in the order of what weighs most.
_ORDER = (Level.LAW, Level.PROMISE, Level.RED, Level.YELLOW)


def read_warned(viewer: Actor, *, days: int, today: date, agency_id: int = 0, limit: int = 20) -> Warned:
    """How many warnings of each level there were in the last days, and the bodies with most; perhaps of one body.

    Shape:  bodies to choose are all that have warnings, whichever is chosen; in the bodies with most, what was lifted
            is left out
    Cost:   one query, of a row for each day, place, body, level and contest
    """
    cells = access.TALLIES.visible(viewer).filter(
        kind="warning", item="*", day__gte=today - timedelta(days=days), n__gt=0
    )
    levels: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    bodies: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    contested: dict[int, int] = defaultdict(int)
    names: dict[int, str] = {}
    keys = ("agency__code", "agency_id", "agency__name", "measure")
    for _, body, name, measure, many in cells.values_list(*keys).annotate(many=Sum("n")).order_by("agency__code"):
        names |= {body: name} if body else {}
        if agency_id not in (0, body):
            continue
        _, text, *what = measure.split(".")  # warned.3.lifted
        level, contest = int(text), what[0] if what else ""
        levels[level]["raised"] += many
        levels[level][contest] += many
        if body and contest != "lifted":
            bodies[body][level] += many
        if body and contest == "contested":
            contested[body] += many
    states = ("raised", "contested", "upheld", "lifted")
    most = sorted(bodies, key=lambda body: ([-bodies[body][int(one)] for one in _ORDER], body))[:limit]
    return Warned(
        levels=[Figure(level, *(levels[int(level)][state] for state in states)) for level in Level if level],
        bodies=[
            AgencyFigure(
                agency_id=body,
                agency_name=names[body],
                yellow=bodies[body][int(Level.YELLOW)],
                red=bodies[body][int(Level.RED)],
                promise=bodies[body][int(Level.PROMISE)],
                law=bodies[body][int(Level.LAW)],
                contested=contested[body],
            )
            for body in most
        ],
        choices=list(names.items()),
    )
