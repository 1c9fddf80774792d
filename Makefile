# `make` lists the targets.
.DEFAULT_GOAL := help
.PHONY: help install demo test lint types layers unit bench schema reference lock clean

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/installed

help: ## list the targets
	@echo "firedoor: shut the attacker out, prove it, keep the evidence, undo it"
	@echo
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(STAMP) ## install everything into .venv (from requirements.lock, by hash)

$(STAMP): requirements.lock pyproject.toml
	@echo "Installing into $(VENV) (once)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; say which: make PYTHON=python3.12 …"; exit 1; }
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@echo "Preparing the embedded Prefect server's database, so that runs start fast"
	@$(BIN)/python -m firedoor.engine.server
	@touch $(STAMP)

demo: $(STAMP) ## play one incident against simulated AWS; nothing real is touched
	@FIREDOOR_HOME=$${FIREDOOR_HOME:-$(CURDIR)/.firedoor} $(BIN)/firedoor drill leaked-access-key

test: lint types layers unit ## everything that must hold: lint, types, layers, tests

lint: $(STAMP) ## ruff: format and rules
	@$(BIN)/ruff format --check --quiet . || { $(BIN)/ruff format --diff . | head -40; exit 1; }
	@$(BIN)/ruff check --quiet .

types: $(STAMP) ## mypy --strict
	@$(BIN)/mypy

layers: $(STAMP) ## imports go downward only
	@$(BIN)/lint-imports --no-cache

unit: $(STAMP) ## the tests, in parallel (they wait a lot: four workers fill two cores)
	@$(BIN)/pytest -n $${WORKERS:-4} --dist loadfile

bench: $(STAMP) ## figures: against a bare boto3 script and Cloud Custodian, and Prefect's first flow
	@$(BIN)/python tests/bench/bench.py

schema: $(STAMP) ## write what is generated: the JSON Schema of runbooks
	@$(BIN)/firedoor schema > runbooks/.schema.new && mv runbooks/.schema.new runbooks/runbook.schema.json

reference: $(STAMP) ## write the reference of runbooks and actions
	@$(BIN)/firedoor reference

lock: ## resolve requirements.lock anew (needs uv)
	@uv pip compile pyproject.toml --extra exercise --extra dev --generate-hashes --no-header --universal --python-version 3.11 -q -o requirements.lock

clean: ## remove what `make` made
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .firedoor
