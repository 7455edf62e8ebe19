"""SM3 and SM4 against published vectors, and what our seals promise."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from weimin.base import crypto, keys

VECTORS = [
    (b"abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
    (b"abcd" * 16, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"),
    (b"", "1ab21d8355cfa17f8e61194831e81a8f22bec8c728fefb747ed035eb5082aa2b"),
    ("蚌埠市".encode(), "c4238ef0aef9b37de2f3fe57e3a1031df37f2e3af4db11feaa79d0adec3b5575"),
]
KEY = bytes.fromhex("0123456789abcdeffedcba9876543210")
OLD = "11" * 32
NEW = "22" * 32


@pytest.mark.parametrize(("content", "digest"), VECTORS)
def test_sm3(content: bytes, digest: str) -> None:
    assert crypto.sm3_hex(content) == digest


def test_sm4_of_gb_32907() -> None:
    machine = Cipher(algorithms.SM4(KEY), modes.ECB()).encryptor()  # noqa: S305 — the standard's vectors
    assert machine.update(KEY).hex() == "681edf34d206965e86b3e94f536e4246"


def test_sm4_a_million_rounds() -> None:
    machine = Cipher(algorithms.SM4(KEY), modes.ECB()).encryptor()  # noqa: S305 — the standard's vectors
    block = KEY
    for _ in range(1_000_000):
        block = machine.update(block)
    assert block.hex() == "595298c7c6fd271f0402f804c33d3f66"


def test_sm4_cbc() -> None:
    start = bytes(range(16))
    plain = b"".join(bytes([one]) * 4 for one in (0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF, 0xAA, 0xBB))
    machine = Cipher(algorithms.SM4(KEY), modes.CBC(start)).encryptor()
    assert machine.update(plain).hex() == "78ebb11cc40b0a48312aaeb2040244cb4cb7016951909226979b0d15dc6a8f6d"


def test_our_sm4_gcm_is_that_of_rfc_8998() -> None:
    nonce = bytes.fromhex("00001234567800000000abcd")
    context = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    plain = b"".join(bytes([b]) * 8 for b in (0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF, 0xEE, 0xAA))
    sealed = keys.encrypt(KEY, nonce, plain, context)
    assert sealed[:-16].hex() == (
        "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
        "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
    )
    assert sealed[-16:].hex() == "83de3541e4c2b58177e065a9bf7b62ec"
    assert keys.decrypt(KEY, nonce, sealed, context) == plain


@given(st.text())
def test_what_is_sealed_opens_again_and_never_looks_the_same(text: str) -> None:
    first, second = crypto.seal(text, purpose="t"), crypto.seal(text, purpose="t")
    assert crypto.unseal(first, purpose="t") == text
    assert first != second


def test_each_value_has_a_data_key_of_its_own() -> None:
    sealed = [crypto.seal("机密", purpose="t") for _ in range(200)]
    assert len({one[: len(one) - 34] for one in sealed}) == 200


@pytest.fixture(params=["first format", "second format"])
def sealed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """A sealed value of either format."""
    monkeypatch.setenv("WEIMIN_MASTER_KEY", f"1:{OLD},current:1")
    if request.param == "second format":
        return crypto.seal("机密", purpose="t")
    return first_format("机密", purpose="t")


def first_format(text: str, *, purpose: str) -> bytes:
    """What was written before values had data keys of their own."""
    nonce = os.urandom(12)
    key = keys.derive(bytes.fromhex(OLD), "seal/" + purpose)[:16]
    return b"\x01" + nonce + keys.encrypt(key, nonce, text.encode(), purpose.encode())


def test_it_opens_for_its_purpose_only(sealed: bytes) -> None:
    assert crypto.unseal(sealed, purpose="t") == "机密"
    assert crypto.unseal(memoryview(sealed), purpose="t") == "机密"
    with pytest.raises(crypto.SealBroken):
        crypto.unseal(sealed, purpose="u")


def test_every_flipped_bit_and_every_cut_is_refused_in_the_same_words(sealed: bytes) -> None:
    said = set()
    broken = [
        sealed[:at] + bytes([sealed[at] ^ bit]) + sealed[at + 1 :] for at in range(len(sealed)) for bit in (1, 128)
    ]
    broken += (
        [sealed[:at] for at in range(len(sealed))] + [sealed[at:] for at in range(1, len(sealed))] + [sealed + b"\0"]
    )
    for one in broken:
        with pytest.raises(crypto.SealBroken) as fault:
            crypto.unseal(one, purpose="t")
        said.add(str(fault.value))
        assert fault.value.__cause__ is None and fault.value.__suppress_context__, "nothing of the cause is shown"
    assert said == {"受保护的内容无法打开，请联系运维人员。"}


def test_another_master_key_of_the_same_id_does_not_open(sealed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEIMIN_MASTER_KEY", f"1:{NEW}")
    with pytest.raises(crypto.SealBroken):
        crypto.unseal(sealed, purpose="t")
    monkeypatch.setenv("WEIMIN_MASTER_KEY", f"2:{NEW}")
    with pytest.raises(crypto.SealBroken):
        crypto.unseal(sealed, purpose="t")


def test_rewrapping_moves_a_value_to_the_current_key(sealed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    assert crypto.key_id_of(sealed) == "1"
    monkeypatch.setenv("WEIMIN_MASTER_KEY", f"1:{OLD},2:{NEW}")
    moved = crypto.rewrap(sealed, purpose="t")
    assert crypto.key_id_of(moved) == "2" and moved.startswith(crypto.prefix_of("2"))
    monkeypatch.setenv("WEIMIN_MASTER_KEY", f"2:{NEW}")
    assert crypto.unseal(moved, purpose="t") == "机密"


def test_rewrapping_leaves_the_ciphertext_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEIMIN_MASTER_KEY", f"1:{OLD},current:1")
    before = crypto.seal("机密", purpose="t")
    monkeypatch.setenv("WEIMIN_MASTER_KEY", f"1:{OLD},2:{NEW}")
    tail = 12 + len("机密".encode()) + 16
    assert crypto.rewrap(before)[-tail:] == before[-tail:]


def test_a_wrapped_key_cannot_be_given_to_another_value() -> None:
    one, two = crypto.seal("甲", purpose="t"), crypto.seal("乙", purpose="t")
    tail = 12 + len("甲".encode()) + 16
    with pytest.raises(crypto.SealBroken):
        crypto.unseal(one[:-tail] + two[-tail:], purpose="t")


def test_contents_of_files_open_only_with_their_key_and_context() -> None:
    key, content = os.urandom(16), os.urandom(5000)
    sealed = crypto.encrypt_content(key, content, context="a")
    assert content not in sealed and crypto.decrypt_content(key, sealed, context="a") == content
    for bad in (
        (os.urandom(16), sealed, "a"),
        (key, sealed, "b"),
        (key, sealed[:-1], "a"),
        (key, b"", "a"),
        (key, sealed[:40] + bytes([sealed[40] ^ 1]) + sealed[41:], "a"),
    ):
        with pytest.raises(crypto.SealBroken):
            crypto.decrypt_content(bad[0], bad[1], context=bad[2])


def test_indexes_find_equals_only_within_a_purpose() -> None:
    assert crypto.blind_index("a", purpose="t") == crypto.blind_index("a", purpose="t")
    assert crypto.blind_index("a", purpose="t") != crypto.blind_index("a", purpose="u")
    assert crypto.blind_index("a", purpose="t") != crypto.blind_index("b", purpose="t")


def test_a_new_master_key_changes_no_index_and_no_receipt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "keys"
    path.write_text(OLD)
    monkeypatch.delenv("WEIMIN_MASTER_KEY", raising=False)
    monkeypatch.setenv("WEIMIN_MASTER_KEY_FILE", str(path))
    before = crypto.blind_index("a", purpose="t"), crypto.short_mac("a", purpose="t")
    file = keys.FileKeys(str(path))
    file.add(current=True)
    file.drop("1")
    assert (crypto.blind_index("a", purpose="t"), crypto.short_mac("a", purpose="t")) == before
    monkeypatch.setenv("WEIMIN_INDEX_KEY", NEW)
    assert crypto.blind_index("a", purpose="t") != before[0]
