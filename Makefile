PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --quiet --disable-pip-version-check install
# The root comes last: it brings the command.
PROJECTS := clients/python server gateway simulators cli .
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help up iotdb check unit test coverage faults mutate lint contract docs generate clients-generate clients-test clients-package clients-reference clients-conformance freeze protos lock wheels version mqtt-clients mqtt-interoperability bench bench-peers bench-against soak packages clean

help:  ## What can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 26

up: $(VENV)/runtime  ## Run the service on this machine; make up ARGS="--rest-port 8080 --data-dir DIR"
	@exec $(BIN)/iotflow up $(ARGS)

iotdb: $(VENV)/dev packages  ## Run an IoTDB server on this machine, on port 6667, from jars that Maven brings once
	@exec $(BIN)/python -m tools.iotdb_server

# The contract comes first, because it writes the stubs anew, which the tests and the types import.
check: contract  ## Style, types, contract, pages and unit tests, in at most 90 seconds
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target unit lint docs

unit: $(VENV)/dev  ## The unit tests alone
# With +, the tests show their progress, and what runs beside them is shown when it has ended.
	+$(BIN)/python -m pytest --timeout=20 --session-timeout=300 tests/unit

test: $(VENV)/dev packages  ## All other tests, except faults; at most 30 minutes
	$(BIN)/python -m tools.iotdb_server fetch
	$(BIN)/python -m pytest --durations=25 --ignore=tests/unit --ignore=tests/faults

coverage: $(VENV)/dev packages  ## The same tests, and the lines of the product that they execute; reports in build/coverage
	$(BIN)/python -m tools.iotdb_server fetch
	$(BIN)/python -m coverage run --data-file=build/.coverage --source=cli,clients/python,gateway,server,simulators -m pytest --ignore=tests/faults
	$(BIN)/python -m coverage html --quiet --data-file=build/.coverage --directory=build/coverage
	$(BIN)/python -m coverage report --data-file=build/.coverage --skip-covered

faults: $(VENV)/dev packages  ## Kill, freeze and fill what the service stands on, and count what it acknowledged; at most 15 minutes
	$(BIN)/python -m tools.iotdb_server fetch
	$(BIN)/python -m pytest tests/faults

mutate: $(VENV)/dev packages  ## Change the product at random places, changed lines first, and see whether tests notice; make mutate ARGS="--mutants 200 --seed 7 --minutes 30"
	$(BIN)/python -m tools.iotdb_server fetch
	$(BIN)/python -m tools.mutate $(ARGS)

lint: $(VENV)/dev  ## Style and types
	$(BIN)/ruff check --quiet
	$(BIN)/ruff format --quiet --check
	$(BIN)/mypy

contract: $(VENV)/dev packages  ## Lint, format and breaking changes of the contract; the committed stubs and references are current and valid
	$(BIN)/python tools/contract.py deps check drift validate
	$(BIN)/python -m tools.client_stubs check

docs: $(VENV)/dev  ## Build the website into build/site; links and anchors that lead nowhere fail
	$(BIN)/zensical build --clean --strict

generate: $(VENV)/dev packages  ## Write the stubs and references anew after a change of the contract
	$(BIN)/buf format -w proto
	$(BIN)/python tools/contract.py deps generate
	$(BIN)/python tools/settings_table.py
	$(BIN)/python tools/rest_table.py
	$(BIN)/python -m tools.scenario_reference
	$(BIN)/python -m tools.api

clients-generate: $(VENV)/dev packages  ## Write the stubs of the other clients anew; needs Go, JDK with Maven, Node.js and Rust
	$(BIN)/python -m tools.client_stubs generate $(ARGS)

clients-test: $(VENV)/dev packages  ## Checks of the clients, and ten conformance scenarios with each; at most 10 minutes
	$(BIN)/python -m tools.client_tests test

clients-package: $(VENV)/dev  ## Write the packages of the clients into build/clients
	$(BIN)/python -m tools.client_tests package build/clients

clients-reference: $(VENV)/dev  ## Write the references of the clients into build/reference
	$(BIN)/python -m tools.client_tests reference build/reference

clients-conformance: $(VENV)/dev packages  ## Run all scenarios with every client, and write the table of results; make clients-conformance ARGS="--language go"
	$(BIN)/python -m clients.conformance --write $(ARGS)

mqtt-clients: $(VENV)/dev packages  ## Run MQTT clients of others against a service, and write the table of docs/mqtt-interoperability.md
	tools/peers.sh
	$(BIN)/python -m tests.interoperability.clients

mqtt-interoperability: $(VENV)/dev  ## Run the tests of the Paho project against the MQTT endpoint; PAHO=<a checkout of eclipse/paho.mqtt.testing>
	@test -d "$(PAHO)/interoperability" || { echo "Set PAHO to a checkout of eclipse/paho.mqtt.testing." >&2; exit 1; }
	$(BIN)/python -m tests.interoperability.paho "$(PAHO)"

freeze: $(VENV)/dev packages  ## Make the present contract the one that breaking changes are found against; once for each release
	$(BIN)/python tools/contract.py deps freeze

protos: $(VENV)/dev packages  ## Write the contract for other languages into build/protos: full, and plain without options
	$(BIN)/python -m tools.protos build/protos

bench: $(VENV)/dev packages  ## Measure, and write the tables of docs/performance.md, in about 50 minutes; PARTS="journal unary" measures some
	$(BIN)/python -m tools.iotdb_server fetch
	$(BIN)/python -m tests.bench.report $(PARTS)

bench-peers: $(VENV)/dev packages  ## Measure MQTT against Mosquitto, Telegraf and InfluxDB in the same run, and write the table of docs/performance.md
	tools/peers.sh
	$(BIN)/python -m tests.bench.report peers

bench-against: $(VENV)/dev packages  ## Compare with the last commit, or BASE=<commit>, run by run in turn; PARTS="journal unary" compares some
	$(BIN)/python -m tools.iotdb_server fetch
	$(BIN)/python -m tests.bench.against $(or $(BASE),HEAD) $(PARTS)

soak: $(VENV)/dev  ## Long runs: a fleet while parts are killed, the reference scenario, the server's memory; make soak ARGS="fleet --devices 10000"
	$(BIN)/python -m tests.bench.soak $(ARGS)

lock: $(VENV)/dev  ## Pin the Python packages anew
	tools/lock.sh

wheels: $(VENV)/dev  ## Build the wheel of every distribution into build/wheels
	$(BIN)/python -m tools.wheels build/wheels

version: $(VENV)/dev  ## Set the version of all distributions and clients; make version V=0.2.0
	$(BIN)/python tools/version.py $(V)

packages:
	@tools/debian_packages.sh

clean:  ## Remove what was made, but no data
	rm -rf $(VENV) build .proto-deps .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/runtime: requirements.txt $(PROJECTS:%=%/pyproject.toml)
	@test -n "$(PYTHON)" || { echo "IoTFlow needs Python 3.11 or later; install it, or name it: make PYTHON=<path>" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "IoTFlow needs Python 3.11 or later; name one: make PYTHON=<path>")'
	@echo "Setting up $(VENV), once: downloading and installing $$(grep -c == requirements.txt) packages, which takes about a minute …"
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	@$(BIN)/pip --disable-pip-version-check install --require-hashes -r requirements.txt
	@echo "Installing IoTFlow …"
	@$(PIP) --no-deps --no-build-isolation $(PROJECTS:%=-e ./%)
	@touch $@

$(VENV)/dev: $(VENV)/runtime requirements-dev.txt
	@$(PIP) --require-hashes -r requirements-dev.txt
	@touch $@
