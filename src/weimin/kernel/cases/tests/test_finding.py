"""Matters found at the window by what the person says: identity number, credit code, whole name; each look is logged."""

from __future__ import annotations

from typing import Any

import pytest

from weimin.kernel.cases import queries
from weimin.kernel.cases.models import Case
from weimin.kernel.cases.testing import Cast, client_of, earlier_today, hand_in, make_cast, text_of
from weimin.kernel.residents import queries as residents
from weimin.kernel.residents.models import Resident

pytestmark = pytest.mark.django_db
AT = earlier_today()
FIND = "/desk/find/"


@pytest.fixture
def cast(city: None, settings: Any, tmp_path: Any) -> Cast:
    settings.WEIMIN_FILES = str(tmp_path)
    return make_cast(AT)


def person_of(cast: Cast) -> Resident:
    return Resident.objects.get(pk=cast.applicant.resident_id)


def number_of(person: Resident) -> str:
    from weimin.base import crypto

    return crypto.unseal(bytes(person.id_sealed), purpose=residents.ID)


@pytest.mark.parametrize("spaced", [False, True])
def test_the_clerk_finds_the_one_matter_of_a_person_by_number_and_by_name(cast: Cast, spaced: bool) -> None:
    done = hand_in(cast, AT)
    person = person_of(cast)
    number = number_of(person)
    client = client_of(cast.clerk)
    for typed in (number[:6] + " " + number[6:] if spaced else number, f" {person.name} " if spaced else person.name):
        assert client.post(FIND, {"q": typed})["Location"] == f"/desk/cases/{done.number}/"


def test_several_are_listed_newest_first_and_the_person_reads_who_looked(cast: Cast) -> None:
    hand_in(cast, AT)
    Case.objects.update(state="closed")
    hand_in(cast, AT)
    person = person_of(cast)
    before = len(residents.list_reads(resident_id=person.pk))
    page = text_of(client_of(cast.clerk).post(FIND, {"q": person.name}))
    numbers = list(Case.objects.order_by("-submitted_at", "-pk").values_list("number", flat=True))
    assert len(numbers) == 2 and page.index(numbers[0]) < page.index(numbers[1])
    assert person.name not in page and number_of(person) not in page
    reads = residents.list_reads(resident_id=person.pk)
    assert len(reads) == before + 1 and "窗口查找" in reads[0].why


@pytest.mark.parametrize("who", ["stranger", "neighbour"])
def test_nobody_else_learns_even_that_the_person_is_known(cast: Cast, who: str) -> None:
    hand_in(cast, AT)
    person = person_of(cast)
    client = client_of(getattr(cast, who))
    known = [client.post(FIND, {"q": typed}) for typed in (number_of(person), person.name)]
    unknown = client.post(FIND, {"q": "演示无此人"})
    assert {one.status_code for one in [*known, unknown]} <= {403, 404}
    assert len({text_of(one).split("<main")[-1] for one in [*known, unknown]}) == 1


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("340321190001010011", "身份证号"),
        ("王", "完整的姓名"),
        ("", "编号"),
        ("abc", "完整的姓名"),
        ("%%%%", "完整的姓名"),
        ("91340300MA2NQ0000O", "18 位"),
    ],
)
def test_what_cannot_be_sought_is_told_kindly(cast: Cast, typed: str, told: str) -> None:
    answer = client_of(cast.clerk).post(FIND, {"q": typed})
    assert answer.status_code == 422 and told in text_of(answer)


def test_a_name_is_never_sought_from_an_address(cast: Cast) -> None:
    hand_in(cast, AT)
    answer = client_of(cast.clerk).get(FIND, {"q": person_of(cast).name})
    assert answer.status_code == 422


def test_a_whole_number_is_read_and_everything_else_is_about_people() -> None:
    assert not queries.is_about_people("３４０３２１１１３-２６１１２４-０００１２")
    assert queries.is_about_people("340321190001010013") and queries.is_about_people("演示王芳")


def test_finding_costs_the_same_for_one_and_for_many(cast: Cast, django_assert_max_num_queries: Any) -> None:
    for _ in range(3):
        hand_in(cast, AT)
        Case.objects.update(state="closed")
    number, name = number_of(person_of(cast)), person_of(cast).name
    queries.find_matters(cast.clerk, name)  # what the directory keeps is read once
    with django_assert_max_num_queries(3):
        assert len(queries.find_matters(cast.clerk, number)) == 3
    with django_assert_max_num_queries(2):
        assert len(queries.find_matters(cast.clerk, name)) == 3
