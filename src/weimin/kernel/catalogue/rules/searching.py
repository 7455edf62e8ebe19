"""Words by which items are found: names and everyday names, segmented, as pinyin and as initials."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import rjieba
import yaml
from pypinyin import Style, lazy_pinyin

#: Words that say nothing of what is wanted.
STOP_WORDS = frozenset(
    [
        "的",
        "了",
        "在",
        "我",
        "想",
        "要",
        "怎么",
        "怎样",
        "如何",
        "哪里",
        "哪",
        "什么",
        "办",
        "办理",
        "申请",
        "一下",
        "请问",
        "可以",
        "能",
        "能不能",
        "多少",
        "钱",
        "需要",
        "材料",
        "手续",
        "流程",
        "去",
        "找",
        "谁",
        "给",
        "和",
        "与",
        "或",
        "及",
        "是",
        "吗",
        "呢",
        "啊",
        "有",
        "个",
        "家",
        "里",
        "到",
        "领",
        "领取",
        "问",
        "能办",
        "咋",
        "咋办",
        "怎么办",
        "咱",
        "俺",
        "想要",
        "为",
        "从",
        "对",
        "把",
    ]
)
#: Marks tokens that are pinyin or initials; plain letters, since the query parser splits at punctuation.
PINYIN = "zz"
_HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]")
_ASCII = re.compile(r"[a-z0-9]+")


def names_of(record: Mapping[str, Any]) -> list[str]:
    """An item's name and its everyday names, without repeats."""
    names = [record["name"], *(str(one) for one in record.get("synonyms") or [])]
    return list(dict.fromkeys(name.strip()[:60] for name in names if name.strip()))


def fold(text: str) -> str:
    """Normalise for comparison: lower case, full-width to half-width, no punctuation."""
    half = "".join(chr(ord(c) - 0xFEE0) if "！" <= c <= "～" else c for c in text)
    return re.sub(r"[^\w]", "", half.lower())


@cache
def _segment(text: str) -> tuple[str, ...]:
    return tuple(word.strip().lower() for word in rjieba.cut_for_search(text) if word.strip())


def segment(text: str) -> list[str]:
    """Words of a text in search mode, lower case, without punctuation."""
    return [word for word in _segment(text) if re.search(r"\w", word)]


def pinyin_of(text: str) -> tuple[str, str]:
    """Full pinyin and initials of a text, without tones: 高龄津贴 → gaolingjintie, gljt."""
    han = "".join(_HAN.findall(text))
    full = lazy_pinyin(han)
    first = lazy_pinyin(han, style=Style.FIRST_LETTER)
    return "".join(full), "".join(first)


def sounds_of(names: list[str]) -> list[str]:
    """The full pinyin of some names, for slips in what is typed by sound."""
    return list(dict.fromkeys(full for full, _ in map(pinyin_of, names) if len(full) > 3))


def search_line(names: list[str]) -> str:
    """Names and their pinyin in one line, for finding what is nearly one of them."""
    return " ".join([*names, *sounds_of(names)])[:4000]


@cache
def _everyday() -> dict[str, list[str]]:
    """Words that mean the same in everyday speech, each with its group."""
    groups = yaml.safe_load((Path(__file__).parents[1] / "data/everyday.yaml").read_text(encoding="utf-8"))
    meant: dict[str, list[str]] = {}
    for group in groups:
        for word in group:
            meant[word] = list(dict.fromkeys([word, *meant.get(word, []), *group]))
    return meant


def alike(word: str) -> list[str]:
    """A word and what else people say for it: 小孩, 孩子, 娃; the word itself first."""
    return _everyday().get(word, [word])


def name_tokens(record: Mapping[str, Any]) -> list[str]:
    """Search tokens of an item's names: words, pairs of characters, pinyin and initials."""
    tokens: set[str] = set()
    for name in names_of(record):
        tokens.update(segment(name))
        tokens.update(pairs(name))
        full, first = pinyin_of(name)
        tokens.update(PINYIN + one for one in (full, first) if one)
        tokens.update(PINYIN + first[start:] for start in range(1, min(len(first), 12)))
    return sorted(token for token in tokens if token)


def text_tokens(record: Mapping[str, Any]) -> list[str]:
    """Search tokens of the plain sentence, the area of law and the questions."""
    texts = [record["plain"], record.get("lead") or ""]
    texts += [str(one.get("q") or "") for one in record.get("faq") or []]
    words = {word for text in texts for word in segment(text)}
    return sorted(words - STOP_WORDS)


def as_tsvector(record: Mapping[str, Any]) -> str:
    """An item's tokens as a tsvector literal: names weigh A, other words C; positions carry the weights."""
    names = name_tokens(record)
    texts = [word for word in text_tokens(record) if word not in names]
    marked = [(word, "A") for word in names] + [(word, "C") for word in texts]
    return " ".join(
        "'" + word.replace("\\", "").replace("'", "") + f"':{min(place, 16000)}{weight}"
        for place, (word, weight) in enumerate(marked, start=1)
    )


def pairs(text: str) -> list[str]:
    """Neighbouring pairs of Han characters."""
    return [a + b for a, b in itertools.pairwise(text) if _HAN.match(a) and _HAN.match(b)]


def query_words(text: str) -> list[str]:
    """The words of a question that carry meaning."""
    return [word for word in segment(text) if word not in STOP_WORDS]


def is_pinyin(text: str) -> bool:
    """Whether a query is Latin letters only: pinyin or initials."""
    return bool(_ASCII.fullmatch(fold(text)))


def distance(left: str, right: str, most: int = 2) -> int:
    """Edit distance with neighbour swaps, cut off above `most`."""
    if abs(len(left) - len(right)) > most:
        return most + 1
    before: list[int] = []
    line = list(range(len(right) + 1))
    for i, a in enumerate(left, start=1):
        older, before = before, line
        line = [i]
        for j, b in enumerate(right, start=1):
            cost = min(before[j] + 1, line[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, older[j - 2] + 1)
            line.append(cost)
        if min(line) > most:
            return most + 1
    return line[-1]
