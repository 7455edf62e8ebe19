"""Everyday questions for the sixty items find the right one; what is asked in vain is counted, and of whom never."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from weimin.kernel.catalogue import actions, queries
from weimin.kernel.catalogue.rules import searching
from weimin.kernel.catalogue.types import Filters

QUESTIONS: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "data/questions.yaml").read_text("utf-8"))
PARTS = ("tune", "held", "fresh")
ASKED = [(part, row["item"], said) for row in QUESTIONS for part in PARTS for said in row[part]]


def test_every_item_is_asked_for_in_eight_ways() -> None:
    assert sorted(row["item"] for row in QUESTIONS) == sorted(one["code"] for one in actions.read_item_files())
    assert all(len(row[part]) >= least for row in QUESTIONS for part, least in zip(PARTS, (3, 3, 2), strict=True))
    assert len({said for _, _, said in ASKED}) == len(ASKED) == 480


def test_questions_are_not_the_items_own_words() -> None:
    own = {searching.fold(name) for one in actions.read_item_files() for name in searching.names_of(one)}
    assert sum(searching.fold(said) in own for _, _, said in ASKED) < 0.05 * len(ASKED)


@pytest.mark.django_db
def test_the_right_item_is_among_the_first_three(city: None) -> None:
    hits = dict.fromkeys(PARTS, 0)
    missed = []
    for part, code, said in ASKED:
        found = queries.search_items(text=said, filters=Filters(own_motion=True))
        if code in [one.code for one in found[:3]]:
            hits[part] += 1
        else:
            missed.append(f"{part} {code} {said} → {'、'.join(one.name for one in found[:3]) or '没有'}")
    told = "\n".join(missed)
    sys.stdout.write(told)
    rates = {part: hits[part] / sum(one == part for one, _, _ in ASKED) for part in PARTS}
    assert sum(hits.values()) >= 0.95 * len(ASKED), told
    assert rates["tune"] >= 0.95, told
    assert rates["held"] >= 0.95, told
    assert rates["fresh"] >= 0.9, told
