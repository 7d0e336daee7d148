# The short ways in. `make help` lists them; the work is in scripts/ and Go.

GO      ?= scripts/go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS  = -s -w -X halab/internal/cli.buildVersion=$(VERSION)

export CGO_ENABLED = 0
# For all, so that tests find compiled what the binary was built from.
export GOFLAGS := $(strip $(GOFLAGS) -trimpath)

.DEFAULT_GOAL = help
.PHONY: help up vagrant build test quick nightly unit validate contract e2e test-vagrant lint bench release witness fuzz clean
.NOTPARALLEL:

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' Makefile

up: ## everything a fresh Debian 12 machine needs, the binary, and the lab
	@scripts/prepare run
	@$(MAKE) --no-print-directory build
	@scripts/with-engine bin/halab up

vagrant: ## four machines by Vagrant, and a lab on them (docs/vagrant.md)
	@scripts/prepare run
	@$(MAKE) --no-print-directory build
	@vagrant/up

build: ## the static binary bin/halab
	@scripts/prepare build
	$(GO) build -ldflags '$(LDFLAGS)' -o bin/halab ./cmd/halab

test: ## all tests, on this machine's Docker Engine; leaves it as it was
	@scripts/prepare test
	@$(MAKE) --no-print-directory build
	@failed=; for part in unit validate contract e2e; do \
		$(MAKE) --no-print-directory $$part || failed="$$failed $$part"; \
	done; [ -z "$$failed" ] || { echo "make test: failed:$$failed"; exit 1; }

quick: ## vet, the quick unit tests, and a smoke test on a lab that stays up
	@scripts/prepare test
	@$(MAKE) --no-print-directory build
	$(GO) vet ./...
	$(GO) test -short -json ./... | $(GO) run ./test/tally
	@HALAB_E2E_TIER=quick $(MAKE) --no-print-directory e2e E2E='^TestSmoke$$'

nightly: ## make test, and what takes long or throws dice: up to two hours
	@HALAB_E2E_TIER=nightly $(MAKE) --no-print-directory test

unit: ## the tests that need no engine
	$(GO) vet ./...
	$(GO) test -json ./... | $(GO) run ./test/tally

contract: ## what halab relies on, tried on this machine's engine
	$(GO) test -c -o dist/contract.test ./internal/engine/docker
	scripts/with-engine env HALAB_TEST_ENGINE=1 dist/contract.test -test.run Contract

validate: ## has Vagrant read vagrant/Vagrantfile, for both of its providers
	@vagrant/test/validate

e2e: ## the built binary on the real engine (E2E=regexp selects tests)
	$(GO) test -c -o dist/e2e.test ./test/e2e
	$(GO) test -c -o dist/behind.test ./internal/agent/behind
	cd test/e2e && ../../scripts/with-engine env HALAB_E2E=1 \
		../../dist/e2e.test -test.v -test.timeout $(or $(E2E_TIMEOUT),$(if $(filter nightly,$(HALAB_E2E_TIER)),110m,55m)) -test.run '$(E2E)'

test-vagrant: ## a lab on four real machines, by libvirt; as root, up to 20 minutes
	@scripts/prepare vagrant
	@$(MAKE) --no-print-directory build
	@vagrant/test/run

lint: ## go vet, gofmt, staticcheck, shellcheck, govulncheck
	@scripts/lint

bench: ## speed beside Compose, sizes, load, a soak (BENCH='-parts load')
	@scripts/prepare test
	@$(MAKE) --no-print-directory build
	@scripts/bench $(BENCH)

release: ## dist/release: binaries, Debian packages, bills of materials, checksums
	@scripts/prepare build
	@scripts/release

witness: ## a second opinion on the drills, by another prober (WITNESS='-only switch')
	@$(MAKE) --no-print-directory build
	$(GO) run ./test/witness $(WITNESS)

fuzz: ## every fuzz target for FUZZTIME (30s)
	@scripts/fuzz

clean: ## removes what was built here; images and labs: bin/halab down --images
	rm -rf bin dist
