"""What differs between two versions of a row, or between a township's copy and the base, named in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from weimin.kernel.catalogue.rules.wording import condition_words, pattern_words

#: Headings of an item record, as people read them.
LABELS = {
    "name": "名称", "plain": "通俗说明", "area": "服务领域", "national_field": "国家领域", "type": "事项类型",
    "applied": "依申请", "basis": "设定依据", "audience": "服务对象", "conditions": "受理条件", "steps": "办理流程",
    "materials": "材料", "fee": "收费", "limits": "时限", "channels": "办理形式", "online": "网上办",
    "visits": "到现场次数", "visit_reason": "到现场原因", "form": "表单", "result": "结果", "lead": "牵头部门",
    "cooperating": "配合部门", "joint": "联办", "decision_level": "决定层级", "procedure": "流程",
    "publication": "公开", "legal_effect": "性质", "review_body": "复议机关", "court": "管辖法院",
    "accept_other_townships": "全域通办", "synonyms": "群众叫法", "life_events": "人生事件", "faq": "常见问题",
    "certainty": "核对情况", "pages": "页", "fields": "问题", "statutory": "法定", "committed": "承诺",
    "stages": "分段", "pause_grounds": "停钟情形", "value": "天数", "unit": "单位", "extend": "延长",
    "required": "是否必须", "kind": "提交方式", "originals": "原件份数", "copies": "复印件份数",
    "issued_by": "出具机构", "share_source": "共享来源", "accept": "文件格式", "note": "说明", "label": "题目",
    "help": "提示", "choices": "选项", "charged": "是否收费", "law": "文件", "article": "条款", "version": "版本",
    "regime": "适用程序", "remedy": "救济", "renewal": "延续", "who": "谁办", "text": "内容", "title": "标题",
    "validity": "有效期", "sample": "样本", "class": "类别", "address": "地点", "hours": "时间", "phone": "电话",
    "window": "窗口", "show_if": "什么时候才问", "pattern": "格式", "pattern_message": "格式不对时怎么说",
    "base_code": "基本编码", "implementation_code": "实施编码", "handling_code": "业务办理项编码",
    "form/type": "怎么填", "form/name": "字段名",
}  # fmt: skip
#: What is told as a whole, in the words in which it is written.
_SAID: Mapping[str, Callable[[Any, Sequence[Mapping[str, Any]]], str]] = {
    "show_if": condition_words,
    "pattern": lambda value, _: pattern_words(str(value or "")),
}
#: By what members of a list are known as the same one, tried in turn.
_KEYS = ("code", "name", "title", "q", "law")


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs.

    Shape:  path of keys as stored; label in words; old and new in words, '' for absent
    """

    path: str
    label: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class _Words:
    """How keys are called, and codes: by path, or by the first and the last steps of one."""

    labels: Mapping[str, str]
    names: Mapping[str, Mapping[str, str]]
    #: The questions of both records, for conditions that speak of them.
    asked: tuple[Sequence[Mapping[str, Any]], Sequence[Mapping[str, Any]]] = ((), ())

    def of_key(self, key: str, path: tuple[str, ...]) -> str:
        """A heading in words; some are called otherwise within another part of the record."""
        inner = f"{path[0]}/{key}" if path else ""
        return self.labels.get(inner) or self.labels.get(key, key)

    def codes_at(self, path: tuple[str, ...]) -> Mapping[str, str]:
        """The codes that may stand at a path, with their names; empty where any text may."""
        ways = (".".join(path), *(".".join((*path[:steps], path[-1])) for steps in (1, 2) if len(path) > steps + 1))
        return next((self.names[one] for one in ways if one in self.names), {})

    def of_value(self, value: Any, path: tuple[str, ...]) -> str:
        """A value in words, its codes by their names."""
        names = self.codes_at(path)
        if isinstance(value, list):
            return in_words([names.get(str(one), one) for one in value] if names else value)
        return names.get(str(value)) or in_words(value)


def compare(
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    *,
    labels: Mapping[str, str] | None = None,
    names: Mapping[str, Mapping[str, str]] | None = None,
) -> tuple[Difference, ...]:
    """Everything that differs between two records, in the order of the records; empty for equal ones.

    A member of a list is found by its code, name or title, so that an inserted material is one difference. Empty texts,
    lists and absent keys are the same. `names` says what codes are called (`records.choice_names`).
    """
    called = _Words({**LABELS, **(labels or {})}, names or {}, (_questions(old), _questions(new)))
    return tuple(_differences(old, new, (), (), called))


def _questions(record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Every question of a record's form, over all its pages."""
    form = record.get("form")
    pages = form.get("pages") or () if isinstance(form, Mapping) else ()
    return [one for page in pages for one in page.get("fields") or ()]


def _differences(
    old: Any, new: Any, path: tuple[str, ...], words: tuple[str, ...], called: _Words
) -> Iterator[Difference]:
    if _same(old, new):
        return
    if path and path[-1] in _SAID:
        say = _SAID[path[-1]]
        yield Difference("/".join(path), "·".join(words), say(old, called.asked[0]), say(new, called.asked[1]))
    elif isinstance(old or {}, Mapping) and isinstance(new or {}, Mapping):
        old, new = old or {}, new or {}
        for key in [*old, *(one for one in new if one not in old)]:
            step = called.of_key(str(key), path)
            yield from _differences(old.get(key), new.get(key), (*path, str(key)), (*words, step), called)
    elif (key := _key(old, new)) is not None:
        before, after = {_name(one, key): one for one in old or ()}, {_name(one, key): one for one in new or ()}
        for name in [*before, *(one for one in after if one not in before)]:
            step = _called(before.get(name) or after.get(name) or {}, name)
            yield from _member(before.get(name), after.get(name), (*path, name), (*words, f"“{step}”"), called)
        if list(before) != list(after) and set(before) == set(after):
            yield Difference("/".join(path), "·".join(words) + "·顺序", "、".join(before), "、".join(after))
    elif not (called.codes_at(path) and isinstance(old, list) and isinstance(new, list) and set(old) == set(new)):
        yield Difference("/".join(path), "·".join(words), called.of_value(old, path), called.of_value(new, path))


def _member(old: Any, new: Any, path: tuple[str, ...], words: tuple[str, ...], called: _Words) -> Iterator[Difference]:
    if old is None or new is None:
        yield Difference("/".join(path), "·".join(words), "有" if new is None else "", "有" if old is None else "")
    else:
        yield from _differences(old, new, path, words, called)


def _same(old: Any, new: Any) -> bool:
    return old == new or (old in (None, "", [], {}) and new in (None, "", [], {}))


def _key(old: Any, new: Any) -> str | None:
    """By which key the members of both lists are told apart, if by any."""
    members = [*(old or ()), *(new or ())] if isinstance(old or [], list) and isinstance(new or [], list) else []
    if not members or not all(isinstance(one, Mapping) for one in members):
        return None
    for key in _KEYS:
        if all(one.get(key) for one in members) and all(
            len({_name(one, key) for one in side or ()}) == len(side or ()) for side in (old, new)
        ):
            return key
    return None


def _name(member: Mapping[str, Any], key: str) -> str:
    return f"{member[key]} {member.get('article') or ''}".strip() if key == "law" else str(member[key])


def _called(member: Mapping[str, Any], name: str) -> str:
    return str(member.get("label") or member.get("name") or member.get("title") or name)


def in_words(value: Any) -> str:
    """A stored value as people read it."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, Mapping):
        return "；".join(f"{LABELS.get(str(key), str(key))}：{in_words(one)}" for key, one in value.items() if one)
    if isinstance(value, list | tuple):
        return "、".join(in_words(one) for one in value)
    return str(value)
