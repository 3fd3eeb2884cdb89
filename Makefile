# Everything a person needs: `make run`, `make test`. What they install and why: scripts/install.py.
.DEFAULT_GOAL := help
.PHONY: help run test lint format typecheck bench install install-dev python
SHELL := /bin/sh
PYTHON := .venv/bin/python
OPTIONS := $(if $(PORT),--port "$(PORT)") $(if $(HOST),--host "$(HOST)") $(if $(DATA),--data "$(DATA)")

help:
	@echo "make run [PORT=8000] [DATA=var] [HOST=127.0.0.1]   start the studio"
	@echo "make test [ARGS=...]                               run all tests"
	@echo "make lint | format | typecheck | bench             for whoever changes the code"

run: install
	@exec $(PYTHON) manage.py up --stop-with-parent $(OPTIONS)

test: install-dev
	$(PYTHON) -m pytest -n 2 --dist loadgroup $(ARGS)

lint: install-dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/djlint --lint --quiet templates
	.venv/bin/lint-imports --no-cache
	$(PYTHON) scripts/check_tracked.py
	$(PYTHON) scripts/messages.py check

format: install-dev
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

typecheck: install-dev
	.venv/bin/mypy manage.py apps studio scripts

bench: install
	$(PYTHON) benchmarks/startup.py
	$(PYTHON) benchmarks/live_speech.py

install: python
	@python3 scripts/install.py

install-dev: python
	@python3 scripts/install.py --dev

python:
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "The studio needs Python 3.11 or newer, called python3; found: $$(python3 --version 2>&1 | head -n 1)." >&2; exit 1; }
