"""Where the contents of files lie: a folder, or a bucket of any S3 store; both behind Django's storage API.

What is put here is sealed already, under a name that tells its digest; who may see it is asked elsewhere, so nothing
here makes an address for anybody. The S3 client is loaded only when a bucket is used.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage

from weimin.base.errors import Invalid, NotReady

_BUCKET = "s3://"
#: Folders are warned of when less is left.
_ENOUGH_BYTES = 2 * 2**30


class StoreDown(NotReady):
    """The store of files cannot be reached, takes too long, or takes nothing; nothing was half-written."""

    code = "contents.store_down"

    def __init__(self) -> None:
        super().__init__("文件库暂时用不了，这次没有存取成。填写的内容没有丢，请过几分钟再试；仍不行请告诉运维人员。")


class StoreUnknown(Invalid):
    """The address is neither an absolute folder nor s3://bucket/prefix."""

    code = "contents.store_unknown"


@dataclass(frozen=True, slots=True)
class Lying:
    """A content that lies in a store, and since when."""

    name: str
    at: datetime


class Store(Protocol):
    """What both stores promise.

    `write` replaces in one step: a reader gets the whole of the old or the whole of the new content, and what `write`
    returned from outlives a loss of power. `delete` of what is not there is done already.
    """

    #: how an operator names it
    address: str

    def read(self, name: str) -> bytes:
        """The content.

        Raises: FileNotFoundError — no such content; OSError — a folder cannot read it; StoreDown
        """

    def write(self, name: str, content: bytes) -> None:
        """Put a content, in the place of what may be there.

        Raises: StoreDown
        """

    def exists(self, name: str) -> bool:
        """Whether there is such a content.

        Raises: StoreDown
        """

    def delete(self, name: str) -> None:
        """Take a content away.

        Raises: StoreDown
        """

    def walk(self, under: str = "") -> Iterator[Lying]:
        """Everything that lies below a folder of the store.

        Raises: StoreDown
        """

    def find_fault(self) -> str:
        """What is wrong with it, tried out, in words for an operator; '' when nothing is."""

    def find_lasting(self) -> str:
        """Why something deleted may live on there; '' when it does not, or cannot be told."""

    def tell_room(self) -> tuple[bool, str]:
        """Whether there is room, and how much."""


def folder_of_machine() -> Path | None:
    """The folder of the contents, when they lie on a disk of this machine or one that it mounts; None for a bucket."""
    address = str(settings.WEIMIN_FILES)
    return None if address.startswith(_BUCKET) else Path(address)


def nearest_folder(path: Path) -> Path:
    """The folder, or the nearest one above it that exists: where it would be made."""
    return next(one for one in (path, *path.parents) if one.exists())


class Folder(FileSystemStorage):
    """A folder of this machine, or one that all machines mount."""

    def __init__(self, location: str) -> None:
        super().__init__(location=location, allow_overwrite=True)
        self.address = location

    def url(self, name: str | None) -> str:
        """Contents have no address of their own."""
        raise NotImplementedError

    def read(self, name: str) -> bytes:
        """See `Store`."""
        try:
            return Path(self.path(name)).read_bytes()
        except FileNotFoundError as fault:
            if not Path(self.location).exists():  # not mounted: that says nothing of the content
                raise StoreDown from fault
            raise

    def write(self, name: str, content: bytes) -> None:
        """See `Store`."""
        self.save(name, ContentFile(content))

    def _save(self, name: str, content: Any) -> str:
        try:
            _write_whole(Path(self.path(name)), content.read())
        except OSError as fault:
            raise StoreDown from fault
        return name

    def delete(self, name: str) -> None:
        """See `Store`."""
        try:
            super().delete(name)
        except OSError as fault:
            raise StoreDown from fault

    def walk(self, under: str = "") -> Iterator[Lying]:
        """See `Store`."""
        for folder, inner, names in os.walk(self.path(under) if under else self.location):
            inner.sort()
            for one in sorted(names):
                path = Path(folder) / one
                try:
                    at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
                except FileNotFoundError:
                    continue
                yield Lying(path.relative_to(self.location).as_posix(), at)

    def find_fault(self) -> str:
        """See `Store`."""
        root = Path(self.location)
        if not root.exists():
            return "" if os.access(nearest_folder(root), os.W_OK | os.X_OK) else f"文件目录 {root} 建不出来。"
        if not os.access(root, os.W_OK | os.X_OK):
            return f"文件目录 {root} 写不进去。"
        return f"文件目录 {root} 谁都能写。" if root.stat().st_mode & stat.S_IWOTH else ""

    def find_lasting(self) -> str:
        """See `Store`."""
        return ""

    def tell_room(self) -> tuple[bool, str]:
        """See `Store`."""
        free = shutil.disk_usage(nearest_folder(Path(self.location))).free
        return free > _ENOUGH_BYTES, f"文件区剩 {free / 2**30:.0f} GB"


def _write_whole(path: Path, content: bytes) -> None:
    """Write a file in one step; it and the folders that were made for it are on disk afterwards."""
    made = [one for one in path.parents if not one.exists()]
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as target:
            target.write(content)
            target.flush()
            os.fsync(target.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    for folder in {path.parent, *(one.parent for one in made)}:
        _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    except OSError as fault:
        if fault.errno != errno.EINVAL:  # some network folders cannot, and need not
            raise
    finally:
        os.close(handle)


@lru_cache(maxsize=16)
def open_store(address: str) -> Store:
    """The store at an address: an absolute folder, or s3://bucket/prefix.

    Raises: StoreUnknown — the address is neither
    Cost:   a bucket's client is loaded and made once a process, some 0.5 s; nothing is asked of it here
    """
    if address.startswith(_BUCKET):
        from weimin.base.buckets import Bucket

        bucket, _, prefix = address.removeprefix(_BUCKET).partition("/")
        if bucket:
            return Bucket(bucket, prefix.strip("/"))
    elif os.path.isabs(address):
        return Folder(address)
    raise StoreUnknown(f"文件库地址 {address} 不对：要写绝对路径的目录，或 s3://存储桶/前缀。")


def stores() -> list[Store]:
    """The store that is written to, then the one that is only read from and deleted from while contents are moved."""
    return [open_store(one) for one in (settings.WEIMIN_FILES, settings.WEIMIN_FILES_ALSO) if one]


def read(name: str) -> bytes:
    """A content, from wherever it lies.

    Raises: FileNotFoundError — it lies nowhere; OSError — a folder cannot read it; StoreDown
    """
    missing = FileNotFoundError(name)
    for one in stores():
        try:
            return one.read(name)
        except FileNotFoundError as fault:
            missing = fault
    raise missing


def write(name: str, content: bytes) -> None:
    """Put a content into the store that is written to; an older one elsewhere goes, it may be under another key.

    Raises: StoreDown
    """
    first, *others = stores()
    first.write(name, content)
    for one in others:
        one.delete(name)


def exists(name: str) -> bool:
    """Whether a content lies anywhere.

    Raises: StoreDown
    """
    return any(one.exists(name) for one in stores())


def delete(name: str) -> None:
    """Take a content away, wherever it lies.

    Raises: StoreDown
    """
    for one in stores():
        one.delete(name)
