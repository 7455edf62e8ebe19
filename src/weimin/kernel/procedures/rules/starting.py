"""A new drawing or table begins as a copy of one that works, under its own name."""

from __future__ import annotations

from lxml import etree

from weimin.kernel.procedures.rules.reading import parse_safely


def renamed(xml: str, name: str) -> str:
    """The same text with the name of its process or decision replaced; a text that cannot be read stays as it is."""
    root, _ = parse_safely(xml)
    if root is None:
        return xml
    for element in root:
        if isinstance(element.tag, str) and etree.QName(element).localname in ("process", "decision"):
            element.set("name", name)
    told: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return told.decode("utf-8")
