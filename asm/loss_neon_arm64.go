//go:build !purego

package asm

// The NEON kernels need ASIMD, which every arm64 CPU has.
// Signatures and preconditions are those of package generic.

//go:noescape
func CountLabelsNEON(y []uint8) (positive, ignored, invalid int)

//go:noescape
func LossGamma0NEON(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)

//go:noescape
func LossGamma1NEON(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)

//go:noescape
func LossGamma2NEON(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)

//go:noescape
func LossGammaNEON(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)

//go:noescape
func GradientGamma0NEON(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)

//go:noescape
func GradientGamma1NEON(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)

//go:noescape
func GradientGamma2NEON(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)

//go:noescape
func GradientGammaNEON(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
