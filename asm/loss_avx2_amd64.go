//go:build !purego

package asm

// The AVX2 kernels need AVX2 and FMA3, with YMM state enabled by the OS.
// Signatures and preconditions are those of package generic.

//go:noescape
func CountLabelsAVX2(y []uint8) (positive, ignored, invalid int)

//go:noescape
func LossGamma0AVX2(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)

//go:noescape
func LossGamma1AVX2(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)

//go:noescape
func LossGamma2AVX2(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)

//go:noescape
func LossGammaAVX2(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)

//go:noescape
func GradientGamma0AVX2(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)

//go:noescape
func GradientGamma1AVX2(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)

//go:noescape
func GradientGamma2AVX2(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)

//go:noescape
func GradientGammaAVX2(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64)
