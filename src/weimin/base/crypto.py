"""National cryptography for protected fields: SM4-GCM seals, keyed SM3 indexes, short codes.

Keys come from `WEIMIN_MASTER_KEY` (64 hex digits) or the file `WEIMIN_MASTER_KEY_FILE`; one key per
purpose is derived from it. A sealed value starts with a version byte so that keys can be rotated.
"""

from __future__ import annotations

import hmac
import os
from functools import cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hmac import HMAC

from weimin.base.errors import NotReady

_VERSION = b"\x01"
_NONCE = 12
_TAG = 16
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class KeyMissing(NotReady):
    """No master key is set, so nothing protected can be read or written."""

    code = "base.key_missing"


class SealBroken(NotReady):
    """A sealed value does not open: another key, another purpose, or changed bytes."""

    code = "base.seal_broken"


@cache
def _master_key() -> bytes:
    text = os.environ.get("WEIMIN_MASTER_KEY", "")
    path = os.environ.get("WEIMIN_MASTER_KEY_FILE", "")
    if not text and path:
        text = Path(path).read_text(encoding="ascii").strip()
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise KeyMissing("没有设置主密钥：请设置 WEIMIN_MASTER_KEY 或 WEIMIN_MASTER_KEY_FILE。")
    return key


@cache
def _derive(purpose: str) -> bytes:
    mac = HMAC(_master_key(), hashes.SM3())
    mac.update(b"weimin/" + purpose.encode())
    return mac.finalize()


def sm3_hex(content: bytes) -> str:
    """The SM3 digest as 64 hex digits."""
    digest = hashes.Hash(hashes.SM3())
    digest.update(content)
    return digest.finalize().hex()


def seal(plain: str, *, purpose: str) -> bytes:
    """Encrypt a text with SM4-GCM under the purpose's key; equal texts seal differently.

    Shape:  1 version byte, 12 nonce bytes, the ciphertext, 16 tag bytes
    """
    nonce = os.urandom(_NONCE)
    cipher = Cipher(algorithms.SM4(_derive("seal/" + purpose)[:16]), modes.GCM(nonce)).encryptor()
    cipher.authenticate_additional_data(purpose.encode())
    body = cipher.update(plain.encode()) + cipher.finalize()
    return _VERSION + nonce + body + cipher.tag


def unseal(sealed: bytes | memoryview, *, purpose: str) -> str:
    """Open what `seal` made for the same purpose.

    Raises: SealBroken — wrong purpose, wrong key or changed bytes
    """
    raw = bytes(sealed)
    if len(raw) < 1 + _NONCE + _TAG or raw[:1] != _VERSION:
        raise SealBroken("受保护的内容无法打开，请联系运维人员。")
    nonce, body, tag = raw[1 : 1 + _NONCE], raw[1 + _NONCE : -_TAG], raw[-_TAG:]
    key = _derive("seal/" + purpose)[:16]
    cipher = Cipher(algorithms.SM4(key), modes.GCM(nonce, tag)).decryptor()
    cipher.authenticate_additional_data(purpose.encode())
    try:
        return (cipher.update(body) + cipher.finalize()).decode()
    except InvalidTag as broken:
        raise SealBroken("受保护的内容无法打开，请联系运维人员。") from broken


def blind_index(value: str, *, purpose: str) -> bytes:
    """A keyed SM3 of a value: equal values are found again, the value cannot be guessed from it."""
    mac = HMAC(_derive("index/" + purpose), hashes.SM3())
    mac.update(value.encode())
    return mac.finalize()


def short_mac(text: str, *, purpose: str, length: int = 8) -> str:
    """A short code of unmistakable letters and digits that proves a text came from here.

    Units:  5 bits a character; 8 characters are 40 bits
    """
    mac = HMAC(_derive("mac/" + purpose), hashes.SM3())
    mac.update(text.encode())
    number = int.from_bytes(mac.finalize(), "big")
    return "".join(_CROCKFORD[(number >> (5 * place)) & 31] for place in range(length))


def same(left: str, right: str) -> bool:
    """Compare two codes without telling by time where they differ."""
    return hmac.compare_digest(left.encode(), right.encode())
