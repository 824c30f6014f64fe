//go:build !purego

package asm

// The elementwise AVX2 kernels need AVX2 and FMA3, too. Signatures and
// preconditions are those of package generic.

//go:noescape
func ExpAVX2(dst, src []float32)

//go:noescape
func LogAVX2(dst, src []float32)

//go:noescape
func Log1pAVX2(dst, src []float32)

//go:noescape
func SigmoidAVX2(dst, src []float32)

//go:noescape
func SoftplusAVX2(dst, src []float32)

//go:noescape
func LogSigmoidAVX2(dst, src []float32)

//go:noescape
func PowAVX2(dst, src []float32, y float64, sign, nan uint32)
