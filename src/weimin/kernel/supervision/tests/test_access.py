"""Who sees what, asked every way: lists, single records, exports, figures, what waits; and what a page costs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from weimin.base import clock
from weimin.base.errors import Forbidden
from weimin.kernel.cases.testing import OTHER_TOWN, TOWN
from weimin.kernel.deadlines.types import Level
from weimin.kernel.record.types import Actor
from weimin.kernel.supervision import access, actions, queries
from weimin.kernel.supervision.models import Finding, Order, OverrunReason, Warning
from weimin.kernel.supervision.testing import (
    COUNTY,
    SYSTEM,
    Watch,
    browse,
    count_figures,
    make_watch,
    run_clocks,
    started,
    warn,
)
from weimin.kernel.supervision.tests.matters import AT
from weimin.kernel.supervision.types import Filters

pytestmark = pytest.mark.django_db
TODAY, ALL = date(2026, 3, 2), Filters()
FAR_TOWN = "340302100000"
#: Six overruns of the law, one a body and place.
PLACES = {
    "centre": (f"{TOWN}-centre", TOWN),
    "social": (f"{TOWN}-social", TOWN),
    "elsewhere": (f"{OTHER_TOWN}-centre", OTHER_TOWN),
    "county": (f"{COUNTY}-d01", TOWN),
    "county for elsewhere": (f"{COUNTY}-d01", OTHER_TOWN),
    "far": (f"{FAR_TOWN}-centre", FAR_TOWN),
}
HERE = {"centre", "social", "county"}
SEEN = {
    "clerk": {"centre"},
    "colleague": {"social"},
    "elsewhere": {"elsewhere"},
    "leader": HERE,
    "office": {"county", "county for elsewhere"},
    "county_leader": {"county", "county for elsewhere"},
    "county": set(PLACES) - {"far"},
    "other_county": {"far"},
    "city": set(PLACES),
    "resident": set(),
    "nobody": set(),
    "no post": set(),
}
OUTSIDERS = {
    "resident": Actor(kind="resident", name="张演示", account_id=1, resident_id=1),
    "nobody": Actor.anonymous(),
    "no post": Actor(kind="staff", name="离岗", account_id=1, roles=frozenset({"supervisor"})),
}
SUPERVISORS = {"county", "other_county", "city"}


@pytest.fixture
def overrun(watch: Watch) -> Watch:
    """An overrun of the law in every place: four warnings, an order, a reason and a finding each."""
    for name, (body, place) in PLACES.items():
        warn(AT, name, level=Level.LAW, kind="case", body=body, place=place)
    actions.scan_clocks(by=SYSTEM, at=AT)
    return watch


def viewer_of(watch: Watch, name: str) -> Actor:
    found: Actor = OUTSIDERS.get(name) or getattr(watch, name)
    return found


def names(rows: Any) -> list[str]:
    return sorted(one.subject_id for one in rows)


LISTS: list[tuple[type[Any], Callable[[Actor], Any], Callable[[Actor], Any], Callable[..., Any] | None]] = [
    (
        Warning,
        lambda viewer: queries.list_warnings(viewer, Filters(level=4), today=TODAY),
        lambda viewer: queries.iter_warnings(viewer, Filters(level=4), today=TODAY),
        queries.get_warning,
    ),
    (Order, queries.list_orders, queries.iter_orders, queries.get_order),
    (OverrunReason, queries.list_reasons, queries.list_reasons, queries.get_reason),
]


@pytest.mark.parametrize("name", SEEN)
def test_lists_exports_and_single_records_show_the_same(overrun: Watch, name: str) -> None:
    viewer, seen = viewer_of(overrun, name), sorted(SEEN[name])
    for model, listed, exported, get in LISTS:
        assert names(listed(viewer)) == seen, model.__name__
        assert names(exported(viewer)) == seen, model.__name__
        for row in model.objects.filter(**({"level": 4} if model is Warning else {})):
            if row.subject_id in seen:
                assert get(viewer, row.pk) == row
            else:
                with pytest.raises(queries.RecordUnknown, match="找不到"):
                    get(viewer, row.pk)


@pytest.mark.parametrize("name", SEEN)
def test_figures_count_what_the_lists_show(overrun: Watch, name: str) -> None:
    viewer, many = viewer_of(overrun, name), len(SEEN[name])
    count_figures(AT)
    warned = queries.read_warned(viewer, days=90, today=TODAY)
    assert [one.raised for one in warned.levels] == [many] * 4
    assert sum(one.law for one in warned.bodies) == many
    assert {one.agency_id for one in warned.bodies} == {pk for pk, _ in warned.choices}
    for pk, body in warned.choices:
        one = queries.read_warned(viewer, days=90, today=TODAY, agency_id=pk)
        assert one.choices == warned.choices
        assert [(told.agency_id, told.agency_name) for told in one.bodies] == [(pk, body)]
        assert one.levels[3].raised == one.bodies[0].law
    assert len(queries.list_warnings(viewer, ALL, today=TODAY)) == 4 * many
    row = Warning.objects.filter(subject_id="centre").latest("level")
    assert len(queries.list_escalation(viewer, clock_id=row.clock_id)) == 4 * ("centre" in SEEN[name])
    assert len(queries.list_warning_orders(viewer, warning_id=row.pk)) == ("centre" in SEEN[name])


@pytest.mark.parametrize("name", SEEN)
def test_findings_are_the_supervisors_alone(overrun: Watch, name: str) -> None:
    viewer = viewer_of(overrun, name)
    seen = sorted(SEEN[name]) if name in SUPERVISORS else []
    assert Finding.objects.count() == len(PLACES)
    assert names(queries.list_findings(viewer)) == names(queries.iter_findings(viewer)) == seen
    assert queries.count_findings(viewer) == ({"backdated": len(seen)} if seen else {})


@pytest.mark.parametrize(
    ("name", "orders", "reasons", "findings"),
    [
        ("clerk", 1, 1, 0),
        ("office", 2, 2, 0),
        ("county_leader", 2, 2, 0),
        ("leader", 0, 0, 0),
        ("county", 0, 0, 5),
        ("city", 0, 0, 6),
        ("resident", 0, 0, 0),
        ("nobody", 0, 0, 0),
    ],
)
def test_what_waits_is_ones_own_bodys_and_ones_own_place(
    overrun: Watch, name: str, orders: int, reasons: int, findings: int
) -> None:
    waiting = queries.count_waiting(viewer_of(overrun, name))
    assert (waiting.orders, waiting.reasons, waiting.findings) == (orders, reasons, findings)
    assert (waiting.contests, waiting.answers) == (0, 0)
    assert waiting.total == orders + reasons + findings


def test_the_platform_itself_sees_everything(overrun: Watch) -> None:
    assert names(queries.list_orders(SYSTEM)) == sorted(PLACES)
    assert names(queries.list_findings(SYSTEM)) == sorted(PLACES)


def test_a_leader_answers_for_what_the_government_leads_and_no_more(overrun: Watch) -> None:
    orders = {row.subject_id: row for row in Order.objects.all()}
    own = access.own_bodies(overrun.leader)
    assert {name for name, row in orders.items() if row.agency_id in own} == {"centre", "social"}
    access.ORDERS.check(overrun.leader, "answer", orders["social"])
    for name in ("elsewhere", "county", "far"):
        with pytest.raises(Forbidden, match="由承办机构办理"):
            access.ORDERS.check(overrun.leader, "answer", orders[name])
    for outsider in OUTSIDERS.values():
        assert not access.own_bodies(outsider)
        with pytest.raises(Forbidden):
            access.ORDERS.check(outsider, "answer", orders["social"])


@pytest.mark.parametrize(
    ("filters", "seen"),
    [
        (Filters(days=30), 20),
        (Filters(level=4), 5),
        (Filters(level=4, contest="counted"), 5),
        (Filters(contest="lifted"), 0),
        (Filters(level=4, running=True), 5),
    ],
)
def test_filters_narrow_what_is_seen_and_never_widen_it(overrun: Watch, filters: Filters, seen: int) -> None:
    assert len(queries.list_warnings(overrun.county, filters, today=TODAY)) == seen
    far = Warning.objects.filter(subject_id="far").first()
    assert far is not None
    chosen = Filters(agency_id=far.agency_id or 0)
    assert not queries.list_warnings(overrun.county, chosen, today=TODAY)
    assert len(queries.list_warnings(overrun.city, chosen, today=TODAY)) == 4


def test_a_filter_reaches_back_so_many_days(overrun: Watch) -> None:
    later = date(2026, 4, 2)
    assert not queries.list_warnings(overrun.city, Filters(days=30), today=later)
    assert queries.list_warnings(overrun.city, Filters(days=31), today=later)


# --- what a page costs -------------------------------------------------------------------------------------
PAGES = ["/desk/warnings/", "/desk/orders/", "/desk/overruns/", "/desk/integrity/", "/desk/warnings.xlsx"]
PAGES += ["/desk/orders.xlsx", "/desk/integrity.xlsx", "/overruns/", "/overruns.json"]


@pytest.mark.usefixtures("city")
def test_a_list_costs_the_same_for_few_rows_and_for_many() -> None:
    at = clock.now()
    watch = make_watch(at)
    client = browse(watch.city)
    costs: dict[str, list[int]] = {path: [] for path in PAGES}
    for many in (1, 40):
        for place, (body, town) in enumerate(PLACES.values()):
            numbers = [f"{many}-{place}-{one}" for one in range(many)]
            run_clocks(at, numbers, body=body, place=town, start=started(at, worked=11), kind="case")
        actions.scan_clocks(by=SYSTEM, at=at)
        OverrunReason.objects.update(public=True, written_at=at, reason="档案要到县档案馆调取。")
        for path in PAGES:
            client.get(path)  # what a process keeps is in it now
            with CaptureQueriesContext(connection) as seen:
                answer = client.get(path)
                assert b"".join(answer) if answer.streaming else answer.content
            assert answer.status_code == 200
            costs[path].append(len(seen))
    for path, (few, lots) in costs.items():
        assert few == lots < 20, path
