"""What storing and reading costs in a folder, and in the bucket that BENCH_BUCKET names."""

from __future__ import annotations

import os
import tempfile
import time

MEGABYTE = 1_000_000


def _times(address: str, size: int, rounds: int) -> tuple[float, float]:
    """Milliseconds to write and to read a content, the median."""
    from weimin.base import contents

    store = contents.open_store(address)
    content, wrote, read = os.urandom(size), [], []
    for _ in range(rounds):
        began = time.perf_counter()
        store.write("bench/content", content)
        middle = time.perf_counter()
        store.read("bench/content")
        wrote.append(middle - began)
        read.append(time.perf_counter() - middle)
    store.delete("bench/content")
    return sorted(wrote)[rounds // 2] * 1000, sorted(read)[rounds // 2] * 1000


def measure(*, quick: bool) -> list[str]:
    """The section of the page; a bucket only where BENCH_BUCKET names one as s3://bucket/prefix."""
    rounds = 5 if quick else 30
    lines = ["## Stores of files", "", "Medians of writing and reading sealed bytes, without sealing.", ""]
    lines += ["| store | size | write ms | read ms |", "| --- | --- | --- | --- |"]
    with tempfile.TemporaryDirectory() as folder:
        for address in filter(None, (folder, os.environ.get("BENCH_BUCKET", ""))):
            for megabytes in (1, 10):
                wrote, read = _times(address, megabytes * MEGABYTE, rounds)
                kind = "bucket" if address.startswith("s3://") else "folder"
                lines.append(f"| {kind} | {megabytes} MB | {wrote:.1f} | {read:.1f} |")
    return lines
