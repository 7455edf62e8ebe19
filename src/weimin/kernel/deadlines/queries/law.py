"""Legal parameters and pause grounds by id and day."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from weimin.base.clock import local_date
from weimin.base.errors import NotReady
from weimin.base.keeping import keep
from weimin.kernel.deadlines import rules
from weimin.kernel.deadlines.models import LegalParameter, PauseGround
from weimin.kernel.deadlines.queries.calendars import get_calendar
from weimin.kernel.deadlines.types import Ground, Limit, Parameter


class ParameterMissing(NotReady):
    """No row of a legal parameter covers the day: a refusal, never a default."""

    code = "deadlines.parameter_missing"


@keep
def _parameters() -> dict[str, list[LegalParameter]]:
    rows: dict[str, list[LegalParameter]] = {}
    for row in LegalParameter.objects.filter(withdrawn_at=None).order_by("code", "-valid_from"):
        rows.setdefault(row.code, []).append(row)
    return rows


@keep
def _grounds() -> list[PauseGround]:
    return list(PauseGround.objects.order_by("regime", "id"))


def get_parameter(*, code: str, on: date) -> Parameter:
    """A legal number by id and day.

    Raises: ParameterMissing — no row covers the day, or law gives no figure and none was filled in
    Cost:   one query every ten seconds in a process
    """
    for row in _parameters().get(code, []):
        if row.valid_from <= on and (row.valid_until is None or on < row.valid_until):
            if row.value is None:
                raise ParameterMissing(f"“{row.name}”（{code}）法律没有规定数值，本地还没有填，请联系规则管理员。")
            return Parameter(
                row.code, int(row.value), row.unit, row.article, row.certainty, row.value, row.committed, row.approver
            )
    raise ParameterMissing(f"没有 {on.isoformat()} 适用的法定参数“{code}”，请联系规则管理员补录。")


def get_limit(*, code: str, on: date) -> tuple[Limit, Limit | None]:
    """A dated limit by id: what the law allows, and what is promised where that is shorter.

    Raises: ParameterMissing — no row covers the day
    """
    row = get_parameter(code=code, on=on)
    promised = Limit(row.committed, row.unit, "承诺时限") if row.committed else None
    return Limit(row.value, row.unit, row.article), promised


def get_share(*, code: str, on: date) -> float:
    """A dated share or rate by id.

    Raises: ParameterMissing — no row covers the day
    """
    return float(get_parameter(code=code, on=on).exact)


def receipt_date(*, channel: str, closes: time | None, at: datetime) -> date:
    """The day on which something that came through a channel counts as received.

    Raises: ParameterMissing — the channel has no rule on that day
    Law:    mfd-2020 art. 203
    """
    rule = get_parameter(code=f"receipt.{channel}.next_workday_after_close", on=local_date(at))
    return rules.receipt_date(at=at, closes=closes, next_workday=bool(rule.value), calendar=get_calendar())


def list_parameters(*, code: str = "", text: str = "") -> list[LegalParameter]:
    """Every row of every parameter, or of one, or those whose name or code holds a text.

    Cost:   one query
    """
    rows = LegalParameter.objects.order_by("code", "valid_from", "id")
    if code:
        rows = rows.filter(code=code)
    if text:
        rows = rows.filter(name__icontains=text) | rows.filter(code__icontains=text)
    return list(rows)


def find_ground(*, regime: str, code: str, on: date) -> Ground | None:
    """A pause ground by regime, code and day; None when there is none."""
    for row in _grounds():
        if (row.regime, row.code) == (regime, code) and in_force(row, on):
            return _ground(row)
    return None


def list_grounds(*, regime: str, on: date, allowed: Any = None) -> list[Ground]:
    """The pause grounds of a regime on a day; of those only the allowed codes when given."""
    rows = [one for one in _grounds() if one.regime == regime and in_force(one, on)]
    return [_ground(one) for one in rows if allowed is None or one.code in allowed]


def list_ground_rows() -> list[PauseGround]:
    """Every row of every pause ground, for keepers."""
    return list(_grounds())


def in_force(row: Any, on: date) -> bool:
    """Whether a dated row covers a day."""
    return bool(row.valid_from <= on and (row.valid_until is None or on < row.valid_until))


def _ground(row: PauseGround) -> Ground:
    return Ground(row.code, row.regime, row.name, row.article, row.notice, row.cap_value, row.cap_unit)
