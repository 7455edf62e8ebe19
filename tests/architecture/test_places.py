"""Nothing cuts the code of a place to find out what lies in it: a village's code does not begin like its township's."""

from __future__ import annotations

import re

from tests.architecture.test_structure import SOURCES, SRC

#: Who may cut a place's code, each with its reason; the list only shrinks.
CUTS = {
    "base/identifiers.py": "where it is defined",
    "kernel/directory/actions/loading.py": "a list is refused in which a township's code does not begin like its county's",
    "kernel/directory/queries/tree.py": "where what lies in a place is worked out, and proven against the links",
    "kernel/record/access.py": "the wall is told a beginning; policies use it for townships, and the links for the rest",
}
_CUT = re.compile(
    r"place_prefix|(place|division|township|village|county)\w*__startswith|(division|township|village|place)_(code|id)\.startswith"
)


def test_only_the_tree_cuts_codes() -> None:
    found = {
        str(path.relative_to(SRC))
        for path in SOURCES
        if "tests" not in path.parts and _CUT.search(path.read_text(encoding="utf-8"))
    }
    assert {one.removeprefix("weimin/") for one in found} == set(CUTS)
