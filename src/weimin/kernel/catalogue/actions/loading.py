"""Load the rows of the lists from files as versions in force, and offer items in townships."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import yaml
from django.db import connection, transaction
from django.db.models import Max

from weimin.base.clock import local_date
from weimin.base.crypto import sm3_hex
from weimin.base.errors import Refused
from weimin.kernel.catalogue import registry
from weimin.kernel.catalogue.models import Item, ItemVersion, LifeEvent, Offer
from weimin.kernel.catalogue.queries import forget_specs
from weimin.kernel.catalogue.rules import codes as code_rules
from weimin.kernel.catalogue.rules import items as item_rules
from weimin.kernel.catalogue.rules import searching
from weimin.kernel.catalogue.rules.lists import check_row, list_kinds
from weimin.kernel.deadlines import queries as law
from weimin.kernel.directory import queries as directory
from weimin.kernel.procedures import queries as procedures
from weimin.kernel.record.actions import record_audit
from weimin.kernel.record.types import Actor

log = logging.getLogger("weimin.catalogue")
DATA = Path(__file__).parents[1] / "data"
Progress = Callable[[int, int], None]


class OfferHasNoBody(Refused):
    """No agency in the township handles this item's field."""

    code = "catalogue.offer_has_no_body"


def read_item_files(folder: Path = DATA / "items") -> list[dict[str, Any]]:
    """Read the item records of a folder of YAML files, in the order of their codes."""
    records: list[dict[str, Any]] = []
    for path in sorted(folder.glob("*.yaml")):
        records.extend(yaml.safe_load(path.read_text(encoding="utf-8")) or [])
    return records


def load_life_events(*, by: Actor, at: datetime) -> int:
    """Load the life events from the data file; idempotent."""
    rows = yaml.safe_load((DATA / "life_events.yaml").read_text(encoding="utf-8"))
    LifeEvent.objects.bulk_create(
        [LifeEvent(code=row["code"], name=row["name"], hint=row["hint"], position=row["order"]) for row in rows],
        update_conflicts=True,
        unique_fields=["code"],
        update_fields=["name", "hint", "position"],
    )
    return len(rows)


def load_items(*, by: Actor, at: datetime, records: list[dict[str, Any]], progress: Progress | None = None) -> int:
    """Put item records from files in force, each whose file changed since it was loaded last; older codes are logged.

    What a list keeper published since then stays: a file that did not change is not loaded again.

    Raises: ItemBroken — a record breaks a rule; nothing is loaded
    Shape:  the number of new versions
    Cost:   one query, and about six for each changed record
    """
    for record in records:
        faults = item_rules.check_item(record)
        if faults:
            where = f"{record.get('code')} {record.get('name')}"
            raise item_rules.ItemBroken(
                f"事项 {where} 有错：" + "；".join(f"{k}：{v}" for k, v in faults.items()), fields=faults
            )
    made = 0
    with transaction.atomic():
        loaded = dict(Item.objects.values_list("code", "loaded_digest"))
        for position, record in enumerate(records, start=1):
            digest = digest_of(record)
            if loaded.get(record["code"]) != digest:
                for warning in code_rules.check_record(record)[1]:
                    log.warning("%s %s：%s", record["code"], record["name"], warning)
                made += publish_item(by=by, at=at, record=record)
                Item.objects.filter(code=record["code"]).update(loaded_digest=digest)
            if progress:
                progress(position, len(records))
    forget_specs()
    return made


def digest_of(record: dict[str, Any]) -> str:
    """The SM3 digest of a record, whatever the order of its keys."""
    return sm3_hex(json.dumps(record, ensure_ascii=False, sort_keys=True, default=str).encode())


def publish_item(*, by: Actor, at: datetime, record: dict[str, Any]) -> bool:
    """Put one item record in force as the item's next version, ending the one before.

    Returns whether anything changed. Open matters keep the version they started with.

    Cost:   about six queries
    """
    registry.check_gates(by=by, at=at, record=record)
    item, _ = Item.objects.get_or_create(code=record["code"])
    last = ItemVersion.objects.filter(item=item).aggregate(last=Max("number"))["last"] or 0
    before = ItemVersion.objects.select_for_update().filter(item=item, status="in_force").first()
    procedure = procedures.get_current_version(code=record["procedure"])
    if before and before.doc == record and before.procedure_id == procedure.version_id:
        return False
    version = ItemVersion(
        item=item,
        number=last + 1,
        valid_from=local_date(at),
        published_at=at,
        **columns_of("service", record, procedure_id=procedure.version_id),
    )
    enter_force(version, at=at)
    record_audit(
        by=by,
        at=at,
        verb="catalogue.item.published",
        subject_type="item",
        subject_id=item.code,
        changes={"number": [before.number if before else None, version.number], "name": record["name"]},
    )
    return True


def load_lists(*, by: Actor, at: datetime, records: list[dict[str, Any]] | None = None) -> int:
    """Put the rows of the other lists from files in force, each whose file changed since it was loaded last.

    A row that names a day (`from`), since its law begins then, waits for a load on or after that day.

    Raises: ItemBroken — a row breaks a rule; nothing is loaded
    Shape:  the number of new versions
    """
    rows = read_list_files() if records is None else records
    made = 0
    with transaction.atomic():
        loaded = dict(Item.objects.exclude(list_code="service").values_list("code", "loaded_digest"))
        for record in rows:
            if record.get("from") and record["from"] > local_date(at):
                continue
            row = {key: value for key, value in record.items() if key not in ("code", "list", "from")}
            if faults := check_row(list_kinds()[record["list"]], row, laws=law.list_laws(), on=local_date(at)):
                raise item_rules.ItemBroken(f"{record['code']} {record.get('name')} 有错：{faults}", fields=faults)
            if loaded.get(record["code"]) != digest_of(record):
                made += _load_row(by, at, record["list"], record["code"], row)
                Item.objects.filter(code=record["code"]).update(loaded_digest=digest_of(record))
    return made


def _load_row(by: Actor, at: datetime, list_code: str, code: str, row: dict[str, Any]) -> bool:
    item, _ = Item.objects.get_or_create(code=code, defaults={"list_code": list_code})
    last = ItemVersion.objects.filter(item=item).order_by("-number").first()
    if last is not None and last.doc == row:
        return False
    number = last.number + 1 if last else 1
    version = ItemVersion(
        item=item, number=number, valid_from=local_date(at), published_at=at, **columns_of(list_code, row)
    )
    enter_force(version, at=at)
    record_audit(
        by=by,
        at=at,
        verb="catalogue.item.published",
        subject_type="item",
        subject_id=code,
        changes={"number": [last.number if last else None, number], "name": row["name"]},
    )
    return True


def read_list_files(folder: Path = DATA / "lists") -> list[dict[str, Any]]:
    """Read the rows of the lists beside the service list, in the order of their codes."""
    rows: list[dict[str, Any]] = []
    for path in sorted(folder.glob("*.yaml")):
        rows.extend({"list": path.stem, **row} for row in yaml.safe_load(path.read_text(encoding="utf-8")) or [])
    return rows


def columns_of(list_code: str, doc: dict[str, Any], *, procedure_id: int | None = None) -> dict[str, Any]:
    """The columns of a version that repeat what its record says, for lists and search."""
    shared = {"doc": doc, "digest": digest_of(doc), "name": str(doc.get("name") or "")[:120]}
    if list_code != "service":
        names = searching.names_of({"name": shared["name"], "synonyms": []})
        type_code = str(doc.get("type") or "")
        return {**shared, "names": names, "search_text": searching.search_line(names), "type_code": type_code}
    names = searching.names_of(doc)
    return {
        **shared,
        "plain": str(doc.get("plain") or ""),
        "area": str(doc.get("area") or ""),
        "type_code": str(doc.get("type") or ""),
        "applied": bool(doc.get("applied", True)),
        "audience": list(doc.get("audience") or []),
        "life_events": list(doc.get("life_events") or []),
        "online": bool(doc.get("online")),
        "lead_key": str(doc.get("lead") or ""),
        "decision_level": str(doc.get("decision_level") or ""),
        "procedure_id": procedure_id,
        "publication_class": str((doc.get("publication") or {}).get("class") or ""),
        "limit_text": item_rules.read_limit((doc.get("limits") or {}).get("committed") or {}).text,
        "names": names,
        "search_text": searching.search_line(names),
    }


def enter_force(version: ItemVersion, *, at: datetime) -> None:
    """Put a version in force from its day on, ending the one before; one of the same day leaves that an empty period.

    Open matters keep the version they started with.

    Cost:   about four queries
    """
    before = ItemVersion.objects.select_for_update().filter(item=version.item, status="in_force").first()
    if before is not None:
        before.status, before.valid_until = "ended", max(version.valid_from, before.valid_from)
        before.save(update_fields=["status", "valid_until"])
    if version.effect == "end":
        version.status, version.valid_until = "ended", version.valid_from
    else:
        version.status = "in_force"
    version.save()
    if version.effect == "set" and version.item.list_code == "service":
        _index([(version.pk, version.doc)])


def _index(rows: Iterable[tuple[int, dict[str, Any]]]) -> None:
    """Write the search words of versions: names weigh A, plain words B."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE catalogue_itemversion SET search = %s::tsvector WHERE id = %s",
            [(searching.as_tsvector(record), version_id) for version_id, record in rows],
        )


def load_offers(*, by: Actor, at: datetime, progress: Progress | None = None, valid_from: date | None = None) -> int:
    """Offer every item in force in every township that never had it, each by the right agencies, from a day on.

    An offer that was ended stays ended.

    Raises: OfferHasNoBody — a township has no body for an item's field
    Shape:  the number of new offers
    """
    in_force = ItemVersion.objects.filter(status="in_force", item__list_code="service")
    versions = list(in_force.select_related("item"))
    townships = directory.list_townships()
    known = set(Offer.objects.values_list("item_id", "township_id"))
    fresh: list[Offer] = []
    for position, township in enumerate(townships, start=1):
        for version in versions:
            if (version.item_id, township.code) not in known:
                fresh.append(_offer(version, township.code, on=valid_from or local_date(at)))
        if progress:
            progress(position, len(townships))
    Offer.objects.bulk_create(fresh, batch_size=2000)
    if fresh:
        record_audit(
            by=by,
            at=at,
            verb="catalogue.offers.loaded",
            subject_type="city",
            subject_id="offers",
            changes={"offers": [len(known), len(known) + len(fresh)]},
        )
    return len(fresh)


def _offer(version: ItemVersion, township_code: str, *, on: date) -> Offer:
    def body(rule: str) -> int | None:
        return directory.resolve_agency(
            rule=rule, township_code=township_code, lead_key=version.lead_key, area=version.area
        )

    accept, handle = body("accepting"), body("township")
    if accept is None or handle is None:
        raise OfferHasNoBody(f"{township_code} 没有承办 {version.name} 的机构，请先补全机构目录。")
    return Offer(
        item_id=version.item_id,
        township_id=township_code,
        accept_agency_id=accept,
        handle_agency_id=handle,
        county_agency_id=body("county"),
        valid_from=on,
    )
