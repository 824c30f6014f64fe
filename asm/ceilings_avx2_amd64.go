//go:build !purego

package asm

// Ceilings with vectors of 256 bits. They need AVX2 and FMA3. Signatures and
// preconditions are those of package generic.

func FMAPeakAVX2(turns int) (ops int)
func AddPeakAVX2(turns int) (ops int)
func FMAAddPeakAVX2(turns int) (ops int)
func IntegerPeakAVX2(turns int) (ops int)
func DivPeakAVX2(turns int) (ops int)

//go:noescape
func ReadAVX2(x []float32, passes int)

//go:noescape
func UpdateAVX2(x []float32, passes int)

//go:noescape
func CopyAVX2(dst, src []float32, passes int)
