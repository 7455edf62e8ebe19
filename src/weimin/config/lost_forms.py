"""A form sent without its session, from a page that is too old, or during maintenance: kept, and put back afterwards.

What was typed waits in the sealed session of the same browser, for half an hour or until maintenance is over, for one
showing, for somebody of the same kind, on the page it was typed on. Files and passwords are never kept.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode, urlsplit

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import Resolver404, resolve, reverse

from weimin.base.guard import AccessRule
from weimin.ui.refill import note, refill

#: Where it waits in the session.
KEY = "lost_form"
#: The longest form that is kept, in characters.
_LONGEST = 40_000
_MINUTES = 30
_WHY = {"login": "登录过期", "maintenance": "刚才系统维护，没有提交"}
_LOGINS = {"resident": "portal:login", "staff": "desk:login"}


def from_our_page(request: Any) -> bool:
    """Whether a form was sent from a page of this site, by what the browser says and a script elsewhere cannot."""
    if site := request.headers.get("Sec-Fetch-Site"):
        return bool(site == "same-origin")
    sent_from = request.headers.get("Origin") or request.headers.get("Referer") or ""
    return urlsplit(sent_from).netloc == request.get_host()


def keep(request: Any, rule: AccessRule, *, why: str = "login", seconds: float = _MINUTES * 60) -> str:
    """Keep a sent form for after the log-in, or after maintenance; gives the page it was on.

    Shape:  (nothing is kept of a form that is too long, or of one's own log-in; the page is given all the same)
    """
    page = _page_of(request, rule)
    names = () if rule.own else request.POST  # pages of one's own log-in ask for passwords
    typed = {name: request.POST.getlist(name) for name in names if name != "csrfmiddlewaretoken"}
    size = sum(len(name) + sum(map(len, values)) for name, values in typed.items())
    request.session[KEY] = {
        "page": urlsplit(page).path,
        "action": request.path,
        "kind": rule.who,
        "typed": typed if size <= _LONGEST else {},
        "long": size > _LONGEST,
        "files": [one.name[:80] for name in request.FILES for one in request.FILES.getlist(name)][:20],
        "why": why,
        "at": request.at.timestamp(),
        "seconds": seconds,
    }
    return page


def to_log_in(request: Any, rule: AccessRule) -> HttpResponse:
    """Keep a form that came without a session, and send its sender to log in and back to its page."""
    page = keep(request, rule)
    why = "long" if request.session[KEY]["long"] else "lost"
    return HttpResponseRedirect(f"{reverse(_LOGINS[rule.who])}?{urlencode({'why': why, 'next': page})}")


def _page_of(request: Any, rule: AccessRule) -> str:
    """The page that a form was on: where the browser came from, if that is a page of the same kind of viewer."""
    came = urlsplit(request.headers.get("Referer", ""))
    if came.netloc == request.get_host():
        try:
            view = resolve(came.path).func
        except Resolver404:
            view = None
        if getattr(getattr(view, "access_rule", None), "who", "") == rule.who:
            return f"{came.path}?{came.query}" if came.query else came.path
    return str(request.path)


def put_back(request: Any, response: HttpResponse) -> HttpResponse:
    """Fill a page with what was kept for it, once."""
    if request.method != "GET" or response.status_code != 200 or response.streaming:
        return response
    if not response.get("Content-Type", "").startswith("text/html") or not hasattr(request, "session"):
        return response
    # a visitor without a session has nothing kept, and reading it would cost a query
    kept = request.session.get(KEY) if request.session.session_key else None
    if not kept or kept["kind"] != request.actor.kind or kept["page"] != request.path:
        return response
    del request.session[KEY]
    if request.at.timestamp() - kept["at"] > kept.get("seconds", _MINUTES * 60):  # none of before an upgrade
        return response
    done = refill(response.content.decode(), address=request.path, action=kept["action"], typed=kept["typed"])
    link = "到刚才填的地方" if done.found and kept["typed"] else ""
    response.content = note(done.page, _lines(kept, done.found, done.left), link=link).encode()
    if response.has_header("Content-Length"):
        response["Content-Length"] = str(len(response.content))
    return response


def _lines(kept: dict[str, Any], found: bool, left: tuple[tuple[str, str], ...]) -> list[str]:
    """What the note says: that it is still there, and what could not be put back."""
    why = _WHY[kept.get("why", "login")]
    if kept["long"]:
        return [f"{why}，您刚才填的内容太长，没能保留，请重新填写。"]
    if not kept["typed"] and not kept["files"]:
        return [f"{why.removesuffix('，没有提交')}，没有提交，请重新操作。"]
    values = "；".join(value for _, value in left)
    lines = [
        f"{why}，您刚才填的内容还在，请核对后重新提交。"
        if found
        else f"{why}。这一页现在没有刚才那张表了，请看最新情况。"
    ]
    if values:
        lines.append(f"没能放回表里的内容，需要的请复制：{values}" if found else f"您刚才填的是：{values}")
    if kept["files"]:
        lines.append(f"文件要重新选：{'、'.join(kept['files'])}")
    return lines
