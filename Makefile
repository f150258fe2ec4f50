# Two commands for a newcomer: `make demo` and `make test`.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test check lint bench clean

demo: .venv/.demo
	$(BIN)/nacre demo

test: .venv/.test
	$(BIN)/python -m pytest -n 2 --dist worksteal -q

check: lint
	$(MAKE) test

lint: .venv/.lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/.test
	$(BIN)/python -m bench

.venv/.made:
	$(PYTHON) -m venv .venv
	@touch $@

.venv/.demo: .venv/.made pyproject.toml
	$(PIP) -e '.[demo]'
	@touch $@

.venv/.test: .venv/.made pyproject.toml
	$(PIP) -e '.[test]'
	@touch $@

.venv/.lint: .venv/.made pyproject.toml
	$(PIP) -e '.[test,lint]'
	@touch $@

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .peers
