"""What may be kept of a question that found nothing: words for the list keeper, nothing of the person who asked.

A question is cleaned here before anything is written. What could point at a person is not shortened, it is dropped:
a question that is lost costs the list keeper a hint, one that is kept too long costs somebody their privacy.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container

import rjieba

from weimin.kernel.catalogue.rules import searching

#: A question becomes readable to the list keeper when it came so often, each from another place or on another day.
SHOWN_FROM = 3
#: Longer questions are stories: they tell of a household, and never come twice.
LONGEST = 24
_DIGITS = "0-9〇零一二两三四五六七八九幺"
#: Six figures and more, also in groups or in words: numbers of identity, phones, cards, matters.
_LONG_NUMBER = re.compile(rf"[{_DIGITS}](?:[\s\-.]?[{_DIGITS}]){{5,}}")
#: Letters and figures mixed: passports, plates, numbers of papers, accounts at other services.
_MIXED = re.compile(r"(?=[a-z0-9_-]*[a-z])(?=[a-z0-9_-]*[0-9])[a-z0-9_-]{6,}")
_ADDRESS = re.compile(rf"[{_DIGITS}]\s*[号組组栋幢室弄]|单元|门牌|[a-z0-9._-]+@|://|www\.")
#: The surnames of nine in ten people, and the double ones that are met at all.
_SURNAMES = frozenset(
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜"
    "范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章"
)
_DOUBLE_SURNAMES = frozenset(["欧阳", "上官", "司马", "诸葛", "夏侯", "皇甫", "尉迟", "公孙", "慕容", "司徒"])
#: Words of asking: they tell the list keeper nothing, and would keep equal questions apart.
_EMPTY = searching.STOP_WORDS | frozenset(
    [
        "有没有",
        "没有",
        "能否",
        "是否",
        "可否",
        "怎么样",
        "什么样",
        "多少钱",
        "哪儿",
        "哪里",
        "我们",
        "你们",
        "他们",
        "我家",
        "国家",
        "政府",
        "现在",
        "听说",
        "还有",
        "什么时候",
        "请问",
        "你好",
        "一个",
    ]
)
_HAN = re.compile(r"[\u3400-\u9fff]{2,}")


def clean_question(text: str, *, known: Container[str]) -> str:
    """The words of a question that may be kept, in order with a blank between; empty when nothing may be.

    Dropped as a whole: long numbers, codes, addresses, stories, and whatever the segmenter takes for a name and no
    item knows as a word.

    Shape:  at most 24 characters of Han, without empty words
    """
    plain = unicodedata.normalize("NFKC", text).lower()
    if _LONG_NUMBER.search(plain) or _MIXED.search(plain) or _ADDRESS.search(plain):
        return ""
    if _names_somebody(plain, known):
        return ""
    words = [word for word in rjieba.cut(plain) if _HAN.fullmatch(word) and word not in _EMPTY]
    kept = " ".join(words)
    return kept if len(kept) <= LONGEST else ""


def _names_somebody(plain: str, known: Container[str]) -> bool:
    """Whether the segmenter finds a person's name: a surname in front, and no word that items use."""
    before = ""
    for word, tag in rjieba.tag(plain):
        surname = word[0] in _SURNAMES or word[:2] in _DOUBLE_SURNAMES or before in _SURNAMES
        if tag.startswith("nr") and len(word) > 1 and surname and word not in known:
            return True
        before = word
    return False


def unknown_words(question: str, *, known: Container[str]) -> list[str]:
    """The words of a cleaned question that no item knows, nor anything of the same meaning."""
    words = dict.fromkeys(question.split())
    return [word for word in words if not any(one in known for one in searching.alike(word))]
