//go:build !purego

package roofline

import (
	"github.com/flengine/flengine/asm"
)

func simdCeilings() []ceilings {
	return []ceilings{
		{
			name: "avx512", lanes: 16,
			fma: asm.FMAPeakAVX512, add: asm.AddPeakAVX512, fmaAdd: asm.FMAAddPeakAVX512, integer: asm.IntegerPeakAVX512,
			division: asm.DivPeakAVX512, read: asm.ReadAVX512, update: asm.UpdateAVX512, copy: asm.CopyAVX512,
		},
		{
			name: "avx2", lanes: 8,
			fma: asm.FMAPeakAVX2, add: asm.AddPeakAVX2, fmaAdd: asm.FMAAddPeakAVX2, integer: asm.IntegerPeakAVX2,
			division: asm.DivPeakAVX2, read: asm.ReadAVX2, update: asm.UpdateAVX2, copy: asm.CopyAVX2,
		},
	}
}
