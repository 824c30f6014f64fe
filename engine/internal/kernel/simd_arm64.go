//go:build !purego

package kernel

import "github.com/flengine/flengine/asm"

var neonSet = Set{
	Name:        "neon",
	Grain:       simdGrain,
	CountLabels: asm.CountLabelsNEON,
	Run:         legacyRun,
	Has:         func(asm.Kernel) bool { return true },
	Unary: [NumUnary]UnaryFunc{
		asm.ExpNEON, asm.LogNEON, asm.Log1pNEON,
		asm.SigmoidNEON, asm.SoftplusNEON, asm.LogSigmoidNEON,
	},
	Pow: asm.PowNEON,
}

// simd returns the assembly sets. NEON (ASIMD) is part of every arm64 CPU that
// Go runs on.
func simd() []Candidate {
	return []Candidate{{Set: &neonSet, Needs: "NEON (ASIMD)"}}
}
