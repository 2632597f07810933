# SPDX-License-Identifier: Apache-2.0
# Parley: `make demo` shows it, `make test` proves it. Both do all of their set-up.

GO_NEEDED := 1.26
AXE       := 4.14.1
AXE_SHA   := 29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c
STATICCHECK := v0.8.2
GOVULNCHECK := v1.9.0
export CGO_ENABLED ?= 0
export GOTOOLCHAIN ?= local

# Browsers and telephones that play sound want a core each: the whole desks alone, the others two at a time.
BROWSER   := internal/(e2e|page|edge/web|edge/phone)$$

.DEFAULT_GOAL := help
.PHONY: help demo build deb release release-twice try-deb monday test bench soak lint setup clean go

help:
	@echo "make demo    build Parley and open two desks on one address (Ctrl-C ends it)"
	@echo "make test    install what the tests need and run them all"
	@echo "make build   bin/parley"
	@echo "make deb     a Debian package in dist/   ·   make release   packages and binaries for amd64 and arm64, SBOM, checksums"
	@echo "make soak    kills, cuts and floods by the hundred (an hour)   ·   make try-deb, make monday   the package on clean Debians (root)   ·   make release-twice   the same bytes"
	@echo "make bench   the figures, as ratios   ·   make lint   gofmt, vet, staticcheck, govulncheck"

go:
	@command -v go >/dev/null || { echo "error: Go $(GO_NEEDED) or newer is needed and no go was found. Get it from https://go.dev/dl/"; exit 1; }
	@v=$$(go env GOVERSION); v=$${v#go}; a=$${v%%.*}; r=$${v#*.}; b=$${r%%[!0-9]*}; \
	 if [ "$$a" -lt 1 ] || { [ "$$a" -eq 1 ] && [ "$$b" -lt 26 ]; }; then \
	 echo "error: Go $(GO_NEEDED) or newer is needed, this is $$v. Get it from https://go.dev/dl/"; exit 1; fi

build: go
	@test -x bin/parley || echo "Building bin/parley. The first build fetches and compiles its modules: a minute or two on two cores."
	@go test ./words >/dev/null || { go test ./words; echo "error: words are missing in words/*.toml"; exit 1; }
	@go build -trimpath -o bin/parley ./cmd/parley

demo: build
	@exec bin/parley demo

# What the tests need beyond Go: Debian's nodejs (the second verifier of claims), chromium, firefox-esr and pulseaudio (a sound device for Firefox), baresip-core and sip-tester (telephones), promtool and kamailio (a PBX) out of their packages, and axe-core at a pinned version and hash.
setup: go
	@sh .ci/setup '$(AXE)' '$(AXE_SHA)'

test: setup build
	@echo "Vetting and testing. The first run compiles the tests: some minutes on two cores."
	@test -z "$$(gofmt -l .)" || { echo "error: gofmt would change:"; gofmt -l .; exit 1; }
	@go vet ./...
	@. ./.cache/need && go test $$(go list ./... | grep -vE '$(BROWSER)') -timeout 9m
	@. ./.cache/need && go test ./internal/e2e -timeout 14m
	@. ./.cache/need && go test -p 2 $$(go list ./... | grep -E '$(BROWSER)' | grep -v e2e) -timeout 14m

bench: build
	@mkdir -p .cache && go test -c -o .cache/bench ./internal/bench
	@cd internal/bench && PARLEY_BENCH=1 PARLEY_BIN="$(CURDIR)/bin/parley" ../../.cache/bench -test.run '^TestTable$$' -test.timeout 20m
	@PARLEY_BENCH=1 go test ./contact -run TestQuestionsOverALongRecord -count 1 -v | grep -E 'figure|FAIL|ok'

soak: build
	@PARLEY_SOAK=1 PARLEY_BIN="$(CURDIR)/bin/parley" go test -p 1 ./internal/... ./cmd/... -run Soak -timeout 60m -v

# Debian packages, binaries, SBOM and checksums in dist/: the same bytes from the same commit with the same dpkg.
deb: go
	@packaging/release $$(go env GOARCH)

release: go
	@packaging/release

# Two releases, compared byte by byte, and the signature checked (some minutes).
release-twice: go
	@packaging/same

# The package on a clean Debian with a booted systemd: install, pair, kill, hang, upgrade, remove (root, some minutes).
try-deb: go
	@packaging/try

# Two parties begin on two clean Debian machines, lose one and restore it, upgrade and leave: writes doc/monday.md (root, some minutes).
monday: go
	@packaging/monday

lint: go
	@test -z "$$(gofmt -l .)" || { gofmt -l .; exit 1; }
	@go vet ./...
	@GOBIN="$$PWD/.cache/bin" go install honnef.co/go/tools/cmd/staticcheck@$(STATICCHECK)
	@.cache/bin/staticcheck ./...
	@GOBIN="$$PWD/.cache/bin" go install golang.org/x/vuln/cmd/govulncheck@$(GOVULNCHECK)
	@.cache/bin/govulncheck ./... || { [ $$? != 3 ] && echo "left out: govulncheck (its database cannot be reached)"; }

clean:
	rm -rf bin dist .cache
