//go:build !purego

package asm

// Ceilings with vectors of 128 bits. Signatures and preconditions are those of
// package generic.

func FMAPeakNEON(turns int) (ops int)
func AddPeakNEON(turns int) (ops int)
func FMAAddPeakNEON(turns int) (ops int)
func IntegerPeakNEON(turns int) (ops int)
func DivPeakNEON(turns int) (ops int)

//go:noescape
func ReadNEON(x []float32, passes int)

//go:noescape
func UpdateNEON(x []float32, passes int)

//go:noescape
func CopyNEON(dst, src []float32, passes int)
