"""Who may change procedures. Reading a published picture is open to everyone."""

from __future__ import annotations

from weimin.base.errors import Forbidden
from weimin.kernel.record.types import Actor

KEEPING = frozenset({"list_keeper"})


class NotKeeper(Forbidden):
    """Only those who keep the lists may change procedures."""

    code = "procedures.not_keeper"


def may_keep(by: Actor) -> bool:
    """Whether the actor may draft and publish procedures."""
    return by.kind == "system" or (by.kind == "staff" and bool(by.roles & KEEPING))


def check_keep(by: Actor) -> None:
    """Refuse anyone who may not change procedures.

    Raises: NotKeeper — neither the platform nor a list keeper
    """
    if not may_keep(by):
        raise NotKeeper("流程由清单管理岗位维护，您没有这个岗位。")
