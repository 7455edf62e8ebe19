"""Rotating master keys while others work: nothing is lost, everything moves, a key in use is not retired."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from django.db import connection

from weimin.base import crypto, keys
from weimin.config import rotation
from weimin.config.cli import cli
from weimin.config.demonstration import LOADER
from weimin.kernel.accounts import queries as accounts
from weimin.kernel.accounts.models import Account, Session
from weimin.kernel.accounts.web import sessions
from weimin.kernel.cases.actions import turning
from weimin.kernel.cases.queries import drafts
from weimin.kernel.record import actions, queries
from weimin.kernel.record.models import AuditEntry, Blob
from weimin.kernel.record.testing import Stored, forget_entries
from weimin.kernel.residents import queries as residents

AT = datetime(2026, 3, 2, 1, tzinfo=UTC)
FIRST = "11" * 32


@pytest.fixture(autouse=True)
def key_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> keys.FileKeys:
    """A key file of this test, with the one key that everything starts with."""
    settings.WEIMIN_FILES = str(tmp_path / "files")
    path = tmp_path / "keys"
    path.write_text(FIRST)
    for name in ("WEIMIN_MASTER_KEY", "WEIMIN_KMS_COMMAND", "WEIMIN_INDEX_KEY", "WEIMIN_INDEX_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("WEIMIN_MASTER_KEY_FILE", str(path))
    return keys.FileKeys(str(path))


def first_format(text: str, purpose: str) -> bytes:
    """A value as it was sealed before there were data keys."""
    nonce = os.urandom(12)
    key = keys.derive(bytes.fromhex(FIRST), "seal/" + purpose)[:16]
    return b"\x01" + nonce + keys.encrypt(key, nonce, text.encode(), purpose.encode())


def make_accounts(count: int, *, first: bool = False) -> list[int]:
    """Resident accounts with made-up phone numbers."""
    rows = []
    for n in range(count):
        phone = f"1390000{n:04d}"
        sealed = first_format(phone, accounts.PHONE) if first else crypto.seal(phone, purpose=accounts.PHONE)
        index = accounts.phone_index(phone)
        rows.append(
            Account(kind="resident", display_name="演示", phone_sealed=sealed, phone_index=index, created_at=AT)
        )
    return [one.pk for one in Account.objects.bulk_create(rows)]


def session_of(phone: str) -> str:
    """A saved session that holds a number."""
    store = sessions.SessionStore()
    store["phone"] = phone
    store.save()
    assert store.session_key
    return str(store.session_key)


def use(key_id: str) -> int:
    """How many values need a key."""
    return sum(counts.get(key_id, 0) for counts in rotation.count_use().values())


def test_every_column_of_sealed_values_is_known() -> None:
    labels = {one.label for one in rotation.list_columns()}
    assert labels >= {*rotation.FIRST_PURPOSES, "record.Blob.key_sealed"}
    assert rotation.FIRST_PURPOSES == {
        "accounts.Account.phone_sealed": accounts.PHONE,
        "cases.Case.answers_sealed": turning.ANSWERS,
        "cases.Draft.answers_sealed": drafts._ANSWERS,
        "cases.Paper.content_sealed": turning.PAPERS,
        "residents.Resident.id_sealed": residents.ID,
        "residents.Resident.phone_sealed": residents.PHONE,
        "accounts.Session.session_data": sessions.PURPOSE,
    }


@pytest.mark.django_db
def test_everything_moves_and_opens_and_is_found(key_file: keys.FileKeys) -> None:
    old = make_accounts(3, first=True)
    ref = actions.store_blob(at=AT, content=b"%PDF-1.7 x", name="a.pdf", allowed=("pdf",))
    raw = Stored(ref.sha256).read_bytes()
    session = session_of("13900000000")
    before = use("1")
    assert before >= 5
    assert rotation.add_key(by=LOADER, at=AT, current=True) == "2"
    done = rotation.rotate(by=LOADER, at=AT)
    assert (done.moved, done.broken) == (before, {})
    assert (use("1"), use("2")) == (0, before)
    rotation.retire_key(by=LOADER, at=AT, key_id="1")
    assert key_file.ids() == ("2",)
    assert [accounts.phone_by_id(one) for one in old] == ["13900000000", "13900000001", "13900000002"]
    found = accounts.find_by_phone("13900000001")
    assert found is not None and found.pk == old[1]
    assert queries.read_blob(ref.blob_id) == b"%PDF-1.7 x"
    assert Stored(ref.sha256).read_bytes() == raw, "a file's bytes are not touched"
    assert sessions.SessionStore(session)["phone"] == "13900000000"
    verbs = AuditEntry.objects.filter(subject_type="key").order_by("id").values_list("verb", flat=True)
    assert list(verbs) == ["record.key.added", "record.keys.rotated", "record.key.retired"]


@pytest.mark.django_db
def test_a_stopped_rotation_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "BATCH", 20)
    make_accounts(70)
    rotation.add_key(by=LOADER, at=AT, current=True)

    def stop(what: str, done: int, total: int) -> None:
        if done >= 40:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotation.rotate(by=LOADER, at=AT, progress=stop)
    assert (use("1"), use("2")) == (30, 40)
    said: list[tuple[str, int, int]] = []
    assert rotation.rotate(by=LOADER, at=AT, progress=lambda *one: said.append(one)).moved == 30
    assert said[1:3] == [("accounts.Account.phone_sealed", 20, 30), ("accounts.Account.phone_sealed", 30, 30)]
    assert rotation.rotate(by=LOADER, at=AT).moved == 0


@pytest.mark.django_db
def test_a_value_changed_meanwhile_is_left_to_its_writer() -> None:
    (pk,) = make_accounts(1)
    rotation.add_key(by=LOADER, at=AT, current=True)
    column = next(one for one in rotation.list_columns() if one.label == "accounts.Account.phone_sealed")
    rows = rotation._read_batch(column, "2", None)
    Account.objects.filter(pk=pk).update(phone_sealed=crypto.seal("13900009999", purpose=accounts.PHONE))
    assert rotation._move_batch(column, rows) == (0, 0)
    assert accounts.phone_by_id(pk) == "13900009999"


@pytest.mark.django_db
def test_web_and_worker_write_while_keys_rotate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "BATCH", 50)

    def apart(work: Callable[[], Any]) -> Any:
        try:
            return work()
        finally:
            connection.close()

    def write(pks: list[int]) -> None:
        for number, pk in enumerate(pks):
            fresh = crypto.seal(f"1391111{number:04d}", purpose=accounts.PHONE)
            Account.objects.filter(pk=pk).update(phone_sealed=fresh)
            assert accounts.phone_by_id(pk) == f"1391111{number:04d}"

    with ThreadPoolExecutor(3) as pool:
        pks = pool.submit(apart, lambda: make_accounts(400)).result()
        try:
            rotation.add_key(by=LOADER, at=AT, current=True)
            writer = pool.submit(apart, lambda: write(pks[::2]))
            pool.submit(apart, lambda: rotation.rotate(by=LOADER, at=AT)).result()
            writer.result()
            assert pool.submit(apart, lambda: use("1")).result() == 0
            said = pool.submit(apart, lambda: [accounts.phone_by_id(one) for one in pks[:6]]).result()
        finally:
            pool.submit(apart, lambda: Account.objects.filter(pk__in=pks).delete()).result()
            pool.submit(apart, lambda: forget_entries("key")).result()
    assert said == ["13911110000", "13900000001", "13911110001", "13900000003", "13911110002", "13900000005"]


@pytest.mark.django_db
def test_a_key_in_use_the_current_and_an_unknown_one_are_not_retired() -> None:
    make_accounts(2)
    rotation.add_key(by=LOADER, at=AT, current=True)
    with pytest.raises(keys.KeyRefused, match=r"accounts.Account.phone_sealed 2 条"):
        rotation.retire_key(by=LOADER, at=AT, key_id="1")
    for wrong in ("2", "9"):
        with pytest.raises(keys.KeyRefused):
            rotation.retire_key(by=LOADER, at=AT, key_id=wrong)
    assert keys.ring().ids() == ("1", "2")


@pytest.mark.django_db
def test_a_key_is_not_retired_while_an_older_transaction_runs() -> None:
    def say(sql: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql)

    with ThreadPoolExecutor(1) as pool:  # one thread keeps one connection
        pool.submit(say, "BEGIN").result()
        pool.submit(say, "SELECT 1").result()
        try:
            rotation.add_key(by=LOADER, at=AT, current=True)
            with pytest.raises(keys.KeyRefused, match="没有结束"):
                rotation.retire_key(by=LOADER, at=AT, key_id="1")
        finally:
            pool.submit(say, "COMMIT").result()
            pool.submit(lambda: connection.close()).result()
    rotation.retire_key(by=LOADER, at=AT, key_id="1")


@pytest.mark.django_db
def test_what_does_not_open_is_counted_and_left(key_file: keys.FileKeys) -> None:
    pks = make_accounts(3)
    row = Account.objects.get(pk=pks[1])
    assert row.phone_sealed
    broken = bytes(row.phone_sealed)[:20] + bytes(60)
    Account.objects.filter(pk=pks[1]).update(phone_sealed=broken)
    Account.objects.filter(pk=pks[2]).update(phone_sealed=b"never sealed")
    Session.objects.create(session_key="old", session_data="not:ours", expire_date=AT, began_at=AT, seen_at=AT)
    rotation.add_key(by=LOADER, at=AT, current=True)
    done = rotation.rotate(by=LOADER, at=AT)
    assert (done.moved, done.broken) == (1, {"accounts.Account.phone_sealed": 2})
    assert bytes(Account.objects.get(pk=pks[1]).phone_sealed or b"") == broken


@pytest.mark.django_db
def test_keys_of_the_environment_are_changed_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WEIMIN_MASTER_KEY_FILE")
    monkeypatch.setenv("WEIMIN_MASTER_KEY", FIRST)
    with pytest.raises(keys.KeyRefused, match="环境变量"):
        rotation.add_key(by=LOADER, at=AT, current=True)
    monkeypatch.setenv("WEIMIN_MASTER_KEY", f"1:{FIRST},2:{'22' * 32}")
    make = crypto.seal("a", purpose="t")
    assert crypto.key_id_of(make) == "2"


@pytest.mark.django_db
def test_the_command_line_from_first_key_to_retirement() -> None:
    make_accounts(2)
    run = CliRunner()

    def said(*words: str) -> str:
        answer = run.invoke(cli, words, standalone_mode=False)
        if answer.exception:
            raise answer.exception
        return answer.output

    assert "1（当前） 2 条" in said("keys", "list")
    assert "还没有使用" in said("keys", "add", "--later")
    assert "使用主密钥 2" in said("keys", "use", "2")
    with pytest.raises(keys.KeyRefused):
        said("keys", "retire", "1")
    assert "换到当前主密钥 2 条" in said("keys", "rotate")
    assert "另行封存" in said("keys", "retire", "1")
    assert FIRST not in said("keys", "list", "--json")
    ref = actions.store_blob(at=AT, content=b"%PDF-1.7 x", name="a.pdf", allowed=("pdf",))
    assert "核对 1 个文件，加密 0 个，损坏 0 个" in said("files", "seal")
    Stored(ref.sha256).unlink()
    with pytest.raises(SystemExit):
        said("files", "seal")
    assert queries.list_broken() == [ref.sha256]
    assert Blob.objects.count() == 1
