# All commands for users and contributors. `make` alone lists the targets.
.DEFAULT_GOAL := help
SHELL := /bin/bash

# Only the release configuration is built, so that tests run what users run.
BUILD := swift build -c release
FACET := .build/release/facet
SWIFT_FILES := Package.swift Sources Tests $(wildcard Benchmarks Fuzz)
SYSTEM_PACKAGES := libsqlite3-dev libpq-dev zlib1g-dev libutf8proc-dev libjpeg62-turbo-dev libpng-dev
TEST_PACKAGES := postgresql pgbouncer python3

.PHONY: help packages test-packages build build-tests serve test test-clients test-clients-postgresql test-citus lint \
  tidy check bench bench-citus bench-postgresql bench-tools instructions fuzz format faults terminal

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{ printf "  make %-23s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

packages:
	@command -v swift >/dev/null || { echo "Install Swift 6.2 or newer: https://www.swift.org/install" >&2; exit 1; }
	@Scripts/install-packages $(SYSTEM_PACKAGES)

test-packages:
	@Scripts/install-packages $(TEST_PACKAGES)

build: packages
	$(BUILD) --product facet

build-tests: packages
	$(BUILD) --build-tests

serve: build ## Build and run Facet with demo data; ARGS="--port 9000" adds flags
	$(FACET) serve --demo --data ./data $(ARGS)

test: build-tests test-packages ## Build and run all tests; skipped tests fail the run; ARGS="--filter Name" selects tests
	Scripts/with-postgresql Scripts/run-tests $(ARGS)

test-clients: build .venv/installed .venv-az/installed ## Test official clients against the built binary; ARGS="-k name" selects tests
	.venv/bin/python -B -m pytest Tests/clients $(ARGS)

# Only tests that depend on the store. Omitted are the leak hunt through every route, which would double the time, the
# tests of SQLite's files, and azure-cli.
test-clients-postgresql: build test-packages .venv/installed ## Run the client tests that depend on the store, on PostgreSQL
	CLIENT_TESTS_STORE=postgresql Scripts/with-postgresql .venv/bin/python -B -m pytest Tests/clients \
	  --ignore Tests/clients/test_metadata.py --ignore Tests/clients/test_leak_hunt.py \
	  --ignore Tests/clients/test_erasure.py --ignore Tests/clients/test_azure_cli.py $(ARGS)

# Not part of `make test`, because Debian has no package for Citus.
test-citus: build-tests test-packages ## Run the store tests on Citus; requires that extension
	Scripts/with-citus Scripts/run-tests --no-parallel \
	  --filter 'Citus|PostgreSQLConformance|PostgreSQLServers|PostgreSQLShard|PostgreSQLNode|PostgreSQLOwnerLookup|PostgreSQLCommitProof|PostgreSQLMember|RandomHistory|SharedMail' $(ARGS)

lint: ## Check the formatting of all Swift files
	swift format lint --strict --parallel --recursive $(SWIFT_FILES)

tidy: build-tests ## Test only the house rules and the documentation
	Scripts/run-tests --filter 'HouseRules|Documentation'

check: lint test ## Check formatting, build and run all tests; run before a commit

bench: build bench-tools ## Compare Facet with its peers; ARGS="--write" adds growth and writes docs/performance.md
	Benchmarks/run $(ARGS)
	.build/release/AuditCost
	@$(MAKE) --no-print-directory bench-postgresql ARGS=

bench-postgresql: build test-packages ## Compare Facet on PostgreSQL with pgbench
	@Scripts/install-packages wrk
	POSTGRESQL_FSYNC=on Scripts/with-postgresql Benchmarks/postgresql $(ARGS)

# Not part of `make bench`, because Debian has no package for Citus.
bench-citus: build test-packages ## Compare Facet on Citus with Facet on one PostgreSQL; requires that extension
	@Scripts/install-packages wrk
	Scripts/with-postgresql Scripts/with-citus Benchmarks/citus $(ARGS)

instructions: packages ## Compare instruction counts of requests with the recorded ones; ARGS=--write records new ones
	@Scripts/install-packages valgrind binutils python3
	$(BUILD) --product RequestCost
	Benchmarks/instructions $(ARGS)

# Peers are installed, not built, and never started as services.
bench-tools: packages
	@Scripts/install-packages wrk nginx slapd 389-ds-base python3-venv
	@test -x .venv-bench/bin/python || python3 -m venv .venv-bench
	@.venv-bench/bin/pip install --quiet --disable-pip-version-check -r Benchmarks/peers/requirements.txt
	$(BUILD) --product AuditCost
	$(BUILD) --product AuditServer
	$(BUILD) --product RawNIO

fuzz: packages ## Fuzz paths, queries, bodies, patches and connections; ARGS="60 query" sets seconds and target
	Fuzz/run $(ARGS)

# `make test` runs an even sample of it; ARGS="600 1 0 1" gives the SQLite part 600 seconds.
faults: build-tests test-packages ## Fail each system call of SQLite, cut the connection to PostgreSQL at each point; takes hours
	.build/release/FaultyStore $(ARGS)
	FAULT_CUTS=all Scripts/with-postgresql Scripts/run-tests --filter PostgreSQLCut

terminal: build ## Draw docs/terminal.svg, the README's picture, from a session with a demo server
	@Scripts/install-packages curl python3
	FACET=$(FACET) Scripts/draw-terminal

format: ## Format all Swift files in place
	swift format --in-place --parallel --recursive $(SWIFT_FILES)

# The SDK has about 29,000 files; --no-compile leaves Python to compile those in use, which saves a minute.
.venv/installed: Tests/clients/requirements.txt
# azure-cli has a separate environment, because it pins other versions of the SDK's dependencies.
.venv-az/installed: Tests/clients/requirements-azure-cli.txt
.venv/installed .venv-az/installed:
	python3 -c 'import ensurepip, venv' 2>/dev/null || Scripts/install-packages python3 python3-venv
	python3 -m venv $(@D)
	$(@D)/bin/pip install --quiet --disable-pip-version-check --no-compile --requirement $<
	touch $@
