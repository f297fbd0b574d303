# `make` alone lists the targets. Every target sets up .venv first if it has to.

# The first Python of 3.11 or newer; `make PYTHON=/path/to/python init` takes another.
PYTHON ?= $(shell for p in python3.11 python3 python3.12 python3.13 python3.14 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PIP := $(BIN)/python -m pip --disable-pip-version-check
# Tests wait for a quarter of their time, so three at once keep two cores busy.
JOBS ?= 3
ARGS ?=
# Who has nothing left to run takes over from the others, or the last of them ends minutes later.
PYTEST := $(BIN)/python -m pytest -q -n $(JOBS) --dist worksteal
# Tests start many processes, and each would compile all of fsql.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help init demo test test-slow lint format build tools bench clean

help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

init: $(STAMP)  ## Make .venv and install fsql into it, with pinned dependencies
	@echo "$(BIN)/fsql is ready"

$(STAMP): pyproject.toml tests/constraints.txt
	@test -n "$(PYTHON)" || { echo "fsql needs Python 3.11 or newer; none found on PATH." >&2; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || { \
		echo "Making $(VENV) with $$($(PYTHON) --version)"; \
		$(PYTHON) -m venv --clear $(VENV) >/dev/null 2>&1 || { \
			$(PYTHON) -m venv --clear --without-pip $(VENV) && \
			$(PYTHON) -m pip -qq --python $(BIN)/python install pip; }; }
	@echo "Installing fsql and its dependencies (a minute or two)"
	@$(PIP) install -qq -c tests/constraints.txt -e '.[dev,polars,samples,serve]'
	@touch $@

demo: $(STAMP)  ## Run the main job on real data, in the embedded store ./demo
	@$(BIN)/fsql demo demo

test: $(STAMP)  ## Run the tests (ARGS="-k name" passes on to pytest)
	@$(PYTEST) -m "not slow" $(ARGS)

# All that each shows the same, before a release, in hours:
# FSQL_BACKENDS=all FSQL_KILL_EVERY=1 FSQL_KILL_POINTS=40 FSQL_EXAMPLES=200 make test test-slow
test-slow: $(STAMP)  ## Run the slow extras: kills, gigabytes, long fuzzing
	@$(PYTEST) -m slow $(ARGS)

lint: $(STAMP)  ## Check style, formatting and types
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy

format: $(STAMP)  ## Format the code and fix what ruff can fix
	@$(BIN)/ruff check --fix-only
	@$(BIN)/ruff format

build: $(STAMP)  ## Build the wheel and the sdist into dist/
	@rm -rf dist
	@$(BIN)/python -m build --no-isolation

tools: $(STAMP)  ## Add a shell, coverage and a profiler to .venv
	@$(PIP) install -qq -c tests/constraints.txt -e '.[tools]'
	@echo "$(BIN)/ipython, make test ARGS=--cov=fsql, $(BIN)/py-spy top -- $(BIN)/fsql demo"

bench: $(STAMP)  ## Measure, and write tests/benchmarks/RESULTS.md
	@$(BIN)/python -m tests.benchmarks $(ARGS)

clean:  ## Remove .venv, builds and caches; the demo store stays
	@rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	@find fsql tests -name __pycache__ -type d -prune -exec rm -rf {} +
