# The commands of netcensus; `make` alone lists them. Everything is kept in .venv and var.

PYTHON ?= python3
STATE  ?= $(CURDIR)/var
VENV   := $(CURDIR)/.venv
BIN    := $(VENV)/bin
LAB    := $(STATE)/lab

export PYTHONPATH := $(CURDIR)
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup demo ui test soak day reliability check services census rehearse docs clean

help: ## list the commands
	@echo "netcensus: an hourly census of a network, into phpIPAM and DNS"
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1|\2/' | awk -F'|' '{printf "%-16s %s\n", $$1, $$2}'

setup: $(VENV)/.runs ## make the virtual environment with the pinned packages

demo: $(VENV)/.runs ## run the main job twice on a stand-in network on this machine
	@$(BIN)/python demo.py --dir "$(LAB)"

ui: $(VENV)/.runs ## open the Dagster UI on the stand-in network (http://127.0.0.1:3000)
	@$(BIN)/python demo.py --dir "$(LAB)" --ui

test: check services ## all checks and all tests; as root with apt, on the real servers too
	@$(BIN)/python -m pytest -n 2 --dist loadfile

soak: services ## minutes of two writers, and a person, on the real servers (MINUTES=10)
	@$(BIN)/python -m tests.soak --minutes $(or $(MINUTES),10)

day: services ## whole days of a living network in some minutes, hour by hour, into docs/soak.md (SEEDS="1 2 3")
	@$(BIN)/python -m tests.soak.day --seeds $(or $(SEEDS),1 2 3) --write docs/soak.md

reliability: services ## break everything again, and write what came of it to docs/reliability.md
	@NETCENSUS_WRITE_DOCS=1 NETCENSUS_FAULTS=1 $(BIN)/python -m pytest tests/unit/test_limits.py tests/integration/test_cuts.py tests/scenarios/test_faults.py

check: $(VENV)/.tests ## lint, types and import rules
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports

census: $(VENV)/.runs ## one census of the network in network.toml, now (APPROVE=plan:guard lets a refused plan through)
	@$(BIN)/python netcensus.py census $(addprefix --approve ,$(APPROVE))

rehearse: $(VENV)/.runs ## the same without writing anything: what would change, and why
	@$(BIN)/python netcensus.py rehearse

docs: $(VENV)/.runs ## write docs/tables.md anew from the tables' contracts
	@$(BIN)/python -m pipelines.documentation > docs/tables.md

clean: ## remove the virtual environment and the lab's data
	rm -rf "$(VENV)" "$(LAB)"

# --- set-up ------------------------------------------------------------------------------------------------------

# Bytecode is compiled at install: without it every run of Dagster pays three seconds of CPU for compiling again.
$(VENV)/.runs: requirements.txt
	@sh deploy/make-venv.sh "$(PYTHON)" "$(VENV)"
	@echo "Installing the pinned packages (about a minute) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --compile -r requirements.txt
	@touch $@

$(VENV)/.tests: requirements-dev.txt $(VENV)/.runs
	@echo "Installing what the tests need ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --compile -r requirements-dev.txt
	@touch $@

# The real servers, where that is possible; elsewhere their tests say loudly that they were left out.
services: $(VENV)/.tests
	@sh deploy/install-services.sh tests/services/packages.txt
