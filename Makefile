# callbox. `make help` lists what can be made; `make run` and `make test` need nothing but Go and make.

SHELL       := /bin/bash
.SHELLFLAGS := -o pipefail -c
.DEFAULT_GOAL := help

VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS  := -s -w -X main.version=$(VERSION)
STATIC   := CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)'
BINARY   := build/callbox
TOOLS    := build/tools
MINUTES  ?= 10
# the packages whose tests need no phones of others: they run under the race detector too, and not beside those that
# measure what phones hear
QUIET     = $(shell go list ./... | grep -v /sim/peers)

help: ## what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 18

run: build ## build and start a box with the demo office; says what to register and what to dial
	$(BINARY) run --demo

build: ## the one static binary, build/callbox
	$(STATIC) -o $(BINARY) ./appliance/callbox

.PHONY: help run build test peers matrix check format vet staticcheck modules bench fuzz torture docs deb clean

test: peers ## everything; installs the phones and voices that tests need where they are missing
	@mkdir -p build
	@{ CGO_ENABLED=1 go test -race -p 1 $(QUIET) && go test -count=1 -p 1 $(QUIET) && go test -count=1 -timeout 15m ./appliance/sim/peers; \
	} 2>&1 | tee build/test.log || { \
	  printf '\nwhat failed (all of it: build/test.log):\n'; grep -E '^ *--- FAIL|^FAIL|^panic:|DATA RACE' build/test.log; exit 1; }

peers: ## the phones and carriers that tests talk to, from Debian's packages (sudo unless root)
	@bash firmware/peers.sh

check: format vet staticcheck modules ## format, vet, staticcheck, and that go.mod says what the code imports

format:
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); [ -z "$$unformatted" ] || { echo "not formatted (gofmt -w them):"; echo "$$unformatted"; exit 1; }

vet:
	go vet ./...

staticcheck: $(TOOLS)/staticcheck
	$(TOOLS)/staticcheck -checks inherit,-ST1005 ./... # but that: errors for people who write HCL are whole sentences

modules:
	go mod verify
	go mod tidy -diff
	cd firmware/tools && go mod tidy -diff

bench: ## ours against the null reference, side by side
	go test -run '^$$' -bench . -timeout 60m ./appliance/sim/bench

fuzz: ## every fuzzer in turn, MINUTES=10 for all of them together; stops at the first find and shows it
	@bash firmware/fuzz.sh $(MINUTES)

matrix: peers ## calls of real phones in every transport, codec and encryption, and their keys: a row for each
	@go test -count=1 -v -timeout 15m -run 'Talk|GiveBack|KeysArrive' ./appliance/sim/peers | sed -n '/table_test.go/,/^ *--- /p' | grep -vE '^(===| *---)'

torture: ## every SIP torture message of RFC 4475 and RFC 5118: what must happen, and what happens
	@go test -count=1 -run '^TestTorture$$' -v ./appliance/sip | sed -n '/RFC .*section/,/^--- /p'

docs: build ## docs/reference.md, written by `callbox docs` from the language's own types
	$(BINARY) docs --markdown > docs/reference.md

deb: $(TOOLS)/nfpm ## Debian packages for amd64 and arm64, in build/
	@VERSION='$(VERSION)' LDFLAGS='$(LDFLAGS)' NFPM=$(TOOLS)/nfpm bash firmware/deb/build.sh

$(TOOLS)/%: firmware/tools/go.mod
	@mkdir -p $(TOOLS)
	cd firmware/tools && CGO_ENABLED=0 go build -o $(abspath $(TOOLS))/ tool

clean: ## what make made
	rm -rf build
