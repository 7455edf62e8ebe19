"""What sealing costs: a value, a matter, a file, and moving everything to another master key."""

from __future__ import annotations

import os
import secrets
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

#: Sealed values of one matter's life: answers, person's number and phone, account's phone, three papers, one file key.
MATTER = {
    "answers, 600 bytes": (600, 1),
    "number or phone, 18 bytes": (18, 3),
    "paper, 1,500 bytes": (1500, 3),
    "file key": (32, 1),
}


def _per_call(call: Any, seconds: float = 0.4) -> float:
    """Microseconds a call, the best of five rounds."""
    best = float("inf")
    for _ in range(5):
        began, count = time.perf_counter(), 0
        while (spent := time.perf_counter() - began) < seconds / 5:
            for _ in range(50):
                call()
            count += 50
        best = min(best, spent / count * 1e6)
    return best


def _first_format(size: int) -> tuple[float, float]:
    """Seal and open as it was before every value had a data key: one derived key, one cipher run."""
    from weimin.base import keys

    key, plain = os.urandom(16), b"x" * size

    def seal() -> bytes:
        nonce = os.urandom(12)
        return nonce + keys.encrypt(key, nonce, plain, b"bench")

    sealed = seal()
    return _per_call(seal), _per_call(lambda: keys.decrypt(key, sealed[:12], sealed[12:], b"bench"))


def values() -> list[tuple[str, int, float, float, float, float]]:
    """For each kind of value: name, how many a matter has, seal and open before, seal and open now, in µs."""
    from weimin.base import crypto

    rows = []
    for name, (size, count) in MATTER.items():
        text = "x" * size
        sealed = crypto.seal(text, purpose="bench")

        def seal(text: str = text) -> None:
            crypto.seal(text, purpose="bench")

        def unseal(sealed: bytes = sealed) -> None:
            crypto.unseal(sealed, purpose="bench")

        rows.append((name, count, *_first_format(size), _per_call(seal), _per_call(unseal)))
    return rows


def files() -> list[tuple[str, float, float, float]]:
    """For sizes of files: sealing, opening and the digest, in ms."""
    import hashlib

    from weimin.base import crypto

    rows = []
    for name, size in (("a photo, 500 kB", 500_000), ("the largest, 20 MB", 20 * 1024 * 1024)):
        content, key = os.urandom(size), os.urandom(16)
        sealed = crypto.encrypt_content(key, content, context="bench")
        times = []
        for call in (
            lambda k=key, c=content: crypto.encrypt_content(k, c, context="bench"),
            lambda k=key, s=sealed: crypto.decrypt_content(k, s, context="bench"),
            lambda c=content: hashlib.sha256(c).digest(),
        ):
            began = time.perf_counter()
            for _ in range(5):
                call()
            times.append((time.perf_counter() - began) / 5 * 1000)
        rows.append((name, *times))
    return rows


def rotation(count: int) -> float:
    """Values a second moved to a new master key in the measured database."""
    from django.utils import timezone

    from weimin.base import crypto, keys
    from weimin.config import rotation as rotating
    from weimin.config.demonstration import LOADER
    from weimin.kernel.accounts.models import Account

    at = timezone.now()
    # a copy of the key file, so that a trial installation's own is left alone
    own = Path(tempfile.mkdtemp()) / "keys"
    own.write_text(keys.ring().files()[0].path.read_text(encoding="ascii"), encoding="ascii")
    os.environ["WEIMIN_MASTER_KEY_FILE"] = str(own)
    Account.objects.bulk_create(
        (
            Account(
                kind="resident",
                display_name="bench",
                phone_sealed=crypto.seal("13900000000", purpose="accounts.phone"),
                phone_index=secrets.token_bytes(32),
                created_at=at,
            )
            for _ in range(count)
        ),
        batch_size=1000,
    )
    keys.FileKeys(str(own)).add(current=True)
    began = time.perf_counter()
    moved = rotating.rotate(by=LOADER, at=at).moved
    spent = time.perf_counter() - began
    shutil.rmtree(own.parent)
    Account.objects.filter(display_name="bench").delete()
    return moved / spent


def table(found: list[Any], stored: list[Any], per_second: float) -> list[str]:
    """The section for the page of figures."""
    lines = ["\n## Sealing\n"]
    lines.append(
        "SM4-GCM, a data key of its own for every value, wrapped by the master key of a file; “before”: one derived key a purpose. "
        "One thread, best of five rounds.\n"
    )
    lines.append(
        "| value | in a matter | seal µs before | now | open µs before | now |\n| --- | --- | --- | --- | --- | --- |"
    )
    for name, count, seal_before, open_before, seal, opened in found:
        lines.append(f"| {name} | {count} | {seal_before:.1f} | {seal:.1f} | {open_before:.1f} | {opened:.1f} |")
    before = sum(row[1] * row[2] for row in found) / 1000
    now = sum(row[1] * row[4] for row in found) / 1000
    lines.append(
        f"\nA matter's life seals {sum(row[1] for row in found)} values: {now:.2f} ms now, {before:.2f} ms before. "
        f"A new master key: {per_second:,.0f} values a second.\n"
    )
    lines.append("| file | seal ms | open ms | digest ms |\n| --- | --- | --- | --- |")
    lines += [f"| {name} | {seal:.1f} | {opened:.1f} | {digest:.1f} |" for name, seal, opened, digest in stored]
    return lines


def measure(*, quick: bool = False) -> list[str]:
    """Measure all of it in the prepared database, for `bench/run.py`."""
    return table(values(), files(), rotation(1_000 if quick else 20_000))


if __name__ == "__main__":
    from bench import stage

    stage.prepare()
    print("\n".join(measure(quick="--quick" in sys.argv)))
