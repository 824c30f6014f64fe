//go:build !purego

package asm

// The AVX512 kernels from probabilities; signatures and preconditions are those of
// package generic.

//go:noescape
func ProbLossGamma0AVX512(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)

//go:noescape
func ProbLossGamma1AVX512(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)

//go:noescape
func ProbLossGamma2AVX512(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)

//go:noescape
func ProbLossGammaAVX512(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)

//go:noescape
func ProbGradientGamma0AVX512(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)

//go:noescape
func ProbGradientGamma1AVX512(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)

//go:noescape
func ProbGradientGamma2AVX512(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)

//go:noescape
func ProbGradientGammaAVX512(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
