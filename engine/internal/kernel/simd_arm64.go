//go:build !purego

package kernel

import "github.com/flengine/flengine/asm"

var neonSet = Set{
	Name:        "neon",
	Grain:       simdGrain,
	CountLabels: asm.CountLabelsNEON,
	Loss: [numInputs][numPowers]LossFunc{
		Logits: {asm.LossGamma0NEON, asm.LossGamma1NEON, asm.LossGamma2NEON, asm.LossGammaNEON},
		Probs:  {asm.ProbLossGamma0NEON, asm.ProbLossGamma1NEON, asm.ProbLossGamma2NEON, asm.ProbLossGammaNEON},
	},
	Gradient: [numInputs][numPowers]GradientFunc{
		Logits: {asm.GradientGamma0NEON, asm.GradientGamma1NEON, asm.GradientGamma2NEON, asm.GradientGammaNEON},
		Probs:  {asm.ProbGradientGamma0NEON, asm.ProbGradientGamma1NEON, asm.ProbGradientGamma2NEON, asm.ProbGradientGammaNEON},
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
