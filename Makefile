# The commands of netcensus; `make` alone lists them. Everything is kept in .venv and var.

PYTHON ?= python3
STATE  ?= $(CURDIR)/var
VENV   := $(CURDIR)/.venv
BIN    := $(VENV)/bin
LAB    := $(STATE)/lab
PEERS  := $(STATE)/peers

# Two to each of two processors: of two workers' time more than a third was waiting, for servers and for the disk.
WORKERS ?= 4

# A small run leaves the published figures alone: it writes to var/bench.
MEASURED := --into docs/benchmarks
ifdef QUICK
MEASURED := --into "$(STATE)/bench" --sizes 100 1000 --bindings 1000 10000
endif
ifdef SIZE
MEASURED := --into "$(STATE)/bench" --sizes $(SIZE) --bindings $(SIZE)
endif

export PYTHONPATH := $(CURDIR)
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup demo ui test tests soak disk day bench reliability check services census rehearse docs clean

help: ## list the commands
	@echo "netcensus: an hourly census of a network, into phpIPAM and DNS"
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1|\2/' | awk -F'|' '{printf "%-16s %s\n", $$1, $$2}'

setup: $(VENV)/.runs ## make the virtual environment with the pinned packages

demo: $(VENV)/.runs ## run the main job twice on a stand-in network on this machine
	@$(BIN)/python demo.py --dir "$(LAB)"

ui: $(VENV)/.runs ## open the Dagster UI on the stand-in network (http://127.0.0.1:3000)
	@$(BIN)/python demo.py --dir "$(LAB)" --ui

test: services ## all checks and all tests; as root with apt, on the real servers too
	@$(MAKE) --no-print-directory -j2 check tests

# Beside the checks: mypy alone would leave all processors but one idle for half a minute.
tests:
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

soak: services ## minutes of two writers, and a person, on the real servers (MINUTES=10)
	@$(BIN)/python -m tests.soak --minutes $(or $(MINUTES),10)

day: services ## whole days of a living network in some minutes, hour by hour, into docs/soak.md (SEEDS="1 2 3")
	@$(BIN)/python -m tests.soak.day --seeds $(or $(SEEDS),1 2 3) --write docs/soak.md

bench: services $(PEERS)/.done ## what it costs beside octoDNS, nsupdate, diffsync and the old jobs (SIZE=1000 or QUICK=1: small)
	@NETCENSUS_PEERS="$(PEERS)/bin/python" $(BIN)/python -m bench $(MEASURED)

reliability: services ## break everything again, and write what came of it to docs/reliability.md
	@NETCENSUS_WRITE_DOCS=1 NETCENSUS_FAULTS=1 $(BIN)/python -m pytest tests/unit/test_limits.py tests/integration/test_cuts.py tests/scenarios/test_faults.py \
		tests/scenarios/test_undo_faults.py

disk: $(VENV)/.tests ## as root: what a day writes, daemon and UI included, on a disk of its own (MINUTES=3 of idling)
	@$(BIN)/python -m tests.disk --minutes $(or $(MINUTES),3)

check: $(VENV)/.tests ## lint, types and import rules
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports

census: $(VENV)/.runs ## one census of the network in network.toml, now (APPROVE=plan:guard lets a refused plan through)
	@$(BIN)/python netcensus.py census $(addprefix --approve ,$(APPROVE))

rehearse: $(VENV)/.runs ## the same without sending anything: what would change, and why
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

# What netcensus is measured beside, apart from what it runs on.
$(PEERS)/.done: bench/requirements-peers.txt
	@sh deploy/make-venv.sh "$(PYTHON)" "$(PEERS)"
	@echo "Installing octoDNS and diffsync, to measure beside ..."
	@"$(PEERS)/bin/python" -m pip install --quiet --disable-pip-version-check --compile -r bench/requirements-peers.txt
	@touch $@

# The real servers, where that is possible; elsewhere their tests say loudly that they were left out.
services: $(VENV)/.tests
	@sh deploy/install-services.sh tests/services/packages.txt
