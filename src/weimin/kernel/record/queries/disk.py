"""The disk with the files: how much is free, and how pressing that is."""

from __future__ import annotations

import shutil
from pathlib import Path

from django.conf import settings

from weimin.base import contents
from weimin.kernel.record.rules.disk import next_step as next_shed
from weimin.kernel.record.rules.disk import pressure_of
from weimin.kernel.record.types import Disk

__all__ = ["next_shed", "read_disk"]


def read_disk() -> Disk:
    """The disk under the folder of the files, or under the nearest one above that exists.

    When the files lie in a bucket, it is the machine's own disk: that never stops anybody from handing in a file.

    Cost:   one call of the system, no query
    """
    folder = contents.folder_of_machine()
    usage = shutil.disk_usage(contents.nearest_folder(folder or Path(settings.DATA)))
    pressure = pressure_of(free=usage.free, total=usage.total, limits=settings.WEIMIN_DISK)
    if folder is None and pressure == "stop":
        pressure = "shed"
    return Disk(usage.free, usage.total, pressure)
