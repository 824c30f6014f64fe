//go:build !purego

package asm

// The elementwise AVX-512 kernels need AVX-512 F, DQ and VL. Signatures and
// preconditions are those of package generic.

//go:noescape
func ExpAVX512(dst, src []float32)

//go:noescape
func LogAVX512(dst, src []float32)

//go:noescape
func Log1pAVX512(dst, src []float32)

//go:noescape
func SigmoidAVX512(dst, src []float32)

//go:noescape
func SoftplusAVX512(dst, src []float32)

//go:noescape
func LogSigmoidAVX512(dst, src []float32)

//go:noescape
func PowAVX512(dst, src []float32, y float64, sign, nan uint32)
