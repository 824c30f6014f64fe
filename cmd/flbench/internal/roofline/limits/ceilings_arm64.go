//go:build !purego

package limits

import "github.com/flengine/flengine/asm/neon"

func simdCeilings() []ceilings {
	return []ceilings{{
		name: "neon", lanes: 4,
		fma: neon.FMAPeak, add: neon.AddPeak, fmaAdd: neon.FMAAddPeak, integer: neon.IntegerPeak,
		division: neon.DivPeak, read: neon.Read, update: neon.Update, copy: neon.Copy,
	}}
}
