"""What the field component shows: one question with its value, error and choices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString


@dataclass(slots=True)
class Cell:
    """One cell of a table question."""

    name: str
    label: str
    type: str = "text"
    value: str = ""
    choices: Sequence[tuple[str, str]] = ()


@dataclass(slots=True)
class Shown:
    """A question as the page shows it."""

    name: str
    label: str
    type: str = "text"
    value: Any = ""
    error: str = ""
    help: str = ""
    required: bool = True
    choices: Sequence[tuple[str, str]] = ()
    groups: Sequence[tuple[str, Sequence[tuple[str, str]]]] = ()
    columns: Sequence[Any] = ()
    rows: list[list[Cell]] = field(default_factory=list)
    unit: str = ""
    #: what a list to choose from says where nothing is chosen
    blank: str = "请选择"
    max_length: int = 200
    accept: str = ""
    multiple: bool = False
    autocomplete: str = ""
    show_field: str = ""
    show_values: str = ""

    @property
    def group(self) -> bool:
        """Whether the question is a group of inputs and needs a fieldset."""
        return self.type in ("choice", "choices", "table")

    @property
    def described(self) -> SafeString:
        """The aria attributes that tie help and error to the input."""
        ids = [f"h-{self.name}"] * bool(self.help) + [f"e-{self.name}"] * bool(self.error)
        if not ids:
            return SafeString("")
        invalid = SafeString(' aria-invalid="true"') if self.error and not self.group else ""
        return format_html(' aria-describedby="{}"{}', " ".join(ids), invalid)
