"""An S3 server in this process, and buckets in it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from weimin.base import contents
from weimin.base.buckets import Bucket


@contextmanager
def serving() -> Iterator[str]:
    """An S3 server on a free port for a while; gives its address."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def use_server(settings: Any, endpoint: str) -> None:
    """Set everything that a bucket at this server needs."""
    settings.WEIMIN_BUCKET_ENDPOINT = endpoint
    settings.WEIMIN_BUCKET_KEY = "key"
    settings.WEIMIN_BUCKET_SECRET = "secret"
    settings.WEIMIN_BUCKET_TIMEOUT = 2.0
    contents.open_store.cache_clear()


def make_bucket() -> str:
    """A new bucket; gives the address of a prefix in it."""
    address = f"s3://b{secrets.token_hex(8)}/weimin"
    client_of(address).create_bucket(Bucket=bucket_of(address))
    return address


def bucket_of(address: str) -> str:
    """The bucket's name in an address."""
    return address.removeprefix("s3://").partition("/")[0]


def client_of(address: str) -> Any:
    """A client of the server that the bucket lies in."""
    store = contents.open_store(address)
    assert isinstance(store, Bucket)
    return store.connection.meta.client
