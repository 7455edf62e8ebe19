"""What is taken in as a file: its kind by content, no bombs, no programs, names without tricks."""

from __future__ import annotations

import struct
import zipfile
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from weimin.kernel.record import rules


def office(parts: dict[str, bytes], kind: str = "docx") -> bytes:
    """An office file of these parts."""
    main = {"docx": "word/document.xml", "xlsx": "xl/workbook.xml"}[kind]
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {main: b"<x/>", **parts}.items():
            archive.writestr(name, content)
    return out.getvalue()


def real_sheet() -> bytes:
    """A spreadsheet as offices make them."""
    book, out = Workbook(), BytesIO()
    assert book.active is not None
    for row in range(3000):
        book.active.append(["柳树村", row, "新农合"])
    book.save(out)
    return out.getvalue()


def png(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR" + struct.pack(">II", width, height) + b"\x08\x02\x00\x00\x00"


def jpg(width: int, height: int, *, before: bytes = b"") -> bytes:
    frame = b"\xff\xc2\x00\x11\x08" + struct.pack(">HH", height, width) + bytes(10)
    return b"\xff\xd8\xff\xe0\x00\x04ab" + before + frame + b"\xff\xda\x00\x02"


def webp(width: int, height: int, chunk: bytes) -> bytes:
    body = {
        b"VP8X": bytes(4) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little"),
        b"VP8L": b"\x2f" + struct.pack("<I", (width - 1 | height - 1 << 14) & 0xFFFFFFFF),
        b"VP8 ": bytes(3) + b"\x9d\x01\x2a" + struct.pack("<HH", width & 0x3FFF, height & 0x3FFF),
    }[chunk]
    return b"RIFF\x00\x00\x00\x00WEBP" + chunk + struct.pack("<I", len(body)) + body


def heic(width: int, height: int) -> bytes:
    return (
        b"\x00\x00\x00\x18ftypheic"
        + bytes(30)
        + b"\x00\x00\x00\x14ispe\x00\x00\x00\x00"
        + struct.pack(">II", width, height)
    )


@pytest.mark.parametrize(
    ("kind", "content", "size"),
    [
        ("png", png(640, 480), (640, 480)),
        ("jpg", jpg(640, 480), (640, 480)),
        ("jpg", jpg(640, 480, before=b"\xff\xff\xe1\x00\x0a" + jpg(9, 9)[:8]), (640, 480)),
        ("webp", webp(640, 480, b"VP8X"), (640, 480)),
        ("webp", webp(640, 480, b"VP8L"), (640, 480)),
        ("webp", webp(640, 480, b"VP8 "), (640, 480)),
        ("heic", heic(640, 480), (640, 480)),
        ("png", b"\x89PNG\r\n\x1a\n", (0, 0)),
        ("jpg", b"\xff\xd8\xff", (0, 0)),
        ("webp", b"RIFF\x00\x00\x00\x00WEBPVP8L", (0, 0)),
        ("heic", b"\x00\x00\x00\x18ftypheic", (0, 0)),
        ("pdf", b"%PDF-1.7", (0, 0)),
    ],
)
def test_a_pictures_size_is_read_from_its_header(kind: str, content: bytes, size: tuple[int, int]) -> None:
    assert rules.picture_size(kind, content) == size


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("png", png(20_000, 20_000)),
        ("png", png(2**32 - 1, 2**32 - 1)),
        ("jpg", jpg(20_000, 20_000)),
        ("webp", webp(16_384, 16_384, b"VP8L")),
        ("webp", webp(2**24, 2**24, b"VP8X")),
        ("heic", heic(20_000, 20_000)),
    ],
)
def test_a_picture_beyond_a_hundred_megapixels_is_refused(kind: str, content: bytes) -> None:
    assert "像素" in rules.find_danger(kind, content)


def test_a_large_camera_picture_is_taken() -> None:
    assert rules.find_danger("jpg", jpg(12_000, 8_000)) == ""


def test_a_real_spreadsheet_is_taken() -> None:
    content = real_sheet()
    assert rules.sniff(content) == "xlsx"
    assert rules.find_danger("xlsx", content) == ""


def test_printer_settings_are_no_danger() -> None:
    assert rules.find_danger("xlsx", office({"xl/printerSettings/printerSettings1.bin": b"x"}, "xlsx")) == ""


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"word/media/a.bmp": bytes(60_000_000)}, "展开后太大"),
        ({f"word/{n}.xml": bytes(4_900_000) for n in range(22)}, "展开后太大"),
        ({"word/vbaProject.bin": b"x"}, "宏"),
        ({"word/embeddings/oleObject1.bin": b"x"}, "宏"),
        ({"word/embeddings/inner.docx": b"x"}, "别的文件"),
        ({"word/inner.ZIP": b"x"}, "别的文件"),
        ({"word/run.exe": b"x"}, "程序"),
    ],
)
def test_bombs_and_programs_in_office_files_are_refused(parts: dict[str, bytes], words: str) -> None:
    content = office(parts)
    assert len(content) < 1_000_000
    assert words in rules.find_danger("docx", content)


def test_a_zip_that_lies_about_its_sizes_is_refused() -> None:
    content = office({"word/media/a.bmp": bytes(3_000_000)})
    lying = content.replace(struct.pack("<I", 3_000_000), struct.pack("<I", 3_000))
    assert lying != content
    assert "损坏" in rules.find_danger("docx", lying)


def test_a_list_of_too_many_parts_is_not_even_read() -> None:
    content = office({f"word/{n}": b"" for n in range(2_100)})
    assert rules.sniff(content) is None
    end = content.rfind(b"PK\x05\x06")
    assert rules.sniff(content[:end]) is None
    assert rules.sniff(b"PK\x03\x04" + b"PK\x05\x06" + bytes(40)) is None


@pytest.mark.parametrize(
    "flaw",
    [
        lambda c: c[:-30],
        lambda c: c[:200] + b"\xff" * 40 + c[240:],
        lambda c: c.replace(b"\x14\x00\x00\x00", b"\x14\x00\x01\x00"),
    ],
)
def test_a_damaged_or_locked_office_file_is_no_server_fault(flaw: object) -> None:
    content = flaw(real_sheet())  # type: ignore[operator]
    kind = rules.sniff(content)
    assert kind is None or "打不开" in rules.find_danger(kind, content)


@given(
    st.binary(max_size=300),
    st.sampled_from([b"PK\x03\x04", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF1234WEBP", b"1234ftypheic"]),
)
def test_no_bytes_break_the_looking(tail: bytes, head: bytes) -> None:
    kind = rules.sniff(head + tail)
    if kind:
        rules.find_danger(kind, head + tail)


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\temp\\..\\a.pdf", "a.pdf"),
        ("低保\u202efdp.exe", "低保fdp.exe"),
        ("\u200e\u200b\ufeffa\x00\x1f\x7f\x85\u2028.pdf", "a.pdf"),
        ("a\ud800.pdf", "a.pdf"),
        ("..pdf", "pdf"),
        ("证明.exe.pdf", "证明_exe.pdf"),
        ("证明.html .pdf", "证明_html .pdf"),
        ("证明.2026.05.pdf", "证明.2026.05.pdf"),
        ("", "未命名"),
        ("///", "未命名"),
        ("长" * 300 + ".pdf", "长" * 116 + ".pdf"),
    ],
)
def test_names_lose_what_deceives(name: str, clean: str) -> None:
    assert rules.clean_name(name) == clean


@pytest.mark.parametrize("name", ["合同.pdf.exe", "合同.pdf\u202e.exe", "合同", "合同.", "合同.pdf "])
def test_a_name_that_claims_another_kind_is_told_apart(name: str) -> None:
    assert rules.extension_of(name) != "pdf"
