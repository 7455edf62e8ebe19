"""Drawings and decision tables in versions: load what is shipped, publish, retire the one before.

Both kinds live the same life, so every action here takes the shelf that it works on.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Max

from weimin.base.crypto import sm3_hex
from weimin.base.errors import Invalid, Refused
from weimin.kernel.procedures import queries
from weimin.kernel.procedures.access import check_keep
from weimin.kernel.procedures.models import DecisionTable, DecisionTableVersion, Procedure, ProcedureVersion
from weimin.kernel.procedures.registry import Kind
from weimin.kernel.procedures.rules.check import check_xml
from weimin.kernel.procedures.rules.tables.checking import check_table
from weimin.kernel.procedures.types import Finding, Loaded, VersionView
from weimin.kernel.record.actions import record_audit
from weimin.kernel.record.types import Actor

DATA = Path(__file__).parents[1] / "data"
_CODE = re.compile(r"[a-z][a-z0-9_]{1,39}")


class ProcedureRefused(Refused):
    """The checker found errors in a drawing or a table; `findings` holds all it found."""

    code = "procedures.refused"

    def __init__(self, findings: tuple[Finding, ...], *, what: str = "流程图") -> None:
        errors = [one for one in findings if one.level == "error"]
        fields: dict[str, str] = {}
        for one in errors:
            told = one.message_zh + (f"走法：{one.path}。" if one.path else "")
            fields[one.where or "xml"] = fields.get(one.where or "xml", "") + told
        shown = "".join(one.message_zh for one in errors[:3])
        more = f"另有 {len(errors) - 3} 处，请逐条看。" if len(errors) > 3 else ""
        super().__init__(f"{what}不能发布，有 {len(errors)} 处问题：{shown}{more}", fields=fields)
        self.findings = findings


class ProcedureNameBad(Invalid):
    """The code or name of a procedure cannot be used."""

    code = "procedures.name_bad"


@dataclass(frozen=True, slots=True)
class Checked:
    """What a checker says about a text, and the name that stands in it."""

    findings: tuple[Finding, ...]
    name: str


@dataclass(frozen=True, slots=True)
class Shelf:
    """One kind of what is kept in versions: its tables, its checker, and how it is called."""

    kind: Kind
    what: str
    parent: type[Any]
    versions: type[Any]
    foreign_key: str
    check: Callable[[str], Checked]
    verb: str
    ending: str

    @property
    def subject(self) -> str:
        """What the audit trail calls it."""
        return "procedure" if self.kind == "procedure" else "decision_table"


def _check_drawing(xml: str) -> Checked:
    checked = check_xml(xml)
    return Checked(checked.findings, checked.graph.name if checked.graph else "")


def _check_table(xml: str) -> Checked:
    checked = check_table(xml)
    return Checked(checked.findings, checked.table.name if checked.table else "")


DRAWINGS = Shelf(
    "procedure", "流程图", Procedure, ProcedureVersion, "procedure", _check_drawing, "procedures.version", "bpmn"
)
TABLES = Shelf("table", "决策表", DecisionTable, DecisionTableVersion, "table", _check_table, "procedures.table", "dmn")
SHELVES = {one.kind: one for one in (DRAWINGS, TABLES)}


def load_procedures(*, by: Actor, at: datetime, folder: Path = DATA) -> Loaded:
    """Publish each shipped drawing and table that was never published before; idempotent.

    The file's name is the code, the name in the file is its name. What keepers published since stays in force until
    a shipped file changes.

    Raises: NotKeeper — the actor may not
            ProcedureRefused — a file has errors; nothing of the folder is published then
    Cost:   one query for each file, six more for each one that changed
    """
    check_keep(by)
    published: list[VersionView] = []
    unchanged: list[str] = []
    with transaction.atomic():
        for shelf in (DRAWINGS, TABLES):
            for path in sorted(folder.glob(f"*.{shelf.ending}")):
                xml = path.read_text(encoding="utf-8")
                same = {f"{shelf.foreign_key}__code": path.stem, "digest": sm3_hex(xml.encode())}
                if shelf.versions.objects.filter(**same).exclude(status="draft").exists():
                    unchanged.append(path.stem)
                    continue
                checked = shelf.check(xml)
                refuse_errors(shelf, checked)
                published.append(put_in_force(shelf, by, at, path.stem, checked.name, xml))
    return Loaded(tuple(published), tuple(unchanged))


def publish_procedure(*, by: Actor, at: datetime, code: str, name: str, xml: str) -> VersionView:
    """Put a drawing in force as the next version of its procedure, and retire the one before.

    This is for loading and for machines; people propose a draft, and another person approves it.
    Open matters keep the version they started with. Publishing what is in force already changes nothing. A draft
    with the same content becomes the version; any other draft stays.

    Raises: NotKeeper — the actor may not
            ProcedureNameBad — the code or name cannot be used
            ProcedureRefused — the checker found errors; it carries all findings
    Law:    xkl-2019 art. 32, 34, 38, 44
    Cost:   about seven queries; locks the procedure until commit
    """
    check_keep(by)
    check_names(code, name)
    refuse_errors(DRAWINGS, DRAWINGS.check(xml))
    with transaction.atomic():
        return put_in_force(DRAWINGS, by, at, code, name, xml)


def check_names(code: str, name: str) -> None:
    """Refuse a code or name that cannot be used.

    Raises: ProcedureNameBad — with the field
    """
    fields = {}
    if not _CODE.fullmatch(code):
        fields["code"] = "代码由小写字母、数字和下划线组成，2 到 40 个字符。"
    if not name.strip() or len(name.strip()) > 60:
        fields["name"] = "名称要填写，最多 60 个字。"
    if fields:
        raise ProcedureNameBad("代码或名称不能用，请改一下。", fields=fields)


def refuse_errors(shelf: Shelf, checked: Checked) -> None:
    """Refuse what the checker found errors in.

    Raises: ProcedureRefused — with all findings
    """
    if any(one.level == "error" for one in checked.findings):
        raise ProcedureRefused(checked.findings, what=shelf.what)


def lock_parent(shelf: Shelf, code: str, name: str) -> Any:
    """The procedure or table of a code, made when it is new, locked until commit."""
    shelf.parent.objects.bulk_create([shelf.parent(code=code, name=name.strip())], ignore_conflicts=True)
    return shelf.parent.objects.select_for_update().get(code=code)


def put_in_force(shelf: Shelf, by: Actor, at: datetime, code: str, name: str, xml: str) -> VersionView:
    """Make a text the version in force; the caller checked who and what, and holds a transaction."""
    digest = sm3_hex(xml.encode())
    parent = lock_parent(shelf, code, name)
    versions = shelf.versions.objects.filter(**{shelf.foreign_key: parent})
    before = versions.filter(status="published").only("pk", "number", "digest").first()
    if parent.name != name.strip():
        parent.name = name.strip()
        parent.save(update_fields=["name"])
    if before is not None and before.digest == digest:
        return queries.get_current(shelf.kind, code=code)
    if before is not None:
        versions.filter(pk=before.pk).update(status="retired")
    last = versions.aggregate(last=Max("number"))["last"] or 0
    fields: dict[str, Any] = {
        "xml": xml,
        "digest": digest,
        "status": "published",
        "published_at": at,
        "published_by_name": by.label[:120],
        "number": int(last) + 1,
    }
    if not versions.filter(status="draft", digest=digest).update(**fields):
        shelf.versions.objects.create(**{shelf.foreign_key: parent}, **fields)
    current = queries.get_current(shelf.kind, code=code)
    record_audit(
        by=by,
        at=at,
        verb=f"{shelf.verb}.published",
        subject_type=shelf.subject,
        subject_id=code,
        changes={"number": [before.number if before else None, current.number], "digest": digest},
    )
    return current
