"""The disk with the files: how much is free, and how pressing that is."""

from __future__ import annotations

import shutil
from pathlib import Path

from django.conf import settings

from weimin.kernel.record.rules.disk import next_step as next_shed
from weimin.kernel.record.rules.disk import pressure_of
from weimin.kernel.record.types import Disk

__all__ = ["next_shed", "read_disk"]


def read_disk() -> Disk:
    """The disk under the folder of the files, or under the nearest one above that exists.

    Cost:   one call of the system, no query
    """
    root = Path(settings.WEIMIN_FILES_ROOT)
    while not root.exists():
        root = root.parent
    usage = shutil.disk_usage(root)
    pressure = pressure_of(free=usage.free, total=usage.total, limits=settings.WEIMIN_DISK)
    return Disk(usage.free, usage.total, pressure)
