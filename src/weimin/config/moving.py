"""Moving all contents from one store of files to another, while everything runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from weimin.base import contents
from weimin.base.contents import Store
from weimin.base.errors import Invalid
from weimin.kernel.record import actions, queries

#: progress(done, total)
Progress = Callable[[int, int], None]


class MoveRefused(Invalid):
    """The stores are not set so that contents can be moved between them."""

    code = "config.move_refused"


@dataclass(slots=True)
class Moved:
    """What a move did: contents looked at, copied now, and the digests of those whole in neither store."""

    looked: int = 0
    copied: int = 0
    broken: list[str] = field(default_factory=list)


def move(*, wanted: str, clear: bool, progress: Progress) -> Moved:
    """Copy every content to the wanted store; with `clear` take away from the other what is whole in the wanted one.

    Both stores must be set: only then do all processes read from both, and what is destroyed meanwhile goes from both.

    Raises: MoveRefused — the stores are not set so; StoreDown — one does not answer, run it again
    Cost:   see `record.actions.move_content`, for every content
    """
    source, target = _stores(wanted, clear)
    done, after, total = Moved(), 0, queries.count_blobs()["all"]
    progress(0, total)
    while ids := queries.list_blob_ids(after=after):
        after = ids[-1]
        for one in ids:
            copied = actions.move_content(blob_id=one, source=source, target=target, clear=clear)
            if copied is None:
                done.broken.append(queries.get_blob(one).sha256)
            done.copied += bool(copied)
            done.looked += 1
            progress(done.looked, total)
    return done


def _stores(wanted: str, clear: bool) -> tuple[Store, Store]:
    """The source and the target."""
    both = contents.stores()
    target = contents.open_store(wanted)
    named = [one.address for one in both]
    if len(set(named)) < 2 or target.address not in named:
        told = "先在每台机器上把 WEIMIN_FILES_ALSO 设为另一个文件库并重启，--to 写两个里的一个"
        raise MoveRefused(f"{told}（步骤见 docs/explanation/files.md）。")
    if clear and target.address != both[0].address:
        raise MoveRefused("新文件还会存到 WEIMIN_FILES，不能清空它：先把两个设置对调并重启。")
    source = next(one for one in both if one.address != target.address)
    return source, target
