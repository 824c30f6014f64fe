//go:build !purego

package kernel

import (
	"github.com/flengine/flengine/asm"
	"github.com/flengine/flengine/asm/neon"
)

var neonSet = Set{
	Name:          "neon",
	Grain:         simdGrain,
	CountLabels:   neon.CountLabels,
	WidenF16:      neon.WidenF16,
	WidenBF16:     neon.WidenBF16,
	LabelClasses:  neon.LabelClasses,
	CountTargets:  neon.CountTargets,
	LabelTargets:  neon.LabelTargets,
	SmoothTargets: neon.SmoothTargets,

	SpreadWeights:   neon.SpreadWeights,
	MultiplyWeights: neon.MultiplyWeights,
	PickPositives:   neon.PickPositives,
	SumWeights:      neon.SumWeights,

	Run:      neon.Run,
	Sweep:    neon.Sweep,
	Has:      hasNEON,
	HasSweep: sweepsNEON,
	Unary: [NumUnary]UnaryFunc{
		neon.Exp, neon.Log, neon.Log1p,
		neon.Sigmoid, neon.Softplus, neon.LogSigmoid,
	},
	Pow:  neon.Pow,
	Rows: Rows{neon.RowExp, neon.RowTop, neon.RowSum, neon.RowLoss, neon.RowScale},
}

// simd returns the assembly sets. NEON (ASIMD) is part of every arm64 CPU that
// Go runs on.
func simd() []Candidate {
	return []Candidate{{Set: &neonSet, Needs: "NEON (ASIMD)"}}
}

func hasNEON(k asm.Kernel) bool { return neon.Entries()[k] != 0 }

func sweepsNEON(k asm.SweepKernel) bool { return neon.SweepEntries()[k] != 0 }
