//go:build !purego

package kernel

import (
	"unsafe"

	"github.com/flengine/flengine/asm"
)

func legacyRun(c *asm.Call) {
	slice := func(p *float32) []float32 {
		if p == nil {
			return nil
		}
		return unsafe.Slice(p, c.N)
	}
	x, y := slice(c.Scores), unsafe.Slice(c.Labels, c.N)
	p := (*[8]float32)(unsafe.Pointer(&c.Params))
	if c.Kernel.Output() == asm.Loss {
		[asm.NumInputs][asm.NumFormulas]func(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64){
			{asm.LossGamma0AVX512, asm.LossGamma1AVX512, asm.LossGamma2AVX512, asm.LossGammaAVX512},
			{asm.ProbLossGamma0AVX512, asm.ProbLossGamma1AVX512, asm.ProbLossGamma2AVX512, asm.ProbLossGammaAVX512},
		}[c.Kernel.Input()][c.Kernel.Formula()](slice(c.Losses), x, y, slice(c.Weights), p, &c.Lanes)
		return
	}
	[asm.NumInputs][asm.NumFormulas]func(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64){
		{asm.GradientGamma0AVX512, asm.GradientGamma1AVX512, asm.GradientGamma2AVX512, asm.GradientGammaAVX512},
		{asm.ProbGradientGamma0AVX512, asm.ProbGradientGamma1AVX512, asm.ProbGradientGamma2AVX512, asm.ProbGradientGammaAVX512},
	}[c.Kernel.Input()][c.Kernel.Formula()](slice(c.Losses), slice(c.Gradients), x, y, slice(c.Weights), p, &c.Lanes)
}
