"""The privacy notice: which version is in force on a day, and what it says of one item's form."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from weimin.kernel.catalogue.types import FormField, ItemSpec

#: Kinds of sensitive data by the words that name them on forms and materials.
SENSITIVE: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("不满十四周岁未成年人的信息", ("孩子", "儿童", "幼儿", "婴儿", "子女", "孤儿")),
    ("医疗健康", ("病", "诊断", "医疗", "健康", "残疾", "伤", "身体", "孕", "体检", "失能")),
    ("金融账户", ("银行", "账号", "账户", "卡号", "社保卡", "存折", "收入", "财产")),
    ("宗教信仰", ("宗教", "信教")),
    ("特定身份", ("低保", "特困", "困难", "退役", "刑满", "社区矫正", "身份证")),
)


@dataclass(frozen=True, slots=True)
class Notice:
    """One version of the notice, part by part."""

    version: str
    valid_from: date
    who: str
    purpose: str
    way: str
    basis: str
    period: str
    rights: str
    sensitive: str
    children: str

    @property
    def parts(self) -> list[tuple[str, str]]:
        """The parts that hold for every item, with their headings."""
        return [
            ("谁在处理", self.who),
            ("为什么", self.purpose),
            ("怎么处理", self.way),
            ("依据", self.basis),
            ("保存多久", self.period),
            ("您的权利", self.rights),
            ("敏感信息", self.sensitive),
            ("孩子的信息", self.children),
        ]


@dataclass(frozen=True, slots=True)
class Collected:
    """One thing that an item asks for: what, and which kind of sensitive data it is ('' when it is not)."""

    label: str
    sensitive: str


@dataclass(frozen=True, slots=True)
class ItemNotice:
    """What a notice says of one item: what is collected, for what, by which law."""

    name: str
    purpose: str
    basis: tuple[str, ...]
    collected: tuple[Collected, ...]

    @property
    def sensitive(self) -> tuple[str, ...]:
        """The kinds of sensitive data among it, each once."""
        return tuple(dict.fromkeys(one.sensitive for one in self.collected if one.sensitive))


def notice_on(notices: Iterable[Notice], on: date) -> Notice:
    """The version in force on a day: the last that had begun.

    Law:    pipl-2021 art. 17
    """
    return max((one for one in notices if one.valid_from <= on), key=lambda one: (one.valid_from, one.version))


def sensitive_kind(label: str, kind: str = "") -> str:
    """Which kind of sensitive data a question or material asks for, by its words; '' when none.

    Law:    pipl-2021 art. 28
    """
    if kind == "id_number" and not any(word in label for word in SENSITIVE[0][1]):
        return "特定身份"
    return next((name for name, words in SENSITIVE if any(word in label for word in words)), "")


def item_notice(spec: ItemSpec) -> ItemNotice:
    """The item's own part of the notice, from its form, materials and legal basis.

    Law:    pipl-2021 art. 17, pipl-2021 art. 30
    """
    asked = [Collected(one.label, _of_field(one)) for one in spec.form.fields]
    asked += [Collected(one.name, sensitive_kind(one.name)) for one in spec.materials]
    basis = tuple(f"{one['law']}{one.get('article') or ''}" for one in spec.doc.get("basis") or ())
    return ItemNotice(spec.name, f"办理“{spec.name}”", basis, tuple(asked))


def _of_field(field: FormField) -> str:
    own = sensitive_kind(field.label, field.type)
    return own or next((kind for one in field.columns if (kind := sensitive_kind(one.label, one.type))), "")


def asks_about_children(spec: ItemSpec) -> bool:
    """Whether an item is about children: its form or name says so."""
    return sensitive_kind(spec.name) == SENSITIVE[0][0] or SENSITIVE[0][0] in item_notice(spec).sensitive
