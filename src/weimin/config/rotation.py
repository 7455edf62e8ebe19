"""Master keys in use: which values need which, rewrapping them under the current one, retiring one.

Every sealed column is found in the registry of models: a binary field whose name ends in `_sealed`, and the content
of sessions. Rotation walks each by its primary key and replaces a value only while it still is what was read, so web
and worker go on meanwhile; what is done stays done, and another run goes on with the rest.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.apps import apps
from django.db import connection, models, transaction

from weimin.base import crypto, keys
from weimin.base.keys import KeyRefused
from weimin.kernel.record.actions import record_audit
from weimin.kernel.record.types import Actor

BATCH = 500
#: progress(column, done, total)
Progress = Callable[[str, int, int], None]
#: What the columns were bound to that hold values of the first format; newer columns never held one.
FIRST_PURPOSES = {
    "accounts.Account.phone_sealed": "accounts.phone",
    "cases.Case.answers_sealed": "cases.answers",
    "cases.Draft.answers_sealed": "cases.answers",
    "cases.Paper.content_sealed": "cases.papers",
    "residents.Resident.id_sealed": "residents.id",
    "residents.Resident.phone_sealed": "residents.phone",
    "accounts.Session.session_data": "accounts.session",
}
#: Values that no known format fits; they open under no key.
UNKNOWN = "?"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of sealed values; of sessions they are written in base64."""

    label: str
    table: str
    name: str
    key: str
    key_type: str
    in_text: bool = False

    @property
    def raw(self) -> str:
        """The first bytes of a value, in SQL; null for what was never sealed."""
        if not self.in_text:
            return f'"{self.name}"'
        looks_sealed = f"\"{self.name}\" ~ '^[A-Za-z0-9+/]{{64,}}={{0,2}}$'"
        return f"CASE WHEN {looks_sealed} THEN decode(left(\"{self.name}\", 64), 'base64') END"

    @property
    def key_id(self) -> str:
        """The id of the master key that a value needs, in SQL."""
        raw = self.raw
        return (
            f"CASE WHEN length({raw}) < 29 THEN '{UNKNOWN}' WHEN get_byte({raw}, 0) = 1 THEN '{keys.LEGACY_ID}'"
            f" WHEN get_byte({raw}, 0) = 2 THEN encode(substring({raw} FROM 3 FOR get_byte({raw}, 1)), 'escape')"
            f" ELSE '{UNKNOWN}' END"
        )

    @property
    def filled(self) -> str:
        """Where there is a value, in SQL; a cleared draft has none."""
        return f"length({self.raw}) > 0"

    def read(self, value: Any) -> bytes:
        """The sealed bytes of what the column holds."""
        return base64.b64decode(value) if self.in_text else bytes(value)

    def write(self, sealed: bytes) -> Any:
        """What the column holds for sealed bytes."""
        return base64.b64encode(sealed).decode("ascii") if self.in_text else sealed


def list_columns() -> list[Column]:
    """Every column of sealed values, by label."""
    found = [
        _column(model, field)
        for model in apps.get_models()
        for field in model._meta.local_concrete_fields
        if isinstance(field, models.BinaryField) and field.name.endswith("_sealed") and not model._meta.proxy
    ]
    sessions = apps.get_model("accounts", "Session")
    session = _column(sessions, sessions._meta.get_field("session_data"), in_text=True)
    return sorted([*found, session], key=lambda one: one.label)


def _column(model: type[models.Model], field: Any, *, in_text: bool = False) -> Column:
    meta = model._meta
    assert meta.pk is not None and meta.pk.column is not None
    return Column(
        label=f"{meta.label}.{field.name}",
        table=meta.db_table,
        name=field.column,
        key=meta.pk.column,
        key_type=str(meta.pk.rel_db_type(connection)),
        in_text=in_text,
    )


def count_use() -> dict[str, dict[str, int]]:
    """How many values of each column need each master key.

    Shape:  column label → key id → values; only what is there
    Cost:   one pass over every sealed column
    """
    found: dict[str, dict[str, int]] = {}
    with connection.cursor() as cursor:
        for one in list_columns():
            cursor.execute(
                f'SELECT {one.key_id}, count(*) FROM "{one.table}" WHERE {one.filled} GROUP BY 1'  # noqa: S608
            )
            if rows := cursor.fetchall():
                found[one.label] = {str(key_id): int(count) for key_id, count in rows}
    return found


@dataclass(slots=True)
class Rotated:
    """What a rotation did: values rewrapped, and those that open under no key, by column."""

    moved: int
    broken: dict[str, int]


def rotate(*, by: Actor, at: datetime, progress: Progress = lambda *_: None) -> Rotated:
    """Rewrap every value that needs another master key than the current one; safe while others work, resumable.

    A value that somebody changes meanwhile is theirs; what cannot be opened is left and counted.

    Cost:   some 40 µs a value, in transactions of five hundred; the bytes of a file are not touched, its key is
    """
    current = keys.ring().current_id()
    done = Rotated(0, {})
    for column in list_columns():
        total = _count_left(column, current)
        seen = 0
        progress(column.label, 0, total)
        after: Any = None
        while rows := _read_batch(column, current, after):
            after = rows[-1][0]
            seen += len(rows)
            moved, broken = _move_batch(column, rows)
            done.moved += moved
            if broken:
                done.broken[column.label] = done.broken.get(column.label, 0) + broken
            progress(column.label, min(seen, total), total)
    if done.moved:
        record_audit(
            by=by,
            at=at,
            verb="record.keys.rotated",
            subject_type="key",
            subject_id=current,
            changes={"moved": done.moved, "broken": sum(done.broken.values())},
        )
    return done


def _count_left(column: Column, current: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            f'SELECT count(*) FROM "{column.table}" WHERE {column.filled} AND {column.key_id} <> %s',  # noqa: S608
            [current],
        )
        return int(cursor.fetchone()[0])


def _read_batch(column: Column, current: str, after: Any) -> list[tuple[Any, Any]]:
    """The next rows whose value needs another key than the current one."""
    beyond = f'AND "{column.key}" > %s' if after is not None else ""
    with connection.cursor() as cursor:
        cursor.execute(
            f'SELECT "{column.key}", "{column.name}" FROM "{column.table}"'  # noqa: S608
            f' WHERE {column.filled} AND {column.key_id} <> %s {beyond} ORDER BY "{column.key}" LIMIT {BATCH}',
            [current, *([after] if after is not None else [])],
        )
        return list(cursor.fetchall())


def _move_batch(column: Column, rows: list[tuple[Any, Any]]) -> tuple[int, int]:
    """Rewrap values and write each where it still is what was read: how many moved, how many do not open."""
    changes: list[tuple[Any, Any, Any]] = []
    broken = 0
    purpose = FIRST_PURPOSES.get(column.label, "")
    for key, value in rows:
        try:
            changes.append((key, value, column.write(crypto.rewrap(column.read(value), purpose=purpose))))
        except (crypto.SealBroken, ValueError):
            broken += 1
    if not changes:
        return 0, broken
    kind = "text" if column.in_text else "bytea"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f'UPDATE "{column.table}" AS t SET "{column.name}" = n.fresh'  # noqa: S608
            f" FROM unnest(%s::{column.key_type}[], %s::{kind}[], %s::{kind}[]) AS n(key, old, fresh)"
            f' WHERE t."{column.key}" = n.key AND t."{column.name}" = n.old',
            [[one[0] for one in changes], [_plain(one[1]) for one in changes], [one[2] for one in changes]],
        )
        return int(cursor.rowcount), broken


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value


def add_key(*, by: Actor, at: datetime, current: bool) -> str:
    """Make a new master key in the key file, current at once or later; gives its id.

    Raises: KeyRefused — keys are not kept in a file that we may change
    """
    key_id = _file().add(current=current)
    _audit(by, at, "record.key.added", key_id, {"current": current})
    return key_id


def use_key(*, by: Actor, at: datetime, key_id: str) -> None:
    """Make a master key of the key file the current one.

    Raises: KeyRefused — no such key, or keys are not kept in a file
    """
    _file().use(key_id)
    _audit(by, at, "record.key.chosen", key_id, {})


def retire_key(*, by: Actor, at: datetime, key_id: str) -> None:
    """Take a master key out of the key file once nothing needs it.

    Backups made before still need it: whoever keeps them keeps the key apart from them.

    Raises: KeyRefused — values need it, a transaction from before the last change still runs, or it is the current one
    """
    file = _file()
    if key_id not in file.ids() or key_id == keys.ring().current_id():
        raise KeyRefused(f"编号为 {key_id} 的主密钥不在密钥文件里，或者正在使用，不能停用。")
    since = datetime.fromtimestamp(file.path.stat().st_mtime, UTC)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND xact_start < %s",
            [since],
        )
        if cursor.fetchone()[0]:
            raise KeyRefused("还有换钥前开始的操作没有结束，请过一会儿再停用。")
    using = {label: counts[key_id] for label, counts in count_use().items() if key_id in counts}
    if using:
        where = "、".join(f"{label} {count} 条" for label, count in using.items())
        raise KeyRefused(f"还有内容用着编号为 {key_id} 的主密钥：{where}。请先运行 weimin keys rotate。")
    file.drop(key_id)
    _audit(by, at, "record.key.retired", key_id, {})


def _file() -> keys.FileKeys:
    files = keys.ring().files()
    if not files:
        raise KeyRefused("主密钥不在文件里：环境变量里的请改环境变量后重启，密钥系统里的请在那里操作。")
    return files[0]


def _audit(by: Actor, at: datetime, verb: str, key_id: str, changes: dict[str, Any]) -> None:
    record_audit(by=by, at=at, verb=verb, subject_type="key", subject_id=key_id, changes=changes)
