# Relais: `make serve` and `make test` do all set-up by themselves.
SHELL := /bin/bash
.ONESHELL:
.SHELLFLAGS := -eu -o pipefail -c

.PHONY: serve scale-demo test check setup frontend format clean

serve: setup
	exec .venv/bin/relais serve

# PostgreSQL, Redis and two of each process on this machine, under load and faults.
scale-demo: setup
	@bash scripts/scale-demo --seconds $(or $(SECONDS),60)

# The environment of the lock file, Python 3.10 included; quick when nothing changed.
setup:
	@bash scripts/setup

test: setup
	@bash scripts/test

check: setup
	@bash scripts/check

frontend:
	cd frontend && npm ci && npm run build

format: setup
	.venv/bin/ruff check --fix bot actions tests benchmarks
	.venv/bin/ruff format bot actions tests benchmarks

clean:
	rm -rf .venv .tools .relais
