# Two commands on a fresh machine with Python 3.11: `make study` and `make test`.
SHELL := /bin/bash
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin

.PHONY: study test lab install lock lint clean

study: install
	$(BIN)/fxstudy run params/plans/study.yaml

test: install
	$(BIN)/python -m pytest

lab: install
	$(BIN)/jupyter lab --ip=127.0.0.1 notebooks

install: .venv/installed

.venv/installed: requirements.lock pyproject.toml
	@$(PYTHON) scripts/check_machine.py .
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# Resolve the versions again, for every platform at once (needs uv).
lock:
	uv pip compile --universal --python-version 3.11 pyproject.toml --extra test -o requirements.lock \
	  --no-header --no-annotate --no-emit-index-url --no-emit-find-links

lint:
	ruff check . && ruff format --check fxstudy tests benchmarks scripts

clean:
	rm -rf .venv build *.egg-info
