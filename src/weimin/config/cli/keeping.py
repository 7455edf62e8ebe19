"""Commands that look after keys and files: keys, files."""

from __future__ import annotations

import sys
from typing import Any

import click

from weimin.config.cli.answering import bars, operator_of, say, setup
from weimin.config.cli.checking import JSON


@click.group()
def keys() -> None:
    """Look at, add, rotate and retire the master keys of protected data."""


@keys.command("list")
@JSON
def list_keys(json_wanted: bool) -> None:
    """List master keys, and how many values need each."""
    setup()
    from weimin.base import keys as ring
    from weimin.config import rotation

    held = ring.ring()
    use = rotation.count_use()
    known = [*held.ids(), *sorted({one for counts in use.values() for one in counts} - set(held.ids()))]
    current = held.current_id()
    rows, lines = [], []
    for one in known:
        values, here = _of(use, one), one in held.ids()
        rows.append({"id": one, "current": one == current, "here": here, "values": values})
        mark = "（当前）" if one == current else "" if here else "（没有这个密钥，打不开）"
        lines.append(f"{one}{mark} {sum(values.values())} 条")
        lines += [f"  {label} {count}" for label, count in values.items()]
    say({"keys": rows}, "\n".join(lines), json_wanted=json_wanted)


def _of(use: dict[str, dict[str, int]], key_id: str) -> dict[str, int]:
    return {label: counts[key_id] for label, counts in use.items() if key_id in counts}


@keys.command()
@click.option("--later", is_flag=True, help="Do not use it yet: first copy the file to every machine.")
@JSON
def add(later: bool, json_wanted: bool) -> None:
    """Make a new master key in the key file; it seals from now on."""
    setup()
    from weimin.base import clock
    from weimin.config import rotation

    key_id = rotation.add_key(by=operator_of(), at=clock.now(), current=not later)
    text = f"主密钥 {key_id} 已增加" + (
        "，还没有使用；各台机器都有了这个文件后运行 weimin keys use。" if later else "并开始使用。"
    )
    say({"id": key_id, "current": not later}, text, json_wanted=json_wanted)


@keys.command()
@click.argument("key_id", metavar="ID")
def use(key_id: str) -> None:
    """Seal with another key of the key file from now on."""
    setup()
    from weimin.base import clock
    from weimin.config import rotation

    rotation.use_key(by=operator_of(), at=clock.now(), key_id=key_id)
    click.echo(f"从现在起使用主密钥 {key_id}。")


@keys.command()
@JSON
def rotate(json_wanted: bool) -> None:
    """Bring every protected value under the current master key; may be stopped and run again."""
    setup()
    from weimin.base import clock
    from weimin.config import rotation

    with bars(json_wanted, width=36) as shown:
        tasks: dict[str, Any] = {}

        def show(what: str, done: int, total: int) -> None:
            if total and what not in tasks:
                tasks[what] = shown.add_task(what, total=total)
            if what in tasks:
                shown.update(tasks[what], completed=done)

        result = rotation.rotate(by=operator_of(), at=clock.now(), progress=show)
    text = f"换到当前主密钥 {result.moved} 条"
    if result.broken:
        text += "；打不开 " + "、".join(f"{label} {count} 条" for label, count in result.broken.items())
    say({"moved": result.moved, "broken": result.broken}, text, json_wanted=json_wanted)
    if result.broken:
        sys.exit(1)


@keys.command()
@click.argument("key_id", metavar="ID")
def retire(key_id: str) -> None:
    """Take a master key out of the key file; refused while anything needs it."""
    setup()
    from weimin.base import clock
    from weimin.config import rotation

    rotation.retire_key(by=operator_of(), at=clock.now(), key_id=key_id)
    click.echo(f"主密钥 {key_id} 已从密钥文件删除。之前的备份仍要用它才能打开，请另行封存。")


@click.group()
def files() -> None:
    """Look after the stored files."""


@files.command()
@JSON
def seal(json_wanted: bool) -> None:
    """Check every stored file, seal those stored in clear before files were sealed, name those that are broken."""
    setup()
    from weimin.kernel.record import actions, queries

    done, sealed, broken = 0, 0, []
    with bars(json_wanted, width=36) as shown:
        task = shown.add_task("文件", total=queries.count_blobs()["all"])
        after = 0
        while ids := queries.list_blob_ids(after=after):
            after = ids[-1]
            for one in ids:
                try:
                    sealed += actions.seal_file(blob_id=one)
                except queries.BlobBroken:
                    broken.append(queries.get_blob(one).sha256)
                done += 1
                shown.advance(task)
    text = f"核对 {done} 个文件，加密 {sealed} 个，损坏 {len(broken)} 个" + "".join(f"\n  {one}" for one in broken)
    say({"checked": done, "sealed": sealed, "broken": broken}, text, json_wanted=json_wanted)
    if broken:
        sys.exit(1)


@files.command()
@click.option("--surely", is_flag=True, help="Also when very many have no row: the database is the right one.")
@JSON
def sweep(surely: bool, json_wanted: bool) -> None:
    """Take away stored contents older than a day that the database knows nothing of, as every night."""
    setup()
    from weimin.base import clock
    from weimin.kernel.record import actions

    swept = actions.sweep_contents(at=clock.now(), surely=surely)
    say({"swept": swept}, f"清理了 {swept} 个没有记录的文件", json_wanted=json_wanted)


@files.command()
@click.option("--to", "wanted", required=True, metavar="ADDRESS", help="WEIMIN_FILES or WEIMIN_FILES_ALSO.")
@click.option("--clear", is_flag=True, help="Take away from the other store what is whole in this one.")
@JSON
def move(wanted: str, clear: bool, json_wanted: bool) -> None:
    """Copy all contents from one store to the other, each checked; may be stopped and run again while all runs."""
    setup()
    from weimin.config import moving

    with bars(json_wanted, width=36) as shown:
        task = shown.add_task("文件", total=None)
        moved = moving.move(
            wanted=wanted, clear=clear, progress=lambda done, total: shown.update(task, completed=done, total=total)
        )
    text = f"核对 {moved.looked} 个文件，复制 {moved.copied} 个，损坏 {len(moved.broken)} 个"
    text += "".join(f"\n  {one}" for one in moved.broken)
    found = {"looked": moved.looked, "copied": moved.copied, "broken": moved.broken}
    say(found, text, json_wanted=json_wanted)
    if moved.broken:
        sys.exit(1)
