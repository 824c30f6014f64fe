//go:build !purego

package kernel

import (
	"github.com/klauspost/cpuid/v2"

	"github.com/flengine/flengine/asm"
)

var avx2Set = Set{
	Name:        "avx2",
	Grain:       simdGrain,
	CountLabels: asm.CountLabelsAVX2,
	Loss: [numPowers]LossFunc{
		asm.LossGamma0AVX2, asm.LossGamma1AVX2, asm.LossGamma2AVX2, asm.LossGammaAVX2,
	},
	Gradient: [numPowers]GradientFunc{
		asm.GradientGamma0AVX2, asm.GradientGamma1AVX2, asm.GradientGamma2AVX2, asm.GradientGammaAVX2,
	},
	Unary: [NumUnary]UnaryFunc{
		asm.ExpAVX2, asm.LogAVX2, asm.Log1pAVX2,
		asm.SigmoidAVX2, asm.SoftplusAVX2, asm.LogSigmoidAVX2,
	},
	Pow: asm.PowAVX2,
}

// simd returns the assembly sets, fastest first. cpuid reports an extension only
// where the operating system saves its registers, too.
func simd() []Candidate {
	return []Candidate{
		{Set: &avx2Set, Needs: "AVX2, FMA3", Missing: missing(cpuid.AVX2, cpuid.FMA3)},
	}
}

func missing(features ...cpuid.FeatureID) []string {
	var names []string
	for _, f := range features {
		if !cpuid.CPU.Supports(f) {
			names = append(names, f.String())
		}
	}
	return names
}
