"""What every request and answer is held to before and after any view: size, method, depth, headers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja.errors import HttpError
from ninja.parser import Parser

from weimin.config.answers import error_page

Answer = Callable[[HttpRequest], HttpResponse]
METHODS = ("GET", "HEAD", "POST", "OPTIONS")
#: The largest request: a form with six files of 20 MB.
MAX_REQUEST_BYTES = 130 * 1024 * 1024
#: The largest JSON body, and how deep it may nest; an application has a depth of five.
MAX_JSON_BYTES = 1024 * 1024
MAX_JSON_DEPTH = 20
#: Features of browsers that no page of ours uses; a photo is taken by the file field, which needs none of them.
PERMISSIONS_POLICY = ", ".join(
    f"{name}=()"
    for name in (
        "accelerometer",
        "browsing-topics",
        "camera",
        "display-capture",
        "geolocation",
        "gyroscope",
        "microphone",
        "midi",
        "payment",
        "publickey-credentials-get",
        "serial",
        "usb",
    )
).replace("publickey-credentials-get=()", "publickey-credentials-get=(self)")
HEADERS = {
    "Permissions-Policy": PERMISSIONS_POLICY,
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Permitted-Cross-Domain-Policies": "none",
}


class Hardening:
    """Refuses what is too large or of no known method; sets the headers that every answer carries.

    An answer to somebody who is logged in, or to a token, is kept by no cache unless its view says otherwise.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._refusal(request) or self.get_response(request)
        for name, value in HEADERS.items():
            response.setdefault(name, value)
        if _is_personal(request, response):
            response.setdefault("Cache-Control", "private, no-store")
        return response

    def _refusal(self, request: HttpRequest) -> HttpResponse | None:
        if request.method not in METHODS:
            answer = error_page(request, 405, "这个地址不接受这种请求方式。")
            answer["Allow"] = ", ".join(METHODS)
            return answer
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isascii() or not length.isdecimal():
            return error_page(request, 400, "请求内容无法识别，请返回上一页重新操作。")
        too_long = request.content_type == "application/json" and int(length) > MAX_JSON_BYTES
        if too_long or int(length) > MAX_REQUEST_BYTES:
            return error_page(request, 413, "一次提交的内容太大，请减少文件或压缩后再提交。")
        return None


def _is_personal(request: HttpRequest, response: HttpResponse) -> bool:
    name = settings.SESSION_COOKIE_NAME
    return name in request.COOKIES or name in response.cookies or "Authorization" in request.headers


class BoundedParser(Parser):
    """Reads JSON bodies of bounded depth, counted before they are parsed; their size is bounded above."""

    def parse_body(self, request: HttpRequest) -> Any:
        """Read a body.

        Raises: HttpError — 400 too deep or no JSON
        """
        body = request.body
        if depth_of(body) > MAX_JSON_DEPTH:
            raise HttpError(400, "nested too deep")
        try:
            return json.loads(body, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as fault:
            raise HttpError(400, "no JSON") from fault


_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"?', re.S)


def depth_of(body: bytes) -> int:
    """How deep a JSON text nests, by counting brackets outside of strings; never recurses.

    Cost:   one pass
    """
    depth = deepest = 0
    for bracket in re.findall(rb"[\[\]{}]", _STRINGS.sub(b"", body)):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
