//go:build !purego

package asm

// The NEON kernels from probabilities; signatures and preconditions are those of
// package generic.

//go:noescape
func ProbLossGamma0NEON(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)

//go:noescape
func ProbLossGamma1NEON(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)

//go:noescape
func ProbLossGamma2NEON(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)

//go:noescape
func ProbLossGammaNEON(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)

//go:noescape
func ProbGradientGamma0NEON(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)

//go:noescape
func ProbGradientGamma1NEON(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)

//go:noescape
func ProbGradientGamma2NEON(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)

//go:noescape
func ProbGradientGammaNEON(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
