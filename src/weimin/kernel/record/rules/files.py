"""What a file really is, told from its content, and a safe name for it."""

from __future__ import annotations

import re
import zipfile
from io import BytesIO

MEDIA_TYPES = {
    "jpg": "image/jpeg",
    "png": "image/png",
    "pdf": "application/pdf",
    "webp": "image/webp",
    "heic": "image/heic",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def sniff(content: bytes) -> str | None:
    """Tell a file's kind from its content alone; None when it is none of the kinds we take."""
    if content.startswith(b"\xff\xd8\xff"):
        return "jpg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if content[:1024].lstrip().startswith(b"%PDF-"):
        return "pdf"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "webp"
    if content[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1"):
        return "heic"
    if content.startswith(b"PK\x03\x04"):
        return _office_kind(content)
    return None


def _office_kind(content: bytes) -> str | None:
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            names = set(archive.namelist())
    except zipfile.BadZipFile:
        return None
    if "word/document.xml" in names:
        return "docx"
    if "xl/workbook.xml" in names:
        return "xlsx"
    return None


def extension_of(name: str) -> str:
    """The kind a file's name claims, normalised: jpeg is jpg."""
    suffix = name.rsplit(".", 1)[-1].lower() if "." in name else ""
    return {"jpeg": "jpg", "jpe": "jpg", "heif": "heic"}.get(suffix, suffix)


def clean_name(name: str) -> str:
    """A file name without folders, control characters and leading dots, at most 120 characters."""
    tail = re.split(r"[\\/]", name)[-1]
    tail = re.sub(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]", "", tail).lstrip(". ").strip()
    return tail[-120:] or "未命名"
