# Everything a newcomer or a contributor runs. `make` alone prints the targets.
.DEFAULT_GOAL := help
SHELL := /bin/bash

# Only the release configuration is ever built: what is tested is what runs.
BUILD := swift build -c release
FACET := .build/release/facet
SWIFT_FILES := Package.swift Sources Tests $(wildcard Benchmarks Fuzz)
SYSTEM_PACKAGES := libsqlite3-dev libpq-dev zlib1g-dev libutf8proc-dev
TEST_PACKAGES := postgresql pgbouncer

.PHONY: help packages test-packages build build-tests serve test test-clients test-clients-postgresql test-citus lint \
  tidy check bench bench-postgresql bench-tools instructions fuzz format faults terminal

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{ printf "  make %-23s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

packages:
	@command -v swift >/dev/null || { echo "Swift 6.2 or newer is needed: https://www.swift.org/install" >&2; exit 1; }
	@Scripts/install-packages $(SYSTEM_PACKAGES)

test-packages:
	@Scripts/install-packages $(TEST_PACKAGES)

build: packages
	$(BUILD) --product facet

build-tests: packages
	$(BUILD) --build-tests

serve: build ## Build and run with demo data; ARGS="--port 9000" adds flags
	$(FACET) serve --demo --data ./data $(ARGS)

test: build-tests test-packages ## Build and run all tests; a skipped test fails; ARGS="--filter Name" picks some
	Scripts/with-postgresql Scripts/run-tests $(ARGS)

test-clients: build .venv/installed .venv-az/installed ## Run official clients against the real binary; ARGS="-k name" picks some
	.venv/bin/python -B -m pytest Tests/clients $(ARGS)

# What depends on the store: not the hunt through every route, which is as long again, nor what looks at SQLite's files, nor
# azure-cli.
test-clients-postgresql: build test-packages .venv/installed ## The same on PostgreSQL, but for what no store changes
	CLIENT_TESTS_STORE=postgresql Scripts/with-postgresql .venv/bin/python -B -m pytest Tests/clients \
	  --ignore Tests/clients/test_metadata.py --ignore Tests/clients/test_leak_hunt.py \
	  --ignore Tests/clients/test_erasure.py --ignore Tests/clients/test_azure_cli.py $(ARGS)

# Not part of `make test`: Debian has no package of Citus.
test-citus: build-tests test-packages ## Run tests of the store on Citus, where that extension is installed
	Scripts/with-citus Scripts/run-tests --no-parallel \
	  --filter 'PostgreSQLConformance|PostgreSQLServers|RandomHistory' $(ARGS)

lint: ## Check the format of all Swift files
	swift format lint --strict --parallel --recursive $(SWIFT_FILES)

tidy: build-tests ## Run only the tests of the house rules and of the documentation
	Scripts/run-tests --filter 'HouseRules|Documentation'

check: lint test ## What to run before a commit: format, house rules, build, tests

bench: build bench-tools ## Measure Facet beside its peers; ARGS="--write" adds growth and writes docs/performance.md
	Benchmarks/run $(ARGS)
	.build/release/AuditCost
	@$(MAKE) --no-print-directory bench-postgresql ARGS=

bench-postgresql: build test-packages ## Measure Facet on PostgreSQL beside pgbench
	@Scripts/install-packages wrk
	POSTGRESQL_FSYNC=on Scripts/with-postgresql Benchmarks/postgresql $(ARGS)

instructions: packages ## Count the instructions of requests, compare with what is kept; ARGS=--write keeps them
	@Scripts/install-packages valgrind binutils python3
	$(BUILD) --product RequestCost
	Benchmarks/instructions $(ARGS)

# Peers are installed, never built here, and none is started as a service.
bench-tools: packages
	@Scripts/install-packages wrk nginx slapd python3-venv
	@test -x .venv-bench/bin/python || python3 -m venv .venv-bench
	@.venv-bench/bin/pip install --quiet --disable-pip-version-check -r Benchmarks/peers/requirements.txt
	$(BUILD) --product AuditCost
	$(BUILD) --product AuditServer
	$(BUILD) --product RawNIO

fuzz: packages ## Fuzz paths, queries, bodies, patches and connections; ARGS="60 query" picks seconds and target
	Fuzz/run $(ARGS)

# A test runs an even part of it each time; ARGS="600 1 0 1" takes 600 seconds for the part of SQLite.
faults: build-tests test-packages ## Fail each call of SQLite, cut PostgreSQL off at each place; takes hours
	.build/release/FaultyStore $(ARGS)
	FAULT_CUTS=all Scripts/with-postgresql Scripts/run-tests --filter PostgreSQLCut

terminal: build ## Draw docs/terminal.svg from a session with a demo server
	@Scripts/install-packages curl python3
	FACET=$(FACET) Scripts/draw-terminal

format: ## Format all Swift files in place
	swift format --in-place --parallel --recursive $(SWIFT_FILES)

# The SDK has some 29,000 files; compiling only those that are used saves a minute.
.venv/installed: Tests/clients/requirements.txt
# azure-cli, in an environment of its own, because it pins other versions of what the SDK needs.
.venv-az/installed: Tests/clients/requirements-azure-cli.txt
.venv/installed .venv-az/installed:
	python3 -c 'import ensurepip, venv' 2>/dev/null || Scripts/install-packages python3 python3-venv
	python3 -m venv $(@D)
	$(@D)/bin/pip install --quiet --disable-pip-version-check --no-compile --requirement $<
	touch $@
