# Everything a person or a machine does with this project. `make help` lists it.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet
UV := $(BIN)/uv pip install --quiet --python $(BIN)/python

# uv takes seconds where pip takes a minute; pip knows its own settings, so it goes on where uv finds no index.
INSTALL = $(UV) $(1) || $(PIP) $(1)

SOURCES := inbox channels web migrations
CHECKED := $(SOURCES) tests benchmarks
T ?= tests
HOST ?= 127.0.0.1
PORT ?= 8000
ARGS ?=

# The tests start many servers: what one has compiled the next need not compile again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help

help:       ## Show these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

run: $(VENV)/.run       ## Start the server on http://127.0.0.1:8000 with its data in ./data (PORT=…)
	@$(BIN)/onethread serve --host $(HOST) --port $(PORT) $(ARGS)

demo: $(VENV)/.run      ## The same with example data, a second agent and customers that keep writing
	@$(BIN)/onethread demo --port $(PORT) $(ARGS)

setup: $(VENV)/.dev     ## Install everything that developing needs, and the pre-commit hooks
	@if [ -d .git ]; then $(BIN)/pre-commit install; fi

# Types are checked while the tests run, which wait for each other often enough; what was found is said last.
test: $(VENV)/.dev      ## Everything that CI runs: servers, browser, checks, tests (T=path to run some)
	@.ci/install-services
	@found=$$(mktemp) && trap 'rm -f "$$found"' EXIT && failed=0; \
	$(MAKE) --no-print-directory lint >"$$found" 2>&1 & linting=$$!; \
	$(BIN)/python -m pytest $(T) --numprocesses auto --maxprocesses 4 --dist worksteal $(ARGS) || { \
	    echo "Once more, alone: what failed while the machine was busy with the others."; \
	    $(BIN)/python -m pytest $(T) --last-failed --last-failed-no-failures none -p no:randomly $(ARGS); \
	} || failed=1; \
	wait $$linting || failed=1; \
	cat "$$found"; exit $$failed

check: lint             ## Format, lint, types, layers
	$(BIN)/python -m pytest -q tests/test_layers.py

lint: $(VENV)/.dev
	$(BIN)/ruff format --check $(wildcard $(CHECKED))
	$(BIN)/ruff check $(wildcard $(CHECKED))
	$(BIN)/mypy $(wildcard $(CHECKED))

format: $(VENV)/.dev    ## Format and fix
	$(BIN)/ruff check --fix $(wildcard $(CHECKED))
	$(BIN)/ruff format $(wildcard $(CHECKED))

bench: $(VENV)/.dev     ## Run the benchmarks and print their figures
	$(BIN)/python -m benchmarks $(ARGS)

words: $(VENV)/.dev     ## Take new texts into the catalogues of other languages (docs/words.md)
	$(BIN)/python -m web.extraction

migration: $(VENV)/.dev ## Create a migration (M="add snoozing")
	@test -n "$(M)" || { echo 'say what it does: make migration M="add snoozing"' >&2; exit 2; }
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && url="url=sqlite:///$$folder/empty.db" && \
	number=$$(printf '%04d' $$(($$(ls migrations/versions | grep -c '^[0-9]\{4\}_') + 1))) && \
	$(BIN)/alembic -x "$$url" upgrade head && \
	$(BIN)/alembic -x "$$url" revision --autogenerate --message "$(M)" --rev-id "$$number"

audit: $(VENV)/.dev     ## Look the locked packages up in the list of known vulnerabilities
	$(BIN)/pip-audit --require-hashes --disable-pip --requirement requirements.lock

LOCK := $(BIN)/uv pip compile pyproject.toml --quiet --generate-hashes --universal --python-version 3.11 \
        --no-emit-index-url --no-emit-find-links --no-header --no-annotate

lock: $(VENV)/.dev      ## Lock the dependencies again (ARGS=--upgrade for newer ones)
	$(LOCK) $(ARGS) --output-file requirements.lock
	$(LOCK) $(ARGS) --group dev --constraint requirements.lock --output-file requirements-dev.lock

clean:      ## Remove what was made, except ./data
	rm -rf $(VENV) dist artifacts .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Onethread needs Python 3.11 or newer: make PYTHON=python3.11 …")'
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(BIN)/uv: | $(VENV)/bin/python
	@sed -n '/^uv==/,/[^\\]$$/p' requirements-dev.lock > $(VENV)/uv.lock
	-@$(PIP) --require-hashes --no-deps --requirement $(VENV)/uv.lock

# What the server needs. The lock names each file by its hash; the project itself is linked, not copied.
$(VENV)/.run: requirements.lock pyproject.toml | $(BIN)/uv
	@echo "Installing what the server needs into $(VENV), once …"
	@$(call INSTALL,--require-hashes --requirement requirements.lock)
	@$(call INSTALL,--no-deps --editable .)
	@touch $@

# The same and what tests and checks need, the build tool among it, so that nothing is fetched unlocked.
$(VENV)/.dev: requirements-dev.lock pyproject.toml | $(BIN)/uv
	@echo "Installing what developing needs into $(VENV), once …"
	@$(call INSTALL,--require-hashes --requirement requirements-dev.lock)
	@$(call INSTALL,--no-deps --no-build-isolation --editable .)
	@touch $@ $(VENV)/.run

.PHONY: help run demo setup test check lint format bench words migration audit lock clean
