# Logic lives in code: each target is a line or two.
CARGO ?= cargo
LOCAL_CLUSTER = $(CARGO) run --quiet -p local-cluster --

.DEFAULT_GOAL := help
.PHONY: help prerequisites demo up down images generate fmt lint test bench bench-scale

help: ## Show the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-14s %s\n", $$1, $$2}'

prerequisites: ## Check that this machine has what the other targets need
	@sh tests/prerequisites.sh

demo: prerequisites images ## Local Kubernetes, operator and examples, running
	$(CARGO) run --quiet -p healthcare-tests --bin demo

up: prerequisites ## Start the local Kubernetes alone (target/cluster/env.sh exports KUBECONFIG and PATH)
	$(LOCAL_CLUSTER) up

down: ## Stop it
	$(LOCAL_CLUSTER) down

images: prerequisites ## Static binaries as OCI images, into target/images
	$(CARGO) run --quiet -p image-builder -- build --out target/images

generate: ## Rewrite every generated file
	UPDATE=1 INSTA_UPDATE=always $(CARGO) test --quiet -p healthcare-crds -p healthcare-operator -p synthetic-phi-service
	UPDATE=1 INSTA_UPDATE=always $(CARGO) test --quiet -p healthcare-tests --test it

lint: ## Formatting and lints
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings

test: prerequisites lint images ## Formatting, lints, unit, integration and cluster tests
	$(LOCAL_CLUSTER) build
	$(CARGO) test --workspace

bench: ## Benchmarks: rendering, the service kit, the service
	$(CARGO) bench -p healthcare-operator -p synthetic-phi-service

N ?= 200
bench-scale: prerequisites ## Convergence of N services beside a bare client, into target/bench/scale.json
	$(CARGO) build --release -p healthcare-operator
	$(CARGO) run --release --quiet -p healthcare-tests --bin bench-scale -- --services $(N)
