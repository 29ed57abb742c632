# Logic lives in code: each target is a line or two.
CARGO ?= cargo
LOCAL_CLUSTER = $(CARGO) run --quiet -p local-cluster --

.DEFAULT_GOAL := help
.PHONY: help prerequisites prerequisites-tests demo up down images generate lint test coverage bench bench-scale bench-load chaos

help: ## Show the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-14s %s\n", $$1, $$2}'

prerequisites: ## Check that this machine has what the other targets need
	@sh tests/prerequisites.sh

prerequisites-tests: ## And what the tests need
	@sh tests/prerequisites.sh tests

demo: prerequisites images ## Local Kubernetes, operator and examples, running
	$(CARGO) run --quiet -p healthcare-tests --bin demo

up: prerequisites ## Start the local Kubernetes alone (target/cluster/env.sh exports KUBECONFIG and PATH)
	$(LOCAL_CLUSTER) up

down: ## Stop it
	$(LOCAL_CLUSTER) down

images: prerequisites ## Static binaries as OCI images, into target/images
	$(CARGO) run --quiet -p image-builder -- build --out target/images

generate: ## Rewrite every generated file
	UPDATE=1 INSTA_UPDATE=always $(CARGO) test --quiet -p healthcare-crds -p healthcare-operator -p auth-service -p synthetic-phi-service
	UPDATE=1 INSTA_UPDATE=always $(CARGO) test --quiet -p healthcare-tests --test it

lint: ## Formatting and lints
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings

test: prerequisites-tests lint images ## Formatting, lints, unit, integration and cluster tests
	$(LOCAL_CLUSTER) build
	$(CARGO) test --workspace

COVERED = service-kit auth-service synthetic-phi-service
coverage: prerequisites-tests ## Lines that the tests of kit and services reach; fails below 95 % (needs cargo-llvm-cov)
	$(CARGO) llvm-cov test $(COVERED:%=-p %) --ignore-filename-regex '/tests?(/|\.rs)' --fail-under-lines 95

bench: ## Benchmarks: rendering, the service kit, the services
	$(CARGO) bench -p healthcare-operator -p service-kit -p auth-service -p synthetic-phi-service --features service-kit/testing

bench-load: ## The services under oha beside a bare server, into target/bench/load.json
	$(CARGO) build --release -p auth-service -p synthetic-phi-service
	$(CARGO) run --release --quiet -p healthcare-tests --bin bench-load -- run

N ?= 100,1000,5000
bench-scale: prerequisites ## N services from creation to fail-over beside a bare client, into target/bench/scale.{json,md}
	$(CARGO) build --release -p healthcare-operator
	$(CARGO) run --release --quiet -p healthcare-tests --bin bench-scale -- --services $(N)

MINUTES ?= 60
chaos: prerequisites ## Faults for MINUTES under several operators, into target/bench/chaos.json
	$(CARGO) build --release -p healthcare-operator
	$(CARGO) run --release --quiet -p healthcare-tests --bin chaos -- --minutes $(MINUTES) $(if $(SEED),--seed $(SEED))
