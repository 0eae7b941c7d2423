PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: setup demo test bench

setup: $(VENV)/.done

$(VENV)/.done: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[examples,dev]'
	touch $@

demo: setup
	$(BIN)/downslope demo taxi
	$(BIN)/downslope demo flights --report flights.html

test: setup
	$(BIN)/ruff check src tests benchmarks tools
	$(BIN)/ruff format --check src tests benchmarks tools
	$(BIN)/mypy
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile

bench: $(VENV)/.bench
	$(BIN)/python -m benchmarks

$(VENV)/.bench: pyproject.toml
	$(MAKE) setup
	$(BIN)/python -m pip install --quiet --editable '.[examples,dev,bench]'
	touch $@
