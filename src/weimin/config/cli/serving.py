"""Commands that serve and look after: run, worker, token, doctor."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from weimin.base import embedded
from weimin.config.cli.answering import say, setup
from weimin.config.cli.checking import JSON
from weimin.config.cli.loading import PARTS, load_parts

#: How far the worker stands back when web processes want the same core: a third of their share, never nothing.
YIELDING = 5


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64))
@click.option("--demo/--no-demo", default=True, help="Load the made-up staff the first time.")
def run(host: str, port: int, workers: int, demo: bool) -> None:
    """Start everything: database, tables, the city (the first time), web and worker."""
    _check_port(host, port)
    began = time.monotonic()
    console = Console(stderr=True)
    console.print("[bold]为民[/] 正在启动…")
    embedded_one = setup()
    from django.core.management import call_command
    from django.db import connections

    from weimin.config import city, metrics

    city.prepare_database()
    # loading again changes nothing but what a newer version brings: parameters, procedures, items
    load_parts(PARTS if demo else PARTS[:-1], quiet=city.is_loaded())
    call_command("collectstatic", verbosity=0, interactive=False)
    connections.close_all()
    metrics.clean_folder()
    children = _start(host, port, workers, _web_address(embedded_one))
    _greet(console, host, port, demo, time.monotonic() - began)
    code = _wait(children)
    if embedded_one:
        embedded.stop(embedded.data_folder())
    sys.exit(code)


def _check_port(host: str, port: int) -> None:
    """Ask for the port before anything is loaded: the web server would share it with another of its kind.

    Raises: ClickException — somebody has it, or we may not have it
    """
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as fault:
            taken = fault.errno == errno.EADDRINUSE
            why = "已经有程序在用，也许为民已在运行" if taken else f"用不了（{fault.strerror}）"
            raise click.ClickException(f"端口 {port} {why}；换一个端口请加 --port。") from fault


def _web_address(embedded_one: bool) -> str:
    """The address that the web processes log in at: as the role behind the second wall where we may arrange it."""
    from django.conf import settings

    from weimin.kernel.record.access import ROLE

    if embedded_one:
        return embedded.let_in(embedded.data_folder(), ROLE)
    given = os.environ.get("DATABASE_URL") or os.environ["WEIMIN_DIRECT_DATABASE_URL"]
    return settings.WEIMIN_WEB_DATABASE_URL or given


def web_command(host: str, port: int, workers: int) -> list[str]:
    """How the web server is started: one that is killed is replaced, and the others go on."""
    return [
        str(Path(sys.executable).parent / "granian"),
        "--interface",
        "wsgi",
        "--host",
        host,
        "--port",
        str(port),
        "--workers",
        str(workers),
        "--blocking-threads",
        "1",
        "--backpressure",
        "64",
        "--respawn-failed-workers",
        "--respawn-interval",
        "0.5",
        "--no-access-log",
        "--log-level",
        "warning",
        "weimin.config.wsgi:application",
    ]


def _start(host: str, port: int, workers: int, web_address: str) -> list[subprocess.Popen[bytes]]:
    """Web and worker, each in a process group of its own: a Ctrl-C reaches us alone, and what they leave is found.

    The web server's processes hear nothing while they load, or when two signals come at once.
    """
    web, worker = web_command(host, port, workers), [str(Path(sys.executable).parent / "weimin"), "worker"]
    return [
        subprocess.Popen(web, env={**os.environ, "DATABASE_URL": web_address}, process_group=0),
        subprocess.Popen(worker, process_group=0),
    ]


def _greet(console: Console, host: str, port: int, demo: bool, seconds: float) -> None:
    from weimin.config import city

    console.print(f"\n门户   http://{host}:{port}/\n工作台 http://{host}:{port}/desk/   （{seconds:.0f} 秒）\n")
    if demo:
        table = Table(title=f"演示账号（口令都是 {city.DEMO_PASSWORD}）")
        table.add_column("用户名")
        table.add_column("做什么")
        for username, what in city.demo_logins():
            table.add_row(username, what)
        console.print(table)
        console.print(f"群众：用任意手机号登录，验证码看 http://{host}:{port}/demo/codes/")
    console.print("按 Ctrl-C 停止。")


def _wait(children: list[subprocess.Popen[bytes]]) -> int:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup asked to outlive the terminal
        signal.signal(signal.SIGHUP, stop)
    try:
        while all(child.poll() is None for child in children):
            time.sleep(0.5)
        failed = next(child for child in children if child.poll() is not None)
        click.echo(f"weimin: 有一个进程退出了（代码 {failed.returncode}）", err=True)
        code = 3
    except KeyboardInterrupt:
        code = 0
    for child in children:
        child.terminate()
    for child in children:
        with suppress(subprocess.TimeoutExpired):
            child.wait(timeout=10)
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)  # and whatever it left behind
        child.wait()
    return code


@click.command()
@click.option("--once", is_flag=True, help="Do what waits now, then stop.")
def worker(once: bool) -> None:
    """Deliver notices and attend to due moments, until stopped."""
    setup()
    from weimin.config import jobs

    if once:
        click.echo(jobs.work_once())
        return
    os.nice(YIELDING)
    jobs.work()


@click.command()
@click.argument("username")
@click.option("--name", default="命令行发放", show_default=True, help="Which system it is for.")
@click.option("--scope", "scopes", multiple=True, type=click.Choice(["read", "write"]))
@click.option("--days", default=365, show_default=True, type=click.IntRange(1, 3650))
@JSON
def token(username: str, name: str, scopes: tuple[str, ...], days: int, json_wanted: bool) -> None:
    """Make an API token that acts for the first post of a staff account; it is shown only now."""
    setup()
    from weimin.base import clock
    from weimin.base.errors import NotFound
    from weimin.config.demonstration import LOADER
    from weimin.kernel.accounts import actions, queries
    from weimin.kernel.directory import queries as directory

    at = clock.now()
    account_id = queries.find_staff_id(username)
    posts = directory.list_posts(account_id=account_id, on=clock.local_date(at)) if account_id else []
    if not posts:
        raise NotFound(f"没有叫 {username} 的在任工作人员。")
    text = actions.create_client(
        by=LOADER,
        at=at,
        name=name,
        post_id=posts[0].post_id,
        scopes=scopes or ("read", "write"),
        days=days,
    )
    say({"token": text, "post": posts[0].agency_name}, text, json_wanted=json_wanted)


def _show(findings: list[Any]) -> None:
    """Findings by group; what is wrong with what it means and what to do next, in colours where there are."""
    from weimin.config.advice import GROUPS

    console, wrong = Console(highlight=False, soft_wrap=True), sum(not one.good for one in findings)
    for group in GROUPS:
        console.print(f"[bold]{group}[/]")
        for one in (one for one in findings if one.group == group):
            mark = "[green]✓[/]" if one.good else "[bold red]✗[/]"
            console.print(f"  {mark} {escape(one.name)}：{escape(one.text)}")
            if one.means:
                console.print(f"      [yellow]影响[/] {escape(one.means)}")
            if one.todo:
                console.print(f"      [cyan]怎么办[/] {escape(one.todo)}")
    console.print(f"[bold red]{wrong} 项要处理[/]" if wrong else "[bold green]全部正常[/]")


@click.command()
@JSON
def doctor(json_wanted: bool) -> None:
    """Look at everything an installation needs; say what is wrong, what it means for people, and what to do."""
    setup()
    from weimin.config import health

    findings = health.look()
    value: dict[str, Any] = {"good": all(one.good for one in findings), "findings": [asdict(one) for one in findings]}
    if json_wanted:
        say(value, "", json_wanted=True)
    else:
        _show(findings)
    if not value["good"]:
        sys.exit(3)
