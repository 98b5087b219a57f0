# `make run` runs pitwall, `make test` tests it, `make help` lists all targets.
PYTHON ?= python3
BIN := .venv/bin
RUNTIME := .venv/.runtime-installed
DEV := .venv/.dev-installed
# Python compiles a module when it is first imported; compiling all of them here would take long.
PIP := $(BIN)/python -m pip --disable-pip-version-check install -qq --no-compile
ARGS ?=
# One worker for each core, at most four; `tests/scheduling.py` assigns the tests. ARGS=-n0 uses none.
WORKERS := -n logical --maxprocesses 4

.PHONY: help run build setup test check lint types contracts spelling docs fix chaos bench train dist dist-check clean
.DEFAULT_GOAL := help

help:      ## list all targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

run: build ## set up, build, and show a race on http://127.0.0.1:8000 (PITWALL_PORT)
	@exec $(BIN)/python -m pitwall.serve

build: $(RUNTIME) ## build the page, if its sources changed
	@$(BIN)/python scripts/build.py

setup: $(DEV) ## install everything a developer needs into .venv

test: $(DEV) ## set up and run the tests; ARGS="-k battles" selects some
	@$(BIN)/python scripts/build.py
	@$(BIN)/python -m pytest $(WORKERS) $(ARGS)

check: lint types contracts spelling test ## run everything that CI checks

lint: $(DEV)      ## check style and likely bugs
	@$(BIN)/ruff format --check . && $(BIN)/ruff check .

types: $(DEV)     ## check types
	@$(BIN)/mypy

contracts: $(DEV) ## check which package imports which
	@PYTHONPATH=. $(BIN)/lint-imports --no-logo

spelling: $(DEV)  ## check spelling
	@$(BIN)/codespell

docs: $(DEV)      ## build the documentation's site into build/site
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

fix: $(DEV)       ## format the code and apply safe fixes
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

chaos: $(DEV)     ## play 1,000 seeded races against a server that breaks; ARGS="--races 60" for fewer
	@$(BIN)/python -m tests.chaos $(ARGS)

bench: $(DEV)     ## measure speed; ARGS="race" selects one benchmark
	@$(BIN)/python scripts/build.py
	@$(BIN)/python -m benchmarks $(ARGS)

train: $(DEV)     ## train and judge the forecast; ARCHIVE=DIR ROWS=FILE MOMENTS=FILES name an archive and its battles
	@$(BIN)/python -m ml.dataset --archive $(ARCHIVE) --rows $(ROWS) --out build/battles.parquet
	@$(BIN)/python -m ml.dataset --archive $(ARCHIVE) --moments $(MOMENTS) --out build/moments.parquet
	@$(BIN)/python -m ml.dataset --archive $(ARCHIVE) --rows $(ROWS) --out build/cadence.parquet --cadence
	@$(BIN)/python -m ml.train --data build/battles.parquet --moments build/moments.parquet
	@$(BIN)/python -m ml.evaluate --data build/battles.parquet --moments build/moments.parquet --cadence build/cadence.parquet

dist: $(DEV) build ## build wheel and source archive into dist/
	@rm -rf dist
	@$(BIN)/python -m build --no-isolation --outdir dist . >/dev/null
	@ls dist

dist-check: dist  ## install the wheel with all it needs where nothing else is, and look at it
	@$(BIN)/python -m tests.servers.wheel dist/pitwall-*.whl

clean:     ## remove everything built or installed here
	rm -rf .venv .tools .web build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(RUNTIME): requirements.txt constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "pitwall needs Python 3.11 or newer; set PYTHON=... to one" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv \
		|| { rm -rf .venv; echo "cannot make a virtual environment: on Debian and Ubuntu install python3-venv" >&2; exit 1; }
	@echo "installing pitwall's packages into .venv, once ..."
	@$(PYTHON) scripts/get_bun.py & fetching=$$!; $(PIP) -r requirements.txt && wait $$fetching
	@touch $@

$(DEV): $(RUNTIME) requirements-dev.txt
	@echo "installing the tests' packages into .venv, once ..."
	@$(PIP) -r requirements-dev.txt
	@touch $@
