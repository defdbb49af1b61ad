# Everything a person does with a checkout. `make` alone lists it. Python 3.11 or 3.12, make and git are enough.

SHELL := /bin/sh
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Any python3 that runs; stack/install.py looks for a fitting one from there.
PYTHON := $(shell for p in python3 python3.11 python3.12; do $$p -c '' 2>/dev/null && echo $$p && break; done)
# The pipeline's environment, made by `make up` and `make test`.
PY := .venv/bin/python
BANDIT := data_api dictionary dlt_sources orchestration sandbox stack deploy superset
INSTALLED = @test -x $(PY) || { echo 'Nothing is installed here yet: run make up.' >&2; exit 1; }
INSTALL = @test -n '$(PYTHON)' || { echo 'Python 3.11 or 3.12 is needed, and there is no python3 on PATH.' >&2; exit 1; }; \
	$(PYTHON) stack/install.py

# Without cached byte code every start of Dagster, dbt or Superset compiles some thousand files anew.
export PYTHONDONTWRITEBYTECODE :=

# Two processes run the tests, in the order and the groups that tests/conftest.py makes.
SIDE_BY_SIDE := --numprocesses 2 --dist loadscope --no-loadscope-reorder

.PHONY: help up down status logs psql backup restore rotate-key test test-stories test-faults test-quick lint dictionary asset-graph pins dashboards-export dashboards-format bench install-dev

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-17s %s\n", $$1, $$2 }' Makefile

up: ## Install, start and fill everything; again: only what is missing (DEMO=0: an empty production stack)
	$(INSTALL)
	@$(PY) -m stack up

down: ## Stop everything; data stays in var/
	@if test -x $(PY); then $(PY) -m stack down; else echo 'Nothing is running.'; fi

status: ## Show what runs, where it answers, and whether all is well
	$(INSTALLED)
	@$(PY) -m stack status

logs: ## Follow all logs (P=superset: one program's)
	$(INSTALLED)
	@$(PY) -m stack logs $(P)

psql: ## Open psql on the warehouse as its owner, or run what comes on standard input (ARGS='-At')
	$(INSTALLED)
	@$(PY) -m stack psql -- $(ARGS)

backup: ## Back up all databases into var/backups (BACKUP_DIR), keeping the last 7 (BACKUP_KEEP)
	$(INSTALLED)
	@$(PY) -m orchestration.cli backup

restore: ## Fill the empty databases of a new machine from a backup (FROM=folder); then make up
	$(INSTALL)
	@test -n '$(FROM)' || { echo 'Say which backup: make restore FROM=var/backups/20260131T190000Z' >&2; exit 1; }
	@$(PY) -m stack restore '$(FROM)'

rotate-key: ## Encrypt the dealers' secrets with a new key; both are valid meanwhile
	$(INSTALLED)
	@$(PY) -m stack rotate-key

test: install-dev lint ## Check style and types, then run all tests but those of the next two
	@$(PY) tests/superset/browsers.py
	@$(PY) -m pytest $(SIDE_BY_SIDE) -m 'not stories and not faults'

test-stories: install-dev ## Follow the whole product for minutes each: a new owner, ten days off, a report by mail
	@$(PY) tests/superset/browsers.py
	@$(PY) -m pytest $(SIDE_BY_SIDE) -m stories

test-faults: install-dev ## Kill processes in every phase and repeat races: nothing lost, nothing twice (some minutes)
	@$(PY) -m pytest -m faults -rP --durations=0 --durations-min=1

test-quick: install-dev ## Run the tests that need no servers
	@$(PY) -m pytest $(SIDE_BY_SIDE) -m 'not slow'

lint: install-dev ## Check style, types, SQL, YAML, dbt's descriptions and the dashboards
	@$(PY) -m ruff format --check .
	@$(PY) -m ruff check .
	@$(PY) -m mypy data_api dictionary dlt_sources orchestration sandbox stack
	@$(PY) -m bandit --quiet --recursive --configfile pyproject.toml $(BANDIT)
	@$(PY) -m stack.audit
	@$(PY) -m sqlfluff lint --nocolor --processes 2 dbt_project/models dbt_project/tests
	@$(PY) -m yamllint --strict .
	@$(PY) -m dictionary --check
	@PYTHONPATH=superset $(PY) -m provisioning.validation

dictionary: install-dev ## Write what repeats other files: Superset's datasets, metric tables, dbt's exposures
	@$(PY) -m dictionary

asset-graph: install-dev ## Write the snapshot of Dagster's assets, a line each
	@$(PY) tests/pipeline/asset_graph.py

pins: install-dev ## Write the newest fitting versions of all packages as the pins of both environments
	@$(PY) -m stack.pin . superset

dashboards-export: ## Bring what was built or changed in Superset back as files (DRY_RUN=1: only show it)
	$(INSTALLED)
	@$(PY) -m stack dashboards-export $(if $(DRY_RUN),--dry-run)
	@$(if $(DRY_RUN),:,$(PY) -m dictionary)

dashboards-format: install-dev ## Write the dashboards' files as an export would
	@PYTHONPATH=superset $(PY) -m provisioning.validation --write

bench: install-dev ## Run a benchmark: BENCH=name SIZE=S|M|L
	@test -f 'benchmarks/$(BENCH).py' || { echo 'BENCH is one of:' $$(ls benchmarks 2>/dev/null | sed -n 's/^\([a-z].*\)\.py$$/\1/p') >&2; exit 1; }
	@$(PY) -m benchmarks.$(BENCH) --size $(or $(SIZE),S)

install-dev:
	$(INSTALL) --dev
