# The short ways in. `make help` lists them; the work is in scripts/ and Go.

GO      ?= scripts/go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS  = -s -w -X halab/internal/cli.buildVersion=$(VERSION)

export CGO_ENABLED = 0

.DEFAULT_GOAL = help
.PHONY: help up build test unit e2e lint bench fuzz clean
.NOTPARALLEL:

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' Makefile

up: ## everything a fresh Debian 12 machine needs, the binary, and the lab
	@scripts/prepare run
	@$(MAKE) --no-print-directory build
	@scripts/with-engine bin/halab up

build: ## the static binary bin/halab
	@scripts/prepare build
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/halab ./cmd/halab

test: ## all tests, on this machine's Docker Engine; leaves it as it was
	@scripts/prepare test
	@$(MAKE) --no-print-directory build
	@failed=; for part in unit e2e; do \
		$(MAKE) --no-print-directory $$part || failed="$$failed $$part"; \
	done; [ -z "$$failed" ] || { echo "make test: failed:$$failed"; exit 1; }

unit: ## the tests that need no engine
	$(GO) vet ./...
	$(GO) test ./...

e2e: ## the built binary on the real engine (E2E=regexp selects tests)
	$(GO) test -c -o dist/e2e.test ./test/e2e
	cd test/e2e && ../../scripts/with-engine env HALAB_E2E=1 \
		../../dist/e2e.test -test.v -test.timeout 40m -test.run '$(E2E)'

lint: ## go vet, gofmt, staticcheck, shellcheck, govulncheck
	@scripts/lint

bench: ## how fast it is, beside Compose on the same file (BENCH=-build=false)
	@scripts/prepare test
	@$(MAKE) --no-print-directory build
	@scripts/bench $(BENCH)

fuzz: ## every fuzz target for FUZZTIME (30s)
	@scripts/fuzz

clean: ## removes what was built here; images and labs: bin/halab down --images
	rm -rf bin dist
