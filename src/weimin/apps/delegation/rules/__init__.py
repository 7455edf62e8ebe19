"""What the law asks of a delegation, read from dated rows: reserved powers, recipients, required parts, readiness."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from weimin.apps.delegation.types import Fault, Instrument, Readiness

DATA = Path(__file__).parents[1] / "data"
SHORT = {
    "ctl-2021": "行政处罚法",
    "xkl-2019": "行政许可法",
    "qzf-2011": "行政强制法",
    "tdgl-2019": "土地管理法",
}


@cache
def law_rows() -> dict[str, list[Any]]:
    """Every dated row, by what it is about."""
    found: dict[str, list[Any]] = yaml.safe_load((DATA / "law.yaml").read_text(encoding="utf-8"))
    return found


def focus_areas() -> dict[str, str]:
    """The eight fields in which townships get more powers, by code."""
    return dict(law_rows()["focus"])


def rows_on(about: str, on: date) -> list[dict[str, Any]]:
    """The rows of one subject that are in force on a day."""
    return [one for one in law_rows()[about] if one["from"] <= on and (one.get("until") is None or on < one["until"])]


def check_instrument(instrument: Instrument, *, on: date, names: tuple[str, ...] = ()) -> tuple[Fault, ...]:
    """What is wrong with an instrument by the law of a day: bans first, then what is missing.

    Names are those of its matters: some name a power that the law keeps where it is, whatever was ticked.

    Law:    ctl-2021 art. 18, 20, 21, 24; xkl-2019 art. 24; qzf-2011 art. 13, 17; tdgl-2019 art. 78
    """
    kind = instrument.kind
    faults = [
        _fault("powers", row, banned=True)
        for row in rows_on("reserved", on)
        if row["power"] in instrument.powers and kind in row["kinds"]
    ]
    faults += [
        replace(fault, text=f"“{name}”：{fault.text}")
        for row in rows_on("reserved_matters", on)
        for name in names
        if kind in row["kinds"] and any(word in name for word in row["words"])
        for fault in (_fault("items", row, banned=True),)
    ]
    faults += [
        _fault("recipient", row, banned=True)
        for row in rows_on("recipients", on)
        if set(row["powers"]) & set(instrument.powers) and instrument.recipient not in row["allowed"]
    ]
    faults += [
        _fault(row["field"], row, banned="value" in row)
        for row in rows_on("required", on)
        if kind in row["kinds"] and not _said(instrument, row)
    ]
    if not instrument.items:
        faults.append(Fault("items", "要写明具体事项", SHORT["ctl-2021"], "第二十条第二款"))
    if not instrument.powers:
        faults.append(Fault("powers", "要写明交给乡镇的是哪些权力", SHORT["ctl-2021"], "第二十条第二款"))
    if instrument.valid_until is not None and instrument.valid_until <= instrument.valid_from:
        faults.append(Fault("valid_until", "终止日要晚于起始日", SHORT["ctl-2021"], "第二十条第二款"))
    return tuple(faults)


def not_to_be_moved(decision_level: str) -> str:
    """Why a matter of the service list cannot be handed down, by who decides it on the list; '' where it can.

    A delegation of such a matter would be signed and change nothing: only what may be handed down asks for one.
    """
    if decision_level in ("", "township_if_empowered"):
        return ""
    if decision_level == "county":
        return "在清单上写明由县级决定，没有写赋权、委托以后乡镇可以决定。请先按程序改清单。"
    return "在清单上本来就由乡镇（村）办，不用赋权或委托。"


def _said(instrument: Instrument, row: dict[str, Any]) -> bool:
    value = getattr(instrument, row["field"])
    if "value" in row:
        return bool(value == row["value"])
    return bool(str(value or "").strip())


def _fault(field: str, row: dict[str, Any], *, banned: bool = False) -> Fault:
    return Fault(field, row["text"], SHORT[row["law"]], row["article"], banned)


def missing_readiness(readiness: Readiness, *, on: date) -> tuple[Fault, ...]:
    """What a township still lacks: two staff whose certificates are valid on the day, and evidence of the rest.

    Law:    ctl-2021 art. 21, 24, 42, 58
    """
    faults = []
    for row in rows_on("readiness", on):
        if row["field"] == "staff":
            good = {number for number, last in readiness.certificates if number.strip() and last >= on}
            if len(good) < row["min"]:
                faults.append(_fault("certificates", row))
        elif not getattr(readiness, row["field"]).strip():
            faults.append(_fault(row["field"], row))
    return tuple(faults)


def missing_publication(kind: str, *, by_issuer: str, by_recipient: str, letter: str, on: date) -> tuple[Fault, ...]:
    """Which side still has to publish, and whether there is a letter to publish.

    Law:    ctl-2021 art. 20, 24; xkl-2019 art. 24
    """
    said = {
        "letter": letter,
        "published_by_issuer": by_issuer.strip(),
        "published_by_recipient": by_recipient.strip(),
    }
    return tuple(
        _fault(row["field"], row)
        for row in rows_on("publication", on)
        if kind in row["kinds"] and not said[row["field"]]
    )


def name_used(kind: str, *, township: str, department: str) -> str:
    """In whose name the township acts: its own under an empowerment or the law, the entrusting body's else.

    Law:    ctl-2021 art. 20, 24; xkl-2019 art. 24
    """
    return department if kind == "entrust" else township


#: action → (states from which, state after)
MOVES = {
    "assess": (("proposed",), "assessed"),
    "refuse": (("proposed", "assessed"), "refused"),
    "letter": (("proposed", "assessed"), ""),
    "decide": (("assessed",), "decided"),
    "sign": (("decided",), "signed"),
    "run": (("signed",), "trial"),
    "evaluate": (("trial", "full"), ""),
    "withdraw": (("decided", "signed", "trial", "full"), "withdrawn"),
}


def may_move(move: str, state: str) -> bool:
    """Whether a delegation in a state may take a move."""
    return state in MOVES[move][0]
