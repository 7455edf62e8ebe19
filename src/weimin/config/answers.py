"""Error pages: one sentence and a way on; for the API the same sentence as JSON."""

from __future__ import annotations

import sys

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from weimin.base import tracing
from weimin.config import outages

#: What text that PostgreSQL cannot hold gets, such as a NUL byte.
UNSTORABLE = "内容里有无法识别的字符，请删掉后重新提交，已填的其他内容不受影响。"
#: What an address for sending forms says to somebody who opens it.
NO_SUCH_WAY = "这个地址只用来提交表单，不能直接打开。请回到原来的页面操作。"
NO_SUCH_PAGE = "网址可能写错了，或者这一页已经撤下。可以回首页搜索要办的事。"

_TITLES = {
    400: "请求有误",
    403: "没有权限",
    404: "找不到页面",
    405: "请求方式不对",
    409: "情况有变化",
    413: "文件太大",
    422: "不能这样办理",
    429: "操作太频繁",
    500: "系统出错了",
    503: "暂时用不了",
}


def error_page(request: HttpRequest, status: int, message: str, *, code: str = "", back: str = "") -> HttpResponse:
    """A whole page with one sentence and a way on, also `back` to a page; for the API the same sentence as JSON."""
    number = tracing.spoken(tracing.current()) if status >= 500 and not code else ""
    if request.path.startswith("/api/"):
        message += f"（查询编号 {number}）" if number else ""
        body = {"code": code or f"http.{status}", "message": message, "fields": {}}
        return JsonResponse(body, status=status, json_dumps_params={"ensure_ascii": False})
    context = {
        "status": status,
        "title": _TITLES.get(status, "出错了"),
        "message": message,
        "number": number,
        "back": back,
    }
    return render(request, "ui/error.html", context, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400 as a page."""
    return error_page(request, 400, "请求内容无法识别，请返回上一页重新操作。")


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403 as a page."""
    return error_page(request, 403, "您没有查看或办理这项内容的权限。")


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404 as a page."""
    return error_page(request, 404, NO_SUCH_PAGE)


def server_error(request: HttpRequest) -> HttpResponse:
    """500 as a page; says nothing of the cause. When the database or a disk gave way: 503, with when to try.

    Every layer's unhandled error comes here while it is being handled, those of middleware and of the commit too.
    """
    fault = sys.exc_info()[1]
    if outages.is_outage(fault):
        return outages.outage(request, fault)
    return error_page(request, 500, "系统出了问题，您刚才填写的内容可能没有保存，请稍后再试。")
