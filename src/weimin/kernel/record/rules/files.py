"""What a file really is and whether it may do harm, told from its content, and a safe name for it."""

from __future__ import annotations

import re
import struct
import unicodedata
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


#: What an office file may unfold to, and from how many parts; a real one of 20 MB stays far below.
MAX_UNFOLDED_BYTES = 100 * 1024 * 1024
MAX_PARTS = 2000
_MAX_DIRECTORY_BYTES = 512 * 1024
#: How many times larger than packed a part may be, when it is large.
_MAX_RATIO = 200
_RATIO_FROM_BYTES = 5 * 1024 * 1024
#: Pictures beyond this take gigabytes to show.
MAX_PIXELS = 100_000_000
#: Parts of an office file that run, or are files themselves; settings of printers are harmless and common.
_FOREIGN = re.compile(r"(?i)vbaproject|activex|oleobject|\.(?:zip|doc[xm]?|xls[xmb]?|ppt[xm]?|rar|7z|exe|dll|js|vbs)$")
#: Endings under which a computer runs a file; one hidden before the last ending of a name is taken apart.
_RUN = "exe|com|bat|cmd|scr|pif|js|jse|vbs|vbe|wsf|wsh|hta|msi|lnk|ps1|jar|sh|html?|svg|php|jsp|aspx?"


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


def _directory_fits(content: bytes) -> bool:
    """Whether a zip's list of parts is short enough to be read at all."""
    at = content.rfind(b"PK\x05\x06", max(0, len(content) - 66_000))
    if at < 0 or at + 22 > len(content):
        return False
    count, size = struct.unpack("<HI", content[at + 10 : at + 16])
    return bool(count <= MAX_PARTS and size <= _MAX_DIRECTORY_BYTES)


def _office_kind(content: bytes) -> str | None:
    if not _directory_fits(content):
        return None
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return None
    if "word/document.xml" in names:
        return "docx"
    if "xl/workbook.xml" in names:
        return "xlsx"
    return None


def find_danger(kind: str, content: bytes) -> str:
    """What makes a file too dangerous to keep, as the end of a sentence; '' when nothing does.

    Office files must unfold to a bounded size and carry no programs and no archives; pictures must have a bounded
    area. A PDF is not taken apart: it is handed out for download only, never shown inside a page of ours.

    Cost:   unfolds an office file once, at most 100 MB
    """
    if kind in ("docx", "xlsx"):
        return _danger_in_office(content)
    width, height = picture_size(kind, content)
    if width * height > MAX_PIXELS:
        return f"有 {width}×{height} 个像素，太大了。请缩小或重新拍一张。"
    return ""


def _danger_in_office(content: bytes) -> str:
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            parts = archive.infolist()
            unfolded = sum(one.file_size for one in parts)
            swollen = any(
                one.file_size > _RATIO_FROM_BYTES and one.file_size > _MAX_RATIO * max(1, one.compress_size)
                for one in parts
            )
            if unfolded > MAX_UNFOLDED_BYTES or swollen or len(parts) > MAX_PARTS:
                return "展开后太大，不像正常的文档。请另存一份，或导出为 PDF 后上传。"
            if any(_FOREIGN.search(one.filename) for one in parts):
                return "里面带有宏、程序或别的文件。请去掉后另存，或导出为 PDF 后上传。"
            if archive.testzip() is not None:
                return "已损坏，打不开。请用原来的文件重新上传。"
    except (zipfile.BadZipFile, ValueError, NotImplementedError, RuntimeError, OSError, EOFError):
        return "已损坏或加了密，打不开。请用原来的文件重新上传。"
    return ""


def picture_size(kind: str, content: bytes) -> tuple[int, int]:
    """Width and height as a picture's header says, without opening it; zeros when it does not say."""
    try:
        if kind == "png":
            return struct.unpack(">II", content[16:24])
        if kind == "jpg":
            return _jpeg_size(content)
        if kind == "webp":
            return _webp_size(content)
        if kind == "heic":
            found = [struct.unpack(">II", one) for one in re.findall(rb"(?s)ispe.{4}(.{8})", content[:100_000])]
            return max(found, key=lambda size: size[0] * size[1], default=(0, 0))
    except struct.error:
        pass
    return (0, 0)


def _jpeg_size(content: bytes) -> tuple[int, int]:
    """The largest frame that the segments before the picture itself name."""
    at, found = 2, (0, 0)
    while at + 9 < len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == 0xDA:
            break
        if marker == 0x01 or 0xD0 <= marker <= 0xD8:
            at += 2
            continue
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            found = max(found, (width, height), key=lambda size: size[0] * size[1])
        at += 2 + struct.unpack(">H", content[at + 2 : at + 4])[0]
    return found


def _webp_size(content: bytes) -> tuple[int, int]:
    chunk, body = content[12:16], content[20:]
    if chunk == b"VP8X":
        return int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1
    if chunk == b"VP8L":
        (bits,) = struct.unpack("<I", body[1:5])
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack("<HH", body[6:10])
    return width & 0x3FFF, height & 0x3FFF


def extension_of(name: str) -> str:
    """The kind a file's name claims, normalised: jpeg is jpg."""
    suffix = name.rsplit(".", 1)[-1].lower() if "." in name else ""
    return {"jpeg": "jpg", "jpe": "jpg", "heif": "heic"}.get(suffix, suffix)


def clean_name(name: str) -> str:
    """A file name without folders, control and invisible characters, leading dots and hidden endings.

    Units:  at most 120 characters
    """
    tail = re.split(r"[\\/]", name)[-1]
    tail = "".join(one for one in tail if unicodedata.category(one) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp"))
    tail = re.sub(rf"(?i)\.(?=(?:{_RUN})\s*\.)", "_", tail).lstrip(". ").strip()
    return tail[-120:] or "未命名"
