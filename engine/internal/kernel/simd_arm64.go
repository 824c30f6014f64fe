//go:build !purego

package kernel

import "github.com/flengine/flengine/asm"

var neonSet = Set{
	Name:        "neon",
	Grain:       simdGrain,
	CountLabels: asm.CountLabelsNEON,
	Loss: [numPowers]LossFunc{
		asm.LossGamma0NEON, asm.LossGamma1NEON, asm.LossGamma2NEON, asm.LossGammaNEON,
	},
	Gradient: [numPowers]GradientFunc{
		asm.GradientGamma0NEON, asm.GradientGamma1NEON, asm.GradientGamma2NEON, asm.GradientGammaNEON,
	},
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
