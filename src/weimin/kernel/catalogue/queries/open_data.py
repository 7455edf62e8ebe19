"""Reads for open data: published versions of items, never a draft and nothing about people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.db.models import Count, Max, Q, QuerySet

from weimin.base.crypto import sm3_hex
from weimin.kernel.catalogue import queries
from weimin.kernel.catalogue.models import ItemVersion
from weimin.kernel.catalogue.types import LEGAL_STATUSES, PublishedItem, Publisher
from weimin.kernel.directory import queries as directory

#: What people may see: a version that is or was in force, or took its item off the list.
_PUBLISHED = ("in_force", "ended")
#: Grows whenever the same items are written otherwise, so that kept copies are fetched anew.
FORMAT = 1
_CHUNK = 200


@dataclass(frozen=True, slots=True)
class State:
    """Which catalogue it is: an answer made of an equal state is equal."""

    mark: str
    changed: date | None
    items: int


def read_state() -> State:
    """The state of the published catalogue.

    Cost:   one query
    """
    found = ItemVersion.objects.filter(status__in=LEGAL_STATUSES, item__list_code="service").aggregate(
        newest=Max("pk"),
        begun=Max("valid_from", filter=Q(status__in=_PUBLISHED)),
        published=Max("published_at"),
        items=Count("pk", filter=Q(status="in_force")),
        seen=Count("pk", filter=Q(status__in=_PUBLISHED)),
        ending=Count("valid_until"),
        versions=Count("pk"),
    )
    said = [FORMAT, settings.WEIMIN_BASE_URL, settings.WEIMIN_DATA_LICENCE, *found.values()]
    return State(sm3_hex("|".join(map(str, said)).encode())[:32], found["begun"], found["items"])


def publisher() -> Publisher:
    """Who publishes, and where.

    Cost:   two queries
    """
    return Publisher(
        city=settings.WEIMIN_CITY,
        division=directory.list_townships()[0].code[:4] + "00000000",
        root=settings.WEIMIN_BASE_URL.rstrip("/"),
        life_events={one.code: one.name for one in queries.list_life_events()},
    )


def each_item(*, code: str = "") -> Iterator[PublishedItem]:
    """Every item in force, or one, by code; in chunks, so that length costs no memory."""
    rows = queries.list_in_force()
    return map(_published, (rows.filter(item__code=code) if code else rows).iterator(chunk_size=_CHUNK))


def list_changes(*, before: int | None = None, limit: int = 50) -> list[tuple[int, PublishedItem]]:
    """Published versions with their numbers in the feed, newest first.

    Cost:   one query
    """
    rows = _versions()
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return [(one.pk, _published(one)) for one in rows.order_by("-pk")[:limit]]


def _versions() -> QuerySet[ItemVersion]:
    return ItemVersion.objects.filter(status__in=_PUBLISHED, item__list_code="service").select_related("item")


def _published(version: ItemVersion) -> PublishedItem:
    return PublishedItem(
        code=version.item.code,
        number=version.number,
        name=version.name,
        plain=version.plain,
        area=version.area,
        type_code=version.type_code,
        applied=version.applied,
        audience=tuple(version.audience),
        life_events=tuple(version.life_events),
        valid_from=version.valid_from,
        valid_until=version.valid_until,
        published_at=version.published_at,
        taken_off=version.effect == "end",
        doc=version.doc,
    )
