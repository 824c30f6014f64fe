//go:build purego || !(amd64 || arm64)

package kernel

import "github.com/flengine/flengine/asm"

// entries are the assembly's tables of kernels: there are none.
var entries map[string]func() *[asm.NumKernels]uintptr

// sweepEntries are those of sweeps: there are none.
var sweepEntries map[string]func() *[asm.NumSweepKernels]uintptr
