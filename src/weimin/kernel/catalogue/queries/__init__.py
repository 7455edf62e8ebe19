"""Reads of items and offers. An item version never changes, so its spec is kept in the process."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchQuery, SearchRank, TrigramWordDistance
from django.db.models import F, Q, QuerySet, TextField
from django.db.models.expressions import RawSQL

from weimin.base.errors import NotFound, Refused
from weimin.kernel.catalogue.models import ItemVersion, LifeEvent, Offer
from weimin.kernel.catalogue.queries.rarity import forget_rarities, rarities
from weimin.kernel.catalogue.rules import ranking, searching
from weimin.kernel.catalogue.rules.forms import read_form
from weimin.kernel.catalogue.rules.items import read_limit, read_materials
from weimin.kernel.catalogue.types import Filters, Found, ItemSpec, OfferView
from weimin.kernel.deadlines import queries as limits
from weimin.kernel.directory import queries as directory


class ItemUnknown(NotFound):
    """No item in force has this code."""

    code = "catalogue.item_unknown"


class NotOffered(Refused):
    """The item cannot be applied for in this township now."""

    code = "catalogue.not_offered"


@lru_cache(maxsize=512)
def get_spec(version_id: int) -> ItemSpec:
    """Everything about one item version.

    Raises: ItemUnknown — no such version
    Cost:   one query the first time in a process, none after
    """
    version = ItemVersion.objects.select_related("item", "procedure__procedure").filter(pk=version_id).first()
    if version is None:
        raise ItemUnknown("找不到这个事项，可能已经撤下。")
    return _spec(version)


def _spec(version: ItemVersion) -> ItemSpec:
    doc = version.doc
    limits = doc.get("limits") or {}
    return ItemSpec(
        version_id=version.pk,
        item_id=version.item_id,
        code=version.item.code,
        number=version.number,
        name=version.name,
        plain=version.plain,
        area=version.area,
        type_code=version.type_code,
        applied=version.applied,
        lead_key=version.lead_key,
        decision_level=version.decision_level,
        procedure_code=doc["procedure"],
        procedure_version_id=version.procedure_id or 0,
        publication_class=version.publication_class,
        legal_effect=str(doc.get("legal_effect") or ""),
        statutory=read_limit(limits.get("statutory") or {}),
        committed=read_limit(limits.get("committed") or {}),
        materials=read_materials(doc),
        form=read_form(doc.get("form") or {}),
        doc=doc,
        procedure_name=version.procedure.procedure.name if version.procedure else "",
    )


def _in_force() -> QuerySet[ItemVersion]:
    """Service items in force; rows of other lists are nothing that anybody applies for."""
    return ItemVersion.objects.filter(status="in_force", item__list_code="service")


def get_current(*, code: str) -> ItemSpec:
    """The version in force of an item.

    Raises: ItemUnknown — no version in force
    Cost:   one query, two the first time
    """
    version_id = _in_force().filter(item__code=code).values_list("pk", flat=True).first()
    if version_id is None:
        raise ItemUnknown("找不到这个事项，可能已经撤下。可以回首页搜索。")
    return get_spec(version_id)


def list_in_force() -> QuerySet[ItemVersion]:
    """Every service item's version in force, by item code."""
    return _in_force().select_related("item").order_by("item__code")


def list_life_events() -> list[LifeEvent]:
    """The life events in the order of the home page."""
    return list(LifeEvent.objects.order_by("position"))


def find_offer(*, code: str, township_code: str, on: date) -> OfferView:
    """The item as offered in a township on a day, with its version in force.

    Raises: ItemUnknown — no such item in force
            NotOffered — this township does not offer it now
    Cost:   one query
    """
    offer = (
        Offer.objects.select_related("township__parent", "item")
        .filter(Q(valid_until=None) | Q(valid_until__gt=on), valid_from__lte=on)
        .filter(item__code=code, township_id=township_code, item__versions__status="in_force")
        .values(
            "pk",
            "item__versions__pk",
            "item__versions__name",
            "township__name",
            "township__parent__name",
            "accept_agency_id",
            "handle_agency_id",
            "county_agency_id",
            "local",
        )
        .first()
    )
    if offer is None:
        get_current(code=code)
        raise NotOffered("这个乡镇（街道）现在不办这一事项，请换一个乡镇，或打咨询电话问清在哪里办。")
    return OfferView(
        offer_id=offer["pk"],
        version_id=offer["item__versions__pk"],
        item_code=code,
        name=offer["item__versions__name"],
        township_code=township_code,
        township_name=offer["township__name"],
        county_name=offer["township__parent__name"],
        accept_agency_id=offer["accept_agency_id"],
        handle_agency_id=offer["handle_agency_id"],
        county_agency_id=offer["county_agency_id"],
        local=offer["local"],
    )


def list_offered_codes(*, township_code: str, on: date) -> set[str]:
    """Codes of the items that a township offers on a day.

    Cost:   one query
    """
    rows = Offer.objects.filter(
        Q(valid_until=None) | Q(valid_until__gt=on), township_id=township_code, valid_from__lte=on
    )
    return set(rows.values_list("item__code", flat=True))


def forget_specs() -> None:
    """Drop the kept specs and rarities; for tests and after loading."""
    get_spec.cache_clear()
    forget_rarities()


def certainty_of(spec: ItemSpec) -> dict[str, Any]:
    """How certain each part of an item record is: for list keepers, never for residents."""
    return dict(spec.doc.get("certainty") or {})


def remedy_text(spec: ItemSpec, *, on: date, refused: bool = False) -> str:
    """Where and until when a person may turn against a decision on an item, for guides and papers.

    A refusal to accept may always be contested; filings and services of the township decide nothing else.

    Raises: ParameterMissing — no row covers the day
    Law:    fyf-2023 art. 20, 23; xsf-2017 art. 46; tdgl-2019 art. 14
    """
    doc, special = spec.doc, dict(spec.doc.get("remedy") or {})
    body = str(doc.get("review_body") or "县（区）人民政府")
    decides = spec.legal_effect != "filing" and not (spec.legal_effect == "service" and spec.decision_level != "county")
    if not decides and not refused:
        return f"对办理有意见的，可以向{body}反映，或者拨打 12345。"
    review, _ = limits.get_limit(code="review.apply", on=on)
    suit, _ = limits.get_limit(code=str(special.get("suit_code") or "suit.apply"), on=on)
    court = str(doc.get("court") or "有管辖权的人民法院")
    asked = f"自收到之日起 {review.text}内向{body}申请行政复议"
    if special.get("review_first"):
        return f"不服的，应当先{asked}；对复议决定不服的，再依法向{court}提起行政诉讼。"
    return f"不服的，可以{asked}，或者自收到之日起 {suit.text}内向{court}提起行政诉讼。"


def search_items(*, text: str, filters: Filters | None = None, limit: int = 30) -> list[Found]:
    """Items in force that a person may mean, best first; all that fit the filters without words.

    In turn: an exact or everyday name; every word; pinyin or initials; some of the words; names that
    differ by one character. Place names and empty words are set aside.

    Cost:   one to three queries
    """
    rows = _filtered(filters or Filters())
    wanted = text.strip()[:60]
    if not wanted:
        return [_found(one) for one in rows.order_by("item__code")[: max(limit, 100)]]
    best: dict[int, Found] = {}
    for why, found in _passes(rows, _without_places(wanted), limit):
        for one in found:
            best.setdefault(one.pk, _found(one, why))
        if len(best) >= ENOUGH and why != "name":  # behind an exact name stands what shares its words
            break
    return list(best.values())[:limit]


def _without_places(text: str) -> str:
    """A question without the county and township it names."""
    for _, towns in directory.townships_by_county():
        for town in towns:
            for name in (town.county_name, town.name):
                text = text.replace(name, "")
    return text.strip() or text


def _filtered(filters: Filters) -> QuerySet[ItemVersion]:
    rows = _in_force().select_related("item").defer("doc", "search")
    if not filters.own_motion:
        rows = rows.filter(applied=True)
    if filters.area:
        rows = rows.filter(area=filters.area)
    if filters.audience:
        rows = rows.filter(audience__contains=[filters.audience])
    if filters.life_event:
        rows = rows.filter(life_events__contains=[filters.life_event])
    if filters.online:
        rows = rows.filter(online=True)
    if filters.township:
        rows = rows.filter(item__offers__township_id=filters.township, item__offers__valid_until=None)
    return rows


#: With so many sure answers no likely ones are looked for: people look at the first three.
ENOUGH = 3
#: Ranking reads each match's words, so of very many matches only so many are ranked, and fewer by their rare words.
_RANKED_AT_MOST = 200
_WEIGHED_AT_MOST = 60


def _ranked(rows: QuerySet[ItemVersion], query: str, limit: int, **more: Any) -> list[Any]:
    """Rows that match a tsquery, best rank first, with more columns when asked for."""
    match = SearchQuery(query, search_type="raw", config="simple")
    some = rows.filter(search=match).order_by().values("pk")[:_RANKED_AT_MOST]
    found = ItemVersion.objects.filter(pk__in=some).select_related("item").defer("doc", "search")
    return list(found.annotate(rank=SearchRank(F("search"), match), **more).order_by("-rank", "item__code")[:limit])


def _passes(rows: QuerySet[ItemVersion], text: str, limit: int) -> Iterator[tuple[str, list[ItemVersion]]]:
    """The ways of finding, surest first."""
    folded = searching.fold(text)
    if searching.is_pinyin(text):
        typed = _ranked(rows, f"'{searching.PINYIN}{folded}':*", limit)
        yield "pinyin", typed
        if not typed:
            yield "near", _closest(rows, folded, limit)
        return
    words = searching.query_words(text)
    said = list(dict.fromkeys([text, "".join(words)]))
    yield "name", list(rows.filter(names__overlap=said)[:limit])
    quoted = [_either(searching.alike(word)) for word in words]
    sure = _ranked(rows, " & ".join(quoted), limit) if quoted else []
    yield "words", sure
    if not sure and (sounds := [f"'{searching.PINYIN}{one}':*" for one in searching.sounds_of(said)]):
        sure = _ranked(rows, " | ".join(sounds), limit)
        yield "pinyin", sure
    likely = _likely(rows, ranking.take_apart(text))
    yield "near", [one for one in likely if _is_close(folded, one.names)][:limit]
    yield "some", likely[:limit]
    if not sure and not likely:
        yield "near", _closest(rows, folded, limit)


def _likely(rows: QuerySet[ItemVersion], question: ranking.Question) -> list[ItemVersion]:
    """Items that share words with a question, most telling words first."""
    tokens = question.tokens
    if not tokens:
        return []
    shared = RawSQL(
        "ARRAY(SELECT u.lexeme || u.weights[1] FROM unnest(catalogue_itemversion.search) u WHERE u.lexeme = ANY(%s))",
        [tokens],
        output_field=ArrayField(TextField()),
    )
    rare = rarities()
    weighed = [
        (ranking.score(question, names=one.names, tokens=_read_tokens(one.shared), rarities=rare), one)
        for one in _ranked(rows, _either(tokens), _WEIGHED_AT_MOST, shared=shared)
    ]
    weighed.sort(key=lambda pair: -pair[0])
    least = weighed[0][0] * ranking.WORTH_SHOWING if weighed else 0.0
    shown = weighed[: ranking.SHOWN_AT_MOST]
    return [one for place, (worth, one) in enumerate(shown) if place < ENOUGH or worth >= least]


def _read_tokens(shared: list[str]) -> dict[str, bool]:
    """Tokens that an item shares with a question, each with whether it stands in a name."""
    return {one[:-1]: one[-1] == "A" for one in shared}


def _either(words: list[str]) -> str:
    """A tsquery that any of some words matches."""
    quoted = ["'" + word.replace("'", "").replace("\\", "") + "'" for word in words]
    return quoted[0] if len(quoted) == 1 else "(" + " | ".join(quoted) + ")"


def _closest(rows: QuerySet[ItemVersion], folded: str, limit: int) -> list[ItemVersion]:
    """Items one of whose names, or its pinyin, is one slip away."""
    nearest: list[ItemVersion] = list(
        rows.annotate(gap=TrigramWordDistance(folded, "search_text")).order_by("gap")[:60]
    )
    if searching.is_pinyin(folded):
        return [one for one in nearest if _sounds_close(folded, one.names)][:limit]
    return [one for one in nearest if _is_close(folded, one.names)][:limit]


def _sounds_close(typed: str, names: list[str]) -> bool:
    """Whether one slip makes the typed letters the pinyin of a name, or its beginning."""
    starts = (sound[: len(typed) + more] for sound in searching.sounds_of(names) for more in (-1, 0, 1))
    return len(typed) >= 5 and any(searching.distance(typed, start, 1) <= 1 for start in starts)


def _is_close(text: str, names: list[str]) -> bool:
    """Whether one character wrong, missing, extra or swapped makes the text one of the names."""
    return len(text) >= 2 and any(
        searching.distance(text, searching.fold(name), 1) <= 1 for name in names if len(name) > 1
    )


def _found(version: ItemVersion, why: str = "") -> Found:
    return Found(
        version_id=version.pk,
        code=version.item.code,
        name=version.name,
        plain=version.plain,
        area=version.area,
        online=version.online,
        limit_text=version.limit_text,
        why=why,
        applied=version.applied,
    )


def list_own_motion(*, township_code: str) -> list[Found]:
    """Items that an office begins by itself, as offered in a township.

    Cost:   one query
    """
    rows = _in_force().filter(applied=False, item__offers__township_id=township_code, item__offers__valid_until=None)
    return [_found(one) for one in rows.select_related("item").defer("doc", "search").order_by("item__code")]


def name_items(codes: list[str]) -> dict[str, str]:
    """The newest names of some items, by code; withdrawn ones too.

    Cost:   one query
    """
    rows = ItemVersion.objects.filter(item__code__in=codes).order_by("item__code", "-number").distinct("item__code")
    return dict(rows.values_list("item__code", "name"))
