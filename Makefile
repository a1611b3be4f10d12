# Everything a newcomer needs is `make up` and `make test`. `make help` lists the rest.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

CARGO ?= cargo
EVOLVE := target/debug/evolve
# The EvolveBot that `make up` runs.
BOT ?= examples/quickstart.yaml

.PHONY: help
help: ## List these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

.PHONY: setup
setup: ## Install what is missing on this machine: PostgreSQL, Redis, a C compiler; for tests a browser
	@scripts/setup.sh

.PHONY: build
build: ## Build every binary
	@echo "Building (the first time takes some minutes)"
	@$(CARGO) build --workspace --bins

.PHONY: up
up: setup build ## Run the bot of $(BOT) here; Ctrl-C stops it
	@exec $(EVOLVE) up --file $(BOT)

# For what talks to a running bot: it would be odd to build minutes for that.
.PHONY: built
built:
	@test -x $(EVOLVE) || { echo "Nothing is built yet: run \`make up\` first"; exit 1; }

.PHONY: down
down: built ## Stop what `make up` started
	@$(EVOLVE) down

.PHONY: chat
chat: built ## Talk to the running bot in this terminal
	@exec $(EVOLVE) chat --as 42

.PHONY: doctor
doctor: build ## Say what is missing on this machine
	@$(EVOLVE) doctor --file $(BOT)

.PHONY: test
test: setup build ## Run every test
	@echo "Testing (tests bring their own Postgres and Redis)"
	@$(CARGO) test --workspace

# What to break, and how badly: `target/debug/evolve-chaos --help`.
CHAOS ?=
.PHONY: chaos
chaos: setup build ## Break everything while 300 people write, and see that nothing is lost; CHAOS="--seed 2" says how
	@target/debug/evolve-chaos $(CHAOS)

# What to measure, and how long: `target/release/evolve-bench --help`.
BENCH ?=
.PHONY: bench
bench: setup ## Measure everything, and write docs/benchmarks.md; BENCH="--only chat,path --seconds 5" prints parts of it
	@echo "Building for release (the first time takes many minutes)"
	@$(CARGO) build --release --package evolve-api --package evolve-bot --package evolve-operator --package evolve-bench --bins
	@target/release/evolve-bench $(BENCH)

# Where, and how much: `target/release/evolve-load --help`.
LOAD ?=
.PHONY: load
load: ## Put load on an installation of yours: LOAD="--api-url http://127.0.0.1:8000 --rate 20"
	@$(CARGO) build --release --package evolve-bench --bin evolve-load
	@target/release/evolve-load $(LOAD)

# Which target, and for how many seconds; fuzz/src/lib.rs lists them.
TARGET ?=
SECONDS ?= 60
.PHONY: fuzz
fuzz: setup ## Look for inputs that break a parser: TARGET=markdown SECONDS=600
	@scripts/fuzz.sh "$(TARGET)" "$(SECONDS)"

.PHONY: dashboards-check
dashboards-check: setup build ## Ask a real Prometheus every query of every dashboard and alert, while the processes are under load
	@$(CARGO) test --package evolve-e2e --test it dashboards:: -- --nocapture

# How many requests of each operation, and which.
EXAMPLES ?= 100
SEED ?= 5
.PHONY: schemathesis
schemathesis: setup ## Make requests of the API as its document tells, and see what it answers: EXAMPLES=200 SEED=7
	@SCHEMATHESIS_EXAMPLES=$(EXAMPLES) SCHEMATHESIS_SEED=$(SEED) $(CARGO) test --package evolve-e2e schemathesis

.PHONY: fmt
fmt: ## Format the code
	@$(CARGO) fmt --all

.PHONY: lint
lint: ## Check the format, and run clippy; warnings are errors
	@$(CARGO) fmt --all --check
	@$(CARGO) clippy --workspace --all-targets -- -D warnings

.PHONY: audit
audit: setup ## Look at licences, origins and known flaws of all crates
	@scripts/audit.sh

.PHONY: generate
generate: build ## Make the generated files anew
	@scripts/generate.sh

.PHONY: fresh
fresh: ## Make the generated files anew, and fail where they are not as committed
	@scripts/fresh.sh

.PHONY: chart
chart: setup ## Lint, package and test the Helm chart
	@scripts/chart.sh
	@$(CARGO) test --package evolve-operator --test it chart::

.PHONY: coverage
coverage: setup ## Say which lines the tests reach; fails below 85% where it matters
	@scripts/coverage.sh

.PHONY: hooks
hooks: ## Let git check format, lints and files before each commit and push
	@scripts/hooks.sh

.PHONY: changelog
changelog: ## Write CHANGELOG.md from the commits
	@scripts/changelog.sh

# Read by scripts/image.sh, which says what they mean.
export IMAGE TAG OUTPUT
.PHONY: image
image: ## Build the image of all programs with Docker: IMAGE=… TAG=… OUTPUT=push
	@scripts/image.sh

.PHONY: kind
kind: ## Build the image, and run the operator and a bot in a cluster of kind
	@scripts/kind.sh

.PHONY: kind-down
kind-down: ## Remove that cluster
	@scripts/kind.sh down

.PHONY: compose-up
compose-up: ## Build the image, and run a bot on this machine with Docker Compose
	@scripts/compose-secrets.sh
	@IMAGE=evolve TAG=dev OUTPUT=load scripts/image.sh
	@# They read their secrets as they start, and nothing starts them again here when one is replaced.
	@docker compose stop api bot
	@docker compose up --detach --wait

.PHONY: compose-down
compose-down: ## Stop it; its data stays
	@docker compose down

# What this machine depends on, from the registry: EVOLVE_VERSION says which.
PRODUCTION := docker compose --file compose.yaml --file compose.prod.yaml
.PHONY: prod-up
prod-up: ## Run a released image with limits and restarts: EVOLVE_VERSION=0.1.0
	@scripts/compose-secrets.sh
	@$(PRODUCTION) pull
	@$(PRODUCTION) up --detach --wait

.PHONY: prod-down
prod-down: ## Stop it; its data stays
	@EVOLVE_VERSION=$${EVOLVE_VERSION:-any} $(PRODUCTION) down

.PHONY: clean-data
clean-data: built ## Forget everything that `make up` keeps: data, keys, logs
	@scripts/clean-data.sh
