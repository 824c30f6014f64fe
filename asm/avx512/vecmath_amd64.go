//go:build !purego

package avx512

// The elementwise AVX-512 kernels need AVX-512 F, DQ and VL. Signatures and
// preconditions are those of package generic.

//go:noescape
func Exp(dst, src []float32)

//go:noescape
func Log(dst, src []float32)

//go:noescape
func Log1p(dst, src []float32)

//go:noescape
func Sigmoid(dst, src []float32)

//go:noescape
func Softplus(dst, src []float32)

//go:noescape
func LogSigmoid(dst, src []float32)

//go:noescape
func Pow(dst, src []float32, y float64, sign, nan uint32)
