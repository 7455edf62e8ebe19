"""Paper: A4 documents drawn by typst from a template and data, Chinese fonts embedded.

Data goes in as JSON, never as text of the template, so nothing that a person typed is ever code.
"""

from __future__ import annotations

import io
import json
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

import segno
import typst
from django.conf import settings

from weimin.base.errors import NotReady

ROOT = Path(__file__).parents[1]
_lock = Lock()


class FontsMissing(NotReady):
    """The fonts that papers embed are not installed."""

    code = "ui.fonts_missing"


def font_folders() -> list[str]:
    """The folders of the fonts that papers embed.

    Raises: FontsMissing — the front-end packages are not installed
    """
    base = Path(settings.WEIMIN_FONTS)
    folders = [
        base / family / weight for family in ("noto-sans-sc", "noto-serif-sc") for weight in ("400Regular", "700Bold")
    ]
    if not all(one.is_dir() for one in folders):
        raise FontsMissing("文书字体没有安装，请运行 make setup。")
    return [str(one) for one in folders]


@cache
def _compiler() -> typst.Compiler:
    return typst.Compiler(root=str(ROOT), font_paths=font_folders(), ignore_system_fonts=True)


def qr_svg(text: str) -> str:
    """A QR code as SVG."""
    out = io.BytesIO()
    segno.make(text, micro=False, error="m").save(out, kind="svg", border=0, xmldecl=False)
    return out.getvalue().decode()


def draw(template: Path, data: dict[str, Any]) -> bytes:
    """Draw a paper as PDF; `verify_url` in the data becomes its QR code.

    Raises: FontsMissing — the fonts are not installed
    Law:    gb-9704
    Cost:   some 3 ms when warm, 100 ms the first time in a process
    """
    content = {**data, "qr": qr_svg(str(data.get("verify_url", "")))}
    with _lock:
        pdf = _compiler().compile(
            input=str(template),
            format="pdf",
            sys_inputs={"data": json.dumps(content, ensure_ascii=False)},
        )
    if not isinstance(pdf, bytes):
        raise TypeError("a paper is one file")
    return pdf
