//go:build !purego

package limits

import (
	"github.com/flengine/flengine/asm/avx2"
	"github.com/flengine/flengine/asm/avx512"
)

func simdCeilings() []ceilings {
	return []ceilings{
		{
			name: "avx512", lanes: 16,
			fma: avx512.FMAPeak, add: avx512.AddPeak, fmaAdd: avx512.FMAAddPeak, integer: avx512.IntegerPeak,
			division: avx512.DivPeak, read: avx512.Read, update: avx512.Update, copy: avx512.Copy,
		},
		{
			name: "avx2", lanes: 8,
			fma: avx2.FMAPeak, add: avx2.AddPeak, fmaAdd: avx2.FMAAddPeak, integer: avx2.IntegerPeak,
			division: avx2.DivPeak, read: avx2.Read, update: avx2.Update, copy: avx2.Copy,
		},
	}
}
