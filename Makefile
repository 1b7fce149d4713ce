# Everything onrecord needs is set up here: `make run` and `make test` work on a fresh machine
# that has make and Python 3.11, 3.12 or 3.13 with venv.

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PYTHON ?= $(shell for python in python3.13 python3.12 python3.11 python3; do \
	$$python -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
	2>/dev/null && echo $$python && break; done)

.PHONY: run test check benchmark wheel-test lock clean

run: $(READY)
	$(BIN)/onrecord run seeds -o outputs
	@$(BIN)/onrecord show outputs --table --doc 000_e28d90039b5034b5.txt
	@echo "Every statement of every seed document: outputs/statements.jsonl; why each speaker: $(BIN)/onrecord show outputs --explain"

test: $(READY)
	$(BIN)/python -m pytest

check: $(READY) wheel-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/onrecord rules check

# TEXTS=FOLDER: texts of your own. Writes docs/benchmark*.
benchmark: $(READY)
	$(BIN)/python benchmarks/compare.py $(TEXTS)

# The wheel must carry the rules and work in an environment that holds nothing but it and its dependencies.
wheel-test: $(READY)
	rm -rf build/wheel && mkdir -p build/wheel
	$(BIN)/python -m hatchling build -t wheel -d build/wheel
	$(PYTHON) -m venv build/wheel/venv
	build/wheel/venv/bin/python -m pip install --quiet --require-hashes --no-deps -r requirements/run.txt
	build/wheel/venv/bin/python -m pip install --quiet --no-deps build/wheel/*.whl
	cd build/wheel && echo '“We will appeal,” said Ana Ruiz.' | venv/bin/onrecord run - -o outputs --quiet \
		&& grep -q '"name":"Ana Ruiz"' outputs/statements.jsonl
	rm -rf build/wheel

lock: $(READY)
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 \
		pyproject.toml -o requirements/run.txt
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 \
		--extra dev pyproject.toml -o requirements/dev.txt

clean:
	rm -rf $(VENV) build dist .*_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): pyproject.toml requirements/dev.txt
	@test -n "$(PYTHON)" || { echo "onrecord needs Python 3.11, 3.12 or 3.13 with venv: install one, or name it: make PYTHON=/path/to/python3"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes --no-deps -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@
