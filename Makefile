# Every target calls one script; read that for what it does.
.DEFAULT_GOAL := help
.PHONY: help run demo test soak build release lint format bench clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## install, build, and answer redis-cli, psql and aws with a store of Fairlead's own
	@Scripts/run

demo: ## install, build, and start scratch servers with Fairlead in front of them
	@Scripts/demo

test: ## install, build, fuzz for a moment, and run every test
	@Scripts/test

soak: ## play the randomised tests of Redis connections, shared, routed and translated, and migrations of a million keys and of 10,000 objects, for minutes
	@Scripts/soak

build: ## install and build (debug)
	@Scripts/build

release: ## one executable with the Swift runtime in it: .build/fairlead
	@Scripts/release

lint: ## check the format of Swift files and the syntax of scripts
	@Scripts/lint

format: ## format every Swift file
	@Scripts/format

bench: ## direct against Fairlead against its peers (installs the peers)
	@Scripts/release && Benchmarks/run

clean: ## remove what was built; the installed tools stay
	@Scripts/clean
