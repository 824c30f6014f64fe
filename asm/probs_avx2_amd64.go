//go:build !purego

package asm

// The AVX2 kernels from probabilities; signatures and preconditions are those of
// package generic.

//go:noescape
func ProbLossGamma0AVX2(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)

//go:noescape
func ProbLossGamma1AVX2(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)

//go:noescape
func ProbLossGamma2AVX2(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)

//go:noescape
func ProbLossGammaAVX2(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)

//go:noescape
func ProbGradientGamma0AVX2(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)

//go:noescape
func ProbGradientGamma1AVX2(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)

//go:noescape
func ProbGradientGamma2AVX2(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)

//go:noescape
func ProbGradientGammaAVX2(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
