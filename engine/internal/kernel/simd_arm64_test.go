//go:build !purego

package kernel

import (
	"github.com/flengine/flengine/asm"
	"github.com/flengine/flengine/asm/neon"
)

// entries are the assembly's tables of kernels.
var entries = map[string]func() *[asm.NumKernels]uintptr{"neon": neon.Entries}

// sweepEntries are those of sweeps.
var sweepEntries = map[string]func() *[asm.NumSweepKernels]uintptr{"neon": neon.SweepEntries}
