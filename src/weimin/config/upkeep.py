"""While maintenance is on: no form is taken, what was typed is kept, reading goes on.

Every process reads the arrangement from the database every five seconds, so all machines follow. A form that is refused
waits in its sender's session until an hour after the announced end and is filled in when they open its page again.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpResponse

from weimin.base import clock
from weimin.base.guard import AccessRule
from weimin.config import lost_forms
from weimin.config.answers import error_page
from weimin.kernel.record import queries as record
from weimin.kernel.record.types import Actor

CODE = "system.maintenance"
#: How long a refused form waits beyond the announced end, in seconds.
_LONGER = 3600
#: When a caller may try again where the announced end has passed, in seconds.
_SOON = 120
#: From when on people are told that it is going to begin.
_AHEAD = 24 * 3600


def refuse_write(request: Any, rule: AccessRule | None) -> HttpResponse | None:
    """The answer to a form, or to a call that writes, while maintenance is on; None when it may go on.

    Cost:   nothing for reading; at most one query every five seconds; one write for a form that is kept
    """
    if request.method in ("GET", "HEAD", "OPTIONS") or not record.is_under_maintenance(at=request.at):
        return None
    row = record.find_maintenance(fresh=False)
    if row is None:
        return None
    told = f"{record.maintenance_text(row)}。这段时间只能查看，不能提交，结束后就能办。"
    back = ""
    if rule is not None and rule.who in ("resident", "staff") and request.actor.kind == rule.who:
        left = max(0.0, (row.until - request.at).total_seconds())
        back = lost_forms.keep(request, rule, why="maintenance", seconds=left + _LONGER)
        request.session.save()  # an answer of 503 saves none by itself
        told += (
            "您填的内容太长，没能保留，请先复制下来。"
            if request.session[lost_forms.KEY]["long"]
            else "您填的内容已经保留，结束后打开刚才那一页就会填好，核对后再提交（文件要重新选）。"
        )
    answer = error_page(request, 503, told, code=CODE, back=back)
    answer["Retry-After"] = str(_wait(row.until, request.at))
    return answer


def _wait(until: datetime, at: datetime) -> int:
    """After how many seconds it is worth trying again."""
    return max(_SOON, int((until - at).total_seconds()))


def banner(actor: Actor) -> str:
    """What stands on top of pages from a day before maintenance until it ends, for who is logged in; '' for nothing.

    Anonymous pages may be kept by a cache in front, so they tell nothing that passes.
    """
    if actor.kind not in ("resident", "staff"):
        return ""
    row, at = record.find_maintenance(fresh=False), clock.now()
    if row is None or (row.begins_at - at).total_seconds() > _AHEAD:
        return ""
    text = record.maintenance_text(row)
    if row.begins_at > at:
        return f"{text}。到时只能查看，不能提交，请提前办完手头的事。"
    return f"{text}。现在只能查看，不能提交；填了提交不了的内容会给您保留。"
