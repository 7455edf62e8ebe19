"""Pure rules on people: ages, names."""

from __future__ import annotations

import re
from datetime import date

from weimin.base.errors import Invalid

_NAME = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff·〇]{2,40}|[A-Za-z][A-Za-z .'-]{1,59}")


class NameInvalid(Invalid):
    """The name cannot be a person's."""

    code = "residents.name_invalid"


def age_on(birth: date, on: date) -> int:
    """Full years (周岁): a year older from the day after the birthday.

    Units:  years
    Law:    mfd-2020 art. 1259
    """
    years = on.year - birth.year
    return years - ((on.month, on.day) <= (birth.month, birth.day))


def check_name(text: str) -> str:
    """Check a person's name; the dot of minority names becomes U+00B7.

    Raises: NameInvalid — with what to do
    """
    name = re.sub(r"[•・．‧∙]", "·", text.strip())
    name = re.sub(r"\s+", " ", name) if name.isascii() else re.sub(r"\s+", "", name)
    if not _NAME.fullmatch(name):
        raise NameInvalid("姓名请按身份证填写，2 到 40 个汉字；少数民族姓名中间用“·”。")
    return name
