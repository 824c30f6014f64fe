//go:build !purego

package asm

// The elementwise NEON kernels need ASIMD, which every arm64 CPU has. Signatures and
// preconditions are those of package generic.

//go:noescape
func ExpNEON(dst, src []float32)

//go:noescape
func LogNEON(dst, src []float32)

//go:noescape
func Log1pNEON(dst, src []float32)

//go:noescape
func SigmoidNEON(dst, src []float32)

//go:noescape
func SoftplusNEON(dst, src []float32)

//go:noescape
func LogSigmoidNEON(dst, src []float32)

//go:noescape
func PowNEON(dst, src []float32, y float64, sign, nan uint32)
