"""New migrations can run while people work: their SQL is read for locks that would stop everybody.

Old code and new code run beside each other during an upgrade, so a migration only adds; what nobody uses any more is
taken away by a later version (docs/howto/upgrade.md). Where a rule does not fit, the migration says why:

    # allowed: ban-drop-column — nothing has read it since version 0.3
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
#: Written before there were installations to upgrade; the list does not grow.
BEFORE = set((Path(__file__).parent / "migrations_before_checks.txt").read_text(encoding="utf-8").split())
#: Matters of taste, or held otherwise: `weimin load schema` sets the timeout and Django the transaction.
NOT_ASKED = (
    "ban-char-field",
    "prefer-bigint-over-int",
    "prefer-bigint-over-smallint",
    "prefer-identity",
    "prefer-robust-stmts",
    "prefer-text-field",
    "prefer-timestamp-tz",
    "require-lock-timeout",
    "require-statement-timeout",
    "transaction-nesting",
)
_RENDER = """
import json, sys, django
django.setup()
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import RunPython, RunSQL, SeparateDatabaseAndState
loader = MigrationLoader(connection, replace_migrations=False)
def each(operations):
    for one in operations:
        yield one
        if isinstance(one, SeparateDatabaseAndState):
            yield from each(one.database_operations)
for app, name in json.load(sys.stdin):
    migration = loader.graph.nodes[app, name]
    sql = "\\n".join(loader.collect_sql([(migration, False)]))
    kinds = [type(one).__name__ for one in each(migration.operations)]
    print(json.dumps({"name": f"{app}.{name}", "sql": sql, "atomic": migration.atomic, "kinds": kinds}))
"""
#: What a linter of SQL cannot look into.
_HIDDEN = re.compile(r"^\s*(?:DO\b|SELECT\s+\w+\s*\(|CALL\b|EXECUTE\b)", re.I | re.M)


def path_of(name: str) -> Path:
    """The file of app.0001_name."""
    app, file = name.split(".")
    return next((ROOT / "src/weimin").rglob(f"{app}/migrations/{file}.py"))


def new_ones() -> list[str]:
    """Migrations written since."""
    found = [f"{path.parents[1].name}.{path.stem}" for path in (ROOT / "src/weimin").rglob("migrations/[0-9]*.py")]
    return sorted(set(found) - BEFORE)


def render(names: list[str]) -> list[dict[str, Any]]:
    """The SQL of migrations, as Django would run it."""
    asked = json.dumps([_labelled(one) for one in names])
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "weimin.config.settings", "PYTHONPATH": str(ROOT / "src")}
    words = [sys.executable, "-W", "ignore", "-c", _RENDER]
    done = subprocess.run(words, input=asked, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def _labelled(name: str) -> tuple[str, str]:
    """The app's label may differ from its folder."""
    from django.apps import apps

    folder, file = name.split(".")
    ours = (one for one in apps.get_app_configs() if one.name.startswith("weimin."))
    return next(one.label for one in ours if one.name.split(".")[-1] == folder), file


def faults_of(sql: str, *, atomic: bool = True) -> set[str]:
    """The rules that a piece of SQL breaks."""
    program = shutil.which("squawk", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    assert program, "squawk is one of the locked packages for checking"
    words = [program, "--reporter", "json", "--pg-version", "15", "--exclude", ",".join(NOT_ASKED)]
    words += ["--assume-in-transaction"] if atomic else []
    done = subprocess.run(words, input=sql, capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout.startswith("["), done.stdout + done.stderr
    return {one["rule_name"] for one in json.loads(done.stdout)}


def hidden_in(kinds: list[str], sql: str) -> set[str]:
    """What of a migration nobody can check from outside."""
    found = {"RunPython"} & set(kinds)
    if _HIDDEN.search(sql):
        found.add("RunSQL")
    return found


def allowed_in(text: str) -> set[str]:
    """The rules that a migration's own comments set aside, each with a reason of a sentence."""
    return {rule for rule, why in re.findall(r"^\s*# allowed: (\S+) — (.+)$", text, re.M) if len(why) >= 20}


def test_new_migrations_hold_no_lock_that_stops_everybody() -> None:
    names = new_ones()
    wrong = {}
    for one in render(names) if names else []:
        app, file = one["name"].split(".")
        folder = next(name for name in names if _labelled(name) == (app, file))
        text = path_of(folder).read_text(encoding="utf-8")
        faults = faults_of(one["sql"], atomic=one["atomic"]) | hidden_in(one["kinds"], one["sql"])
        if left := faults - allowed_in(text):
            wrong[folder] = sorted(left)
    assert not wrong


def test_a_migration_that_stops_halfway_can_be_run_again() -> None:
    """One that is no transaction is recorded after its last step: what cannot be done twice stands alone."""
    rendered = render(new_ones())
    alone = [one for one in rendered if "AddIndexConcurrently" in one["kinds"]]
    assert alone
    assert [one["name"] for one in alone if len(one["kinds"]) > 1] == []
    others = [one for one in rendered if not one["atomic"] and one not in alone]
    told = re.compile(r"^(?:DROP INDEX CONCURRENTLY IF EXISTS|--|BEGIN|COMMIT|$)", re.M)
    assert [one["name"] for one in others if any(not told.match(line) for line in one["sql"].splitlines())] == []


def test_the_list_of_before_names_migrations_that_are_there() -> None:
    assert BEFORE
    assert all(path_of(one).is_file() for one in BEFORE)


@pytest.mark.parametrize(
    ("sql", "rule"),
    [
        ('CREATE INDEX "x" ON "cases_case" ("a");', "require-concurrent-index-creation"),
        ('ALTER TABLE "cases_case" DROP COLUMN "a" CASCADE;', "ban-drop-column"),
        ('ALTER TABLE "cases_case" RENAME COLUMN "a" TO "b";', "renaming-column"),
        ('ALTER TABLE "cases_case" ADD COLUMN "a" integer NOT NULL;', "adding-required-field"),
        ('ALTER TABLE "cases_case" ALTER COLUMN "a" TYPE bigint;', "changing-column-type"),
        ('ALTER TABLE "cases_case" ADD CONSTRAINT "c" CHECK ("a" > 0);', "constraint-missing-not-valid"),
        ('ALTER TABLE "cases_case" ALTER COLUMN "a" SET NOT NULL;', "adding-not-nullable-field"),
    ],
)
def test_what_would_stop_everybody_is_found(sql: str, rule: str) -> None:
    assert rule in faults_of(sql)


@pytest.mark.parametrize(
    ("sql", "atomic"),
    [
        ('ALTER TABLE "cases_case" ADD COLUMN "a" varchar(40) DEFAULT \'\' NOT NULL;', True),
        ('CREATE TABLE "t" ("id" bigint NOT NULL PRIMARY KEY); CREATE INDEX "x" ON "t" ("id");', True),
        ('CREATE INDEX CONCURRENTLY "x" ON "cases_case" ("a");', False),
    ],
)
def test_what_only_adds_is_fine(sql: str, atomic: bool) -> None:
    assert faults_of(sql, atomic=atomic) == set()


def test_what_a_linter_cannot_see_needs_a_reason() -> None:
    assert hidden_in(["RunPython"], "") == {"RunPython"}
    assert hidden_in(["RunSQL"], "DO $$ BEGIN LOCK TABLE x; END $$;") == {"RunSQL"}
    assert hidden_in(["RunSQL"], "SELECT record_part_by_year('x');") == {"RunSQL"}
    assert hidden_in(["RunSQL"], "CREATE VIEW v AS SELECT a FROM t;") == set()
    assert allowed_in("    # allowed: RunPython — fills a column that nobody reads yet, in batches\n") == {"RunPython"}
    assert allowed_in("# allowed: RunPython — because\n") == set()


def test_the_sql_of_a_known_migration_is_read_whole() -> None:
    (one,) = render(["cases.0009_keep_authority"])
    assert "require-concurrent-index-creation" in faults_of(one["sql"], atomic=one["atomic"])
