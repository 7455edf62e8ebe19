"""Questions without an answer: counted without a person, readable from the third, forgotten in time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from weimin.kernel.catalogue import actions
from weimin.kernel.catalogue.models import SearchMiss
from weimin.kernel.catalogue.queries.misses import all_misses, count_hidden, list_misses
from weimin.kernel.catalogue.rules import misses
from weimin.kernel.record.models import AuditEntry
from weimin.kernel.record.types import Actor

AT = datetime(2026, 3, 2, 2, tzinfo=UTC)
KNOWN = frozenset(["养老", "养老金", "低保", "补贴", "宝宝", "老人"])


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("养蜂有补贴吗？", "养蜂 补贴"),
        ("请问养老金怎么领", "养老金"),
        ("你好，养蜂有没有补贴", "养蜂 补贴"),
        ("低保 34032119000615004X", ""),
        ("我的电话138 0000 0000", ""),
        ("电话一三八零零零零零零零零", ""),
        ("皖C12345车年检", ""),
        ("wx_abc123加我", ""),
        ("a@example.com", ""),
        ("幸福小区3栋漏水", ""),
        ("淮河路十二号没水", ""),
        ("张建国的低保批了没有", ""),
        ("家里三口人丈夫去年生病走了孩子还小婆婆瘫痪在床没有收入来源怎么办才好", ""),
        ("吗", ""),
        ("", ""),
    ],
)
def test_what_may_point_at_a_person_is_not_kept(typed: str, kept: str) -> None:
    assert misses.clean_question(typed, known=KNOWN) == kept


def test_words_that_no_item_knows_are_named() -> None:
    assert misses.unknown_words("养蜂 补助", known=KNOWN) == ["养蜂"]


def ask(times: int, text: str = "养蜂有补贴吗", *, found: bool = False) -> None:
    for day in range(times):
        actions.count_miss(at=AT + timedelta(days=day), text=text, found=found, may_count=lambda _: True)


@pytest.mark.django_db
def test_a_question_can_be_read_from_the_third_time(city: None) -> None:
    ask(2)
    assert {one.text for one in SearchMiss.objects.all()} == {""}
    assert (list_misses(), list(all_misses()), count_hidden()) == ([], [], 2)
    ask(1)
    assert [(one.text, one.kind, one.count) for one in list_misses(kind="nothing")] == [("养蜂 补贴", "nothing", 3)]
    assert [one.text for one in list_misses(kind="word")] == ["养蜂"]


@pytest.mark.django_db
def test_nothing_of_the_asker_is_kept(city: None) -> None:
    before = AuditEntry.objects.count()
    Client().get("/items/", {"q": "养蜂有补贴吗"}, REMOTE_ADDR="192.0.2.7")
    row = SearchMiss.objects.get(kind__in=["nothing", "likely"])
    assert {field.name for field in SearchMiss._meta.fields} == {
        "id", "digest", "kind", "text", "count", "first_date", "last_date",
    }  # fmt: skip
    assert row.count == 1
    assert AuditEntry.objects.count() == before


@pytest.mark.django_db
def test_one_place_counts_once_a_day_for_a_question(city: None) -> None:
    for _ in range(4):
        Client().get("/items/", {"q": "养蜂有补贴吗"}, REMOTE_ADDR="192.0.2.7")
    assert set(SearchMiss.objects.values_list("count", flat=True)) == {1}
    for last in (8, 9):
        Client().get("/items/", {"q": "养蜂有补贴吗？"}, REMOTE_ADDR=f"192.0.2.{last}")
    assert "养蜂 补贴" in [one.text for one in list_misses()]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "query", [{"q": "低保"}, {"q": ""}, {"q": "340321113-261124-00012"}, {"q": "养蜂", "area": "A5"}]
)
def test_what_is_found_browsed_or_narrowed_is_no_miss(city: None, query: dict[str, str]) -> None:
    Client().get("/items/", query)
    assert not SearchMiss.objects.exists()


@pytest.mark.django_db
def test_misses_are_forgotten(city: None) -> None:
    ask(3)
    ask(1, "养蚕有补贴吗")
    assert actions.forget_misses(at=AT + timedelta(days=30)) == 0
    assert actions.forget_misses(at=AT + timedelta(days=40)) == 2
    assert actions.forget_misses(at=AT + timedelta(days=400)) == 2


@pytest.mark.django_db
def test_a_dropped_question_begins_anew(city: None) -> None:
    ask(3)
    miss = list_misses(kind="nothing")[0]
    actions.drop_miss(by=Actor.system("试"), at=AT, miss_id=miss.pk)
    assert AuditEntry.objects.filter(verb="catalogue.miss.dropped").count() == 1
    with pytest.raises(actions.MissUnknown):
        actions.drop_miss(by=Actor.system("试"), at=AT, miss_id=miss.pk)
    ask(1)
    assert list_misses(kind="nothing") == []
