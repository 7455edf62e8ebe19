"""Master keys: who keeps them, which one is current, and the wrapping of data keys under them.

A data key never leaves a process unwrapped. Three keepers wrap and unwrap it: a file with several keys, the
environment, and a command that speaks for a key management system. Those that are set form one ring; the first of
them gives the current key, all of them open what they once wrapped, so moving from one keeper to another is a rotation.

A file (or the environment) holds lines, or entries between commas:

    1:64 hex digits        a master key and its id
    2:64 hex digits
    current:2              which one wraps from now on; the last one when left out
    index:64 hex digits    the key of look-ups and receipts, which no rotation changes

A file that holds 64 hex digits and nothing else is the key `1`, and its own index key.
"""

from __future__ import annotations

import os
import re
import secrets
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hmac import HMAC

from weimin.base.errors import Invalid, NotReady

#: Values sealed before there were key ids belong to this key.
LEGACY_ID = "1"
DATA_KEY_BYTES = 16
_NONCE = 12
_TAG = 16
_ID = re.compile(r"(?!current\Z|index\Z)[a-z0-9][a-z0-9._-]{0,31}")
_HEX = re.compile(r"[0-9a-fA-F]{64}")


class KeyMissing(NotReady):
    """No master key is set, or the set one cannot be read, so nothing protected can be read or written."""

    code = "base.key_missing"


class KeyUnknown(NotReady):
    """A value was sealed under a master key that this process does not have."""

    code = "base.key_unknown"


class KeyRefused(Invalid):
    """A master key cannot be added, chosen or retired."""

    code = "base.key_refused"


class KeyProvider(Protocol):
    """Keeps master keys and wraps data keys under them."""

    def current_id(self) -> str:
        """The id of the key that wraps from now on."""

    def ids(self) -> tuple[str, ...]:
        """The ids of all keys that can unwrap."""

    def wrap(self, data_key: bytes) -> tuple[str, bytes]:
        """Wrap a data key under the current key: its id, and the wrapped key."""

    def unwrap(self, key_id: str, wrapped: bytes) -> bytes:
        """Unwrap a data key.

        Raises: ValueError — changed bytes; KeyUnknown — no such key here
        """


def derive(key: bytes, purpose: str) -> bytes:
    """A key for one purpose from a longer-lived one: 32 bytes of HMAC-SM3."""
    mac = HMAC(key, hashes.SM3())
    mac.update(b"weimin/" + purpose.encode())
    return mac.finalize()


def encrypt(key: bytes, nonce: bytes, plain: bytes, context: bytes) -> bytes:
    """SM4-GCM: the ciphertext and its tag of 16 bytes."""
    machine = Cipher(algorithms.SM4(key), modes.GCM(nonce)).encryptor()
    machine.authenticate_additional_data(context)
    return machine.update(plain) + machine.finalize() + machine.tag


def decrypt(key: bytes, nonce: bytes, sealed: bytes, context: bytes) -> bytes:
    """Open what `encrypt` made.

    Raises: ValueError — another key or context, or changed bytes
    """
    try:
        machine = Cipher(algorithms.SM4(key), modes.GCM(nonce, sealed[-_TAG:])).decryptor()
        machine.authenticate_additional_data(context)
        return machine.update(sealed[:-_TAG]) + machine.finalize()
    except InvalidTag as broken:
        raise ValueError("not what was sealed") from broken


@dataclass(frozen=True, slots=True)
class KeySet:
    """What a key file says; keys are shown by no representation."""

    keys: Mapping[str, bytes] = field(repr=False)
    current: str
    index: bytes = field(repr=False)
    #: The same keys derived for wrapping, so that each value costs no derivation.
    wrapping: Mapping[str, bytes] = field(repr=False)


@lru_cache(maxsize=8)
def read_keys(text: str) -> KeySet:
    """Read the lines of a key file or of the environment's value.

    Raises: KeyMissing — nothing there, or a line that cannot be read; never says what it held
    """
    entries = [one.strip() for one in re.split(r"[\n,]", text) if one.strip() and not one.strip().startswith("#")]
    if len(entries) == 1 and _HEX.fullmatch(entries[0]):
        entries = [f"{LEGACY_ID}:{entries[0]}"]
    keys: dict[str, bytes] = {}
    current, index = "", b""
    for place, entry in enumerate(entries, start=1):
        name, _, value = entry.partition(":")
        if name == "current" and _ID.fullmatch(value):
            current = value
        elif name == "index" and _HEX.fullmatch(value):
            index = bytes.fromhex(value)
        elif _ID.fullmatch(name) and _HEX.fullmatch(value) and name not in keys:
            keys[name] = bytes.fromhex(value)
        else:
            raise KeyMissing(f"主密钥的第 {place} 行写得不对：应为“编号:64 位十六进制”。")
    if not keys or (current and current not in keys):
        raise KeyMissing("没有设置主密钥：请设置 WEIMIN_MASTER_KEY_FILE、WEIMIN_MASTER_KEY 或 WEIMIN_KMS_COMMAND。")
    wrapping = {one: derive(key, "wrap")[:DATA_KEY_BYTES] for one, key in keys.items()}
    return KeySet(keys, current or list(keys)[-1], index or keys.get(LEGACY_ID, b""), wrapping)


class TextKeys(ABC):
    """Keys written down as lines of text; what the file and the environment share."""

    @abstractmethod
    def read(self) -> KeySet:
        """The keys as they stand now."""

    def current_id(self) -> str:
        """The id of the key that wraps from now on."""
        return self.read().current

    def ids(self) -> tuple[str, ...]:
        """The ids of all keys."""
        return tuple(self.read().keys)

    def wrap(self, data_key: bytes) -> tuple[str, bytes]:
        """Wrap under the current key with SM4-GCM; the key's id is bound."""
        held = self.read()
        nonce = os.urandom(_NONCE)
        return held.current, nonce + encrypt(held.wrapping[held.current], nonce, data_key, held.current.encode())

    def unwrap(self, key_id: str, wrapped: bytes) -> bytes:
        """Unwrap with the key of that id."""
        key = self.read().wrapping.get(key_id)
        if key is None:
            raise KeyUnknown("受保护的内容无法打开，请联系运维人员。")
        return decrypt(key, wrapped[:_NONCE], wrapped[_NONCE:], key_id.encode())


class EnvironmentKeys(TextKeys):
    """Keys in `WEIMIN_MASTER_KEY`; a new one needs a restart."""

    def __init__(self, text: str) -> None:
        self._text = text

    def read(self) -> KeySet:
        """The keys as the process was started with."""
        return read_keys(self._text)


class FileKeys(TextKeys):
    """Keys in a file; a process notices a changed file at its next use, without a restart."""

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        self._mark: tuple[int, ...] = ()
        self._held: KeySet | None = None

    def read(self) -> KeySet:
        """The keys as the file says now.

        Cost:   one stat, a microsecond or two
        """
        try:
            now = self.path.stat()
            mark = (now.st_mtime_ns, now.st_ino, now.st_size)
            if self._held is None or mark != self._mark:
                self._held, self._mark = read_keys(self.path.read_text(encoding="ascii")), mark
        except (OSError, UnicodeDecodeError) as fault:
            raise KeyMissing("主密钥文件读不出来，请检查 WEIMIN_MASTER_KEY_FILE 和它的权限。") from fault
        return self._held

    def add(self, *, current: bool) -> str:
        """Make a new key; gives its id. What stood alone in the file stays its index key."""
        held = self.read()
        numbers = [int(one) for one in held.keys if one.isdecimal()]
        key_id = str(max(numbers, default=0) + 1)
        keys = {**held.keys, key_id: secrets.token_bytes(32)}
        self._write(replace(held, keys=keys, current=key_id if current else held.current))
        return key_id

    def use(self, key_id: str) -> None:
        """Make one of the keys the current one.

        Raises: KeyRefused — no such key
        """
        held = self.read()
        if key_id not in held.keys:
            raise KeyRefused(f"没有编号为 {key_id} 的主密钥。")
        self._write(replace(held, current=key_id))

    def drop(self, key_id: str) -> None:
        """Take a key out of the file. Whoever calls has made sure that nothing uses it.

        Raises: KeyRefused — no such key, or the current one
        """
        held = self.read()
        if key_id not in held.keys or key_id == held.current:
            raise KeyRefused(f"编号为 {key_id} 的主密钥不存在，或者正在使用。")
        self._write(replace(held, keys={one: key for one, key in held.keys.items() if one != key_id}))

    def _write(self, held: KeySet) -> None:
        """Replace the file in one step, readable by its owner only."""
        lines = [f"index:{held.index.hex()}"] if held.index else []
        lines += [f"{one}:{key.hex()}" for one, key in held.keys.items()]
        write_secret(self.path, "\n".join([*lines, f"current:{held.current}", ""]))


def write_secret(path: Path, text: str) -> None:
    """Write a file that only its owner may read, in one step; the owner of an older one stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as target:
        target.write(text)
        target.flush()
        os.fsync(target.fileno())
    if path.exists() and os.geteuid() == 0:
        before = path.stat()
        os.chown(partial, before.st_uid, before.st_gid)
    os.replace(partial, path)


def ensure_trial_file(path: Path) -> str:
    """The key file of a trial, made the first time; gives its path."""
    if not path.exists():
        write_secret(path, f"index:{secrets.token_hex(32)}\n1:{secrets.token_hex(32)}\ncurrent:1\n")
    return str(path)


class Ring:
    """The keepers that are set, as one; the first gives the current key."""

    def __init__(self, keepers: tuple[KeyProvider, ...]) -> None:
        self.keepers = keepers

    def current_id(self) -> str:
        """The id of the key that wraps from now on."""
        return self._first().current_id()

    def ids(self) -> tuple[str, ...]:
        """The ids of all keys of all keepers."""
        return tuple(dict.fromkeys(one for keeper in self.keepers for one in keeper.ids()))

    def wrap(self, data_key: bytes) -> tuple[str, bytes]:
        """Wrap under the first keeper's current key."""
        return self._first().wrap(data_key)

    def unwrap(self, key_id: str, wrapped: bytes) -> bytes:
        """Unwrap with the first keeper that has the key."""
        for keeper in self.keepers:
            if len(self.keepers) == 1 or key_id in keeper.ids():
                return keeper.unwrap(key_id, wrapped)
        raise KeyUnknown("受保护的内容无法打开，请联系运维人员。")

    def texts(self) -> list[TextKeys]:
        """The keepers that hold keys as text."""
        return [one for one in self.keepers if isinstance(one, TextKeys)]

    def files(self) -> list[FileKeys]:
        """The keepers that a command of ours may change."""
        return [one for one in self.keepers if isinstance(one, FileKeys)]

    def legacy(self) -> bytes:
        """The key of values sealed before there were key ids.

        Raises: KeyUnknown — it was retired or never here
        """
        for one in self.texts():
            if key := one.read().keys.get(LEGACY_ID):
                return key
        raise KeyUnknown("受保护的内容无法打开，请联系运维人员。")

    def _first(self) -> KeyProvider:
        if not self.keepers:
            raise KeyMissing("没有设置主密钥：请设置 WEIMIN_MASTER_KEY_FILE、WEIMIN_MASTER_KEY 或 WEIMIN_KMS_COMMAND。")
        return self.keepers[0]


def ring() -> Ring:
    """The ring that the environment names: the command first, then the environment's value, then the file."""
    get = os.environ.get
    return _ring(get("WEIMIN_KMS_COMMAND", ""), get("WEIMIN_MASTER_KEY", ""), get("WEIMIN_MASTER_KEY_FILE", ""))


@lru_cache(maxsize=8)
def _ring(command: str, text: str, path: str) -> Ring:
    keepers: list[KeyProvider] = []
    if command:
        from weimin.base.kms import CommandKeys

        keepers.append(CommandKeys(command))
    if text:
        keepers.append(EnvironmentKeys(text))
    if path:
        keepers.append(FileKeys(path))
    return Ring(tuple(keepers))


def index_key() -> bytes:
    """The key of look-ups, receipts and pick-up codes: its own setting, else the one in the key file.

    Raises: KeyMissing — none is set
    """
    get = os.environ.get
    if text := get("WEIMIN_INDEX_KEY", ""):
        return _index_of(text)
    if path := get("WEIMIN_INDEX_KEY_FILE", ""):
        return _index_file(path)
    for one in ring().texts():
        if key := one.read().index:
            return key
    raise KeyMissing("没有设置索引密钥：请设置 WEIMIN_INDEX_KEY_FILE。")


@lru_cache(maxsize=8)
def _index_file(path: str) -> bytes:
    try:
        return _index_of(Path(path).read_text(encoding="ascii").strip())
    except (OSError, UnicodeDecodeError) as fault:
        raise KeyMissing("索引密钥文件读不出来，请检查 WEIMIN_INDEX_KEY_FILE。") from fault


def _index_of(text: str) -> bytes:
    if not _HEX.fullmatch(text):
        raise KeyMissing("索引密钥应为 64 位十六进制。")
    return bytes.fromhex(text)
