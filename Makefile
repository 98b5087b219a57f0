# One command to run, one to test. `make help` lists the rest.
PYTHON ?= python3
BIN := .venv/bin
RUNTIME := .venv/.runtime-installed
DEV := .venv/.dev-installed
# Bytecode is compiled when it is first imported, not for every module of every package.
PIP := $(BIN)/python -m pip --disable-pip-version-check install -qq --no-compile
ARGS ?=
# Tests go to one worker for each core: `tests/scheduling.py` says which. ARGS=-n0 is without.
WORKERS := -n logical --maxprocesses 4

.PHONY: help run build setup test check lint types contracts spelling fix chaos bench train clean
.DEFAULT_GOAL := help

help:      ## list targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

run: build ## set up once, then show a race: page and API on http://127.0.0.1:8000 (PITWALL_PORT)
	@exec $(BIN)/python -m pitwall.serve

build: $(RUNTIME) ## the front end, if anything it is made from changed
	@$(BIN)/python scripts/build.py

setup: $(DEV) ## install everything a developer needs into .venv

test: $(DEV) ## set up, then run the tests; ARGS="-k battles" to choose
	@$(BIN)/python scripts/build.py
	@$(BIN)/python -m pytest $(WORKERS) $(ARGS)

check: lint types contracts spelling test ## all that CI checks

lint: $(DEV)      ## style and likely bugs
	@$(BIN)/ruff format --check . && $(BIN)/ruff check .

types: $(DEV)     ## strict types
	@$(BIN)/mypy

contracts: $(DEV) ## who may import whom
	@PYTHONPATH=. $(BIN)/lint-imports --no-logo

spelling: $(DEV)  ## spelling of words
	@$(BIN)/codespell

fix: $(DEV)       ## format and apply safe fixes
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

chaos: $(DEV)     ## 1,000 seeded races against a server that breaks; ARGS="--races 60"
	@$(BIN)/python -m tests.chaos $(ARGS)

bench: $(DEV)     ## how fast it is, as ratios; ARGS="race" to choose
	@$(BIN)/python scripts/build.py
	@$(BIN)/python -m benchmarks $(ARGS)

train: $(DEV)     ## train the forecast from a timing archive; ARCHIVE=DIR ROWS=FILE
	@$(BIN)/python -m ml.dataset --archive $(ARCHIVE) --rows $(ROWS) --out build/battles.parquet
	@$(BIN)/python -m ml.dataset --archive $(ARCHIVE) --rows $(ROWS) --out build/cadence.parquet --cadence
	@$(BIN)/python -m ml.train --data build/battles.parquet
	@$(BIN)/python -m ml.evaluate --data build/battles.parquet --cadence build/cadence.parquet

clean:     ## remove everything that was built or installed here
	rm -rf .venv .tools .web build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(RUNTIME): requirements.txt constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "pitwall needs Python 3.11 or newer; name it with PYTHON=..." >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv \
		|| { rm -rf .venv; echo "no virtual environment could be made: on Debian and Ubuntu install python3-venv" >&2; exit 1; }
	@echo "installing what pitwall runs with into .venv, once ..."
	@$(PYTHON) scripts/get_bun.py & fetching=$$!; $(PIP) -r requirements.txt && wait $$fetching
	@touch $@

$(DEV): $(RUNTIME) requirements-dev.txt
	@echo "installing what the tests need into .venv, once ..."
	@$(PIP) -r requirements-dev.txt
	@touch $@
