# Weimin. `make` prints this help.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PY := .venv/bin/python
WEIMIN := .venv/bin/weimin

help:  ## print this help
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup:  ## make the environment, install locked packages, build the front end
	@scripts/setup.sh run

run: setup  ## start everything on http://127.0.0.1:8000 (database, web, worker), loading the city the first time
	@$(WEIMIN) run

check:  ## everything that CI runs: linters, types, layers, tests, browser journeys
	@scripts/setup.sh check
	@scripts/check.sh

test:  ## the tests without the linters and journeys
	@scripts/setup.sh check
	@scripts/check.sh test

fix:  ## format and mend what linters can
	@scripts/setup.sh check
	.venv/bin/ruff check --fix src tests bench
	.venv/bin/ruff format src tests bench

migrate: setup  ## bring the tables to this version
	@$(WEIMIN) load schema

seed: setup  ## load the city, items, calendar and demonstration people
	@$(WEIMIN) load all

docs: setup  ## write the generated reference pages
	@scripts/setup.sh check
	$(PY) -m weimin.config.reference

matrix: setup  ## walk every address as everybody, and write docs/reference/access-matrix.md
	@scripts/setup.sh check
	WEIMIN_WRITE_MATRIX=1 $(PY) -m pytest -q tests/architecture/test_matrix.py

bench:  ## measure, and write docs/reference/performance.md
	@scripts/setup.sh check
	$(PY) bench/run.py

faults:  ## kill, fill, slow down and crowd a running platform, and write docs/reference/faults.md (long)
	@scripts/setup.sh check
	@scripts/setup.sh faults
	$(PY) -m bench.faults.run

city: setup  ## fill the database of make run with made-up matters: make city SIZE=10k (10k, 1m, 10m; SEED=2 for another)
	@$(PY) -m bench.city.load $(or $(SIZE),10k) --seed $(or $(SEED),1)

drill: setup  ## back up, lose a table, restore to the moment before, verify; with scratch data (needs root)
	@scripts/setup.sh drill
	@$(PY) scripts/drill.py

shell: setup  ## a Python prompt with everything loaded
	@$(PY) manage.py shell

lock:  ## pin newer versions of the Python packages
	.venv/bin/uv pip compile -q pyproject.toml --generate-hashes --universal -p 3.11 -o requirements/run.lock
	.venv/bin/uv pip compile -q pyproject.toml --group dev --generate-hashes --universal -p 3.11 -o requirements/dev.lock

.PHONY: help setup run check test fix migrate seed docs bench faults drill shell lock
