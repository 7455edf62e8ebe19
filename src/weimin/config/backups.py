"""What is known of the backups: a note after each success, beside the data, and what a restored copy is held against.

The scripts of `deploy/backup` back up and restore with existing tools; they tell it here. The note is a file and not a
table, since it must be there when the database is not, and a restore must not bring back an old one.
"""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from weimin.base import clock, contents
from weimin.base.errors import NotReady

#: A nightly backup that is older than this did not come.
BACKUP_HOURS = 26
#: The copy of the files runs every ten minutes.
FILES_HOURS = 2
#: The drill is monthly.
DRILL_DAYS = 40


class MarkerUnreadable(NotReady):
    """The note of the backups is there and is not what was written."""

    code = "config.backup_marker_unreadable"


@dataclass(frozen=True, slots=True)
class Shortfall:
    """One thing that a restored copy lacks."""

    what: str
    noted: Any
    found: Any


def _path() -> Path:
    return Path(settings.WEIMIN_BACKUP_MARKER)


def read_marker() -> dict[str, Any]:
    """What was noted; empty when nothing was.

    Shape:  backup_at, backup_kind, files_at, facts, drill_at, drill_good, drill_seconds, drill_moment, as far as noted
    Raises: MarkerUnreadable — the file cannot be read, is no JSON object, or has a moment that is none
    """
    try:
        known: dict[str, Any] = json.loads(_path().read_text(encoding="utf-8"))
        for name in ("backup_at", "files_at", "drill_at"):
            moment_of(known, name)
    except FileNotFoundError:
        return {}
    except (OSError, AttributeError, TypeError, ValueError) as fault:
        raise MarkerUnreadable(f"备份记录 {_path()} 读不出来，请删除它再备份一次。") from fault
    return known


def moment_of(known: dict[str, Any], name: str) -> datetime | None:
    """One of the moments of the note, in local time; None when it never was."""
    return datetime.fromisoformat(known[name]).astimezone(clock.SHANGHAI) if known.get(name) else None


def _write(changes: dict[str, Any]) -> None:
    """Change the note in one step: who reads it meanwhile reads the old one or the new one."""
    path, value = _path(), read_marker() | changes
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".backup-")
    with os.fdopen(handle, "w", encoding="utf-8") as target:
        json.dump(value, target, ensure_ascii=False, indent=1)
    os.replace(temporary, path)


def note_backup(*, kind: str, at: datetime, files_at: datetime | None, facts: dict[str, Any]) -> None:
    """Note that a backup succeeded, with what the database held when it began; `files` is a copy of the files alone.

    Without `files_at` the files were not copied: they lie in a bucket.
    """
    changes: dict[str, Any] = {"files_at": files_at.isoformat()} if files_at else {}
    if kind != "files":
        changes |= {"backup_at": at.isoformat(), "backup_kind": kind, "facts": facts}
    _write(changes)


def note_drill(*, at: datetime, good: bool, seconds: int, moment: str) -> None:
    """Note how a drill went."""
    changes = {"drill_at": at.isoformat(), "drill_good": good, "drill_seconds": seconds, "drill_moment": moment}
    _write(changes)


def take_facts() -> dict[str, Any]:
    """What a later copy of this database must hold: the last entry of the trail with its digest, and how many matters.

    The trail is chained, so who has its last entry and a chain that verifies has everything before it. Taken before a
    backup begins: what is written while it runs may or may not be in it.

    Cost:   three queries, two of which count
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, digest FROM record_auditentry ORDER BY id DESC LIMIT 1")
        last = cursor.fetchone() or (0, "")
        cursor.execute("SELECT count(*) FROM cases_case")
        matters = cursor.fetchone()
        cursor.execute("SELECT count(*), coalesce(max(id), 0) FROM record_blob")
        files = cursor.fetchone()
    return {
        "entry": last[0],
        "digest": last[1],
        "matters": matters[0] if matters else 0,
        "files": files[0] if files else 0,
        "last_file": files[1] if files else 0,
    }


def compare(facts: dict[str, Any]) -> list[Shortfall]:
    """What this database, restored, lacks of what was noted; matters and the trail are never deleted.

    Cost:   four queries
    """
    here = take_facts()
    with connection.cursor() as cursor:
        cursor.execute("SELECT digest FROM record_auditentry WHERE id = %s", [facts["entry"]])
        row = cursor.fetchone()
    found = []
    if facts["entry"] and (row is None or row[0] != facts["digest"]):
        found.append(Shortfall("trail", facts["entry"], here["entry"]))
    if here["matters"] < facts["matters"]:
        found.append(Shortfall("matters", facts["matters"], here["matters"]))
    return found


def find_overdue(known: dict[str, Any], *, at: datetime) -> dict[str, str]:
    """What, by the note, should have happened and did not, by code of finding; files in a bucket are not copied."""

    def old(name: str, most: timedelta) -> bool:
        moment = moment_of(known, name)
        return moment is None or moment < at - most

    told = {}
    if old("backup_at", timedelta(hours=BACKUP_HOURS)):
        told["backups"] = f"{BACKUP_HOURS} 小时内没有备份数据库"
    if contents.folder_of_machine() and old("files_at", timedelta(hours=FILES_HOURS)):
        told["copies"] = f"{FILES_HOURS} 小时内没有备份文件"
    if old("drill_at", timedelta(days=DRILL_DAYS)):
        told["drill"] = f"{DRILL_DAYS} 天内没有做恢复演练"
    elif not known.get("drill_good"):
        told["drill"] = "最近一次恢复演练没有通过"
    return told
