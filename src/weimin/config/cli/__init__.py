"""The `weimin` command line, for operators and scripts.

Exit codes: 0 done or yes, 1 no (not found, not valid), 2 wrong usage, 3 not ready (no database, nothing loaded).
"""

from __future__ import annotations

import sys

import click

from weimin.base.errors import NotReady, WeiminError
from weimin.config.cli import (
    appointing,
    asking,
    checking,
    clocks,
    figures,
    keeping,
    keeping_copies,
    loading,
    serving,
    sizing,
    upkeep,
    verifying,
    years,
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="weimin")
def cli() -> None:
    """Weimin (为民): the township government service platform."""


for command in (
    serving.run,
    serving.worker,
    loading.load,
    asking.search,
    asking.item,
    asking.matter,
    checking.due,
    clocks.notice,
    clocks.clocks,
    figures.figures,
    checking.check_id,
    checking.check_uscc,
    serving.token,
    serving.doctor,
    upkeep.maintenance,
    upkeep.digest,
    verifying.verify,
    keeping.keys,
    keeping.files,
    years.years,
    appointing.admins,
    keeping_copies.backup,
    sizing.postgres_settings,
):
    cli.add_command(command)


def main() -> None:
    """Run a command; an error is one line and an exit code, never a traceback."""
    try:
        cli(standalone_mode=False)
    except click.UsageError as fault:
        named = fault.ctx.command_path if fault.ctx else "weimin"
        click.echo(f"{named}: {fault.format_message()}（{named} --help 看用法）", err=True)
        sys.exit(2)
    except click.ClickException as fault:
        click.echo(f"weimin: {fault.format_message()}", err=True)
        sys.exit(2)
    except click.exceptions.Exit as end:
        sys.exit(end.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except NotReady as fault:
        click.echo(f"weimin: {fault.message}", err=True)
        sys.exit(3)
    except WeiminError as fault:
        click.echo(f"weimin: {fault.message}", err=True)
        sys.exit(1)
    except Exception as fault:
        _database_or_raise(fault)


def _database_or_raise(fault: Exception) -> None:
    import psycopg
    from django.db import DatabaseError

    if isinstance(fault, DatabaseError | psycopg.Error):
        first = str(fault).strip().splitlines()[0] if str(fault).strip() else type(fault).__name__
        click.echo(f"weimin: 数据库用不了：{first}（先运行 weimin run，或设置 DATABASE_URL）", err=True)
        sys.exit(3)
    raise fault
