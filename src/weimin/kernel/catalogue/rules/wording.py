"""What a question's definition keeps as conditions and patterns, in the words of those who edit it, and back.

A condition reads “给谁申请”选了“家人”或“邻居”; a pattern reads 12 到 21 位数字. Both stay what they were unless their
words were changed, so that a definition which has no words here is never lost.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

#: How a pattern is said for which there are no words.
OWN = "照原来的格式"
_CLASSES = {"数字": r"\d", "字母或数字": "[0-9A-Za-z]"}
_CHINESE = "[一-鿿·]+"
_COUNTED = re.compile(r"(\d{1,3}) ?(?:(?:到|至|-|—|~) ?(\d{1,3}) ?)?位(数字|字母或数字)")
_STORED = re.compile(r"(\\d|\[0-9A-Za-z\])\(\?: \?\1\)\{(\d+)(?:,(\d+))?\}")
_QUOTED = re.compile(r"“([^”]+)”|\"([^\"]+)\"|「([^」]+)」")
#: What stands between the quoted pieces: one question and its answers, nothing that turns the meaning round.
_ASKED_SO = re.compile(r"◇ ?(?:选了|选|写了|填了|是) ?◇(?: ?(?:或者|或|、|，|,) ?◇)* ?(?:的时候|时)?。?")

Fields = Sequence[Mapping[str, Any]]


# --- patterns ----------------------------------------------------------------------------------------------
def pattern_words(pattern: str) -> str:
    """A pattern in words; '' for none, OWN where there are no words for it."""
    if not pattern:
        return ""
    if pattern == _CHINESE:
        return "只写汉字"
    found = _STORED.fullmatch(pattern)
    if found is None:
        return OWN
    name = next(name for name, one in _CLASSES.items() if one == found.group(1))
    low, high = int(found.group(2)) + 1, int(found.group(3) or found.group(2)) + 1
    return f"{low} 位{name}" if low == high else f"{low} 到 {high} 位{name}"


def read_pattern(words: str) -> tuple[str, str]:
    """A pattern from its words, and what is wrong with them; spaces between signs are always allowed."""
    text = words.strip().removesuffix("。")
    if not text:
        return "", ""
    if text in ("只写汉字", "汉字"):
        return _CHINESE, ""
    found = _COUNTED.fullmatch(text)
    low, high = (int(found.group(1)), int(found.group(2) or found.group(1))) if found else (0, 0)
    if found is None or not 2 <= low <= high <= 100:
        return "", "格式要写成“6 位数字”“12 到 21 位数字”“18 位字母或数字”或者“只写汉字”，不限格式就空着。"
    one = _CLASSES[found.group(3)]
    span = f"{low - 1}" if low == high else f"{low - 1},{high - 1}"
    return f"{one}(?: ?{one}){{{span}}}", ""


# --- conditions ---------------------------------------------------------------------------------------------
def condition_words(show: Any, fields: Fields) -> str:
    """When a question is asked, in words; '' for always. Names stand in for labels that are not the only one."""
    if not show:
        return ""
    asked = next((one for one in fields if one.get("name") == show.get("field")), None)
    label = _label(asked, fields) if asked else str(show.get("field") or "")
    values = show["in"] if "in" in show else [show.get("equals")]
    names = {str(value): str(text) for value, text in (asked or {}).get("choices") or ()}
    told = [name if (name := names.get(str(one), "")) and "”" not in name else str(one) for one in values]
    return f"“{label}”选了" + "或".join(f"“{one}”" for one in told)


def _label(asked: Mapping[str, Any], fields: Fields) -> str:
    label = str(asked.get("label") or "")
    only = sum(one.get("label") == label for one in fields) == 1
    return label if label and only and "”" not in label else str(asked.get("name"))


def read_condition(words: str, fields: Fields, before: Fields = ()) -> tuple[dict[str, Any] | None, str]:
    """A condition from its words, and what is wrong with them; questions may be called as they were called before.

    Shape:  (None, "") for always
    """
    if not words.strip():
        return None, ""
    pieces = ["".join(one) for one in _QUOTED.findall(words)]
    if not _ASKED_SO.fullmatch(_QUOTED.sub("◇", words.strip())):
        return None, "什么时候才问要写成：“给谁申请”选了“家人”，几个答案写成“家人”或“邻居”；总是要问的空着。"
    name, told = _asked(pieces[0], fields, before)
    if told:
        return None, told
    asked = next(one for one in fields if str(one.get("name")) == name)
    choices = [(str(value), str(text)) for value, text in asked.get("choices") or ()]
    values: list[str] = []
    unknown: list[str] = []
    for piece in pieces[1:]:
        value = next((value for value, text in choices if piece in (text, value)), piece)
        (values if not choices or value in dict(choices) else unknown).append(value)
    if unknown:
        can = "、".join(text for _, text in choices)
        return None, f"“{pieces[0]}”没有“{'、'.join(unknown)}”这个答案，只能是：{can}。"
    return ({"field": name, "equals": values[0]} if len(values) == 1 else {"field": name, "in": values}), ""


def _asked(called: str, fields: Fields, before: Fields) -> tuple[str, str]:
    """The name of the question that is meant, and what is wrong."""
    names = {str(one.get("name")) for one in fields}
    for those in (fields, before):
        found = [str(one.get("name")) for one in those if called in (one.get("label"), one.get("name"))]
        if len(found) > 1:
            return "", f"有几个问题都叫“{called}”，请写字段名，如“{found[0]}”。"
        if found and found[0] in names:
            return found[0], ""
    return "", f"表单里没有叫“{called}”的问题。"
