# Lichtbild. `make` alone prints what there is.
SHELL := /bin/bash
VENV := .venv
PY := $(VENV)/bin/python
INSTANCE ?= demo
# One process more than cores, up to five: tests wait for browsers, mail servers and processes of their own.
PARALLEL ?= -n $(shell n=$$(($$(nproc) + 1)); echo $$((n < 5 ? n : 5))) --dist worksteal

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run test test-fast check format bench bench-first bench-pages bench-transitions bench-ticks soak migrate demo lock clean

help: ## Print this help
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1|/' | column -t -s '|'

setup: $(VENV)/.ready ## Set up the environment to run (idempotent)

$(VENV)/.ready: requirements.lock pyproject.toml .ci/system
	@echo "Setting up (a minute or two) ..."
	@bash .ci/system run
	@test -x $(PY) || python3 -m venv $(VENV)
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@

setup-dev: $(VENV)/.ready-dev ## Set up the environment to test and check (idempotent)

$(VENV)/.ready-dev: $(VENV)/.ready requirements-dev.lock
	@echo "Setting up tests and checks ..."
	@bash .ci/system test
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

run: setup ## Start the demo, or an instance of yours: make run INSTANCE=main
	@if [ "$(INSTANCE)" = demo ] && [ ! -f instance/demo/ready ]; then \
	  $(VENV)/bin/lichtbild demo --fresh; fi
	@exec $(VENV)/bin/lichtbild --instance $(INSTANCE) up

test: setup-dev ## All tests, on SQLite and on PostgreSQL, in one process more than cores
	@$(PY) -m pytest -q $(PARALLEL)

test-fast: setup-dev ## Less: SQLite only, nothing that takes more than ten seconds, no browser
	@$(PY) -m pytest -q $(PARALLEL) -m "not slow and not browser and not postgresql"

check: setup-dev ## Lint, format, types, import contracts, migrations, diagrams, settings
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports --no-cache
	@$(PY) -m workflow.schema_check
	@$(VENV)/bin/lichtbild diagrams --check
	@$(VENV)/bin/lichtbild translations check
	@$(VENV)/bin/lichtbild config --check

format: setup-dev ## Format the code
	@$(VENV)/bin/ruff check --fix-only --quiet .
	@$(VENV)/bin/ruff format --quiet .

soak: setup-dev ## Kill real processes at every failpoint and compare; ONLY=text, goes on where it stopped
	@$(VENV)/bin/lichtbild soak kill --resume --only "$(ONLY)"

bench: bench-first bench-pages bench-transitions bench-ticks ## Measure all of the following

bench-first: setup-dev ## Measure set-up, demo and memory
	@timeout 1200 $(PY) bench/first.py

bench-pages: setup-dev ## Measure the pages, also with 10,000 hits and 2,000 cases
	@timeout 1200 $(PY) bench/pages.py

bench-transitions: setup-dev ## Measure moves with all that belongs to them against plain statements
	@timeout 600 $(PY) bench/moves.py

bench-ticks: setup-dev ## Measure a tick over 10,000 and 100,000 open deadlines
	@timeout 600 $(PY) bench/ticks.py

migrate: setup ## Bring an instance's database up to date
	@$(VENV)/bin/lichtbild --instance $(INSTANCE) db upgrade

demo: setup ## Build the demo world anew
	@$(VENV)/bin/lichtbild demo --fresh

lock: ## Resolve the dependencies again (needs uv)
	@uv pip compile pyproject.toml --group build --generate-hashes --no-emit-index-url --python-version 3.11 \
	  --custom-compile-command "make lock" -o requirements.lock
	@uv pip compile pyproject.toml --group build --group dev -c requirements.lock --generate-hashes \
	  --no-emit-index-url --python-version 3.11 --custom-compile-command "make lock" -o requirements-dev.lock

clean: ## Remove what can be made again (never an instance)
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis bench/results
