"""Takes identity numbers, phones, cards and secrets out of text that is kept for operators, such as log lines.

What it knows by its form goes, wherever it came from: a message, an argument, a traceback, a database's detail.
Names and addresses have no form: they are kept out by not being logged.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any

from pythonjsonlogger.json import JsonFormatter

#: Longest first: an identity number holds what looks like a phone.
_FORMS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\bwm_[A-Za-z0-9_-]{20,}"), "[凭证]"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"), r"\1 [凭证]"),
    (
        re.compile(r"(?i)((?:sessionid|csrftoken|password|passwd|secret|token)[\"']?\s*[=:]\s*)[^\s,;&})]{4,}"),
        r"\1[保密]",
    ),
    (re.compile(r"(?i)(postgres(?:ql)?://[^:/\s]+:)[^@\s]+@"), r"\1[保密]@"),
    (re.compile(r"(?<![0-9])[1-9][0-9]{5}(?:18|19|20)[0-9]{9}[0-9Xx](?![0-9A-Za-z])"), "[身份证号]"),
    (
        re.compile(r"(?<![0-9])[1-9][0-9]{5}[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}(?![0-9])"),
        "[身份证号]",
    ),
    (re.compile(r"(?<![0-9])(?:[0-9][ -]?){15,18}[0-9](?![0-9])"), "[卡号]"),
    (re.compile(r"(?<![0-9])(?:\+?86[- ]?)?1[3-9][0-9][- ]?[0-9]{4}[- ]?[0-9]{4}(?![0-9])"), "[手机号]"),
    (re.compile(r"验证码\s*[0-9]{4,8}"), "验证码 [保密]"),
)


def scrub(text: str) -> str:
    """The text without anything that has the form of an identity number, phone, card or secret."""
    for form, shown in _FORMS:
        text = form.sub(shown, text)
    return text


class ScrubbingFormatter(logging.Formatter):
    """Formats a record as any other, then scrubs the whole of it, traceback included."""

    def format(self, record: logging.LogRecord) -> str:
        """One record as it is written."""
        return scrub(super().format(record)).replace("\r", "\\r")


class ScrubbingJsonFormatter(JsonFormatter):
    """One JSON object a line with the fields of the record and its extras, each scrubbed before it is written.

    The finished line is not scrubbed: a form that takes a quotation mark with it would leave no JSON.
    """

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        """Every field of one record, names and numbers too; never Django's request, which has the address in it."""
        return {scrub(str(name)): _scrub_value(value) for name, value in log_data.items() if name != "request"}


def _scrub_value(value: Any) -> Any:
    """A value as it may be written: what is neither text nor a plain number is written as text."""
    if isinstance(value, Mapping):
        return {scrub(str(name)): _scrub_value(one) for name, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_scrub_value(one) for one in value]
    # the digits behind the point of a measurement are nobody's number
    plain = f"{value:.0f}" if isinstance(value, float) else str(value)
    text = scrub(plain)
    return value if isinstance(value, bool | int | float | None) and text == plain else text
