"""Printed guides: one page each, counted without a person, told when they go stale; what publishing would touch."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from weimin.kernel.cases import testing as cast_help
from weimin.kernel.catalogue import actions, registry
from weimin.kernel.catalogue.actions import PrintNotYours
from weimin.kernel.catalogue.models import GuidePrint, ItemVersion, Offer
from weimin.kernel.catalogue.queries import NotOffered, get_current, lists, prints
from weimin.kernel.catalogue.tests.test_lists import AT, KEEPER, TODAY
from weimin.kernel.directory import queries as directory
from weimin.kernel.record.models import AuditEntry
from weimin.kernel.record.types import Actor
from weimin.ui import paper

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]
TOWN, OTHER = "340321113000", "340321104000"


def window(place: str = TOWN) -> Actor:
    """Somebody at a township's counter."""
    centre = next(one for one in directory.list_agencies(division_code=place) if one.kind == "centre")
    return Actor(
        kind="staff", name="演示窗口", account_id=5, post_id=5, agency_id=centre.pk, division_code=place,
        roles=frozenset({"front_desk"}),
    )  # fmt: skip


def note(place: str = TOWN, code: str = "A1-01", days: int = 0) -> int:
    return actions.note_print(by=window(place), at=AT + timedelta(days=days), code=code)


def next_version(code: str = "A1-01", **changes: Any) -> ItemVersion:
    """Publish the next version of an item."""
    record = {**ItemVersion.objects.get(item__code=code, status="in_force").doc, "plain": "换一句话", **changes}
    actions.publish_item(by=Actor.system(), at=AT, record=record)
    return ItemVersion.objects.get(item__code=code, status="in_force")


def test_prints_are_counted_by_version_and_body_without_a_person() -> None:
    before = AuditEntry.objects.count()
    version = note()
    assert note(days=3) == version
    row = GuidePrint.objects.get()
    assert (row.version_id, row.prints, row.first_on, row.last_on) == (version, 2, TODAY, TODAY + timedelta(days=3))
    assert not {field.name for field in GuidePrint._meta.fields} & {"account_id", "by_label", "officer", "post_id"}
    assert AuditEntry.objects.count() == before


@pytest.mark.parametrize("by", [Actor.anonymous(), KEEPER])
def test_only_bodies_of_a_township_print(by: Actor) -> None:
    with pytest.raises(PrintNotYours):
        actions.note_print(by=by, at=AT, code="A1-01")


def test_what_is_not_offered_is_not_printed() -> None:
    Offer.objects.filter(item__code="A1-01", township_id=TOWN).update(valid_until=TODAY)
    with pytest.raises(NotOffered):
        note()
    assert not GuidePrint.objects.exists()


def test_every_guide_fits_one_page(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Any] = []

    def pages(template: Any, data: dict[str, Any]) -> bytes:
        import json

        content = json.dumps({**data, "qr": paper.qr_svg(data["verify_url"])}, ensure_ascii=False)
        found = paper._compiler().compile(input=str(template), format="svg", sys_inputs={"data": content})
        drawn.append((data["code"], len(found) if isinstance(found, list) else 1))
        return b""

    monkeypatch.setattr(paper, "draw", pages)
    codes = sorted(ItemVersion.objects.filter(status="in_force", item__list_code="service").values_list("item__code"))
    for (code,) in codes:
        prints.draw_guide(code=code, township=TOWN, on=TODAY)
    assert [one for one in drawn if one[1] != 1] == []
    assert len(drawn) == 60


def test_a_guide_is_a_pdf_and_says_its_version_and_its_address() -> None:
    assert prints.draw_guide(code="A1-01", township=TOWN, on=TODAY).startswith(b"%PDF")


def test_the_newest_print_of_each_body_counts() -> None:
    note()
    note(OTHER)
    next_version()
    note()
    assert {(one.township_code, one.number) for one in prints.list_printed(code="A1-01")} == {(TOWN, 2), (OTHER, 1)}
    assert [one.number for one in prints.list_printed(township=OTHER)] == [1]


def impact(code: str = "A1-01", viewer: Actor = KEEPER) -> lists.Impact:
    version = actions.begin_draft(by=KEEPER, at=AT, list_code="service", code=code)
    shown = lists.get_version(viewer=KEEPER, version_id=version)
    return lists.get_impact(viewer=viewer, version=shown, on=TODAY)


def test_the_impact_names_townships_whose_paper_goes_stale_and_those_with_old_paper_already() -> None:
    note()
    note(OTHER)
    next_version()
    note()
    found = impact()
    assert found.printed == tuple(sorted([directory.full_name(TOWN), directory.full_name(OTHER)]))
    assert (found.stale, found.townships) == (1, 77)


def test_the_impact_counts_open_matters_by_the_version_they_run_on() -> None:
    cast = cast_help.make_cast(AT)
    cast_help.hand_in(cast, AT)
    next_version(cast_help.ITEM)
    found = impact(cast_help.ITEM)
    assert (found.matters, found.open_matters) == ({1: 1}, 1)
    elsewhere = Actor(kind="staff", name="外市", account_id=8, agency_id=1, post_id=8, division_code="340100000000")
    assert registry.count_matters(elsewhere, cast_help.ITEM) == {}


def test_a_promise_that_the_list_overtakes_counts_no_more_and_is_named_as_a_difference() -> None:
    local = actions.LocalFields(committed_days=4)
    actions.change_offer(by=Actor.system(), at=AT, code="A1-01", township_code=TOWN, local=local, reason="人手够")
    limits = ItemVersion.objects.get(item__code="A1-01", status="in_force").doc["limits"]
    shorter = {**limits, "committed": {**limits["committed"], "value": 3}}
    spec_days = get_current(code="A1-01").committed_within(4).value
    version = next_version(limits=shorter)
    assert (spec_days, get_current(code="A1-01").committed_within(4).value) == (4, 3)
    from weimin.kernel.catalogue.queries.drift import find_drift

    (found,) = find_drift(on=TODAY, allowed=False)
    assert (found.base, found.theirs, found.allowed) == (version.limit_text, "4 个工作日", False)
    assert impact().longer == 1
