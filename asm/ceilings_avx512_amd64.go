//go:build !purego

package asm

// Ceilings with vectors of 512 bits. They need AVX-512F. Signatures and
// preconditions are those of package generic.

func FMAPeakAVX512(turns int) (ops int)
func AddPeakAVX512(turns int) (ops int)
func FMAAddPeakAVX512(turns int) (ops int)
func IntegerPeakAVX512(turns int) (ops int)
func DivPeakAVX512(turns int) (ops int)

//go:noescape
func ReadAVX512(x []float32, passes int)

//go:noescape
func UpdateAVX512(x []float32, passes int)

//go:noescape
func CopyAVX512(dst, src []float32, passes int)
