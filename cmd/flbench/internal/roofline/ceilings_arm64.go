//go:build !purego

package roofline

import "github.com/flengine/flengine/asm"

func simdCeilings() []ceilings {
	return []ceilings{{
		name: "neon", lanes: 4,
		fma: asm.FMAPeakNEON, add: asm.AddPeakNEON, fmaAdd: asm.FMAAddPeakNEON, integer: asm.IntegerPeakNEON,
		division: asm.DivPeakNEON, read: asm.ReadNEON, update: asm.UpdateNEON, copy: asm.CopyNEON,
	}}
}
