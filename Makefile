# Each target sets up what it needs by itself and says what it is doing.
PY ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
TESTS_AT_ONCE ?= 3
export FLOV7_SHARED ?= $(abspath ../shared)

.PHONY: demo up test check bench chaos suites clean help setup-demo setup-ai setup-dev

help:            ## What there is to do here
	@grep -E '^[a-z]+: .*##|^[a-z]+:  *##' $(MAKEFILE_LIST) | sed 's/:.*##/ -/'

$(BIN)/uv:
	@echo "· making $(VENV)"
	@command -v $(PY) >/dev/null 2>&1 && $(PY) -m venv $(VENV) || python3 -m venv $(VENV)
	@$(BIN)/pip install -q --disable-pip-version-check uv

$(VENV)/.demo: $(BIN)/uv requirements/demo.txt pyproject.toml
	@echo "· installing what the product needs (about 300 MB, once)"
	@$(BIN)/uv pip install -q --compile-bytecode -r requirements/demo.txt
	@$(BIN)/uv pip install -q --no-deps -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.demo requirements/dev.txt
	@echo "· installing what tests and checks need"
	@$(BIN)/uv pip install -q --compile-bytecode -r requirements/dev.txt
	@touch $@

$(VENV)/.ai: $(VENV)/.demo requirements/ai.txt requirements/ai-overrides.txt
	@echo "· installing what AI nodes and crews need (about 250 MB, once)"
	@$(BIN)/uv pip install -q --compile-bytecode --no-deps -r requirements/ai.txt
	@touch $@

setup-demo: $(VENV)/.demo
setup-ai: $(VENV)/.ai
setup-dev: $(VENV)/.dev $(VENV)/.ai

demo: setup-demo ## A sentence becomes a document, runs on Temporal, and its result is shown
	@$(BIN)/flov7 demo $(if $(SENTENCE),"$(SENTENCE)",)

up: setup-ai     ## Everything on this machine, with embedded servers
	@$(BIN)/flov7 up

test: setup-dev  ## All tests; they wait more than they compute, so several files run side by side
	@$(BIN)/pytest -n $(TESTS_AT_ONCE) --dist loadfile

check: setup-dev ## Lint, types, the room contract, sizes
	@echo "· ruff" && $(BIN)/ruff check . && $(BIN)/ruff format --check .
	@echo "· rooms" && $(BIN)/lint-imports --no-cache
	@echo "· house" && $(BIN)/pytest tests/house
	@echo "· types" && $(BIN)/pyright

bench: setup-dev ## Benchmarks, each a ratio measured side by side
	@$(BIN)/python -m benchmarks.run

suites: setup-dev ## The public suites through the kinds themselves, each with its count
	@$(BIN)/python -m tests.suites

chaos: setup-dev ## The long form of the kill tests
	@FLOV7_CHAOS=long $(BIN)/pytest tests/chaos
