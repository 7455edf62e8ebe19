"""Where packages bring their wording: one template for each outbox topic that people are told of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Template:
    """A notice: a title, and a body with the payload's names in braces."""

    title: str
    body: str


_templates: dict[str, Template] = {}


def register_templates(templates: dict[str, Template]) -> None:
    """Register notices by topic."""
    _templates.update(templates)


def template_of(topic: str) -> Template | None:
    """The notice of a topic."""
    return _templates.get(topic)
