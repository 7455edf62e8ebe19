"""What comes in: shapes that refuse fields they do not know, and numbers that a column can hold."""

from __future__ import annotations

from typing import Annotated

from ninja import Schema
from pydantic import ConfigDict, Field

#: The id of a row.
RowId = Annotated[int, Field(ge=1, le=2**63 - 1)]
#: How often a row was changed, as last seen.
Revision = Annotated[int, Field(ge=0, le=2**31 - 1)]


def read_id(text: str) -> int:
    """A row's id from an address or a form; 0, which is no row's, for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0


class Input(Schema):
    """A request's body: a field that is not named here is refused, so that nobody sets what is not theirs to set."""

    model_config = ConfigDict(extra="forbid")
