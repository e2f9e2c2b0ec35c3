# Keyturn. `make` alone lists what there is; every target sets up .venv by itself when needed.
.DEFAULT_GOAL := help
.PHONY: help install assets run test check bench lock openapi settings-docs screenshots clean

newer = import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in python3.14 python3.13 python3.12 python3.11 python3; do \
	$$p -c '$(newer)' 2>/dev/null && echo $$p && exit; done; echo python3)
# The tests to run, and in how many processes: make test T=tests/domain N=0
T ?=
N ?= auto
bin := .venv/bin
COMPILE = $(bin)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

install: ## set up .venv with the locked dependencies
	@$(PYTHON) scripts/install.py

assets: install ## build what the console's pages load (install does it too)

run: install ## serve http://127.0.0.1:8000 with SQLite and a first tenant
	@$(bin)/python -m app.cli demo

test: install ## run the tests (T=path to choose, N=0 for one process)
	@$(bin)/python scripts/browser.py
	$(bin)/python -m pytest -n $(N) $(T)

check: install ## what CI runs: format, lint, layers, types, generated files, tests
	$(bin)/ruff format --check . && $(bin)/ruff check . && $(bin)/lint-imports && $(bin)/mypy
	$(bin)/python -m app.cli openapi --check && $(bin)/python -m app.cli settings-docs --check
	@$(MAKE) --no-print-directory test

bench: install ## measure Keyturn on this machine
	$(bin)/python -m bench

lock: install ## renew the lock files (U=--upgrade for the newest versions)
	$(COMPILE) $(U) --extra postgres --extra redis -o requirements.txt pyproject.toml
	$(COMPILE) $(U) --extra dev -c requirements.txt -o requirements-dev.txt pyproject.toml

openapi: install ## write the OpenAPI document
	$(bin)/python -m app.cli openapi

settings-docs: install ## write docs/settings.md
	$(bin)/python -m app.cli settings-docs

screenshots: install ## draw docs/images, the pictures of the console
	@$(bin)/python scripts/browser.py
	$(bin)/python scripts/screenshots.py

clean: ## remove what was built, but no data and no keys
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache .coverage*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
