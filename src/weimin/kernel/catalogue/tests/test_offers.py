"""Townships on one standard: what they may say themselves, and where they drift from the list."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from weimin.kernel.catalogue import actions
from weimin.kernel.catalogue.actions import LocalFields, OfferBroken, end_offer
from weimin.kernel.catalogue.actions.loading import digest_of
from weimin.kernel.catalogue.actions.offers import OfferNotYours, OfferUnknown
from weimin.kernel.catalogue.models import DriftFinding, DriftRun, ItemVersion, Offer
from weimin.kernel.catalogue.queries import NotOffered, find_offer
from weimin.kernel.catalogue.queries.drift import Drift, find_drift, list_findings, list_trend
from weimin.kernel.record.types import Actor

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]
AT = datetime(2026, 3, 2, 2, tzinfo=UTC)
TODAY = date(2026, 3, 2)
TOWN, OTHER = "340321113000", "340321104000"
LEADER = Actor(
    kind="staff", name="演示领导", account_id=1, post_id=1, division_code=TOWN, roles=frozenset({"leader"})
)  # fmt: skip


def change(by: Actor = LEADER, at: datetime = AT, code: str = "A1-01", **fields: Any) -> int:
    reason = fields.pop("reason", "搬到新大厅")
    return actions.change_offer(by=by, at=at, code=code, township_code=TOWN, local=LocalFields(**fields), reason=reason)


def drift(*, on: date = TODAY, **narrowed: Any) -> list[Drift]:
    return list(find_drift(on=on, **narrowed))


def test_local_contents_change_by_day_and_the_days_before_stay() -> None:
    change(address="新大厅二楼")
    change(at=AT + timedelta(days=7), address="新大厅三楼")
    rows = Offer.objects.filter(item__code="A1-01", township_id=TOWN).order_by("valid_from")
    assert [one.local.get("address") for one in rows] == [None, "新大厅二楼", "新大厅三楼"]
    assert [one.valid_until for one in rows] == [TODAY, TODAY + timedelta(days=7), None]
    assert find_offer(code="A1-01", township_code=TOWN, on=TODAY).offer_id == rows[1].pk


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"committed_days": 6}, "committed_days"),
        ({"committed_days": 0}, "committed_days"),
        ({"address": "长" * 81}, "address"),
        ({"phone": "1" * 41}, "phone"),
        ({"address": "甲", "reason": ""}, "reason"),
    ],
)
def test_what_is_not_allowed_is_named(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(OfferBroken) as refused:
        change(**fields)
    assert field in refused.value.fields


def test_a_shorter_promise_is_allowed_and_a_day_count_needs_one_to_shorten() -> None:
    change(committed_days=3)
    same_day = ItemVersion.objects.filter(status="in_force", limit_text="当场办结").first()
    assert same_day is not None
    with pytest.raises(OfferBroken):
        change(code=same_day.item.code, committed_days=1)


@pytest.mark.parametrize(
    "by",
    [
        Actor.anonymous(),
        Actor(kind="staff", name="外乡", account_id=2, post_id=2, division_code=OTHER, roles=frozenset({"leader"})),
        Actor(kind="staff", name="窗口", account_id=3, post_id=3, division_code=TOWN, roles=frozenset({"front_desk"})),
    ],
)
def test_only_the_townships_own_leader_changes_it(by: Actor) -> None:
    with pytest.raises(OfferNotYours):
        change(by=by, address="别处")


@pytest.mark.parametrize(
    ("place", "ends"),
    [("340300000000", True), ("340321000000", True), ("340322000000", False), (TOWN, False), ("", False)],
)
def test_an_offer_is_ended_by_a_keeper_of_its_county_or_city_only(place: str, ends: bool) -> None:
    by = replace(LEADER, division_code=place, roles=frozenset({"list_keeper"}))
    if not ends:
        with pytest.raises(OfferNotYours):
            end_offer(by=by, at=AT, code="A1-01", township_code=TOWN, reason="收回")
        return
    end_offer(by=by, at=AT, code="A1-01", township_code=TOWN, reason="收回")
    assert Offer.objects.get(item__code="A1-01", township_id=TOWN).valid_until is not None


def test_an_ended_offer_is_not_applied_for_and_not_changed() -> None:
    end_offer(by=Actor.system(), at=AT, code="A1-01", township_code=TOWN, reason="收回")
    with pytest.raises(NotOffered):
        find_offer(code="A1-01", township_code=TOWN, on=TODAY + timedelta(days=1))
    with pytest.raises(OfferUnknown):
        change(address="别处")


def test_periods_of_one_offer_cannot_overlap() -> None:
    offer = Offer.objects.get(item__code="A1-01", township_id=TOWN)
    offer.pk, offer.valid_until = None, TODAY
    with pytest.raises(IntegrityError, match="catalogue_offer_period"), transaction.atomic():
        offer.save(force_insert=True)


def publish_copies(townships: list[str], *, broken: str = "") -> None:
    """Each township publishes the whole list by itself; one of them with one material changed."""
    for version in ItemVersion.objects.filter(status="in_force", item__list_code="service"):
        Offer.objects.filter(item=version.item, township_id__in=townships).update(
            copy=version.doc, copy_digest=digest_of(version.doc), copy_at=AT
        )
    if broken:
        doc = ItemVersion.objects.get(item__code="A1-01", status="in_force").doc
        first = {**doc["materials"][0], "copies": 4}
        changed = {**doc, "materials": [first, *doc["materials"][1:]]}
        Offer.objects.filter(item__code="A1-01", township_id=broken).update(
            copy=changed, copy_digest=digest_of(changed), copy_at=AT
        )


def test_identical_copies_differ_in_nothing() -> None:
    publish_copies([TOWN, OTHER])
    assert drift() == []


def test_digests_kept_in_another_order_or_not_at_all_are_no_difference() -> None:
    publish_copies([TOWN])
    ItemVersion.objects.update(digest="")
    assert drift() == []


def test_one_changed_material_in_one_township_is_named() -> None:
    publish_copies([TOWN, OTHER], broken=OTHER)
    (found,) = drift()
    assert (found.item_code, found.what, found.base, found.theirs) == (
        "A1-01",
        "材料·“医院诊断证明”·复印件份数",
        "1",
        "4",
    )
    assert (found.since, found.allowed) == (TODAY, False)


def test_local_contents_are_listed_with_who_approved_them_and_can_be_left_out() -> None:
    change(address="新大厅二楼", committed_days=3)
    found = drift()
    assert {(one.what, one.base, one.theirs) for one in found} == {
        ("地点", "跟清单走", "新大厅二楼"),
        ("承诺时限", "5 个工作日", "3 个工作日"),
    }
    assert all(one.allowed and one.approved_by == LEADER.label and one.since == TODAY for one in found)
    assert drift(allowed=False) == []
    assert drift(township=OTHER) == []


def test_a_township_that_still_publishes_an_ended_item_is_named() -> None:
    publish_copies([TOWN])
    ItemVersion.objects.filter(item__code="A1-01", status="in_force").update(status="ended", valid_until=TODAY)
    (found,) = drift()
    assert (found.item_code, found.base, found.theirs) == ("A1-01", "已停用", "仍在公布")


def test_a_text_differs_since_the_list_changed_when_the_text_was_right_before() -> None:
    publish_copies([TOWN])
    version = ItemVersion.objects.get(item__code="A1-01", status="in_force")
    changed = {**version.doc, "plain": "换一句话"}
    later = TODAY + timedelta(days=9)
    ItemVersion.objects.filter(pk=version.pk).update(doc=changed, digest=digest_of(changed), valid_from=later)
    (found,) = drift(on=later)
    assert found.since == later


# --- the reports that are kept -----------------------------------------------------------------------------
KEEPER = Actor(kind="staff", name="演示管理员", account_id=9, post_id=9, roles=frozenset({"list_keeper"}))


def report(at: datetime = AT, by: Actor = KEEPER) -> DriftRun:
    """Have the townships compared, as the night does."""
    run = actions.request_drift(by=by, at=at)
    assert actions.work_on_drift(at=at) == 1
    assert actions.work_on_drift(at=at) == 0
    return DriftRun.objects.get(pk=run)


def test_a_report_of_identical_copies_finds_nothing() -> None:
    publish_copies([TOWN, OTHER])
    run = report()
    assert (run.state, run.forbidden, run.allowed, run.fresh, run.gone) == ("done", 0, 0, 0, 0)
    assert (run.total, run.offers) == (77, 77 * 60)
    assert not DriftFinding.objects.exists()


def test_one_changed_material_is_named_and_kept_since_the_first_night_however_often_it_is_sent() -> None:
    publish_copies([TOWN, OTHER], broken=OTHER)
    assert report().fresh == 1
    Offer.objects.filter(item__code="A1-01", township_id=OTHER).update(copy_at=AT + timedelta(days=1))
    second = report(AT + timedelta(days=1))
    assert (second.forbidden, second.fresh, second.gone) == (1, 0, 0)
    (found,) = list_findings(on=TODAY + timedelta(days=1))
    assert (found.township_id, found.what, found.since, found.first_on) == (
        OTHER,
        "材料·“医院诊断证明”·复印件份数",
        TODAY,
        TODAY,
    )


def test_what_was_mended_stays_in_the_reports_of_its_days() -> None:
    publish_copies([OTHER], broken=OTHER)
    report()
    publish_copies([OTHER])
    third = report(AT + timedelta(days=2))
    assert (third.forbidden, third.gone) == (0, 1)
    assert [len(list_findings(on=TODAY + timedelta(days=day))) for day in (-1, 0, 1, 2)] == [0, 1, 1, 0]
    assert [one.on for one in list_trend(until=TODAY + timedelta(days=2))] == [TODAY + timedelta(days=2), TODAY]


def test_local_contents_keep_who_approved_them_first_and_are_left_out_unless_asked_for() -> None:
    change(address="新大厅二楼")
    report()
    change(at=AT + timedelta(days=3), address="新大厅二楼", window="3 号")
    report(AT + timedelta(days=3))
    found = {one.what: one for one in list_findings(on=TODAY + timedelta(days=3), allowed=True)}
    assert (found["地点"].since, found["窗口"].since) == (TODAY, TODAY + timedelta(days=3))
    assert found["地点"].approved_by == LEADER.label
    assert not list_findings(on=TODAY + timedelta(days=3)).exists()
    assert not list_findings(on=TODAY + timedelta(days=3), allowed=True, township=OTHER).exists()


def test_one_comparison_waits_at_a_time_and_one_that_broke_off_is_counted_again() -> None:
    first = actions.request_drift(by=KEEPER, at=AT)
    assert actions.request_drift(by=Actor.system("夜间"), at=AT) == first
    DriftRun.objects.update(state="counting", done=40)
    with pytest.raises(IntegrityError, match="catalogue_one_drift_run"), transaction.atomic():
        DriftRun.objects.create(on=TODAY, at=AT, by_label="另一个")
    assert actions.work_on_drift(at=AT) == 1
    assert DriftRun.objects.get().state == "done"


def test_only_keepers_have_them_compared_by_day() -> None:
    with pytest.raises(actions.DriftNotYours):
        actions.request_drift(by=LEADER, at=AT)


def test_a_comparison_that_another_worker_finished_meanwhile_is_not_opened_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from weimin.kernel.catalogue.actions import drift

    publish_copies([OTHER], broken=OTHER)
    actions.request_drift(by=KEEPER, at=AT)
    read = drift.find_running()
    assert actions.work_on_drift(at=AT) == 1
    monkeypatch.setattr(drift, "find_running", lambda: read)  # what the slower of two workers still holds
    assert actions.work_on_drift(at=AT) == 0
    done = DriftRun.objects.get()
    assert (done.state, done.fresh) == ("done", 1)
