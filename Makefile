# Two commands do everything on a fresh machine with Python >= 3.11 and make:
#   make demo            a simulated firm and the daemon, until Ctrl-C (ARGS=--once prints and exits)
#   make test            every test that needs no extra system package
PYTHON ?= python3
BIN := .venv/bin
ARGS ?=

.PHONY: install demo test e2e failpoints check format bench lock clean

install: .venv/installed

.venv/installed: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

demo: install
	$(BIN)/tieout demo $(ARGS)

test: install
	$(BIN)/python -m pytest -n 2 -m "not e2e" $(ARGS)

e2e: install
	$(BIN)/python -m pytest -n 2 --dist loadgroup tests/e2e -m e2e $(ARGS)

# Ends a correction at every durable step, hundreds of times; a matter of minutes.
failpoints: install
	$(BIN)/python -m tests.correcting.sweep $(ARGS)

check: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: install
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

bench: install .venv/rivals/installed
	$(BIN)/python -m tests.bench $(ARGS)

# What tieout is measured against, apart from it: some of them need older libraries.
.venv/rivals/installed: .venv/installed requirements-bench.lock
	$(PYTHON) -m venv .venv/rivals
	.venv/rivals/bin/python -m pip install --quiet --require-hashes --requirement requirements-bench.lock
	touch $@

# Needs uv. Hashes only: the lock names no index.
lock:
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header \
	    --all-extras --group dev --output-file requirements.lock pyproject.toml
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header \
	    --group bench --output-file requirements-bench.lock

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
