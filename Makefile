# make up      everything on this machine (ARGS="--port 9000" is passed on)
# make test    lint, types, import rules, tests
# make fuzz    requests made up from the OpenAPI document, as each role in turn (FUZZ_SECONDS=300 in all)
# make soak    a mixed load under faults for an hour, and what came of it (SOAK_MINUTES=60 SEED=…)
# make lock    take new versions into requirements/*.txt

SHELL := /bin/bash
.DEFAULT_GOAL := up
.PHONY: up test checks lint types tests fuzz soak lock clean-data

ARGS ?=
DATA_DIR ?= .gridloop
BIN := .venv/bin
# One more than there are cores, because some processes always wait; at most five, because PostgreSQL and Temporal need
# cores too.
PROCESSES := $(shell n=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2); echo $$(( n > 4 ? 5 : n + 1 )))

# Tests that depend on nothing but the code: one that fails there has no second run.
PURE := tests/rules tests/models tests/replay

# Compile once, not in each of some hundred processes.
unexport PYTHONDONTWRITEBYTECODE

up: .venv/.ready
	@exec $(BIN)/python starter.py up --data-dir "$(DATA_DIR)" $(ARGS)

test: checks tests

# Both at the same time: neither needs more than one core.
checks: .venv/.ready
	@$(MAKE) --no-print-directory -j2 lint types

lint: .venv/.ready
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports --no-logo

types: .venv/.ready
	$(BIN)/mypy
	$(BIN)/python -m web.build --types

tests: .venv/.ready
	@$(BIN)/python -m web.build --check
	@$(BIN)/python -m tests.ui.chromium
	@$(BIN)/python -m tests.deploy.tools
	$(BIN)/pytest --cache-clear -n $(PROCESSES) --dist loadfile --no-loadscope-reorder -m "not alone" $(ARGS) \
	  || $(BIN)/python -m tests.again $$? $(PURE)
	$(BIN)/pytest --cache-clear -m alone $(ARGS) || $(BIN)/python -m tests.again $$? $(PURE)

FUZZ_SECONDS ?= 300
fuzz: .venv/.ready
	@$(BIN)/python -m web.build --check
	$(BIN)/python -m tests.hostile.fuzz $(FUZZ_SECONDS)

SOAK_MINUTES ?= 60
soak: .venv/.ready
	@SOAK_MINUTES=$(SOAK_MINUTES) SEED=$(SEED) $(BIN)/python -m tests.faults.load

# Everything that the system and its tests need, with the versions and hashes of the lock file.
.venv/.ready: requirements/all.txt pyproject.toml
	@set -euo pipefail; python=""; \
	for name in $(PYTHON) python3 python3.13 python3.12 python3.11; do \
	  if $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$name; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
	  echo "Python 3.11 or newer is needed; this is $$(python3 --version 2>/dev/null || echo no python3)." \
	       "Install one, or name it: make PYTHON=/path/to/python3.11" >&2; exit 1; \
	fi; \
	if [ ! -x $(BIN)/python ]; then \
	  "$$python" -c 'import ensurepip, venv' 2>/dev/null || { \
	    echo "$$python lacks the venv module (on Debian and Ubuntu: apt install python3-venv)." >&2; exit 1; }; \
	  "$$python" -m venv .venv; \
	fi; \
	total=$$(grep -c '==' $<); \
	echo "Installing up to $$total packages into .venv (once; a minute or two) …"; \
	$(BIN)/python -m pip install --disable-pip-version-check --progress-bar off --no-compile --require-hashes -r $< \
	  | awk -v total="$$total" '/^Collecting/ { printf "  %d/%d %s\n", ++n, total, $$2; fflush() } /^Installing/ { print "  unpacking …" }'; \
	$(BIN)/python -m compileall -qq -j 0 .venv/lib || true  # a package may hold files for another Python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# Uses a temporary environment. Locked versions stay unless UPGRADE=1.
lock:
	@set -euo pipefail; place=$$(mktemp -d); trap 'rm -rf "$$place"' EXIT; \
	python3 -m venv "$$place"; "$$place/bin/pip" install --quiet --disable-pip-version-check uv; \
	cd requirements; \
	for name in runtime all node; do \
	  "$$place/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-emit-find-links --no-header --no-annotate \
	    $(if $(UPGRADE),--upgrade) --output-file $$name.txt $$name.in; \
	done

# Removes everything that `make up` has stored. Asks first.
clean-data:
	@read -r -p "Remove $(DATA_DIR) with all that is stored in it? [y/N] " answer; \
	if [[ "$$answer" == [yY] ]]; then rm -rf "$(DATA_DIR)"; fi
