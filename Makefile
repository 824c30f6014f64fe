GO   ?= go
FUZZTIME ?= 30s

# Of a package, on a slow machine that has other work, too. Without a word go test gives 10m.
TIMEOUT ?= 20m

.PHONY: test help check vet purego race narrow foreign beam cluster opcodes counts proof avx512 bench fuzz mca peers mutants evalspeed axe exporters figures python wheel wheels

test: ## the tests, on this machine's kernels
	$(GO) test -timeout $(TIMEOUT) ./...

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "%-9s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

check: vet proof test purego race narrow foreign beam ## all that guards main

vet: ## formatting, vet and builds on the platforms that matter
	@test -z "$$(gofmt -l .)" || { echo "gofmt -l:"; gofmt -l .; exit 1; }
	$(GO) mod verify
	@! $(GO) list -deps -test ./... | grep -E 'apache/beam|gocloud\.dev' || { echo "is a dependency of this module: want it in engine/beam alone"; exit 1; }
	for arch in amd64 arm64 riscv64 s390x 386; do GOARCH=$$arch $(GO) vet ./... || exit 1; done
	$(GO) vet -tags purego ./...
	$(GO) vet -tags axe ./cmd/flbench/internal/report
	for os in darwin windows freebsd; do GOOS=$$os $(GO) build -o /dev/null ./... || exit 1; done
	@# Plugins and shared libraries are linked dynamically, which keeps R15 to itself.
	GOOS=linux GOARCH=amd64 $(GO) build -asmflags=-dynlink ./asm/avx2 ./asm/avx512

proof: opcodes ## the committed proof of the opcodes is that of their macros
	git diff --exit-code -- asm/internal/opcodes

# GOAMD64=v3 lets the compiler fuse products and sums, as it may on arm64.
purego: ## the tests without assembly
	$(GO) test -tags purego -timeout $(TIMEOUT) ./generic ./engine/... ./cmd/...
	GOAMD64=v3 $(GO) test -tags purego -short -timeout $(TIMEOUT) ./generic ./engine

race: ## what runs concurrently; the other tests at fewer lengths
	$(GO) test -race -short -timeout $(TIMEOUT) ./engine/... ./cmd/...

# The other architecture's tests run under qemu, this one's kernels being tested
# natively; QEMU_CPU=max is what has AVX2 there. Emulated floating point takes ten times as
# long and more, so they are short, as those of AVX-512 are in bochs. Left out are tools under
# asm/internal that read the kernels of all architectures on any, all but opcodes, and, without
# assembly, the command, which has none of its own. Tests that run themselves again do that by
# FLENGINE_EMULATOR.
ifeq ($(shell $(GO) env GOHOSTARCH),arm64)
FOREIGN := GOARCH=amd64 QEMU_CPU=max
FOREIGN_KERNELS := avx2
NARROW := -exec qemu-i386-static # amd64 runs 386 itself
QEMU ?= qemu-x86_64-static
else
FOREIGN := GOARCH=arm64
FOREIGN_KERNELS := neon
QEMU ?= qemu-aarch64-static
endif
foreign: ## the tests on the other architecture, with and without assembly
	$(FOREIGN) FLENGINE_EMULATOR=$(QEMU) FLENGINE_REQUIRE=$(FOREIGN_KERNELS) $(GO) test -timeout $(TIMEOUT) -exec $(QEMU) -short \
		$$($(GO) list ./asm/... ./generic ./engine/... ./cmd/... | grep -v '/asm/internal/[^o]')
	$(FOREIGN) FLENGINE_EMULATOR=$(QEMU) $(GO) test -tags purego -timeout $(TIMEOUT) -exec $(QEMU) -short ./generic ./engine/...

narrow: ## the tests where int has 32 bits, at fewer lengths
	GOARCH=386 $(GO) test -short -timeout $(TIMEOUT) $(NARROW) ./generic ./engine/... ./cmd/flbench/internal/...

beam: ## the module engine/beam: its tests, on Prism, and its recipes that need a shell only
	cd engine/beam && $(GO) mod verify && $(GO) vet ./... && $(GO) vet -tags cluster ./internal/cluster && \
		$(GO) test -timeout $(TIMEOUT) ./...

cluster: ## flbeam and its recipes on Spark, Dask and apache-beam's job service, in a virtual environment of 1.2 GB at VENV; minutes
	$(if $(VENV),VENV='$(VENV)') GO='$(GO)' engine/beam/internal/cluster/run.sh $(ARGS)

avx512: ## the kernels' tests with AVX-512: where the CPU has none, or with EMULATE=1, in bochs
	$(GO) run ./asm/internal/bochs $(if $(EMULATE),-emulate)

opcodes: ## the NEON opcodes' proof anew, by asm2plan9s with GNU as; CI wants no difference
	QEMU=qemu-aarch64-static $(GO) generate ./asm/internal/opcodes

counts: ## the work of the kernels per score anew, from Go's assembler; a test wants no difference
	$(GO) generate ./asm/counts

figures: ## README's pictures anew; a test wants no difference
	$(GO) run ./cmd/flbench plot curves -o testdata/figures/curves.svg
	$(GO) run ./cmd/flbench plot share -o testdata/figures/share.svg testdata/detector-logits/nanodet/astronaut testdata/detector-logits/handtrack/astronaut

bench: ## Go benchmarks of the engine and the kernels; flbench prints more
	$(GO) test -run '^$$' -bench . ./engine ./engine/internal/kernel

fuzz: ## every fuzz target for FUZZTIME
	@for module in . engine/beam; do cd $(CURDIR)/$$module; \
		for p in $$($(GO) list ./...); do \
			for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz'); do \
				echo "$$p $$f"; $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x $$p || exit 1; \
			done; \
		done; \
	done

LLVM ?= $(patsubst llvm-mca%,%,$(notdir $(firstword $(wildcard $(addprefix /usr/bin/llvm-mca,-19 -18 -17 -16) /usr/bin/llvm-mca))))
mca: ## what llvm-mca says of the inner loops: cycles per score against the port bound; ARGS=-h tells more
	$(GO) run ./asm/internal/mca -mca llvm-mca$(LLVM) -objdump llvm-objdump$(LLVM) -goarch arm64 -cpu neoverse-n1,neoverse-v2,apple-m1 $(ARGS)
	$(GO) run ./asm/internal/mca -mca llvm-mca$(LLVM) -objdump llvm-objdump$(LLVM) -goarch amd64 -cpu znver3,znver4,sapphirerapids $(ARGS)

PEERS ?= ../shared/peers
PARTS ?= c
peers: ## other implementations and flengine on the same data: a table of ratios; ARGS=-h tells more
	$(GO) run ./cmd/flbench/internal/peers -peers '$(PEERS)' -parts '$(PARTS)' -filter '$(FILTER)' \
		$(if $(PEERS_OUT),-out '$(PEERS_OUT)') $(if $(MS),-ms $(MS)) $(ARGS)

mutants: ## break kernels and engine on purpose, half an hour: what no test notices; ARGS=-h tells more
	$(GO) run ./asm/internal/mutants $(ARGS)

evalspeed: ## flbench eval on a large file against engine.Sum, or on 10,000 images; ARGS=-h tells more
	$(GO) run ./cmd/flbench/internal/evalspeed $(ARGS)

axe: ## pages of flbench report in Chromium against the rules of axe-core on access, from npm's registry
	GO='$(GO)' cmd/flbench/internal/report/axe.sh

EXPORTERS ?= torchvision ultralytics mmdetection
exporters: ## the Python exporters of cmd/flbench/docs with their packages, in a virtual environment of 6 GB at VENV
	$(if $(VENV),VENV='$(VENV)') cmd/flbench/internal/exporters/run.sh $(EXPORTERS)

PYTORCHS ?= debian pypi
python: ## flengine.torch with Debian's python3-torch and PyPI's newest, in a virtual environment of 6 GB at VENV
	GO='$(GO)' $(if $(VENV),VENV='$(VENV)') cmd/libflengine/python/tests_torch/run.sh $(PYTORCHS)

WHEELS ?= dist
wheel: ## a Python wheel for this machine into WHEELS, by its C compiler, and the NumPy tests with it installed
	GO='$(GO)' cmd/libflengine/wheels.sh $(WHEELS) native

wheels: ## wheels for amd64 and arm64 and glibc 2.17 into WHEELS, tested as they are; wheels.sh tells more
	GO='$(GO)' $(if $(SYSROOT),SYSROOT='$(SYSROOT)') cmd/libflengine/wheels.sh $(WHEELS) amd64 arm64
