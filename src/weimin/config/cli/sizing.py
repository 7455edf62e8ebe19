"""The command that works out PostgreSQL's settings from the size of the machine, each with its reason."""

from __future__ import annotations

import re
from dataclasses import dataclass

import click

#: What PostgreSQL has on a machine that also runs web, worker and nginx.
SHARED_WITH_WEB = 0.6
#: Connections beside those of the service: backup, monitoring, an operator or two, and PostgreSQL's own reserve.
OTHERS = 15
_UNITS = {"MB": 1, "GB": 1024, "TB": 1024 * 1024}


@dataclass(frozen=True, slots=True)
class Line:
    """One setting: its name, its value, and why."""

    name: str
    value: str
    why: str


class Memory(click.ParamType):
    """An amount like 24GB, in MB."""

    name = "memory"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read it."""
        found = re.fullmatch(r"(\d+)\s*(MB|GB|TB)", str(value).strip().upper())
        if not found or (amount := int(found[1]) * _UNITS[found[2]]) < 1024:
            self.fail(f"{value} 不是内存大小，写成 24GB 这样，至少 1GB", param, ctx)
        return amount


def settings_for(*, memory_mb: int, cpus: int, disk: str, connections: int, shared: bool) -> list[Line]:
    """The settings of a machine; `shared` when web and worker run on it too."""
    ours = int(memory_mb * SHARED_WITH_WEB) if shared else memory_mb
    buffers = min(ours // 4, 64 * 1024)
    total = connections + OTHERS
    # a sort or hash may take several; half of what is left when all connections are busy at once
    work = max(4, min(64, (ours - buffers) // (total * 2)))
    upkeep = max(64, min(2048, ours // 16))
    fast = disk != "hdd"
    wal = max(2, min(32, memory_mb // 1024 // 2))
    helpers = max(0, min(4, cpus // 2 if cpus > 2 else 0))
    return [
        Line("max_connections", str(total), f"{connections} for web, worker or pooler, {OTHERS} for everybody else"),
        Line("shared_buffers", f"{buffers}MB", "a quarter of PostgreSQL's memory; the system's cache does the rest"),
        Line("effective_cache_size", f"{ours * 7 // 10}MB", "a hint to the planner: what of the data is in some cache"),
        Line("work_mem", f"{work}MB", "for each sort or hash; must fit when every connection is busy"),
        Line("maintenance_work_mem", f"{upkeep}MB", "for making indexes and vacuuming big tables"),
        Line("autovacuum_work_mem", f"{min(upkeep, 512)}MB", "three of them may run at once"),
        Line("huge_pages", "try", "less bookkeeping for large buffers, where the system has set some aside"),
        Line("random_page_cost", "1.1" if fast else "4", "from memory or an SSD a page costs little more at random"),
        Line("effective_io_concurrency", "200" if fast else "2", "how many reads the disk does at once"),
        Line("wal_compression", "on", "less log to write, archive and replicate; costs little processor"),
        Line("max_wal_size", f"{wal}GB", "checkpoints by time and not by amount while a city is loaded"),
        Line("min_wal_size", f"{max(1, wal // 4)}GB", "files of the log are used again instead of made anew"),
        Line("checkpoint_timeout", "15min", "each page is written whole only once after a checkpoint"),
        Line("checkpoint_completion_target", "0.9", "spread over the time, so that nobody notices"),
        Line("wal_buffers", "16MB", "one segment: eight writers at once do not wait for each other"),
        Line("synchronous_commit", "on", "what was acknowledged is on the disk; never off"),
        Line("autovacuum_naptime", "15s", "the outbox and sessions change all day"),
        Line("autovacuum_vacuum_scale_factor", "0.05", "20 % of ten million would be two million dead rows"),
        Line("autovacuum_analyze_scale_factor", "0.02", "the planner hears of new matters sooner"),
        Line("autovacuum_vacuum_insert_scale_factor", "0.05", "logs that only grow are frozen bit by bit"),
        Line("autovacuum_vacuum_cost_limit", "2000" if fast else "400", "keeps up with what is written"),
        Line("max_parallel_workers_per_gather", str(helpers), "short statements by many people, not long ones by one"),
        Line("max_parallel_workers", str(max(1, cpus)), "no more than there are cores"),
        Line("max_worker_processes", str(max(8, cpus)), "the default or the cores"),
        Line("jit", "off", "pages ask short statements with many parts: compiling takes longer than answering"),
        Line("statement_timeout", "0", "set for the web role (roles.sql); the worker's nightly jobs take their time"),
        Line("idle_in_transaction_session_timeout", "5min", "one left open holds up vacuum and the audit chain"),
        Line("lock_timeout", "0", "set for the web role; migrations set their own"),
        Line("tcp_keepalives_idle", "60", "a lost web machine gives its connections back within minutes"),
        Line("password_encryption", "scram-sha-256", "the pooler and pg_hba ask for it"),
        Line("shared_preload_libraries", "pg_stat_statements", "slow statements, to look at, with $1 for every value"),
        Line("log_min_duration_statement", "-1", "statements hold their values, people's data: never in a log"),
        Line("log_min_error_statement", "panic", "the same for statements that failed, or waited for a lock"),
        Line("log_error_verbosity", "terse", "the same for the keys that the details of an error name"),
        Line("log_lock_waits", "on", "that somebody waited more than a second"),
        Line("log_autovacuum_min_duration", "10s", "which table takes long"),
        Line("log_checkpoints", "on", "by time or by amount"),
        Line("log_timezone", "'Asia/Shanghai'", "beside the web's log"),
        Line("track_io_timing", "on", "tells the disk from the processor in EXPLAIN"),
    ]


def draw(lines: list[Line], head: str) -> str:
    """The file, its reasons beside its values."""
    wide = max(len(f"{one.name} = {one.value}") for one in lines)
    body = [f"{f'{one.name} = {one.value}':<{wide}}  # {one.why}" for one in lines]
    return "\n".join([f"# {head}", *body])


@click.command("postgres-settings")
@click.option("--memory", required=True, type=Memory(), help="Of the machine: 24GB.")
@click.option("--cpus", required=True, type=click.IntRange(1, 512), help="Cores of the machine.")
@click.option("--disk", default="ssd", show_default=True, type=click.Choice(["ssd", "hdd"]))
@click.option("--connections", type=click.IntRange(5, 2000), help="Of web, worker and pooler; 30 unless given.")
@click.option("--shared/--own", default=True, show_default=True, help="Whether web and worker run on it too.")
def postgres_settings(memory: int, cpus: int, disk: str, connections: int | None, shared: bool) -> None:
    """Print PostgreSQL's settings for a machine, each with its reason: to conf.d/weimin.conf."""
    many = connections or 30
    lines = settings_for(memory_mb=memory, cpus=cpus, disk=disk, connections=many, shared=shared)
    also = "web and worker run on it" if shared else "it is the database's own"
    head = f"weimin postgres-settings: {memory} MB, {cpus} cores, {disk}, {many} connections; {also}. Needs a restart."
    click.echo(draw(lines, head))
