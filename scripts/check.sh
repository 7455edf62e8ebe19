#!/usr/bin/env bash
# What CI runs, in order; the first failure ends it. `check.sh test` runs the tests only.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH" DJANGO_SETTINGS_MODULE=weimin.config.settings
say() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
if [ -z "${DATABASE_URL:-}" ]; then
  say "embedded PostgreSQL for the tests"
  DATABASE_URL="$(python -m weimin.config.testdb)"; export DATABASE_URL
  trap 'python -m weimin.config.testdb stop' EXIT
fi
export WEIMIN_TEST_DB="${WEIMIN_TEST_DB:-test_weimin_check}"
if [ "${1:-all}" = all ]; then
  say "ruff"; ruff check src tests bench; ruff format --check src tests bench
  say "layers"; lint-imports
  say "types"; mypy
  say "django checks"; python manage.py check; python manage.py makemigrations --check --dry-run
fi
say "tests"
# entries of the trail are linked once no older transaction is open on the server: its tests run by themselves
trail=src/weimin/kernel/record/tests
python -m pytest -n 2 --dist loadfile src tests/architecture tests/contracts tests/deploy -q --ignore="$trail"
python -m pytest "$trail" -q
say "faults made on purpose, the short ones"
python -m pytest tests/faults -q
if [ "${1:-all}" = all ]; then
  say "journeys in a real browser"
  python -m pytest tests/journeys -q
fi
