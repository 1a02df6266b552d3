# Thin targets; the work is in scripts/ and in the Go tools.
.PHONY: build node functions languages demo test unit e2e conformance cgroup-v2 bench bench-node bench-fidelity bench-scale bench-load bench-workers bench-observer bench-gate bench-analysis soak fuzz lint vulnerabilities sbom man dist dist-twice images-push clean help

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
COMMIT := $(shell git rev-parse HEAD 2>/dev/null)

# One after the other, also with -j: what is installed first is needed by the rest.
.NOTPARALLEL:

help: ## show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  %-16s %s\n", $$1, $$2}' Makefile

build: ## build kn-coldstart into build/
	. scripts/build-flags && go build -ldflags '-s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT)' -o build/kn-coldstart ./cmd/kn-coldstart
	scripts/licenses $(CURDIR)/build/licenses $(CURDIR)/build/kn-coldstart

node: ## install what the embedded node needs, and build it (WASM=1: with WasmEdge)
	scripts/install-prerequisites
	scripts/build-node

functions: ## build images of functions in several languages, without Docker
	scripts/functions

languages: build node functions ## cold starts of functions in several languages, by RuntimeClass, on the embedded node
	scripts/languages

demo: build node ## set everything up, and compare runc, crun and gVisor on the embedded node
	scripts/demo

# The end-to-end tests measure on WasmEdge, too, unless WASM is set to nothing.
test e2e: export WASM ?= 1

test: build node unit e2e ## everything that CI runs

unit: lint ## unit tests, with the race detector where goroutines share
	go test -race -timeout 30m -skip '^TestScripts$$' ./...
	. scripts/build-flags && go test -run '^TestScripts$$' ./cmd/kn-coldstart # they start the program often, and with the race detector each start is slow
	. scripts/build-flags && leaveout=$$(scripts/leave-out) && cd cmd/knative-node && go test $$leaveout ./...
	cd cmd/knative-node && go test -race ./process
	. scripts/build-flags && cd cmd/sbom && go test ./...
	. scripts/build-flags && cd scripts/dashboard && go test ./...

e2e: build node functions ## end-to-end tests on the real node, in some of which parts of it are killed
	scripts/e2e

soak: export SOAK ?= 2h
soak: build node functions ## experiments in turn for two hours (or SOAK) while the cluster and the tool are killed; two users
	RUN='^Test(Soak|TwoUsers)$$' TAGS=e2e,soak TIMEOUT=12h scripts/e2e

conformance: build node ## run Knative's own conformance tests on the embedded node
	scripts/conformance

cgroup-v2: build node ## run the embedded node in a virtual machine that has cgroup version 2 alone
	scripts/cgroup-v2

bench: bench-fidelity bench-scale bench-load bench-workers bench-analysis bench-gate bench-node bench-observer ## every benchmark

bench-fidelity: ## how exactly latencies are measured
	go test ./loadgen -run '^$$' -bench Fidelity -benchtime 5x

bench-scale: ## how far apart the requests of a burst of 500 are sent, and what the tool takes
	go test ./loadgen -run '^$$' -bench Scale -benchtime 5x

bench-load: ## how exactly the latencies of a load are measured, and what the tool takes of a processor
	go test ./loadgen/load -run '^$$' -bench Load -benchtime 1x

bench-workers: ## what following the workers of a load takes of a processor
	go test ./loadgen/worker -run '^$$' -bench Follow -benchtime 2x

bench-observer: build node ## what the tool adds to a cold start, against requests by hand, on the embedded node
	scripts/bench-observer

bench-gate: ## how often the gate, and the search for changes in a history, are wrong
	go test ./analysis/gate -run TestSimulation -simulate 300 -v -timeout 1h
	go test ./analysis/history -run TestSimulation -simulate 300 -v -timeout 1h

bench-analysis: ## time and memory to report a run of a million samples
	go test ./analysis -run '^$$' -bench Report -benchtime 1x

bench-node: build node ## boot time and memory of the node, and the time of an empty build
	scripts/bench-node

fuzz: ## run every fuzz test a million times, or FUZZ_EXECUTIONS times
	scripts/fuzz

lint: ## gofmt, vet, staticcheck, and govulncheck where its database can be reached
	scripts/lint

vulnerabilities: build node ## known vulnerabilities in all programs, those of the node too
	scripts/vulnerabilities build/kn-coldstart build/knative-node build/node/bin/*

man: ## make the man pages, and the completions for bash, zsh and fish, in build/reference
	scripts/man

sbom: ## list what is in build/ and what it is made of, as SPDX
	scripts/sbom

dist: export NODE ?= 1
dist: ## make what a release is made of: archives, Debian packages, images; NODE= leaves the node out
	[ -z "$(NODE)" ] || scripts/install-prerequisites build
	scripts/dist

dist-twice: ## check that a release is reproducible; NODE=1 with the node
	[ -z "$(NODE)" ] || scripts/install-prerequisites build
	scripts/package/twice

images-push: ## push the images of a release to REGISTRY, such as ghcr.io/kn-coldstart
	scripts/package/push "$(REGISTRY)"

clean: ## remove what was built
	rm -rf build
