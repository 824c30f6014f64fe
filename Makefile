GO   ?= go
QEMU ?= qemu-aarch64-static
FUZZTIME ?= 30s

.PHONY: test check vet purego race arm64 opcodes bench fuzz accuracy mca

test: ## the tests, on this machine's kernels
	$(GO) test ./...

check: vet test purego race arm64 ## all that guards main

vet: ## formatting, vet and builds on the platforms that matter
	@test -z "$$(gofmt -l .)" || { echo "gofmt -l:"; gofmt -l .; exit 1; }
	$(GO) mod verify
	for arch in amd64 arm64 riscv64 s390x; do GOARCH=$$arch $(GO) vet ./... || exit 1; done
	$(GO) vet -tags purego ./...
	for os in darwin windows freebsd; do GOOS=$$os $(GO) build -o /dev/null ./... || exit 1; done

purego: ## the tests without assembly
	$(GO) test -tags purego ./...

race:
	$(GO) test -race ./engine/...

arm64: ## the tests as an arm64 binary; natively on arm64, else under qemu
	GOARCH=arm64 $(GO) test $(if $(filter arm64,$(shell $(GO) env GOHOSTARCH)),,-exec $(QEMU)) ./...

opcodes: ## the NEON opcodes' proof anew, by asm2plan9s with GNU as; CI wants no difference
	QEMU=$(QEMU) $(GO) generate ./asm/internal/opcodes

bench: ## Go benchmarks of the engine and the kernels; flbench prints more
	$(GO) test -run '^$$' -bench . ./engine ./engine/internal/kernel

fuzz: ## every fuzz target for FUZZTIME
	@for p in $$($(GO) list ./...); do \
		for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz'); do \
			echo "$$p $$f"; $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x $$p || exit 1; \
		done; \
	done

STRIDE ?= 31
accuracy: ## measured error over every STRIDE-th of all 2³² logits
	$(GO) test ./engine -run TestAccuracy -v -timeout 0 -args -stride $(STRIDE)

LLVM ?= $(patsubst llvm-mca%,%,$(notdir $(firstword $(wildcard $(addprefix /usr/bin/llvm-mca,-19 -18 -17 -16) /usr/bin/llvm-mca))))
mca: ## what llvm-mca says of the inner loops: cycles a score against the port bound
	$(GO) run ./asm/internal/mca -mca llvm-mca$(LLVM) -objdump llvm-objdump$(LLVM) -goarch arm64 -cpu neoverse-v1,apple-m1
	$(GO) run ./asm/internal/mca -mca llvm-mca$(LLVM) -objdump llvm-objdump$(LLVM) -goarch amd64 -cpu znver4
