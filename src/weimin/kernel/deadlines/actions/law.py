"""Writes of dated law: load the shipped rows, write a new version, withdraw a wrong one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import yaml
from django.db import IntegrityError, transaction
from django.db.models import Q

from weimin.base.errors import Conflict, Invalid, Refused
from weimin.kernel.deadlines import access, queries
from weimin.kernel.deadlines.models import LegalParameter, PauseGround
from weimin.kernel.deadlines.rules.laws import DATA
from weimin.kernel.record.actions import record_audit
from weimin.kernel.record.types import Actor

FIELDS = (
    "name",
    "value",
    "committed",
    "unit",
    "starts",
    "counts",
    "approver",
    "article",
    "valid_until",
    "certainty",
    "note",
)
UNITS = frozenset(["workday", "day", "month", "year", "hour", "yuan", "share", "per_day", "count", "flag", "times"])
GROUND_FIELDS = ("name", "article", "notice", "cap_value", "cap_unit", "valid_until", "certainty")


class ParameterOverlap(Refused):
    """Two rows of one parameter would be in force on one day."""

    code = "deadlines.parameter_overlap"


class ParameterInvalid(Invalid):
    """A row of a parameter that cannot be; the fields say why."""

    code = "deadlines.parameter_invalid"


@dataclass(frozen=True, slots=True)
class ParameterVersion:
    """A new row of a parameter as its keeper writes it."""

    code: str
    value: str
    unit: str
    article: str
    valid_from: date
    reason: str
    valid_until: date | None = None
    committed: str = ""
    name: str = ""
    starts: str = ""
    counts: str = ""
    approver: str = ""
    certainty: str = "verified"
    note: str = ""


def load_parameters(*, by: Actor, at: datetime, rows: list[dict[str, Any]] | None = None) -> int:
    """Load legal parameters, adding and renewing by code and first day; idempotent. Gives the number of rows.

    What a keeper changed by hand, or withdrew, stays as it is.

    Raises: ParameterOverlap — two rows of one code cover one day
    Cost:   one query when nothing is new; else an upsert and one audit entry with what was and is
    """
    if rows is None:
        rows = queries.read_shipped_parameters()
    _check_overlaps(rows)
    kept = LegalParameter.objects.filter(Q(by_hand=True) | Q(withdrawn_at__isnull=False))
    ours = set(kept.values_list("code", flat=True))
    given = {(row["code"], row["valid_from"]): _values(row) for row in rows if row["code"] not in ours}
    found = {(one.code, one.valid_from): one for one in LegalParameter.objects.filter(withdrawn_at=None)}
    changed = {key: new for key, new in given.items() if key not in found or _old(found[key]) != new}
    if changed:
        with transaction.atomic():
            for key, new in sorted(changed.items(), key=lambda pair: pair[1]["valid_until"] is None):
                signed = {**new, "changed_by": by.label[:120] or "系统", "changed_at": at}
                LegalParameter.objects.update_or_create(
                    code=key[0], valid_from=key[1], withdrawn_at=None, defaults=signed
                )
            record_audit(
                by=by,
                at=at,
                verb="deadlines.parameters.loaded",
                subject_type="parameters",
                subject_id=len(changed),
                changes={
                    f"{code} {since}": [
                        _plain(_old(found[(code, since)])) if (code, since) in found else "",
                        _plain(new),
                    ]
                    for (code, since), new in changed.items()
                },
            )
    queries.forget()
    return len(rows)


def _values(row: dict[str, Any]) -> dict[str, Any]:
    new = {name: row.get(name) if row.get(name) is not None else None for name in FIELDS}
    new["value"] = None if row.get("value") is None else Decimal(str(row["value"])).quantize(Decimal("0.0001"))
    for name in ("name", "starts", "counts", "approver", "note"):
        new[name] = str(row.get(name) or "")
    return new


def _old(row: LegalParameter) -> dict[str, Any]:
    return {name: getattr(row, name) for name in FIELDS}


def _plain(values: dict[str, Any]) -> str:
    return " ".join(
        str(values[name]) for name in ("value", "unit", "article", "valid_until") if values[name] is not None
    )


def _check_overlaps(rows: Iterable[dict[str, Any]]) -> None:
    last: dict[str, date] = {}
    for row in sorted(rows, key=lambda one: (one["code"], one["valid_from"])):
        until = row.get("valid_until") or date.max
        if row["valid_from"] < last.get(row["code"], date.min):
            raise ParameterOverlap(f"参数“{row['code']}”有两行的适用期重叠（{row['valid_from']}），请先改好数据文件。")
        last[row["code"]] = until


def load_grounds(*, by: Actor, at: datetime) -> int:
    """Load the pause grounds that come with the platform; idempotent. Gives the number of rows.

    Law:    xkl-2019 art. 45
    Cost:   one upsert
    """
    rows = yaml.safe_load((DATA / "pause_grounds.yaml").read_text(encoding="utf-8"))
    with transaction.atomic():
        for row in rows:
            PauseGround.objects.update_or_create(
                regime=row["regime"],
                code=row["code"],
                valid_from=row["valid_from"],
                defaults={name: row.get(name) if name != "cap_unit" else row.get(name) or "" for name in GROUND_FIELDS},
            )
    queries.forget()
    return len(rows)


def change_parameter(*, by: Actor, at: datetime, version: ParameterVersion) -> int:
    """Write a new version of a legal parameter; the one in force until then ends the day it begins.

    A version for a time only leaves no gap: afterwards the earlier one goes on.

    Raises: ParameterInvalid — no reason, no article, a number that is none, a promise beyond the law
            ParameterOverlap — another version covers a day of this one
            Forbidden — not a procedure keeper
    Shape:  the id of the new row
    Cost:   six statements
    """
    access.check_keeper(by)
    values = _check_version(version)
    with transaction.atomic():
        rows = LegalParameter.objects.select_for_update().filter(code=version.code, withdrawn_at=None)
        old = rows.filter(valid_from__lt=version.valid_from, valid_until=None).first()
        if old is not None:
            old.valid_until = version.valid_from
            old.save(update_fields=["valid_until"])
        try:
            with transaction.atomic():
                row = LegalParameter.objects.create(**values, changed_by=by.label[:120], changed_at=at, by_hand=True)
                if old is not None and version.valid_until is not None:
                    _go_on(old, since=version.valid_until)
        except IntegrityError as clash:
            raise _overlap(version) from clash
        record_audit(
            by=by,
            at=at,
            verb="deadlines.parameter.changed",
            subject_type="parameter",
            subject_id=version.code,
            changes={
                "value": [str(old.value) if old else None, version.value],
                "valid_from": [None, version.valid_from.isoformat()],
                "reason": version.reason,
            },
        )
    queries.forget()
    return row.pk


def _go_on(old: LegalParameter, *, since: date) -> None:
    """The row that was in force goes on after a version for a time."""
    LegalParameter.objects.create(
        code=old.code,
        **{**_old(old), "valid_until": None},
        valid_from=since,
        reason=old.reason,
        changed_by=old.changed_by,
        changed_at=old.changed_at,
        by_hand=True,
    )


def _overlap(version: ParameterVersion) -> ParameterOverlap:
    end = version.valid_until or date.max
    clash = (
        LegalParameter.objects.filter(code=version.code, withdrawn_at=None, valid_from__lt=end)
        .filter(Q(valid_until=None) | Q(valid_until__gt=version.valid_from))
        .first()
    )
    which = f"（{clash.valid_from} 起 {clash.value}）" if clash else ""
    return ParameterOverlap(
        f"“{version.code}”在这段时间已有一版{which}，同一天只能有一版适用。请改起止日期，或先作废写错的那一版。",
        fields={"valid_from": "与已有的一版重叠。"},
    )


def _check_version(version: ParameterVersion) -> dict[str, Any]:
    faults: dict[str, str] = {}
    values = asdict(version)
    for name, label in (("value", "数值"), ("committed", "承诺数值")):
        text = str(values[name]).strip()
        try:
            values[name] = Decimal(text) if text else None
            if values[name] is not None and values[name] != round(values[name], 4):
                faults[name] = f"{label}最多四位小数。"
        except (InvalidOperation, ValueError, OverflowError):  # NaN and infinity cannot be rounded
            faults[name] = f"{label}要写成数字。"
    number, promise = values["value"], values["committed"]
    if not faults:
        if number is not None and (number < 0 or number >= 10**10):
            faults["value"] = "数值不能是负数，也不能太大。"
        if promise is not None and (number is None or promise > number or promise != int(promise) or promise < 1):
            faults["committed"] = "承诺要是正整数，且不能超过法定数值（优化营商环境条例第三十六条）。"
    if version.unit not in UNITS:
        faults["unit"] = "请从列表中选择单位。"
    if not version.article.strip():
        faults["article"] = "请写明依据的法规和条文。"
    if len(version.reason.strip()) < 5:
        faults["reason"] = "请写明为什么改（至少 5 个字）。"
    if version.valid_until is not None and version.valid_until <= version.valid_from:
        faults["valid_until"] = "止日要在起日之后。"
    if faults:
        raise ParameterInvalid("有几处需要改一下。", fields=faults)
    return values


def withdraw_parameter(*, by: Actor, at: datetime, row_id: int, reason: str) -> None:
    """Withdraw a version that was written wrongly, and give its days back to the one before it.

    The row stays in the history.

    Raises: Conflict — withdrawn already; ParameterInvalid — no reason
    Cost:   five statements
    """
    access.check_keeper(by)
    if len(reason.strip()) < 5:
        raise ParameterInvalid("请写明为什么作废（至少 5 个字）。", fields={"reason": "请写明理由。"})
    with transaction.atomic():
        row = LegalParameter.objects.select_for_update().filter(pk=row_id, withdrawn_at=None).first()
        if row is None:
            raise Conflict("这一版已经作废，请刷新页面。")
        row.withdrawn_at, row.note = at, f"作废：{reason.strip()}"[:200]
        row.save(update_fields=["withdrawn_at", "note"])
        before = LegalParameter.objects.filter(code=row.code, withdrawn_at=None, valid_until=row.valid_from)
        before.update(valid_until=row.valid_until)
        record_audit(
            by=by,
            at=at,
            verb="deadlines.parameter.withdrawn",
            subject_type="parameter",
            subject_id=row.code,
            changes={"value": [str(row.value), None], "reason": reason.strip()[:200]},
        )
    queries.forget()
