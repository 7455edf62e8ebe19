"""How long what is kept: the classes, when a time is over, and what of a person's data can be deleted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from weimin.kernel.rights.types import DeletionLine, Kept


@dataclass(frozen=True, slots=True)
class RetentionClass:
    """A class of keeping: so many years (None: for good) from its start, and the basis."""

    code: str
    name: str
    years: int | None
    starts: str
    basis: str
    days: int | None = None


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """One kind of rows and its class; matters also by the type of their item."""

    table: str
    klass: str
    note: str = ""


def matter_class(types: dict[str, str], type_code: str) -> str:
    """The class of a matter by its item's type: the row of the type, or the row of all others."""
    return types.get(type_code, types["*"])


def period_end(ended_on: date, klass: RetentionClass) -> date | None:
    """The first day on which something may be destroyed; None when it is kept for good.

    Archives count from the first day of the year after the one in which the matter ended.

    Law:    pipl-2021 art. 19
    """
    if klass.years is None:
        return None
    return date(ended_on.year + 1 + klass.years, 1, 1)


def latest_over(on: date, klass: RetentionClass) -> date | None:
    """The day before which a matter must have ended for its time to be over on a day; None when never.

    Law:    pipl-2021 art. 19
    """
    return None if klass.years is None else date(on.year - klass.years, 1, 1)


def describe_deletion(kept: Kept, *, closing: bool) -> list[DeletionLine]:
    """What is deleted at once and what stays, with the reason for each class.

    Law:    pipl-2021 art. 47
    """
    archive = "办件是行政机关履行法定职责形成的档案，按档案保管期限保存，到期后经两人审批销毁"
    lines = [
        DeletionLine("没提交的草稿", kept.drafts, True, "还没有提交，删除不影响任何人"),
        DeletionLine("没交上去的文件", kept.loose_files, True, "不属于任何办件"),
        DeletionLine("登记的手机号", int(kept.phone), closing, "注销后不再联系您" if closing else "办件要通知您"),
        DeletionLine("登录账号", int(kept.account), closing, "注销" if closing else "您没有要求注销"),
        DeletionLine("办件、材料、文书、评价", kept.matters, False, archive),
        DeletionLine("消息", kept.messages, False, "是办件告知您的凭据，随办件保管"),
        DeletionLine("谁看过您的资料", kept.looks, False, "查看记录至少保存三年，用来保护您"),
        DeletionLine("审计记录", 0, False, "只记编号和动作，不含您填写的内容，依法不能删改"),
    ]
    return [one for one in lines if one.count or one.what in ("登录账号", "审计记录")]


def destruction_lines(rows: Iterable[tuple[str, str, str]]) -> str:
    """The list of a certificate as text, one matter a line: what its digest is made of."""
    return "\n".join("\t".join(one) for one in rows)
