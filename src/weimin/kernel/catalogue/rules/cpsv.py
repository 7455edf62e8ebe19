"""Items as CPSV-AP 3.2 in JSON-LD: the European vocabulary for descriptions of public services.

Every node has an address of its own under the platform's, so that a graph taken today joins one taken next year. What
the vocabulary has no word for (limits in working days, the version's number) is said in terms of our own beside it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from weimin.kernel.catalogue import types
from weimin.kernel.catalogue.rules.codes import code_sets
from weimin.kernel.catalogue.types import PublishedItem, Publisher

Node = dict[str, Any]
CHINESE = "http://publications.europa.eu/resource/authority/language/ZHO"
YUAN = "http://publications.europa.eu/resource/authority/currency/CNY"
_ADDRESS = {"@type": "@id"}
_IN_CHINESE = {"@language": "zh"}


def context(root: str) -> Node:
    """The JSON-LD context: what each of our short names stands for."""
    links = {
        "spatial": "dct:spatial",
        "language": "dct:language",
        "audience": "dct:audience",
        "type": "dct:type",
        "isPartOf": "dct:isPartOf",
        "publisher": "dct:publisher",
        "landingPage": "dcat:landingPage",
        "hasChannel": "cv:hasChannel",
        "hasCompetentAuthority": "cv:hasCompetentAuthority",
        "hasCost": "cv:hasCost",
        "hasInput": "cpsv:hasInput",
        "produces": "cpsv:produces",
        "holdsRequirement": "cv:holdsRequirement",
        "hasLegalResource": "cv:hasLegalResource",
        "isGroupedBy": "cv:isGroupedBy",
        "isClassifiedBy": "cv:isClassifiedBy",
        "thematicArea": "cv:thematicArea",
        "contactPoint": "cv:contactPoint",
        "contactPage": "cv:contactPage",
        "currency": "cv:currency",
    }
    texts = {
        "title": "dct:title",
        "description": "dct:description",
        "label": "skos:prefLabel",
        "keyword": "dcat:keyword",
    }
    own = ("version", "validFrom", "committedLimit", "committedDays", "committedUnit", "statutoryLimit")
    return {
        "cpsv": "http://purl.org/vocab/cpsv#",
        "cv": "http://data.europa.eu/m8g/",
        "dct": "http://purl.org/dc/terms/",
        "dcat": "http://www.w3.org/ns/dcat#",
        "eli": "http://data.europa.eu/eli/ontology#",
        "foaf": "http://xmlns.com/foaf/0.1/",
        "skos": "http://www.w3.org/2004/02/skos/core#",
        "xsd": "http://www.w3.org/2001/XMLSchema#",
        "atu": "http://data.europa.eu/88u/dataset/",
        "own": f"{root}/data/#term-",
        "identifier": "dct:identifier",
        "license": {"@id": "dct:license", **_ADDRESS},
        "telephone": "cv:telephone",
        "processingTime": {"@id": "cv:processingTime", "@type": "xsd:duration"},
        "hasValue": {"@id": "cv:hasValue", "@type": "xsd:double"},
        **{name: {"@id": address, **_ADDRESS} for name, address in links.items()},
        **{name: {"@id": address, **_IN_CHINESE} for name, address in texts.items()},
        **{name: f"own:{name}" for name in own},
    }


def write(items: Iterable[PublishedItem], publisher: Publisher, *, licence: str) -> Iterator[str]:
    """A whole JSON-LD document, piece by piece; what items share is kept and written once, at the end."""
    head = json.dumps(context(publisher.root), ensure_ascii=False)
    yield f'{{"@context": {head},\n"@graph": [\n'
    yield ",\n".join(_line(node) for node in _of_all(publisher, licence))
    shared: dict[str, Node] = {}
    for item in items:
        for node in nodes_of(item, publisher, shared):
            yield ",\n" + _line(node)
    for node in shared.values():
        yield ",\n" + _line(node)
    yield "\n]}\n"


def _line(node: Node) -> str:
    return json.dumps(node, ensure_ascii=False)


def _of_all(publisher: Publisher, licence: str) -> list[Node]:
    """The data set, its publisher and its place."""
    root = publisher.root
    return [
        {
            "@id": f"{root}/data/#catalogue",
            "@type": "dcat:Dataset",
            "identifier": "catalogue",
            "title": f"{publisher.city}乡镇公共服务事项目录",
            "description": "乡镇（街道）受理和办理的公共服务事项：谁能办、交什么、多长时间、依据什么。",
            "publisher": f"{root}/data/#publisher",
            "landingPage": f"{root}/data/",
            "license": licence,
        },
        {"@id": f"{root}/data/", "@type": "foaf:Document", "title": "开放数据"},
        {
            "@id": f"{root}/data/#publisher",
            "@type": "foaf:Agent",
            "identifier": publisher.division,
            "title": f"{publisher.city}乡镇政府服务平台",
        },
        {
            "@id": f"{root}/data/#place",
            "@type": ["dct:Location", "atu:atu-type"],
            "identifier": publisher.division,
            "label": publisher.city,
        },
        {"@id": CHINESE, "@type": "dct:LinguisticSystem", "label": "中文"},
        {
            "@id": f"{root}/data/#hotline",
            "@type": "cv:ContactPoint",
            "telephone": "12345",
            "contactPage": f"{root}/data/#help",
        },
        {"@id": f"{root}/data/#help", "@type": "foaf:Document", "title": "政务服务便民热线"},
    ]


def nodes_of(item: PublishedItem, publisher: Publisher, shared: dict[str, Node]) -> list[Node]:
    """The nodes of one item; those that other items name too go into `shared`."""
    here = f"{publisher.root}/items/{item.code}/"
    service: Node = {
        "@id": here,
        "@type": "cpsv:PublicService",
        "identifier": item.code,
        "title": item.name,
        "description": item.plain,
        "keyword": [str(one) for one in item.doc.get("synonyms") or []],
        "language": CHINESE,
        "spatial": f"{publisher.root}/data/#place",
        "isPartOf": f"{publisher.root}/data/#catalogue",
        "contactPoint": f"{publisher.root}/data/#hotline",
        "hasCompetentAuthority": _authority(item, publisher, shared),
        "version": item.number,
        "validFrom": {"@value": item.valid_from.isoformat(), "@type": "xsd:date"},
        **_limits(item),
        **_classes(item, publisher, shared),
    }
    parts = _parts(item, here, publisher, shared)
    for link, nodes in parts.items():
        if nodes:
            service[link] = [node["@id"] for node in nodes]
    return [service, *(node for nodes in parts.values() for node in nodes)]


def _authority(item: PublishedItem, publisher: Publisher, shared: dict[str, Node]) -> str:
    name = str(item.doc.get("lead") or publisher.city)
    address = f"{publisher.root}/data/#body-{name}"
    shared[address] = {
        "@id": address,
        "@type": "cv:PublicOrganisation",
        "label": name,
        "spatial": f"{publisher.root}/data/#place",
    }
    return address


def _limits(item: PublishedItem) -> Node:
    """Limits in words and numbers; as a duration only for calendar days, since a duration knows no others."""
    limits = item.doc.get("limits") or {}
    found: Node = {}
    for kind, name in (("committed", "committedLimit"), ("statutory", "statutoryLimit")):
        raw = limits.get(kind) or {}
        value, unit = raw.get("value"), str(raw.get("unit") or "none")
        if text := types.LimitSpec(value, unit).text:
            found[name] = text
        if kind == "committed" and value is not None and unit in types.UNITS:
            found |= {"committedDays": int(value), "committedUnit": unit}
            if unit == "day":
                found["processingTime"] = f"P{int(value)}D"
    return found


def _classes(item: PublishedItem, publisher: Publisher, shared: dict[str, Node]) -> Node:
    def concept(scheme: str, code: str, label: str) -> str:
        return _concept(publisher, shared, scheme, code, label)

    found: Node = {
        "thematicArea": [concept("area", item.area, types.AREAS.get(item.area, item.area))],
        "isClassifiedBy": [concept("item-type", item.type_code, types.ITEM_TYPES.get(item.type_code, item.type_code))],
        "audience": [concept("audience", one, types.AUDIENCES.get(one, one)) for one in item.audience],
    }
    events = []
    for code in item.life_events:
        address = f"{publisher.root}/data/#event-{code}"
        name = publisher.life_events.get(code, code)
        shared[address] = {
            "@id": address,
            "@type": ["cv:Event", "cv:LifeEvent"],
            "identifier": code,
            "title": name,
        }
        events.append(address)
    if events:
        found["isGroupedBy"] = events
    return found


def _concept(publisher: Publisher, shared: dict[str, Node], scheme: str, code: str, label: str) -> str:
    address = f"{publisher.root}/data/#code-{scheme}-{code}"
    shared[address] = {"@id": address, "@type": "skos:Concept", "identifier": code, "label": label}
    return address


def _parts(item: PublishedItem, here: str, publisher: Publisher, shared: dict[str, Node]) -> dict[str, list[Node]]:
    doc, code = item.doc, item.code
    ways = {**code_sets()["channel"].codes, **code_sets()["channel"].own}

    def part(kind: str, number: int | str, cls: str, **more: Any) -> Node:
        return {"@id": f"{here}#{kind}-{number}", "@type": cls, "identifier": f"{code}-{kind}-{number}", **more}

    result = doc.get("result") or {}
    kinds = types.MATERIAL_KINDS
    inputs = []
    for one in doc.get("materials") or []:
        sort = str(one.get("kind") or "electronic")
        more = {"description": str(one["note"])} if one.get("note") else {}
        kind = _concept(publisher, shared, "material", sort, kinds.get(sort, sort))
        inputs.append(part("material", one["code"], "cv:Evidence", title=str(one["name"]), type=kind, **more))
    laws = []
    for number, one in enumerate(doc.get("basis") or [], start=1):
        title = f"《{one.get('law')}》{one.get('article') or ''}"
        laws.append(part("basis", number, "eli:LegalResource", title=title))
    return {
        "hasChannel": [
            part("channel", one, "cv:Channel", type=_concept(publisher, shared, "channel", one, ways.get(one, one)))
            for one in map(str, doc.get("channels") or [])
        ],
        "hasInput": inputs,
        "produces": [part("result", 1, "cv:Output", title=str(result["name"]))] if result.get("name") else [],
        "holdsRequirement": [
            part("condition", number, "cv:Requirement", title=str(one))
            for number, one in enumerate(doc.get("conditions") or [], start=1)
        ],
        "hasLegalResource": laws,
        "hasCost": [_cost(doc.get("fee") or {}, part, shared)],
    }


def _cost(fee: dict[str, Any], part: Any, shared: dict[str, Node]) -> Node:
    shared[YUAN] = {"@id": YUAN, "@type": "skos:Concept", "label": "人民币"}
    if fee.get("charged"):
        return part("fee", 1, "cv:Cost", description=str(fee.get("note") or "收费"), currency=YUAN)  # type: ignore[no-any-return]
    return part("fee", 1, "cv:Cost", description="不收费", hasValue="0", currency=YUAN)  # type: ignore[no-any-return]
