//go:build !purego

package neon

// The elementwise NEON kernels need ASIMD, which every arm64 CPU has. Signatures and
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

// A pass over a chunk, which only kernels can call: its arguments are in registers.
func vexpneg()
