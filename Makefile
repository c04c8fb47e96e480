# make help says what there is.
PORT ?= 8000
ARGS ?=

VENV := .venv
PYTHON := $(VENV)/bin/python
RUNTIME := $(VENV)/.runtime-installed
TOOLS := $(VENV)/.tools-installed
PO := $(wildcard locale/*/LC_MESSAGES/django.po)
MO := $(PO:.po=.mo)

.DEFAULT_GOAL := help
.PHONY: help install run test check shots kill-test bench import-bench

help:
	@echo "make run        install, migrate, load the demo and serve on http://localhost:$(PORT) (PORT=8080 make run)"
	@echo "make test       run all tests (ARGS=\"tests/issues -k close\"); CI=true: on SQLite and on PostgreSQL, nothing skipped"
	@echo "make check      lint, format, layers, migrations, translations, weight of the first load"
	@echo "make shots      photograph the main pages of every role into shots/"
	@echo "make import-bench  bring in a ledger of 100,000 residents, twice, and take it back (ARGS=20000 for a smaller one)"
	@echo "make bench      measure the pages with a city in the database, about 8 minutes (ARGS=\"--rows 20000\" for a look)"
	@echo "make kill-test  kill a real worker twenty times during a reminder run and count the notices"

install: $(RUNTIME) $(MO)

# The stamps are older than the requirements only when these changed: a warm start installs nothing.
$(PYTHON):
	sh scripts/make_venv.sh $(VENV)

$(RUNTIME): requirements.txt | $(PYTHON)
	$(PYTHON) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(TOOLS): requirements.txt requirements-dev.txt | $(PYTHON)
	$(PYTHON) -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $(RUNTIME) $@

%.mo: %.po scripts/compile_messages.py | $(RUNTIME)
	$(PYTHON) scripts/compile_messages.py $<

run: install
	$(PYTHON) manage.py migrate --verbosity 0
	$(PYTHON) manage.py load_demo
	PORTAL_URL=$${PORTAL_URL:-http://localhost:$(PORT)} $(PYTHON) manage.py serve --port $(PORT)

test: $(TOOLS) $(MO)
	$(PYTHON) scripts/test.py $(ARGS)

check: $(TOOLS) $(MO)
	$(PYTHON) scripts/check.py

shots: $(TOOLS) $(MO)
	$(PYTHON) scripts/shots.py $(ARGS)

kill-test: $(TOOLS) $(MO)
	$(PYTHON) scripts/kill_reminders.py

bench: $(TOOLS) $(MO)
	$(PYTHON) scripts/bench.py $(ARGS)

import-bench: $(TOOLS) $(MO)
	$(PYTHON) scripts/bench_import.py $(ARGS)
