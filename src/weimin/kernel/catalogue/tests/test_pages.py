"""Search and guide over HTTP: what a new question keeps, a matter's number, the way to apply."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from weimin.kernel.catalogue.rules.items import PAGE_NAMES, check_item

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]
TOWN = "340321113000"


def page(path: str, query: dict[str, str]) -> str:
    return Client().get(path, query).content.decode()


@pytest.mark.parametrize(
    "narrowed", [{"township": TOWN}, {"audience": "1"}, {"online": "1"}, {"area": "A5"}, {"event": "ageing"}]
)
def test_a_new_question_keeps_what_the_list_is_narrowed_to(narrowed: dict[str, str]) -> None:
    form = re.search(r'<form class="search".*?</form>', page("/items/", {"q": "补贴", **narrowed}), re.S)
    assert form
    (name, value) = next(iter(narrowed.items()))
    assert f'<input type="hidden" name="{name}" value="{value}">' in form.group()


@pytest.mark.parametrize("typed", ["340321113-261124-00012", "３４０３２１１１３-261124 00012", "34032111326112400012"])
def test_a_matters_number_typed_into_the_search_leads_to_it(typed: str) -> None:
    assert 'href="/my/matters/340321113-261124-00012/"' in page("/items/", {"q": typed})
    assert "像是办件编号" not in page("/items/", {"q": typed[:-1]})


def test_the_way_to_apply_stands_on_top_of_the_guide() -> None:
    guide = page("/items/A5-31/", {"township": TOWN})
    assert guide.index(f'href="/apply/A5-31/{TOWN}/"') < guide.index("谁能办")
    assert 'href="#township">网上申请' in page("/items/A5-31/", {})


@pytest.mark.parametrize("name", sorted(PAGE_NAMES))
def test_a_question_may_not_bear_a_name_of_the_pages_around_it(name: str) -> None:
    form = {"pages": [{"title": "一", "fields": [{"name": name, "type": "text", "label": "问"}]}]}
    assert name in check_item({"form": form})["form"]
