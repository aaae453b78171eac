# Every command of the project. `make demo` and `make test` set up all they need by themselves.
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
export HOTLINE_HOME ?= $(HOME)/.local/share/hotline
# The PBX of demo and tests runs in a changed root, which needs root.
ROOT := $(shell [ "$$(id -u)" = 0 ] || echo sudo --preserve-env=HOTLINE_HOME,PATH)

.PHONY: help setup demo test lint unit integration browser ui contract prompts bench lock clean

help:           ## list the commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

setup:          ## install everything: packages, Python, pages, PBX, speech models
	@scripts/setup run

demo: setup     ## a whole hotline on this machine, until Ctrl-C
	@$(ROOT) $(BIN)/hotline demo $(ARGS)

test:           ## all checks, from nothing
	@scripts/setup dev
	@$(MAKE) --no-print-directory lint contract-check ui-test unit integration browser

lint:           ## ruff, mypy --strict, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit:           ## pure tests, seconds
	$(BIN)/pytest tests/unit

integration:    ## real Asterisk, phones, Redis, speech engines
	$(ROOT) $(BIN)/pytest tests/integration

browser:        ## real Chromium against the real stack
	$(ROOT) $(BIN)/pytest tests/browser

ui:             ## build the pages
	cd ui && npm ci --no-fund --no-audit && npm run build

.PHONY: ui-test contract-check
ui-test:        ## types, messages and unit tests of the pages
	cd ui && npm run check

contract:       ## generate JSON Schema, AsyncAPI, OpenAPI, TypeScript types, diagrams
	$(BIN)/python -m gateway.bus.contract
	$(BIN)/python -m gateway.web.api
	$(BIN)/python -m gateway.ami.diagram

contract-check: ## fail if a generated file differs
	$(BIN)/python -m gateway.bus.contract --check
	$(BIN)/python -m gateway.web.api --check
	$(BIN)/python -m gateway.ami.diagram --check

prompts:        ## speak config/prompts.toml into asterisk/sounds
	$(BIN)/hotline prompts build

bench:          ## measure this machine, each figure beside its reference; prints JSON lines
	@for name in ami clock resync asr knowledge; do $(BIN)/hotline bench $$name --json || exit 1; done

lock:           ## renew requirements/*.txt
	scripts/lock

clean:          ## remove what was built here (not $(HOTLINE_HOME))
	rm -rf $(VENV) ui/node_modules ui/dist build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
