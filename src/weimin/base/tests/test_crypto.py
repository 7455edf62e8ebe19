"""SM3 and SM4-GCM against published vectors, and what our seals promise."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from weimin.base import crypto

VECTORS = [
    (b"abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
    (b"abcd" * 16, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"),
    (b"", "1ab21d8355cfa17f8e61194831e81a8f22bec8c728fefb747ed035eb5082aa2b"),
    ("蚌埠市".encode(), "c4238ef0aef9b37de2f3fe57e3a1031df37f2e3af4db11feaa79d0adec3b5575"),
]


@pytest.mark.parametrize(("content", "digest"), VECTORS)
def test_sm3(content: bytes, digest: str) -> None:
    assert crypto.sm3_hex(content) == digest


def test_sm4_gcm_of_rfc_8998() -> None:
    key = bytes.fromhex("0123456789abcdeffedcba9876543210")
    nonce = bytes.fromhex("00001234567800000000abcd")
    plain = b"".join(bytes([b]) * 8 for b in (0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF, 0xEE, 0xAA))
    machine = Cipher(algorithms.SM4(key), modes.GCM(nonce)).encryptor()
    machine.authenticate_additional_data(bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2"))
    text = machine.update(plain) + machine.finalize()
    assert text.hex().startswith("17f399f08c67d5ee19d0dc9969c4bb7d")
    assert machine.tag.hex() == "83de3541e4c2b58177e065a9bf7b62ec"


@given(st.text())
def test_what_is_sealed_opens_again_and_never_looks_the_same(text: str) -> None:
    first, second = crypto.seal(text, purpose="t"), crypto.seal(text, purpose="t")
    assert crypto.unseal(first, purpose="t") == text
    assert first != second


def test_another_purpose_or_a_changed_byte_does_not_open() -> None:
    sealed = crypto.seal("机密", purpose="t")
    with pytest.raises(crypto.SealBroken):
        crypto.unseal(sealed, purpose="u")
    with pytest.raises(crypto.SealBroken):
        crypto.unseal(sealed[:-1] + bytes([sealed[-1] ^ 1]), purpose="t")
    with pytest.raises(crypto.SealBroken):
        crypto.unseal(b"", purpose="t")


def test_indexes_find_equals_only_within_a_purpose() -> None:
    assert crypto.blind_index("a", purpose="t") == crypto.blind_index("a", purpose="t")
    assert crypto.blind_index("a", purpose="t") != crypto.blind_index("a", purpose="u")
    assert crypto.blind_index("a", purpose="t") != crypto.blind_index("b", purpose="t")
