"""What the two log-in pages share: who need not log in again, and why somebody was sent back."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth import logout as end_session
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse

#: Why somebody is back at the log-in page: the word in the address, the sentence on the page.
REASONS = {
    "expired": "验证码已经过期，请重新获取。",
    "tries": "验证码填错的次数太多，请重新获取一个。",
    "inactive": "这个账号已停用，请联系便民服务中心窗口；工作人员请联系本单位管理员。",
    "key": "这次没有认出您的通行密钥，请再试一次，或用口令登录。",
    "changed": "登录步骤已经过期，请重新登录。",
    "city": "市统一身份认证没有完成，请再试一次，或用手机验证码登录。",
    "city_no_phone": "市统一身份认证没有给出已验证的手机号，请用手机验证码登录。",
    "city_phone_taken": "这个手机号已经是另一个人的登录账号，请带身份证到便民服务中心窗口办理。",
    "city_down": "市统一身份认证暂时连不上，请用手机验证码登录。",
}
#: What somebody is told whose form came without a session.
TOLD = {
    "lost": "登录过期了，请重新登录。您刚才填的内容还在，登录后会放回原来的页面，核对后再提交。",
    "long": "登录过期了，请重新登录。您刚才填的内容太长，没能保留，登录后请重新填写。",
}


def back_to(name: str, why: str, wanted: str | None = "") -> HttpResponseRedirect:
    """Send somebody to a log-in page with the reason, keeping where they wanted to go."""
    query = {"why": why} | ({"next": wanted} if wanted else {})
    return HttpResponseRedirect(f"{reverse(name)}?{urlencode(query)}")


def held_off(answer: Any, wait_seconds: int) -> Any:
    """Mark an answer to somebody who tried too often."""
    if wait_seconds:
        answer.status_code = 429
        answer["Retry-After"] = str(wait_seconds)
    return answer


class Entrance:
    """Sends on who is logged in already as this kind; the other kind may change over by logging in."""

    kind = ""
    request: Any

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Send on, or show the page."""
        if getattr(request.user, "kind", "") == self.kind:
            return HttpResponseRedirect(self.get_success_url())  # type: ignore[attr-defined]
        return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]

    def form_valid(self, form: Any) -> Any:
        """End the other kind's session first: one browser, one person."""
        if self.request.user.is_authenticated:
            end_session(self.request)
        return super().form_valid(form)  # type: ignore[misc]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say why somebody was sent back."""
        context: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]
        why = self.request.GET.get("why", "")
        return context | {"why": REASONS.get(why, ""), "told": TOLD.get(why, "")}
