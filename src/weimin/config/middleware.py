"""Per request: who acts, whether they may call the view at all, and errors turned into answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from allauth.core.exceptions import ImmediateHttpResponse, ReauthenticationRequired
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.db import DataError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from weimin.base import clock
from weimin.base.addresses import address_of
from weimin.base.errors import TooOften, WeiminError
from weimin.base.guard import AccessRule
from weimin.config import lost_forms, sharing, upkeep
from weimin.config.answers import NO_SUCH_WAY, UNSTORABLE, error_page
from weimin.kernel.accounts import actions as accounts
from weimin.kernel.accounts.web.gate import what_is_due
from weimin.kernel.directory import queries as directory
from weimin.kernel.directory.types import GLASS
from weimin.kernel.record import access
from weimin.kernel.record.types import Actor
from weimin.kernel.residents import queries as residents
from weimin.sites.desk.menu import menu_of
from weimin.ui.answers import status_of, with_wait

Answer = Callable[[HttpRequest], HttpResponse]

#: Modules of libraries whose views are public by their own design.
_LIBRARY_VIEWS = ("django.views.static", "django.contrib.staticfiles", "whitenoise", "ninja")


class Answers:
    """Outermost: sets the content security policy and turns our errors into pages."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.setdefault("Content-Security-Policy", settings.CONTENT_SECURITY_POLICY)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer with the error's own sentence; others go on to Django."""
        if isinstance(exception, WeiminError):
            return with_wait(error_page(request, status_of(exception), exception.message), exception)  # type: ignore[no-any-return]
        if isinstance(exception, DataError):
            return error_page(request, 400, UNSTORABLE)
        return None


class Access:
    """Innermost: one request is one unit of work of its actor; refuses a view whose rule does not admit them.

    What a request wrote stays only when its view came to its own end; an error's page undoes it.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.actor = Actor.anonymous()  # type: ignore[attr-defined]
        request.at = clock.now()  # type: ignore[attr-defined]
        request.today = clock.local_date(request.at)  # type: ignore[attr-defined]
        with access.unit_of_work():
            response = lost_forms.put_back(request, self.get_response(request))
            if response.status_code == 405 and not response.content:
                return error_page(request, 405, NO_SUCH_WAY)
            return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        """Undo what was written, so that the page which tells of the error can be made; an answer thrown is none."""
        if not isinstance(exception, ImmediateHttpResponse | ReauthenticationRequired | TooOften):
            access.undo()

    def process_view(
        self, request: Any, view: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        """Admit, send to the log-in page, or refuse."""
        rule: AccessRule | None = getattr(view, "access_rule", None)
        if rule is None:
            # some libraries register functools.partial objects
            if getattr(view, "func", view).__module__.startswith(_LIBRARY_VIEWS):
                access.act_as(request.actor)
                return upkeep.refuse_write(request, None)
            return error_page(request, 403, "这个地址没有登记访问规则，暂不开放。")
        if limit := getattr(view, "rate_limit", ""):
            # a page that anybody may be given writes nothing: it may be made on a standby
            spend = accounts.spend_here if sharing.is_making(request) else accounts.spend
            try:
                spend(limit=limit, who=address_of(request), at=request.at)
            except TooOften as fault:
                return with_wait(error_page(request, status_of(fault), fault.message), fault)  # type: ignore[no-any-return]
        request.actor = find_actor(request)
        access.act_as(request.actor, entrance=rule.who == "entrance")
        if refusal := upkeep.refuse_write(request, rule):
            return refusal
        sharing.note_edition(request)
        if rule.who in ("public", "entrance") or (rule.who == "demo" and settings.WEIMIN_DEMO):
            return None
        return self._admit(request, rule)

    def _admit(self, request: Any, rule: AccessRule) -> HttpResponse | None:
        actor: Actor = request.actor
        if rule.who in ("resident", "staff") and actor.kind != rule.who:
            if actor.kind == "anonymous" or request.method == "GET":
                if request.method == "POST":
                    return lost_forms.to_log_in(request, rule)
                login = reverse("portal:login" if rule.who == "resident" else "desk:login")
                return HttpResponseRedirect(f"{login}?next={quote(request.get_full_path())}")
            return error_page(request, 403, "您现在的登录身份不能办这件事。")
        if rule.who == "demo":
            return error_page(request, 404, "这一页只在演示环境中开放。")
        if rule.who == "staff":
            request.due = what_is_due(request, lambda: directory.list_roles(account_id=actor.account, on=request.today))
            if rule.own:
                return None
            if request.due:
                return HttpResponseRedirect(reverse(request.due))
        if rule.who == "staff" and actor.post_id is None:
            return error_page(request, 403, "您现在没有在任的岗位，请联系本单位管理员。")
        if rule.roles and not rule.roles & actor.roles:
            return error_page(request, 403, "您的岗位不办这件事。需要时请联系本单位管理员调整岗位。")
        if rule.who == "staff" and actor.is_administrator and not rule.roles:
            return _admit_administrator(request, rule)
        return None


def _admit_administrator(request: Any, rule: AccessRule) -> HttpResponse | None:
    """Administrators look at matters only through their break-glass session, and change nothing there."""
    if rule.glass and request.method in ("GET", "HEAD"):
        glass = directory.find_open_glass(request.actor, glass_id=request.session.get(GLASS), at=request.at)
        if glass is not None:
            request.actor = replace(request.actor, glass_place=glass.place_id, glass_why=glass.why)
            access.act_as(request.actor)
            return None
    if request.resolver_match.view_name == "desk:home":
        return HttpResponseRedirect(reverse("desk:administrators"))
    if rule.reads or rule.glass or request.method not in ("GET", "HEAD"):
        told = "管理员不办件，也不看办件。排查故障确需查看的，请先写明理由打开“应急查看”，只能看、不能办。"
        return error_page(request, 403, told)
    return None


def find_actor(request: Any) -> Actor:
    """Who acts in this request, from the session.

    Cost:   no query without a session; three for staff and residents
    """
    via = "desk" if request.path.startswith("/desk/") else "portal"
    if settings.SESSION_COOKIE_NAME not in request.COOKIES or SESSION_KEY not in request.session:
        return Actor.anonymous(via)
    # an account finds itself, and its person, before more is known of it
    access.act_as(replace(Actor.anonymous(via), account_id=int(request.session[SESSION_KEY])))
    if not request.user.is_authenticated:
        return Actor.anonymous(via)
    account = request.user
    if account.kind == "staff":
        post_id = request.session.get("post_id")
        return directory.get_actor_for_account(account_id=account.pk, post_id=post_id, at=request.at, via=via)
    return Actor(
        kind="resident",
        name=account.display_name,
        via=via,
        account_id=account.pk,
        resident_id=residents.find_resident_id(account_id=account.pk),
    )


def csrf_failure(request: Any, reason: str = "") -> HttpResponse:
    """A form from a page that is too old, or whose session is gone: its content is kept if it came from our page."""
    rule: AccessRule | None = getattr(request.resolver_match.func, "access_rule", None)
    if rule is not None and rule.who in ("resident", "staff") and lost_forms.from_our_page(request):
        if find_actor(request).kind == rule.who:
            return HttpResponseRedirect(lost_forms.keep(request, rule))
        return lost_forms.to_log_in(request, rule)
    return error_page(request, 403, "页面停留太久，登录状态已失效。请重新打开这一页再操作，已保存的内容不会丢。")


def shell_context(request: Any) -> dict[str, Any]:
    """What the shells show on every page: the actor, the city, the elder mode."""
    actor = getattr(request, "actor", Actor.anonymous())
    desk = request.path.startswith("/desk/") and actor.kind == "staff" and actor.account_id is not None
    return {
        "actor": actor,
        "city": settings.WEIMIN_CITY,
        "demo": settings.WEIMIN_DEMO,
        "maintenance": upkeep.banner(actor),
        "elder": request.COOKIES.get("elder") == "1",
        "menu": menu_of(actor) if desk else [],
        "glasses_unseen": directory.count_glasses_unseen(actor) if desk and "leader" in actor.roles else 0,
        "posts": directory.list_posts(account_id=actor.account, on=request.today) if desk else [],
    }
