//go:build !purego

package avx2

import "github.com/flengine/flengine/asm"

// Ceilings with vectors of 256 bits. They need AVX2 and FMA3. Signatures and
// preconditions are those of package generic.

func FMAPeak(turns int) (ops int)
func AddPeak(turns int) (ops int)
func FMAAddPeak(turns int) (ops int)
func IntegerPeak(turns int) (ops int)
func DivPeak(turns int) (ops int)

//go:noescape
func Read(x []float32, passes int)

//go:noescape
func Update(x []float32, passes int)

//go:noescape
func Copy(dst, src []float32, passes int)

// peaks is what the loops compute with, at the offsets that go_asm.h gives.
type peaks struct{ step, dividend, start float32 }

var peakConstants = peaks{asm.PeakStep, asm.PeakDividend, asm.PeakStart}
