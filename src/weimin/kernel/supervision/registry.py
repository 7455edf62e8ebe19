"""Where packages plug in what is counted: kinds of subjects, their parts, and what each measure is called."""

from __future__ import annotations

from dataclasses import dataclass

from weimin.base.measuring import Part


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of subject with everything that is counted of it.

    Shape:  `event_key` is the name under which outbox payloads carry the subject's id; '' when its owner says itself
            what moved. `measures` has the Chinese title of each code that the parts give
    """

    code: str
    parts: tuple[Part, ...]
    measures: dict[str, str]
    event_key: str = ""


_kinds: dict[str, Kind] = {}


def register_measures(kind: Kind) -> None:
    """Register what is counted of a kind of subject; called from a manifest. More of a known kind is added to it."""
    known = _kinds.get(kind.code)
    if known is not None:
        more = tuple(one for one in kind.parts if one not in known.parts)
        kind = Kind(kind.code, known.parts + more, known.measures | kind.measures, known.event_key or kind.event_key)
    _kinds[kind.code] = kind


def all_kinds() -> list[Kind]:
    """Every kind of subject that is counted."""
    return list(_kinds.values())


def kind_of(code: str) -> Kind:
    """One kind by its code.

    Raises: KeyError — nobody registered it
    """
    return _kinds[code]


def measure_text(code: str) -> str:
    """The Chinese title of a measure, or its code."""
    return next((one.measures[code] for one in _kinds.values() if code in one.measures), code)


def parts_of(measure: str) -> tuple[Part, ...]:
    """The parts that may give a measure: the one that gives nothing else, or those that it may come from."""
    kind = next((one for one in _kinds.values() if measure in one.measures), None)
    found = tuple(one for one in kind.parts if one.gives(measure)) if kind else ()
    return tuple(one for one in found if one.sole) or found
