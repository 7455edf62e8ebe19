"""Files at rest: sealed under a key of their own, still readable when older, refused when changed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection, transaction

from weimin.base import crypto
from weimin.base.crypto import sm3_hex
from weimin.kernel.record import actions, queries
from weimin.kernel.record.models import Blob
from weimin.kernel.record.queries.stores import FILE_KEY
from weimin.kernel.record.testing import Stored

AT = datetime(2026, 3, 2, 1, tzinfo=UTC)
CONTENT = b"%PDF-1.7\n" + "王秀兰的病历 ".encode() * 3000


@pytest.fixture(autouse=True, params=["folder", "bucket"])
def _own_store(request: Any, settings: Any) -> None:
    settings.WEIMIN_FILES = request.getfixturevalue(f"a_{request.param}")


def store(content: bytes = CONTENT, name: str = "病历.pdf") -> Any:
    return actions.store_blob(at=AT, content=content, name=name, allowed=("pdf",))


def store_in_clear(content: bytes = CONTENT) -> Blob:
    """A file as it was stored before files were sealed."""
    sha256 = hashlib.sha256(content).hexdigest()
    Stored(sha256).write_bytes(content)
    return Blob.objects.create(
        sha256=sha256, sm3=sm3_hex(content), size_bytes=len(content), media_type="application/pdf", stored_at=AT
    )


@pytest.mark.django_db
def test_nothing_of_the_content_is_in_the_store_and_it_reads_back() -> None:
    ref = store()
    raw = Stored(ref.sha256).read_bytes()
    assert raw[:4] == b"WMF1" and "病历".encode() not in raw and b"PDF" not in raw
    assert queries.read_blob(ref.blob_id) == CONTENT
    blob = Blob.objects.get(pk=ref.blob_id)
    assert (blob.sha256, blob.sm3) == (hashlib.sha256(CONTENT).hexdigest(), sm3_hex(CONTENT))
    assert ref.name == "病历.pdf"


@pytest.mark.django_db
def test_the_same_content_is_stored_once() -> None:
    first = store()
    raw = Stored(first.sha256).read_bytes()
    again = store(name="另一个名字.pdf")
    assert again.blob_id == first.blob_id
    assert Stored(first.sha256).read_bytes() == raw


@pytest.mark.django_db
def test_a_file_left_by_an_abandoned_transaction_is_replaced() -> None:
    with transaction.atomic():
        left = store()
        transaction.set_rollback(True)
    assert Stored(left.sha256).exists()
    assert queries.read_blob(store().blob_id) == CONTENT


@pytest.mark.django_db
def test_a_lost_file_that_comes_again_is_written_again() -> None:
    ref = store()
    Stored(ref.sha256).unlink()
    with pytest.raises(queries.BlobBroken):
        queries.read_blob(ref.blob_id)
    assert queries.list_broken() == [ref.sha256]
    store()
    assert queries.read_blob(ref.blob_id) == CONTENT
    assert queries.list_broken() == [], "found whole again"


@pytest.mark.django_db
@pytest.mark.parametrize("sealed", [True, False])
@pytest.mark.parametrize("where", [4, 20, 5000, -1])
def test_one_flipped_bit_and_the_file_is_refused_and_noted(sealed: bool, where: int, caplog: Any) -> None:
    ref = store() if sealed else None
    blob = Blob.objects.get(pk=ref.blob_id) if ref else store_in_clear()
    path = Stored(blob.sha256)
    raw = bytearray(path.read_bytes())
    raw[where] ^= 1
    path.write_bytes(raw)
    with pytest.raises(queries.BlobBroken, match="从备份恢复") as fault:
        queries.read_blob(blob.pk)
    assert fault.value.__cause__ is None
    assert queries.list_broken() == [blob.sha256]
    assert "病历" not in caplog.text and blob.sha256 in caplog.text


@pytest.mark.django_db
@pytest.mark.parametrize("change", ["plain", "cut", "empty", "other"])
def test_an_exchanged_file_is_refused(change: str) -> None:
    ref, other = store(), store(b"%PDF-1.4 other", "b.pdf")
    path = Stored(ref.sha256)
    raw = path.read_bytes()
    other_raw = Stored(other.sha256).read_bytes()
    path.write_bytes({"plain": b"%PDF-1.7 forged", "cut": raw[:-40], "empty": b"", "other": other_raw}[change])
    with pytest.raises(queries.BlobBroken):
        queries.read_blob(ref.blob_id)


@pytest.mark.django_db
def test_without_the_key_the_file_stays_shut() -> None:
    ref = store()
    Blob.objects.filter(pk=ref.blob_id).update(key_sealed=crypto.seal("00" * 16, purpose=FILE_KEY))
    with pytest.raises(queries.BlobBroken):
        queries.read_blob(ref.blob_id)


@pytest.mark.django_db
def test_what_was_stored_in_clear_reads_and_can_be_sealed() -> None:
    blob = store_in_clear()
    assert queries.read_blob(blob.pk) == CONTENT
    assert queries.count_blobs() == {"all": 1, "clear": 1}
    assert actions.seal_file(blob_id=blob.pk) is True
    assert Stored(blob.sha256).read_bytes()[:4] == b"WMF1"
    assert queries.read_blob(blob.pk) == CONTENT
    assert actions.seal_file(blob_id=blob.pk) is False
    assert queries.count_blobs() == {"all": 1, "clear": 0}


@pytest.mark.django_db
def test_sealing_that_stopped_half_way_goes_on() -> None:
    blob = store_in_clear()
    Blob.objects.filter(pk=blob.pk).update(key_sealed=crypto.seal(os.urandom(16).hex(), purpose=FILE_KEY))
    assert queries.read_blob(blob.pk) == CONTENT
    assert actions.seal_file(blob_id=blob.pk) is True
    assert queries.read_blob(blob.pk) == CONTENT


def _apart(work: Callable[[], Any]) -> Any:
    """Do something on a connection of its own, which commits."""
    try:
        return work()
    finally:
        connection.close()


@pytest.mark.django_db
def test_many_at_once_store_one_readable_file() -> None:
    with ThreadPoolExecutor(6) as pool:
        try:
            refs = [one.result() for one in [pool.submit(_apart, store) for _ in range(6)]]
            assert len({one.blob_id for one in refs}) == 1
            assert pool.submit(_apart, lambda: queries.read_blob(refs[0].blob_id)).result() == CONTENT
        finally:
            pool.submit(_apart, lambda: Blob.objects.filter(sm3=sm3_hex(CONTENT)).delete()).result()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"", "a.pdf", "空文件"),
        (b"%PDF-" + bytes(20 * 1024 * 1024), "a.pdf", "超过 20 MB"),
        (b"MZ\x90\x00", "a.pdf", "不是能打开的文件"),
        (b"<html><script>", "a.pdf", "不是能打开的文件"),
        (b"%PDF-1.7", "a.pdf.exe", "和文件名不符"),
        (b"\xff\xd8\xff", "a.jpg", "不收 jpg"),
    ],
)
def test_refused_files_say_what_to_do(content: bytes, name: str, words: str) -> None:
    with pytest.raises(actions.FileRefused, match=words):
        store(content, name)
    assert not Blob.objects.exists()
