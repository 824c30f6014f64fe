//go:build !purego

package kernel

import (
	"github.com/klauspost/cpuid/v2"

	"github.com/flengine/flengine/asm"
)

func simdCeilings() []Ceilings {
	return []Ceilings{
		{
			Name: "avx512", Lanes: 16, Missing: missing(cpuid.AVX512F, cpuid.AVX512DQ, cpuid.AVX512BW, cpuid.AVX512VL),
			FMA: asm.FMAPeakAVX512, Add: asm.AddPeakAVX512, FMAAdd: asm.FMAAddPeakAVX512, Integer: asm.IntegerPeakAVX512,
			Division: asm.DivPeakAVX512, Read: asm.ReadAVX512, Update: asm.UpdateAVX512, Copy: asm.CopyAVX512,
		},
		{
			Name: "avx2", Lanes: 8, Missing: missing(cpuid.AVX2, cpuid.FMA3),
			FMA: asm.FMAPeakAVX2, Add: asm.AddPeakAVX2, FMAAdd: asm.FMAAddPeakAVX2, Integer: asm.IntegerPeakAVX2,
			Division: asm.DivPeakAVX2, Read: asm.ReadAVX2, Update: asm.UpdateAVX2, Copy: asm.CopyAVX2,
		},
	}
}
