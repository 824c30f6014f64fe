//go:build !purego

package asm

// The AVX-512 kernels need AVX-512 F, DQ, BW and VL, with ZMM state enabled by the OS.
// Signatures and preconditions are those of package generic.

//go:noescape
func LossGamma0AVX512(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)

//go:noescape
func LossGamma1AVX512(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)

//go:noescape
func LossGamma2AVX512(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)

//go:noescape
func LossGammaAVX512(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)

//go:noescape
func GradientGamma0AVX512(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)

//go:noescape
func GradientGamma1AVX512(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)

//go:noescape
func GradientGamma2AVX512(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)

//go:noescape
func GradientGammaAVX512(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
