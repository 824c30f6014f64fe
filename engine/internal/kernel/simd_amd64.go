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
	Loss: [numInputs][numPowers]LossFunc{
		Logits: {asm.LossGamma0AVX2, asm.LossGamma1AVX2, asm.LossGamma2AVX2, asm.LossGammaAVX2},
		Probs:  {asm.ProbLossGamma0AVX2, asm.ProbLossGamma1AVX2, asm.ProbLossGamma2AVX2, asm.ProbLossGammaAVX2},
	},
	Gradient: [numInputs][numPowers]GradientFunc{
		Logits: {asm.GradientGamma0AVX2, asm.GradientGamma1AVX2, asm.GradientGamma2AVX2, asm.GradientGammaAVX2},
		Probs:  {asm.ProbGradientGamma0AVX2, asm.ProbGradientGamma1AVX2, asm.ProbGradientGamma2AVX2, asm.ProbGradientGammaAVX2},
	},
	Unary: [NumUnary]UnaryFunc{
		asm.ExpAVX2, asm.LogAVX2, asm.Log1pAVX2,
		asm.SigmoidAVX2, asm.SoftplusAVX2, asm.LogSigmoidAVX2,
	},
	Pow: asm.PowAVX2,
}

// avx512Set has kernels of its own for the elementwise functions.
var avx512Set = Set{
	Name:        "avx512",
	Grain:       avx2Set.Grain,
	CountLabels: avx2Set.CountLabels,
	Loss:        avx2Set.Loss,
	Gradient:    avx2Set.Gradient,
	Unary: [NumUnary]UnaryFunc{
		asm.ExpAVX512, asm.LogAVX512, asm.Log1pAVX512,
		asm.SigmoidAVX512, asm.SoftplusAVX512, asm.LogSigmoidAVX512,
	},
	Pow: asm.PowAVX512,
}

// simd returns the assembly sets, fastest first. cpuid reports an extension only
// where the operating system saves its registers, too.
func simd() []Candidate {
	return []Candidate{
		{
			Set: &avx512Set, Needs: "AVX-512 F, DQ, BW, VL",
			Missing: missing(cpuid.AVX512F, cpuid.AVX512DQ, cpuid.AVX512BW, cpuid.AVX512VL, cpuid.AVX2, cpuid.FMA3),
		},
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
