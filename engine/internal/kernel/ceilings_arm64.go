//go:build !purego

package kernel

import "github.com/flengine/flengine/asm"

func simdCeilings() []Ceilings {
	return []Ceilings{{
		Name: "neon", Lanes: 4,
		FMA: asm.FMAPeakNEON, Add: asm.AddPeakNEON, FMAAdd: asm.FMAAddPeakNEON, Integer: asm.IntegerPeakNEON,
		Division: asm.DivPeakNEON, Read: asm.ReadNEON, Update: asm.UpdateNEON, Copy: asm.CopyNEON,
	}}
}
