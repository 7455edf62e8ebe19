"""What the law lets pass, article by article."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weimin.apps.delegation import rules
from weimin.apps.delegation.testing import instrument, ready
from weimin.apps.delegation.types import POWERS, RECIPIENTS, Readiness

DAY = date(2026, 3, 2)
EMPOWER = {"kind": "empower", "issuer_level": "province", "valid_until": None, "powers": ("penalty",)}


@pytest.mark.parametrize(
    ("changes", "article"),
    [
        ({"powers": ("coercive_measure",)}, "行政强制法第十七条"),
        ({"powers": ("coercive_execution",)}, "行政强制法第十三条"),
        ({**EMPOWER, "powers": ("coercive_execution",)}, "行政强制法第十三条"),
        ({"powers": ("liberty",)}, "行政处罚法第十八条第三款"),
        ({**EMPOWER, "powers": ("liberty",)}, "行政处罚法第十八条第三款"),
        ({"powers": ("county_reserved",)}, "行政处罚法第二十四条"),
        ({"powers": ("subdelegation",)}, "行政处罚法第二十条第四款"),
        ({"powers": ("permit_subdelegation",)}, "行政许可法第二十四条第三款"),
        ({"powers": ("permit",), "recipient": "organisation"}, "行政许可法第二十四条第一款"),
        ({"powers": ("permit",), "recipient": "committee"}, "行政许可法第二十四条第一款"),
        ({"powers": ("penalty",), "recipient": "committee"}, "行政处罚法第二十条、第二十一条"),
        ({"powers": ("penalty",), "recipient": "person"}, "行政处罚法第二十条、第二十一条"),
        ({**EMPOWER, "issuer_level": "county"}, "行政处罚法第二十四条第一款"),
        ({**EMPOWER, "issuer_level": "city"}, "行政处罚法第二十四条第一款"),
    ],
)
def test_what_the_law_forbids_is_banned_with_its_article(changes: dict[str, Any], article: str) -> None:
    faults = [one for one in rules.check_instrument(instrument(**changes), on=DAY) if one.banned]
    assert [one.sentence for one in faults if article in one.sentence]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"document": " "}, "document"),
        ({"limits": ""}, "limits"),
        ({"valid_until": None}, "valid_until"),
        ({"basis": ""}, "basis"),
        ({"items": ()}, "items"),
        ({"powers": ()}, "powers"),
        ({"valid_until": date(2026, 1, 1)}, "valid_until"),
    ],
)
def test_each_missing_part_is_named_but_no_ban(changes: dict[str, Any], field: str) -> None:
    faults = rules.check_instrument(instrument(**changes), on=DAY)
    assert [one.field for one in faults] == [field]
    assert not any(one.banned for one in faults)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        EMPOWER,
        {**EMPOWER, "powers": ("coercive_measure",)},
        {"kind": "statutory", "valid_until": None, "document": ""},
    ],
)
def test_lawful_instruments_pass(changes: dict[str, Any]) -> None:
    assert rules.check_instrument(instrument(**changes), on=DAY) == ()


def test_a_row_of_law_does_not_bind_before_its_day() -> None:
    sooner = rules.check_instrument(instrument(powers=("liberty",)), on=date(2021, 7, 14))
    assert not any(one.banned for one in sooner)


@given(st.sets(st.sampled_from(sorted(POWERS)), min_size=1), st.sampled_from(sorted(RECIPIENTS)))
def test_no_village_committee_or_person_ever_receives_a_power(powers: set[str], recipient: str) -> None:
    made = instrument(powers=tuple(powers), recipient=recipient)
    faults = rules.check_instrument(made, on=DAY)
    if recipient in ("committee", "person"):
        assert any(one.banned for one in faults)


def test_readiness_names_everything_that_lacks() -> None:
    assert len(rules.missing_readiness(Readiness(), on=DAY)) == 5
    assert rules.missing_readiness(ready(DAY), on=DAY) == ()


@pytest.mark.parametrize(
    "certificates",
    [
        (("皖03-001", DAY),),
        (("皖03-001", DAY), ("皖03-001", DAY)),
        (("皖03-001", DAY), ("皖03-002", DAY - timedelta(days=1))),
        (("皖03-001", DAY), (" ", DAY)),
    ],
)
def test_two_different_valid_certificates_are_needed(certificates: Any) -> None:
    made = Readiness(certificates, "有", "有", "有", "有")
    assert [one.field for one in rules.missing_readiness(made, on=DAY)] == ["certificates"]


@pytest.mark.parametrize(
    ("kind", "issuer", "recipient", "lacking"),
    [
        ("empower", "", "", ["published_by_issuer"]),
        ("empower", "网", "", []),
        ("entrust", "网", "", ["published_by_recipient"]),
        ("entrust", "", "栏", ["published_by_issuer"]),
        ("entrust", "网", "栏", []),
        ("statutory", "", "", []),
    ],
)
def test_who_must_publish(kind: str, issuer: str, recipient: str, lacking: list[str]) -> None:
    faults = rules.missing_publication(kind, by_issuer=issuer, by_recipient=recipient, letter="委托书.pdf", on=DAY)
    assert [one.field for one in faults] == lacking


def test_nothing_is_published_without_the_letter_but_what_a_law_itself_says() -> None:
    for kind, lacking in (("empower", ["letter"]), ("entrust", ["letter"]), ("statutory", [])):
        faults = rules.missing_publication(kind, by_issuer="网", by_recipient="栏", letter="", on=DAY)
        assert [one.field for one in faults] == lacking


@pytest.mark.parametrize(
    ("name", "kind", "article"),
    [
        ("查封违法建设施工现场", "entrust", "行政强制法第十七条"),
        ("查封违法建设施工现场", "empower", ""),
        ("强制拆除违法建筑", "entrust", "行政强制法第十三条"),
        ("强制拆除违法建筑", "empower", "行政强制法第十三条"),
        ("强制拆除违法建筑", "statutory", ""),
        ("行政拘留", "statutory", "行政处罚法第十八条第三款"),
        ("对农村村民非法占用土地建住宅的处罚", "entrust", "土地管理法第七十八条"),
        ("对农村村民非法占用土地建住宅的处罚", "empower", ""),
        ("临时救助", "entrust", ""),
    ],
)
def test_a_matter_whose_name_tells_a_reserved_power_is_refused_whatever_was_ticked(
    name: str, kind: str, article: str
) -> None:
    faults = rules.check_instrument(instrument(kind=kind, issuer_level="province"), on=DAY, names=(name,))
    assert [one.article for one in faults] == ([article[article.index("第") :]] if article else [])
    assert all(one.banned and name in one.sentence and article in one.sentence for one in faults)


def test_a_reserved_matter_does_not_bind_before_its_law() -> None:
    made, name = instrument(), ("对农村村民非法占用土地建住宅的处罚",)
    assert not [one for one in rules.check_instrument(made, on=date(2019, 12, 31), names=name) if one.field == "items"]


def test_eight_fields_of_the_plan() -> None:
    assert len(rules.focus_areas()) == 8


@pytest.mark.parametrize(("kind", "name"), [("empower", "镇"), ("statutory", "镇"), ("entrust", "局")])
def test_in_whose_name(kind: str, name: str) -> None:
    assert rules.name_used(kind, township="镇", department="局") == name
