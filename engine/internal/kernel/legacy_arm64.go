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
			{asm.LossGamma0NEON, asm.LossGamma1NEON, asm.LossGamma2NEON, asm.LossGammaNEON},
			{asm.ProbLossGamma0NEON, asm.ProbLossGamma1NEON, asm.ProbLossGamma2NEON, asm.ProbLossGammaNEON},
		}[c.Kernel.Input()][c.Kernel.Formula()](slice(c.Losses), x, y, slice(c.Weights), p, &c.Lanes)
		return
	}
	[asm.NumInputs][asm.NumFormulas]func(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64){
		{asm.GradientGamma0NEON, asm.GradientGamma1NEON, asm.GradientGamma2NEON, asm.GradientGammaNEON},
		{asm.ProbGradientGamma0NEON, asm.ProbGradientGamma1NEON, asm.ProbGradientGamma2NEON, asm.ProbGradientGammaNEON},
	}[c.Kernel.Input()][c.Kernel.Formula()](slice(c.Losses), slice(c.Gradients), x, y, slice(c.Weights), p, &c.Lanes)
}
