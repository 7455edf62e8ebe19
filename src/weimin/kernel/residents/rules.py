"""Pure rules on people: ages, names."""

from __future__ import annotations

import re
from datetime import date

from weimin.base.errors import Invalid

_HAN = r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff〇]"
_NAME = re.compile(rf"(?=.{{2,40}}\Z){_HAN}+(?:·{_HAN}+)*|[A-Za-z][A-Za-z .'-]{{1,59}}")
_DOTS = re.compile(r"[•・．‧∙⋅●.。]")


class NameInvalid(Invalid):
    """The name cannot be a person's."""

    code = "residents.name_invalid"


def age_on(birth: date, on: date) -> int:
    """Full years (周岁): a year older from the day after the birthday; 0 up to the first.

    Units:  years
    Law:    mfd-2020 art. 1259
    """
    years = on.year - birth.year
    return max(0, years - ((on.month, on.day) <= (birth.month, birth.day)))


def check_name(text: str) -> str:
    """Check a person's name; the dot of minority names becomes U+00B7.

    Raises: NameInvalid — with what to do
    """
    name = re.sub(r"\s+", " ", text.strip())
    if not name.isascii():
        name = _DOTS.sub("·", name.replace(" ", ""))
    if not _NAME.fullmatch(name):
        raise NameInvalid("姓名请按身份证填写，2 到 40 个汉字；少数民族姓名中间用“·”。")
    return name
