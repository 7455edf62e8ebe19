"""A bucket of an S3 store as a store of contents, by django-storages and boto3; loaded only when one is set.

Every call ends within a bounded time: what does not answer is asked once more, then the call fails as `StoreDown`.
Nothing is ever public: no access list is sent, no address is made.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from storages.backends.s3 import S3Storage

from weimin.base.contents import Lying, StoreDown

#: How often a call is tried at all.
TRIES = 2
#: The whole time that one content may take to come, however slowly a store drips.
READ_SECONDS = 30.0
#: After a call without an answer, others fail at once for so long: fifty files must not wait fifty times.
REST_SECONDS = 3.0
_PIECE = 256 * 1024
_PROBE = "probe"

log = logging.getLogger("weimin.files")


class Bucket(S3Storage):
    """A bucket, or what lies below a prefix of one."""

    def __init__(self, bucket: str, prefix: str) -> None:
        seconds = settings.WEIMIN_BUCKET_TIMEOUT
        super().__init__(
            bucket_name=bucket,
            location=prefix,
            endpoint_url=settings.WEIMIN_BUCKET_ENDPOINT or None,
            region_name=settings.WEIMIN_BUCKET_REGION,
            # never None: the client would look for keys elsewhere, on the network too
            access_key=settings.WEIMIN_BUCKET_KEY or "unset",
            secret_key=settings.WEIMIN_BUCKET_SECRET or "unset",
            security_token=None,
            session_profile=None,
            verify=settings.WEIMIN_BUCKET_CA_FILE or None,
            default_acl=None,
            object_parameters={},
            custom_domain=None,
            client_config=Config(
                signature_version="s3v4",
                connect_timeout=min(3.0, seconds),
                read_timeout=seconds,
                retries={"mode": "standard", "total_max_attempts": TRIES},
                max_pool_connections=32,
                # stores other than Amazon's do not know the newer sums; a signed content is checked by all of them
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
                s3={
                    "addressing_style": "path" if settings.WEIMIN_BUCKET_PATH_STYLE else "virtual",
                    "payload_signing_enabled": True,
                },
            ),
        )
        self.address = f"s3://{bucket}/{prefix}".rstrip("/")
        self._making = threading.Lock()
        self._made: Any = None
        self._resting_until = 0.0

    @contextmanager
    def _kindly(self, doing: str) -> Iterator[None]:
        """Tell what is not there from what does not work; the log names the operation and the store's own code."""
        if time.monotonic() < self._resting_until:
            raise StoreDown
        try:
            yield
        except ClientError as fault:
            code = str(fault.response.get("Error", {}).get("Code", ""))
            if code in ("NoSuchKey", "404", "NotFound"):
                raise FileNotFoundError(code) from None
            log.error("store of files: %s refused: %s", doing, code)
            raise StoreDown from None
        except BotoCoreError as fault:
            log.error("store of files: %s failed: %s", doing, type(fault).__name__)
            self._resting_until = time.monotonic() + REST_SECONDS
            raise StoreDown from None

    @property
    def connection(self) -> Any:
        """One for the process: making it costs a third of a second, and its client serves all threads."""
        with self._making:
            if self._made is None:
                self._made = self._create_session().resource(
                    "s3",
                    region_name=self.region_name,
                    endpoint_url=self.endpoint_url,
                    config=self.client_config,
                    verify=self.verify,
                )
            return self._made

    @property
    def _client(self) -> Any:
        return self.connection.meta.client

    def _at(self, name: str) -> dict[str, str]:
        return {"Bucket": self.bucket_name, "Key": self._normalize_name(name)}

    def url(self, *_: Any, **__: Any) -> str:
        """Contents have no address of their own."""
        raise NotImplementedError

    def read(self, name: str) -> bytes:
        """See `Store`."""
        until = time.monotonic() + READ_SECONDS
        with self._kindly("read"):
            body = self._client.get_object(**self._at(name))["Body"]
            pieces = []
            try:
                while piece := body.read(_PIECE):
                    pieces.append(piece)
                    if time.monotonic() > until:
                        log.error("store of files: read took over %.0f s", READ_SECONDS)
                        raise StoreDown
            finally:
                body.close()
        return b"".join(pieces)

    def write(self, name: str, content: bytes) -> None:
        """See `Store`."""
        try:
            with self._kindly("write"):
                self._client.put_object(**self._at(name), Body=content, ContentType=self.default_content_type)
        except FileNotFoundError:
            raise StoreDown from None

    def _save(self, name: str, content: Any) -> str:
        self.write(name, content.read())
        return name

    def exists(self, name: str) -> bool:
        """See `Store`."""
        try:
            with self._kindly("look"):
                self._client.head_object(**self._at(name))
        except FileNotFoundError:
            return False
        return True

    def delete(self, name: str) -> None:
        """See `Store`."""
        try:
            with self._kindly("delete"):
                self._client.delete_object(**self._at(name))
        except FileNotFoundError:
            return

    def walk(self, under: str = "") -> Iterator[Lying]:
        """See `Store`."""
        root = f"{self.location}/" if self.location else ""
        below = f"{root}{under}/" if under else root
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket_name, Prefix=below)
        with self._kindly("list"):
            for page in pages:
                for one in page.get("Contents", ()):
                    yield Lying(one["Key"].removeprefix(root), one["LastModified"])

    def find_fault(self) -> str:
        """See `Store`; writes, reads and deletes a content of its own, and asks for it as a stranger."""
        if not (settings.WEIMIN_BUCKET_KEY and settings.WEIMIN_BUCKET_SECRET):
            return "没有设置 WEIMIN_BUCKET_KEY 和 WEIMIN_BUCKET_SECRET。"
        name, content = f"{_PROBE}/{secrets.token_hex(16)}", secrets.token_bytes(64)
        try:
            self.write(name, content)
            try:
                if self.read(name) != content:
                    return f"文件库 {self.address} 给出的和存入的不同。"
                return f"文件库 {self.address} 不用密钥谁都能读。" if self._open_to_all(name) else ""
            finally:
                self.delete(name)
        except (StoreDown, FileNotFoundError):
            return f"文件库 {self.address} 连不上，或不能读写删。"

    def _open_to_all(self, name: str) -> bool:
        """Whether somebody without a key gets a content."""
        try:
            self.unsigned_connection.meta.client.get_object(**self._at(name))
        except (ClientError, BotoCoreError):
            return False
        return True

    def find_lasting(self) -> str:
        """See `Store`."""
        try:
            kept = self._client.get_bucket_versioning(Bucket=self.bucket_name).get("Status")
            if not kept:
                return ""
            rules = self._client.get_bucket_lifecycle_configuration(Bucket=self.bucket_name)["Rules"]
        except ClientError as fault:
            if fault.response.get("Error", {}).get("Code") != "NoSuchLifecycleConfiguration":
                return ""
            rules = []
        except BotoCoreError:
            return ""
        if any(one["Status"] == "Enabled" and "NoncurrentVersionExpiration" in one for one in rules):
            return ""
        return f"存储桶 {self.bucket_name} 保留旧版本，又没有到期清除旧版本的规则：销毁的文件还留在那里。"

    def tell_room(self) -> tuple[bool, str]:
        """See `Store`; how much room a bucket has only its keeper knows."""
        try:
            self.exists(_PROBE)
        except StoreDown:
            return False, f"文件库 {self.address} 连不上"
        return True, f"文件库 {self.address} 连得上"
