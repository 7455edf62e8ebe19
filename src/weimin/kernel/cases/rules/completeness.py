"""What is still missing from an application, in words that say what to do."""

from __future__ import annotations

from collections.abc import Iterable

from weimin.kernel.catalogue.types import Material


def missing_materials(materials: Iterable[Material], *, given: set[str], waived: set[str]) -> list[Material]:
    """Required materials that were neither given nor waived by the clerk; shared ones never are.

    Law:    sw-716 art. 7
    """
    return [
        one for one in materials if one.required and not one.shared and one.code not in given and one.code not in waived
    ]
