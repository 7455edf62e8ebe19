"""Log lines without persons: what has the form of a number or secret goes, the rest stays."""

from __future__ import annotations

import logging

import pytest

from weimin.base.scrubbing import ScrubbingFormatter, scrub


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("person 340300190001010011 not found", "person [身份证号] not found"),
        ("Key (id)=(34030019000101002X) exists", "Key (id)=([身份证号]) exists"),
        ("old 340300000101001 end", "old [身份证号] end"),
        ("身份证340300190001010011号", "身份证[身份证号]号"),
        ("phone 13900000041", "phone [手机号]"),
        ("phone=139-0000-0041,", "phone=[手机号],"),
        ("+8613900000041", "[手机号]"),
        ("card 6222 0000 0000 0000 001", "card [卡号]"),
        ("card 6222000000000000", "card [卡号]"),
        ("Bearer wm_abcdefghijklmnopqrstuvwxyz012345", "Bearer [凭证]"),
        ("wm_abcdefghijklmnopqrstuvwxyz012345", "[凭证]"),
        ("Cookie: sessionid=abcdefgh1234; a=b", "Cookie: sessionid=[保密]; a=b"),
        ("postgres://weimin:pa55word@db/x", "postgres://weimin:[保密]@db/x"),
        ("登录验证码 123456，5 分钟", "登录验证码 [保密]，5 分钟"),
        ("matter 340321113-260918-00001 late", "matter 340321113-260918-00001 late"),
        (
            "2026-11-25 15:42:53,657 worker 12 moved 1390000 rows",
            "2026-11-25 15:42:53,657 worker 12 moved 1390000 rows",
        ),
        ("division 340321113000 agency 429", "division 340321113000 agency 429"),
        ("file " + "ab" * 32, "file " + "ab" * 32),
    ],
)
def test_scrub(text: str, left: str) -> None:
    assert scrub(text) == left


def test_arguments_and_tracebacks_are_scrubbed_and_lines_cannot_be_forged() -> None:
    form = ScrubbingFormatter("%(levelname)s %(message)s")
    try:
        raise ValueError("340300190001010011")
    except ValueError:
        import sys

        record = logging.LogRecord("x", logging.ERROR, "", 0, "of %s\rfake", ("13900000041",), sys.exc_info())
    said = form.format(record)
    assert "340300190001010011" not in said and "13900000041" not in said and "\r" not in said
    assert "Traceback" in said and "[身份证号]" in said and "[手机号]" in said
