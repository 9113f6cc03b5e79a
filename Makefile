# Needs Python 3.11 or newer; everything else comes from the package registries.
PYTHON ?= python3

TOOL = cd backend && exec $(PYTHON) -m tooling
NPM = $(TOOL) npm run --silent
BIN = .venv/bin
FAST = not services and not browser and not slow
# Most tests of processes wait; three at once, a file's tests together and in order:
# a browser leaves an event loop in its process, so its tests must stay last.
PYTEST = $(BIN)/pytest -q -n 3 --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help run test test-fast bench chaos lint format check frontend lock dev
.PHONY: build up stop clean compose-info

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s%s\n", $$1, $$2 }' Makefile

run: ## Set up and start Carillon with demo data (PORT, HOST, DATA_DIR, DEMO)
	@$(TOOL) run

dev: ## Install what the tests and checks need into .venv
	@$(TOOL) install dev

frontend: ## Build the live page if its sources changed
	@$(TOOL) frontend

test: dev frontend ## Run every test, with PostgreSQL, Redis, RabbitMQ and Chromium
	@$(NPM) test
	@cd backend && exec ../$(BIN)/python -m tooling.services sh -c '\
		echo "The fast tests on PostgreSQL:"; \
		DATABASE_URL=$$TEST_DATABASE_URL $(PYTEST) -m "$(FAST)" backend/apps; \
		on_postgresql=$$?; \
		echo "Every test, on the embedded profile where it does not say otherwise:"; \
		$(PYTEST) && exit $$on_postgresql'

test-fast: dev frontend ## Run the tests that need no services, in under a minute
	@$(PYTEST) -m "$(FAST)"

bench: dev ## Measure speed beside a stock application (QUICK=1 for a first look)
	@cd backend && exec ../$(BIN)/python -m benchmarks --sizes $(if $(QUICK),quick,full)

chaos: dev ## Kill things at random and print the ledger (SEED, CHAOS=N2,N5, QUICK=1)
	@cd backend && PYTHONPATH=.. exec ../$(BIN)/python -m tests.chaos --seed "$(SEED)" \
		--only "$(CHAOS)" --sizes $(if $(QUICK),quick,full)
	$(if $(QUICK)$(CHAOS),,@echo "Two servers are restarted in turn under 500 pages:"; \
		ROLLING_RESTART_SOCKETS=500 $(BIN)/pytest -q -k rolling backend/tests/compose)

lint: dev ## Check style, types, layers, migrations, templates and the frontend
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	PYTHONPATH=backend $(BIN)/lint-imports --no-logo
	DATA_DIR=.venv/lint READ_DOT_ENV=0 $(BIN)/python backend/manage.py makemigrations --check --dry-run
	$(BIN)/djlint backend --lint --quiet
	$(BIN)/djlint backend --check --quiet
	@$(NPM) lint
	@$(NPM) typecheck

format: dev ## Rewrite Python, templates and the frontend in the project's style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	-$(BIN)/djlint backend --reformat --quiet
	@$(NPM) format

check: lint test ## Do what CI does

lock: ## Pin requirements/*.in anew, with hashes
	@$(TOOL) lock

build: ## Build the images of the production profile
	docker compose build

up: ## Start the production profile with docker compose
	docker compose up --build --detach

stop: ## Stop what "make up" started; the data stays
	docker compose --profile development stop

clean: ## Remove what "make up" made, with its data
	docker compose --profile development --profile tests down --volumes \
		--remove-orphans

compose-info: ## Show the addresses and logins of "make up"
	@docker compose run --rm --no-deps --quiet-pull setup compose/start/info
