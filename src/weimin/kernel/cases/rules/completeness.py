"""What an application must bring, and what it brought, in words that say what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from weimin.base import identifiers
from weimin.base.errors import Invalid
from weimin.kernel.cases.types import PostalAddress
from weimin.kernel.catalogue.types import Material

#: How many files one material may have.
FILES_AT_MOST = 20


class TooManyFiles(Invalid):
    """More files of one material than anybody reads."""

    code = "cases.too_many_files"


def missing_materials(materials: Iterable[Material], *, given: set[str], waived: set[str]) -> list[Material]:
    """Required materials that were neither given nor waived by the clerk; shared ones never are.

    Law:    sw-716 art. 7
    """
    return [
        one for one in materials if one.required and not one.shared and one.code not in given and one.code not in waived
    ]


def received_materials(materials: Iterable[Material], *, files: Iterable[str], seen: Iterable[str]) -> list[str]:
    """What a receipt may say was handed in: each material that came as files or was seen on paper, and nothing else.

    `files` are the material codes of the files, one each.

    Law:    xkl-2019 art. 32
    """
    counts, papers = Counter(files), set(seen)
    lines = []
    for one in materials:
        count = counts.pop(one.code, 0)
        how = [f"上传 {count} 份"] * bool(count) + ["纸质，窗口已核对"] * (one.code in papers)
        if how:
            lines.append(f"{one.name}（{'；'.join(how)}）")
    other = sum(counts.values())
    return [*lines, f"其他材料（上传 {other} 份）"] if other else lines


def check_count(count: int) -> None:
    """Refuse more files of one material than fit.

    Raises: TooManyFiles — with how many fit
    """
    if count > FILES_AT_MOST:
        raise TooManyFiles(f"每项材料最多交 {FILES_AT_MOST} 个文件。多的请合成一个 PDF，或者先删掉不要的。")


def check_post(post_to: PostalAddress | None) -> tuple[PostalAddress, dict[str, str]]:
    """Check where a result is posted to.

    Shape:  the tidied address, and a sentence for each part that is wrong
    """
    given = post_to or PostalAddress("", "", "")
    name, address = " ".join(given.name.split()), " ".join(given.address.split())
    phone, errors = given.phone.strip(), {}
    if not 1 <= len(name) <= 40:
        errors["post_name"] = "请填写收件人姓名。"
    try:
        phone = identifiers.check_phone(phone)
    except Invalid as fault:
        errors["post_phone"] = fault.message if phone else "请填写收件人的手机号，快递送到时联系。"
    if not 6 <= len(address) <= 120:
        errors["post_address"] = "请填写收件地址，写到村组或街道门牌号，6 到 120 个字。"
    return PostalAddress(name, phone, address), errors
