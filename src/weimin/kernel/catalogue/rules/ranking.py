"""Which item a long question most likely means: rare words weigh more than common ones, names more than sentences."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from weimin.kernel.catalogue.rules import searching

#: What a word counts when it stands in an item's sentence and not in a name.
IN_TEXT = 0.35
#: What another word for the same thing counts beside the word that was said.
SAME_MEANING = 0.75
#: What two neighbouring characters count beside a whole word.
PAIR = 0.35
#: What each character of an everyday name that stands whole in the question adds.
WHOLE_NAME = 1.2
#: Behind the first three, likely answers with less than this share of the best one's score are left out, and all
#: behind so many.
WORTH_SHOWING = 0.3
SHOWN_AT_MOST = 12
#: What the newest item's number may grow before rarities are counted again.
GROWTH = 1.05


@dataclass(frozen=True, slots=True)
class Question:
    """A question taken apart: its words with what else people say for each, its pairs, and itself."""

    words: tuple[tuple[str, ...], ...]
    pairs: tuple[str, ...]
    folded: str

    @property
    def tokens(self) -> list[str]:
        """Everything an item can match, without repeats."""
        return list(dict.fromkeys([*(one for group in self.words for one in group), *self.pairs]))


def take_apart(text: str) -> Question:
    """Read a question: empty words set aside, everyday words beside each word."""
    words = searching.query_words(text)
    pairs = [pair for pair in searching.pairs(searching.fold(text)) if pair not in searching.STOP_WORDS]
    known = set(words)
    return Question(
        words=tuple(tuple(searching.alike(word)) for word in dict.fromkeys(words)),
        pairs=tuple(pair for pair in dict.fromkeys(pairs) if pair not in known),
        folded=searching.fold(text),
    )


def rarity(documents: int, holding: int) -> float:
    """How much a word tells: near nothing when every item has it, most when one has it."""
    return math.log1p(documents / (holding + 0.5))


def score(question: Question, *, names: list[str], tokens: Mapping[str, bool], rarities: Mapping[str, float]) -> float:
    """How likely a question means an item.

    Shape:  `tokens` are those of the question that the item has; True when one stands in a name
    """

    def worth(token: str) -> float:
        return rarities.get(token, 1.0) * (1.0 if tokens[token] else IN_TEXT) if token in tokens else 0.0

    total = 0.0
    for said, *others in question.words:
        alike = max((worth(one) for one in others), default=0.0)
        total += max(worth(said), SAME_MEANING * alike)
    total += PAIR * sum(worth(pair) for pair in question.pairs)
    whole = max(
        (len(name) for name in map(searching.fold, names) if len(name) > 1 and name in question.folded), default=0
    )
    return total + WHOLE_NAME * whole
