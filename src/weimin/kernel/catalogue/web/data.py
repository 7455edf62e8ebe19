"""Open data: the catalogue as files, a feed of what changed, and the page that tells people what is in them.

Whole files are written through a file, so that a long catalogue costs no memory, and every answer carries a mark of the
catalogue's state: who has that state already is told so without the catalogue being read.
"""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.conf import settings
from django.http import FileResponse, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.feedgenerator import Atom1Feed
from django.utils.http import quote_etag
from django.views.decorators.http import require_safe

from weimin.base.clock import SHANGHAI
from weimin.base.guard import access, limited, shared
from weimin.kernel.catalogue import queries
from weimin.kernel.catalogue.queries import open_data
from weimin.kernel.catalogue.rules import cpsv, gbt39046, tables
from weimin.kernel.catalogue.types import PublishedItem

JSONLD = "application/ld+json"
#: Caches may answer for five minutes, and ask whether anything changed afterwards.
A_WHILE = "public, max-age=300, stale-while-revalidate=3600"
FEED = 50
_FIRST_ID = 2**62


@dataclass(frozen=True, slots=True)
class File:
    """One file on the page of open data."""

    url: str
    name: str
    form: str
    text: str


@dataclass(frozen=True, slots=True)
class DataPage:
    """What the page of open data shows."""

    files: list[File]
    items: int
    changed: date | None
    licence: str
    licence_name: str
    item_columns: tuple[tables.Column, ...]
    material_columns: tuple[tables.Column, ...]
    rates: str


FILES = (
    ("portal:data_csv", "事项表", "CSV", "一行一个事项，表格软件直接打开"),
    ("portal:data_materials", "材料表", "CSV", "一行一份材料，用事项代码和事项表对上"),
    ("portal:data_codes", "代码表", "CSV", "GB/T 39046 附录 A 的代码和名称"),
    ("portal:data_gbt39046", "事项基本目录", "JSON", "按 GB/T 39046-2020 表 4 的数据项，给政务平台对接"),
    ("portal:data_jsonld", "事项图谱", "JSON-LD", "按 CPSV-AP 3.2 词汇，给知识图谱和搜索引擎"),
    ("portal:data_atom", "变更订阅", "Atom", "每次公布一个版本出一条，最近 50 条"),
    ("portal:data_changes", "变更订阅", "JSON Feed", "内容同上，可一直翻到最早"),
)


@access("public", shared=shared())
@require_safe
def index(request: Any) -> HttpResponse:
    """What there is, in which form, under which licence, and what each column means."""
    state = open_data.read_state()
    page = DataPage(
        files=[File(reverse(url), name, form, text) for url, name, form, text in FILES],
        items=state.items,
        changed=state.changed,
        licence=settings.WEIMIN_DATA_LICENCE,
        licence_name=settings.WEIMIN_DATA_LICENCE_NAME,
        item_columns=tables.ITEM_COLUMNS,
        material_columns=tables.MATERIAL_COLUMNS,
        rates=settings.WEIMIN_RATES["data"].split("/")[0],
    )
    return render(request, "catalogue/data.html", {"page": page})


def _answer(request: Any, name: str, kind: str, pieces: Callable[[], Iterable[str]]) -> HttpResponse | FileResponse:
    """A whole file, or word that the asker has it already."""
    etag = quote_etag(f"{open_data.read_state().mark}-{name}")
    if known := get_conditional_response(request, etag=etag):
        known["Cache-Control"] = A_WHILE
        return known  # type: ignore[no-any-return]
    out = tempfile.TemporaryFile()  # noqa: SIM115 — the answer closes it
    if request.method == "GET":
        for piece in pieces():
            out.write(piece.encode())
    out.seek(0)
    answer = FileResponse(out, filename=name, content_type=kind)
    if request.method == "HEAD":
        del answer["Content-Length"]
    answer["Cache-Control"] = A_WHILE
    answer["ETag"] = etag
    answer["Link"] = f'<{settings.WEIMIN_DATA_LICENCE}>; rel="license"'
    answer["Access-Control-Allow-Origin"] = "*"
    return answer


def _csv(head: Iterable[str], rows: Iterable[list[str]]) -> Iterator[str]:
    """A table as CSV with a mark by which spreadsheets know the letters."""
    yield "\ufeff" + _row(list(head))
    for row in rows:
        yield _row(row)


def _row(values: list[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(values)
    return out.getvalue()


@access("public", shared=shared())
@limited("data")
@require_safe
def items_csv(request: Any) -> HttpResponse | FileResponse:
    """Items as CSV, one a row."""
    head = [column.name for column in tables.ITEM_COLUMNS]
    return _answer(
        request, "items.csv", "text/csv; charset=utf-8", lambda: _csv(head, tables.item_rows(open_data.each_item()))
    )


@access("public", shared=shared())
@limited("data")
@require_safe
def materials_csv(request: Any) -> HttpResponse | FileResponse:
    """Materials as CSV, one a row."""
    head = [column.name for column in tables.MATERIAL_COLUMNS]
    return _answer(
        request,
        "materials.csv",
        "text/csv; charset=utf-8",
        lambda: _csv(head, tables.material_rows(open_data.each_item())),
    )


@access("public", shared=shared())
@limited("data")
@require_safe
def codes_csv(request: Any) -> HttpResponse | FileResponse:
    """The standard's code sets as CSV."""
    head = ["表", "代码集", "代码", "名称"]
    return _answer(request, "codes.csv", "text/csv; charset=utf-8", lambda: _csv(head, tables.code_rows()))


@access("public", shared=shared())
@limited("data")
@require_safe
def gbt39046_json(request: Any) -> HttpResponse | FileResponse:
    """Items as records of GB/T 39046, a JSON list with one record a line."""
    return _answer(request, "gbt39046.json", "application/json", lambda: _json_list(open_data.each_item()))


def _json_list(items: Iterator[PublishedItem]) -> Iterator[str]:
    before = "[\n"
    for item in items:
        yield before + json.dumps(gbt39046.record_of(item), ensure_ascii=False)
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


@access("public", shared=shared())
@limited("data")
@require_safe
def items_jsonld(request: Any) -> HttpResponse | FileResponse:
    """Items as CPSV-AP in JSON-LD."""
    return _answer(request, "items.jsonld", JSONLD, lambda: _graph(open_data.each_item()))


@access("public", shared=shared())
@limited("data")
@require_safe
def item_jsonld(request: Any, code: str) -> HttpResponse | FileResponse:
    """One item in force as CPSV-AP in JSON-LD."""
    code = queries.get_current(code=code).code
    return _answer(request, f"{code}.jsonld", JSONLD, lambda: _graph(open_data.each_item(code=code)))


def _graph(items: Iterator[PublishedItem]) -> Iterator[str]:
    return cpsv.write(items, open_data.publisher(), licence=settings.WEIMIN_DATA_LICENCE)


def _before(request: Any) -> int | None:
    """The number in the feed from which older entries are asked for; nothing for what is no number."""
    text = request.GET.get("before", "")
    return min(int(text), _FIRST_ID) if text.isascii() and text.isdecimal() and len(text) < 20 else None


def _moment(day: date) -> datetime:
    return datetime.combine(day, time(), SHANGHAI)


def _published(item: PublishedItem) -> datetime:
    """When a version was published; of a version that tells no moment, the beginning of its day."""
    return (item.published_at or _moment(item.valid_from)).astimezone(SHANGHAI).replace(microsecond=0)


def _modified(item: PublishedItem) -> datetime:
    """When a version was published, or begun, or ended: the last of these."""
    return max(_published(item), _moment(item.valid_until or item.valid_from))


def _title(item: PublishedItem) -> str:
    return f"{item.name} 取消" if item.taken_off else f"{item.name} 第 {item.number} 版"


def _told(item: PublishedItem) -> str:
    if item.taken_off:
        return f"{item.valid_from.isoformat()} 起从清单取消。"
    said = f"{item.plain}（第 {item.number} 版，{item.valid_from.isoformat()} 起现行"
    return said + (f"，{item.valid_until.isoformat()} 起不再现行）" if item.valid_until else "）")


@access("public", shared=shared())
@limited("data")
@require_safe
def changes_atom(request: Any) -> HttpResponse:
    """The newest published versions as an Atom feed."""
    root = settings.WEIMIN_BASE_URL.rstrip("/")
    etag = quote_etag(f"{open_data.read_state().mark}-changes.atom")
    if known := get_conditional_response(request, etag=etag):
        return known  # type: ignore[no-any-return]
    feed = Atom1Feed(
        title=f"{settings.WEIMIN_CITY}乡镇公共服务事项 变更",
        link=root + reverse("portal:data"),
        description="每次公布一个事项版本出一条",
        language="zh-CN",
        feed_url=root + reverse("portal:data_atom"),
        feed_copyright=settings.WEIMIN_DATA_LICENCE,
    )
    for _, item in open_data.list_changes(limit=FEED):
        link = root + reverse("portal:guide", args=[item.code])
        feed.add_item(
            title=_title(item),
            link=link,
            unique_id=f"{link}#version-{item.number}",
            description=_told(item),
            pubdate=_published(item),
            updateddate=_modified(item),
        )
    answer = HttpResponse(feed.writeString("utf-8"), content_type=feed.content_type)
    answer["Cache-Control"] = A_WHILE
    answer["ETag"] = etag
    return answer


@access("public", shared=shared("before"))
@limited("data")
@require_safe
def changes_json(request: Any) -> HttpResponse:
    """Published versions as a JSON Feed 1.1, newest first, a page at a time back to the first."""
    root = settings.WEIMIN_BASE_URL.rstrip("/")
    before = _before(request)
    etag = quote_etag(f"{open_data.read_state().mark}-changes-{before or ''}")
    if known := get_conditional_response(request, etag=etag):
        return known  # type: ignore[no-any-return]
    found = open_data.list_changes(before=before, limit=FEED + 1)
    more, found = len(found) > FEED, found[:FEED]
    here = root + reverse("portal:data_changes")
    body: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": f"{settings.WEIMIN_CITY}乡镇公共服务事项 变更",
        "home_page_url": root + reverse("portal:data"),
        "feed_url": here,
        "language": "zh-CN",
        "items": [_feed_item(root, item) for _, item in found],
    }
    if more:
        body["next_url"] = f"{here}?before={found[-1][0]}"
    answer = JsonResponse(body, json_dumps_params={"ensure_ascii": False}, content_type="application/feed+json")
    answer["Cache-Control"] = A_WHILE
    answer["ETag"] = etag
    answer["Access-Control-Allow-Origin"] = "*"
    return answer


def _feed_item(root: str, item: PublishedItem) -> dict[str, Any]:
    link = root + reverse("portal:guide", args=[item.code])
    return {
        "id": f"{link}#version-{item.number}",
        "url": link,
        "title": _title(item),
        "content_text": _told(item),
        "date_published": _published(item).isoformat(),
        "date_modified": _modified(item).isoformat(),
        "_item": {
            "code": item.code,
            "version": item.number,
            "valid_from": item.valid_from.isoformat(),
            "valid_until": item.valid_until.isoformat() if item.valid_until else None,
            "taken_off": item.taken_off,
        },
    }
