//go:build !purego

package kernel

import (
	"github.com/klauspost/cpuid/v2"

	"github.com/flengine/flengine/asm"
	"github.com/flengine/flengine/asm/avx2"
	"github.com/flengine/flengine/asm/avx512"
)

// avx512Set counts labels, makes labels, targets and weights and widens with AVX2, where stores and
// loads are the limit.
var avx512Set = Set{
	Name:        "avx512",
	Grain:       simdGrain,
	CountLabels: avx2.CountLabels,
	WidenF16:    avx2.WidenF16,
	WidenBF16:   avx2.WidenBF16,

	LabelClasses: avx2.LabelClasses,

	CountTargets:  avx512.CountTargets,
	LabelTargets:  avx2.LabelTargets,
	SmoothTargets: avx2.SmoothTargets,

	SpreadWeights:   avx2.SpreadWeights,
	MultiplyWeights: avx2.MultiplyWeights,
	PickPositives:   avx2.PickPositives,
	SumWeights:      avx2.SumWeights,

	Run:      avx512.Run,
	Sweep:    avx512.Sweep,
	Has:      hasAVX512,
	HasSweep: sweepsAVX512,
	Unary: [NumUnary]UnaryFunc{
		avx512.Exp, avx512.Log, avx512.Log1p,
		avx512.Sigmoid, avx512.Softplus, avx512.LogSigmoid,
	},
	Pow:  avx512.Pow,
	Rows: Rows{avx512.RowExp, avx2.RowTop, avx512.RowSum, avx512.RowLoss, avx512.RowScale},
}

var avx2Set = Set{
	Name:        "avx2",
	Grain:       simdGrain,
	CountLabels: avx2.CountLabels,
	WidenF16:    avx2.WidenF16,
	WidenBF16:   avx2.WidenBF16,

	LabelClasses: avx2.LabelClasses,

	CountTargets:  avx2.CountTargets,
	LabelTargets:  avx2.LabelTargets,
	SmoothTargets: avx2.SmoothTargets,

	SpreadWeights:   avx2.SpreadWeights,
	MultiplyWeights: avx2.MultiplyWeights,
	PickPositives:   avx2.PickPositives,
	SumWeights:      avx2.SumWeights,

	Run:      avx2.Run,
	Sweep:    avx2.Sweep,
	Has:      hasAVX2,
	HasSweep: sweepsAVX2,
	Unary: [NumUnary]UnaryFunc{
		avx2.Exp, avx2.Log, avx2.Log1p,
		avx2.Sigmoid, avx2.Softplus, avx2.LogSigmoid,
	},
	Pow:  avx2.Pow,
	Rows: Rows{avx2.RowExp, avx2.RowTop, avx2.RowSum, avx2.RowLoss, avx2.RowScale},
}

// simd returns the assembly sets, fastest first. cpuid reports an extension only
// where the operating system saves its registers, too.
func simd() []Candidate {
	avx2 := Candidate{Set: &avx2Set, Needs: "AVX2, FMA3, F16C", Missing: missing(cpuid.AVX2, cpuid.FMA3, cpuid.F16C)}
	avx512 := Candidate{
		Set:     &avx512Set,
		Needs:   "AVX-512 F, DQ, VL, F16C, POPCNT",
		Missing: missing(cpuid.AVX512F, cpuid.AVX512DQ, cpuid.AVX512VL, cpuid.AVX2, cpuid.F16C, cpuid.POPCNT),
	}
	if slowAVX512(cpuid.CPU.VendorID, cpuid.CPU.Family, cpuid.CPU.Model, cpuid.CPU.Stepping) {
		return []Candidate{avx2, avx512}
	}
	return []Candidate{avx512, avx2}
}

// slowAVX512 reports whether AVX2 is preferred to AVX-512: on the first server Skylakes
// (model 85, steppings up to 4), 512-bit arithmetic lowers the clock of the whole core
// for milliseconds, at a cost to all that runs on it, and some have a single 512-bit
// FMA pipe, no more lanes per cycle than the two of AVX2.
func slowAVX512(vendor cpuid.Vendor, family, model, stepping int) bool {
	return vendor == cpuid.Intel && family == 6 && model == 85 && stepping <= 4
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

func hasAVX512(k asm.Kernel) bool { return avx512.Entries()[k] != 0 }

func hasAVX2(k asm.Kernel) bool { return avx2.Entries()[k] != 0 }

func sweepsAVX512(k asm.SweepKernel) bool { return avx512.SweepEntries()[k] != 0 }

func sweepsAVX2(k asm.SweepKernel) bool { return avx2.SweepEntries()[k] != 0 }
