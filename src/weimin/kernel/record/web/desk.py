"""The audit administrator's page: the trail by subject, actor, verb and day; what the checks found; the lag."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django.http import FileResponse, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from weimin.base import looking
from weimin.base.clock import local_date
from weimin.base.errors import Invalid
from weimin.base.guard import access
from weimin.base.paging import page_key, read_page_key
from weimin.kernel.record import actions, queries
from weimin.kernel.record.models import AuditCheck, AuditEntry
from weimin.kernel.record.registry import all_subjects, all_verbs, subject_text, verb_text
from weimin.kernel.record.types import DayView, Lag, TrailFilter
from weimin.ui.sheets import moment, spreadsheet

ROLE = "audit_admin"
_NAMES = ("subject_type", "subject_id", "actor", "verb", "since", "until")
_SHOWN = 300
_VIA = {"portal": "门户", "desk": "工作台", "field": "代办端", "api": "接口", "job": "任务", "cli": "命令行"}


class FilterInvalid(Invalid):
    """What was typed into the search cannot be searched for."""

    code = "record.filter_invalid"


@dataclass(frozen=True, slots=True)
class TrailRow:
    """An entry as the table shows it."""

    at: datetime
    verb: str
    subject_type: str
    subject_id: str
    subject_query: str
    actor_id: int | None
    actor_name: str
    via: str
    changes: list[tuple[str, str, str]]
    day: date | None
    place: int | None


@dataclass(frozen=True, slots=True)
class TrailPage:
    """What was found, what was typed, and the state of the chain."""

    rows: list[TrailRow]
    typed: dict[str, str]
    problem: str
    verbs: list[tuple[str, str]]
    subjects: list[tuple[str, str]]
    query: str
    next: str
    first: bool
    lag: Lag
    open: DayView | None
    check: AuditCheck | None
    fault: AuditCheck | None
    checks: list[AuditCheck]


def read_filter(typed: dict[str, str]) -> TrailFilter:
    """The filter that was typed.

    Raises: FilterInvalid — a day that is none, or an account's number that is too large
    """
    days: dict[str, date | None] = {}
    for name in ("since", "until"):
        try:
            days[name] = date.fromisoformat(typed[name]) if typed[name] else None
        except ValueError as broken:
            raise FilterInvalid("日期请写成 2026-11-24。") from broken
    actor = typed["actor"]
    if actor.isdecimal() and len(actor) > 18:
        raise FilterInvalid("账号编号太长，请核对后再查。")
    return TrailFilter(
        subject_type=typed["subject_type"],
        subject_id=typed["subject_id"],
        actor_id=int(actor) if actor.isdecimal() else None,
        actor_name="" if actor.isdecimal() else actor,
        verb=typed["verb"],
        since=days["since"],
        until=days["until"],
    )


def _typed(request: Any) -> dict[str, str]:
    return {name: request.GET.get(name, "").replace("\x00", "").strip()[:64] for name in _NAMES}


def _words(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def _changes(changes: Any) -> list[tuple[str, str, str]]:
    """Name, old, new of each change; what is no pair stands as it is."""
    rows = []
    for name, value in changes.items() if isinstance(changes, dict) else [("", changes)]:
        pair = isinstance(value, list) and len(value) == 2
        old, new = value if pair else ("", value)
        rows.append((name, "" if old in ("", None) else _words(old), "（空）" if new is None else _words(new)))
    return rows


def _note(one: AuditEntry) -> None:
    """People who acted themselves are named here."""
    if one.actor_kind == "resident":
        looking.note_account(one.actor_id, matter=one.subject_id if one.subject_type == "case" else "")


def _noted(rows: Iterable[AuditEntry]) -> Iterator[AuditEntry]:
    for one in rows:
        _note(one)
        yield one


def _row(one: AuditEntry) -> TrailRow:
    _note(one)
    link = getattr(one, "link", None)
    return TrailRow(
        at=one.at,
        verb=verb_text(one.verb),
        subject_type=subject_text(one.subject_type),
        subject_id=one.subject_id,
        subject_query=urlencode({"subject_type": one.subject_type, "subject_id": one.subject_id}),
        actor_id=one.actor_id,
        actor_name=one.actor_name,
        via=_VIA.get(one.via, one.via),
        changes=_changes(one.changes),
        day=link.day if link else None,
        place=link.place if link else None,
    )


@access("staff", roles={ROLE}, reads="检索审计记录")
@require_GET
def trail(request: Any) -> HttpResponse:
    """Search the trail, and see whether the chain holds."""
    typed, problem, found = _typed(request), "", []
    before = read_page_key(request.GET.get("before", ""))
    size = queries.trail.PAGE
    try:
        found = queries.list_trail(request.actor, read_filter(typed), before=before, limit=size + 1)
    except FilterInvalid as fault:
        problem = fault.message
    more, found = len(found) > size, found[:size]
    checks = queries.list_checks()
    page = TrailPage(
        rows=[_row(one) for one in found],
        typed=typed,
        problem=problem,
        verbs=sorted(all_verbs().items(), key=lambda pair: pair[1]),
        subjects=sorted(all_subjects().items(), key=lambda pair: pair[1]),
        query=urlencode({name: value for name, value in typed.items() if value}),
        next=page_key(found[-1].at, found[-1].pk) if more else "",
        first=before is None,
        lag=queries.read_lag(),
        open=queries.find_open_day(),
        check=next((one for one in checks if one.what == "chain"), None),
        fault=queries.find_standing_fault("chain") or queries.find_standing_fault("files"),
        checks=checks,
    )
    return render(request, "record/trail.html", {"page": page}, status=422 if problem else 200)


@access("staff", roles={ROLE}, reads="导出审计记录")
@require_POST
def export_trail(request: Any) -> FileResponse:
    """What was found as a spreadsheet; that it was taken out is an entry itself."""
    typed = _typed(request)
    rows = queries.iter_trail(request.actor, read_filter(typed))
    actions.record_export(by=request.actor, at=request.at, wanted={n: v for n, v in typed.items() if v})
    head = [
        "时间",
        "动作",
        "动作代码",
        "对象类别",
        "对象类别代码",
        "对象编号",
        "身份",
        "账号编号",
        "谁",
        "途径",
        "变化",
        "摘要",
        "入链日",
        "序号",
    ]
    cells = (
        [
            moment(one.at),
            verb_text(one.verb),
            one.verb,
            subject_text(one.subject_type),
            one.subject_type,
            one.subject_id,
            one.actor_kind,
            one.actor_id,
            one.actor_name,
            one.via,
            json.dumps(one.changes, ensure_ascii=False)[:32000],
            one.digest,
            one.link.day if hasattr(one, "link") else None,
            one.link.place if hasattr(one, "link") else None,
        ]
        for one in _noted(rows)
    )
    return spreadsheet(f"audit-{local_date(request.at):%Y%m%d}.xlsx", "审计记录", head, cells)
