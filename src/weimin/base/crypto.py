"""National cryptography for protected fields: SM4-GCM seals, keyed SM3 indexes, short codes.

Every value is sealed under a data key of its own, made for it and wrapped by the current master key of
`weimin.base.keys`; a new master key only wraps data keys anew. Look-ups and receipts use the index key, which stays.
A sealed value starts with its format's number:

    2   key id and wrapped data key, nonce, ciphertext, tag (what is written)
    1   nonce, ciphertext, tag under a key derived from the first master key (what was written before; still opens)

The purpose is bound to the ciphertext, so a value copied into another column does not open. Nothing opened and no
data key is kept.
"""

from __future__ import annotations

import hmac
import os
import struct
from functools import lru_cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC

from weimin.base import keys
from weimin.base.errors import NotReady
from weimin.base.keys import DATA_KEY_BYTES, LEGACY_ID, KeyMissing, KeyUnknown, decrypt, derive, encrypt

__all__ = [
    "KeyMissing",
    "SealBroken",
    "blind_index",
    "decrypt_content",
    "encrypt_content",
    "key_id_of",
    "prefix_of",
    "rewrap",
    "same",
    "seal",
    "short_mac",
    "sm3_hex",
    "unseal",
]

_NONCE = 12
_TAG = 16
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_BROKEN = "受保护的内容无法打开，请联系运维人员。"


class SealBroken(NotReady):
    """A sealed value does not open: another key, another purpose, or changed bytes."""

    code = "base.seal_broken"


def sm3_hex(content: bytes) -> str:
    """The SM3 digest as 64 hex digits."""
    digest = hashes.Hash(hashes.SM3())
    digest.update(content)
    return digest.finalize().hex()


def seal(plain: str, *, purpose: str) -> bytes:
    """Encrypt a text with SM4-GCM under a data key of its own; equal texts seal differently.

    Shape:  byte 2; length and key id; two bytes of length and wrapped data key; 12 nonce bytes, ciphertext, 16 of tag
    Raises: KeyMissing — no master key is set
    """
    chance = os.urandom(DATA_KEY_BYTES + _NONCE)
    data_key, nonce = chance[:DATA_KEY_BYTES], chance[DATA_KEY_BYTES:]
    key_id, wrapped = keys.ring().wrap(data_key)
    return _head(key_id, wrapped) + nonce + encrypt(data_key, nonce, plain.encode(), b"\x02" + purpose.encode())


def _head(key_id: str, wrapped: bytes) -> bytes:
    return prefix_of(key_id) + struct.pack(">H", len(wrapped)) + wrapped


def prefix_of(key_id: str) -> bytes:
    """The first bytes of every value whose data key is wrapped by this master key."""
    name = key_id.encode("ascii")
    return b"\x02" + bytes([len(name)]) + name


def _parts(raw: bytes) -> tuple[str, bytes, bytes]:
    """A value of format 2 as key id, wrapped data key, and the rest.

    Raises: ValueError — too short for what it says of itself
    """
    body = 2 + raw[1]
    key_id = raw[2:body].decode("ascii")
    (length,) = struct.unpack(">H", raw[body : body + 2])
    wrapped, rest = raw[body + 2 : body + 2 + length], raw[body + 2 + length :]
    if len(wrapped) != length or len(rest) < _NONCE + _TAG:
        raise ValueError("cut short")
    return key_id, wrapped, rest


def unseal(sealed: bytes | memoryview, *, purpose: str) -> str:
    """Open what `seal` made for the same purpose.

    Raises: SealBroken — wrong purpose, wrong key or changed bytes; it never says which
    """
    raw = bytes(sealed)
    try:
        if raw[:1] == b"\x01":
            return _open_first(raw, purpose)
        if raw[:1] != b"\x02":
            raise ValueError("unknown format")
        key_id, wrapped, rest = _parts(raw)
        data_key = keys.ring().unwrap(key_id, wrapped)
        return decrypt(data_key, rest[:_NONCE], rest[_NONCE:], b"\x02" + purpose.encode()).decode()
    except (ValueError, IndexError, struct.error, KeyUnknown):
        raise SealBroken(_BROKEN) from None


def _open_first(raw: bytes, purpose: str) -> str:
    """Open a value of format 1."""
    if len(raw) < 1 + _NONCE + _TAG:
        raise ValueError("cut short")
    key = derive(keys.ring().legacy(), "seal/" + purpose)[:DATA_KEY_BYTES]
    return decrypt(key, raw[1 : 1 + _NONCE], raw[1 + _NONCE :], purpose.encode()).decode()


def key_id_of(sealed: bytes | memoryview) -> str:
    """Which master key a value needs; values of format 1 need the first.

    Raises: SealBroken — not a sealed value
    """
    raw = bytes(sealed)
    try:
        return LEGACY_ID if raw[:1] == b"\x01" else _parts(raw)[0]
    except (ValueError, IndexError, struct.error):
        raise SealBroken(_BROKEN) from None


def rewrap(sealed: bytes | memoryview, *, purpose: str = "") -> bytes:
    """The same value with its data key wrapped by the current master key; its ciphertext stays.

    A value of format 1 has no data key and is sealed anew, for which its purpose is needed.

    Raises: SealBroken — it cannot be opened
    """
    raw = bytes(sealed)
    if raw[:1] == b"\x01":
        return seal(unseal(raw, purpose=purpose), purpose=purpose)
    held = keys.ring()
    try:
        key_id, wrapped, rest = _parts(raw)
        data_key = held.unwrap(key_id, wrapped)
    except (ValueError, IndexError, struct.error, KeyUnknown):
        raise SealBroken(_BROKEN) from None
    return _head(*held.wrap(data_key)) + rest


def encrypt_content(key: bytes, content: bytes, *, context: str) -> bytes:
    """Encrypt a file's content under its own key.

    Shape:  12 nonce bytes, ciphertext, 16 tag bytes
    Cost:   some 7 ms a megabyte
    """
    nonce = os.urandom(_NONCE)
    return nonce + encrypt(key, nonce, content, context.encode())


def decrypt_content(key: bytes, sealed: bytes, *, context: str) -> bytes:
    """Open what `encrypt_content` made.

    Raises: SealBroken — another key or context, or changed bytes
    """
    try:
        return decrypt(key, sealed[:_NONCE], sealed[_NONCE:], context.encode())
    except ValueError:
        raise SealBroken(_BROKEN) from None


@lru_cache(maxsize=64)
def _index_part(root: bytes, purpose: str) -> bytes:
    return derive(root, purpose)


def blind_index(value: str, *, purpose: str) -> bytes:
    """A keyed SM3 of a value: equal values are found again, the value cannot be guessed from it."""
    mac = HMAC(_index_part(keys.index_key(), "index/" + purpose), hashes.SM3())
    mac.update(value.encode())
    return mac.finalize()


def short_mac(text: str, *, purpose: str, length: int = 8) -> str:
    """A short code of unmistakable letters and digits that proves a text came from here.

    Units:  5 bits a character; 8 characters are 40 bits
    """
    mac = HMAC(_index_part(keys.index_key(), "mac/" + purpose), hashes.SM3())
    mac.update(text.encode())
    number = int.from_bytes(mac.finalize(), "big")
    return "".join(_CROCKFORD[(number >> (5 * place)) & 31] for place in range(length))


def same(left: str, right: str) -> bool:
    """Compare two codes without telling by time where they differ."""
    return hmac.compare_digest(left.encode(), right.encode())
