"""How pressing the disk is, and what may be deleted for it: never audit, files or matters."""

from __future__ import annotations

from collections.abc import Mapping

from weimin.kernel.record.types import SHED_TEXT, Pressure

_GIB = 2**30


def pressure_of(*, free: int, total: int, limits: Mapping[str, float]) -> Pressure:
    """How pressing it is: by free gigabytes, or by a share of small disks, whichever is less.

    Shape:  limits as {"warn": 20, "shed": 8, "stop": 3}, in GiB; on a disk under 100 GiB the same number is percent
    """
    levels: tuple[Pressure, ...] = ("stop", "shed", "warn")
    for level in levels:
        if free < min(limits[level] * _GIB, total * limits[level] / 100):
            return level
    return "fine"


def next_step(*, pressure: Pressure, done: tuple[str, ...]) -> str:
    """What is deleted next, in the fixed order, while the disk is pressing; '' when nothing is or nothing is left."""
    if pressure not in ("shed", "stop"):
        return ""
    return next((step for step in SHED_TEXT if step not in done), "")
