"""PostgreSQL's settings by size: what must hold on every machine, and that a server takes them."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from django.db import connection

from weimin.config.cli.sizing import Line, postgres_settings, settings_for

MACHINES = [(2048, 1, 20), (8192, 2, 30), (24 * 1024, 2, 30), (128 * 1024, 32, 200), (1024 * 1024, 128, 500)]


def values(lines: list[Line]) -> dict[str, str]:
    return {one.name: one.value for one in lines}


def mega(text: str) -> int:
    return int(text.removesuffix("MB"))


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize(("memory", "cpus", "connections"), MACHINES)
def test_everything_busy_at_once_fits_into_the_machine(memory: int, cpus: int, connections: int, shared: bool) -> None:
    found = values(settings_for(memory_mb=memory, cpus=cpus, disk="ssd", connections=connections, shared=shared))
    busy = mega(found["shared_buffers"]) + int(found["max_connections"]) * mega(found["work_mem"])
    busy += 3 * mega(found["autovacuum_work_mem"])
    assert busy <= memory
    assert int(found["max_connections"]) > connections


def test_a_disk_that_turns_is_asked_in_order() -> None:
    slow = values(settings_for(memory_mb=8192, cpus=2, disk="hdd", connections=30, shared=True))
    assert (slow["random_page_cost"], slow["effective_io_concurrency"]) == ("4", "2")


@pytest.mark.django_db
@pytest.mark.parametrize(("memory", "cpus", "connections"), MACHINES)
def test_a_server_knows_each_setting_and_takes_its_value(memory: int, cpus: int, connections: int) -> None:
    lines = settings_for(memory_mb=memory, cpus=cpus, disk="ssd", connections=connections, shared=True)
    with connection.cursor() as cursor:
        for one in lines:
            cursor.execute("SELECT vartype, min_val, max_val, enumvals FROM pg_settings WHERE name = %s", [one.name])
            row = cursor.fetchone()
            assert row, one.name
            if row[0] == "enum":
                assert one.value in row[3]
            elif row[0] in ("integer", "real") and one.value.replace(".", "").isdigit():
                assert float(row[1]) <= float(one.value) <= float(row[2])


def test_the_command_prints_a_file_with_a_reason_on_each_line() -> None:
    done = CliRunner().invoke(postgres_settings, ["--memory", "24GB", "--cpus", "2"])
    lines = done.output.splitlines()
    assert done.exit_code == 0
    assert lines[0].startswith("# weimin postgres-settings")
    assert all(" = " in one and "  # " in one for one in lines[1:])
    assert CliRunner().invoke(postgres_settings, ["--memory", "many", "--cpus", "2"]).exit_code == 2
