package kernel

import (
	"sync"
	"unsafe"

	"github.com/flengine/flengine/asm"
)

// Sweep is all that the kernels of several losses are given; package asm documents it.
type Sweep = asm.Sweep

// Entry is a loss of a sweep.
type Entry = asm.Entry

var plainLosses = sync.Pool{New: func() any { return new([Block]float32) }}

// plainSweep is a sweep by kernels of one loss.
func plainSweep(run func(*Call)) func(*Sweep) {
	return func(s *Sweep) {
		if s.N == 0 {
			return
		}
		x, y := unsafe.Slice(s.Scores, s.N), unsafe.Slice(s.Labels, s.N)
		scratch := plainLosses.Get().(*[Block]float32)
		losses := scratch[:s.N]
		easy := func(i int) bool { return y[i] == 0 && x[i] <= s.Cut }
		for i := range x {
			if easy(i) {
				s.Easy++
			}
		}
		for e := range unsafe.Slice(s.Entries, s.Count) {
			e := &unsafe.Slice(s.Entries, s.Count)[e]
			c := Call{
				Kernel: asm.KernelOf(e.Formula, s.Input, asm.Loss), N: s.N,
				Scores: s.Scores, Labels: s.Labels, Weights: s.Weights, Losses: &losses[0],
				Params: e.Params, Lanes: e.Lanes,
			}
			run(&c)
			e.Lanes = c.Lanes
			for i := range losses {
				if !easy(i) {
					losses[i] = 0
				}
			}
			for at := 0; at < s.N; at += Group {
				f := (*[Group]float32)(losses[at:])
				for j := range e.Easy {
					e.Easy[j] += float64((f[j] + f[j+16]) + (f[j+8] + f[j+24]))
				}
			}
		}
		plainLosses.Put(scratch)
	}
}

// hasPlain tells whether kernels of one loss can stand for that of a sweep.
func hasPlain(has func(asm.Kernel) bool) func(asm.SweepKernel) bool {
	return func(k asm.SweepKernel) bool { return has(asm.KernelOf(k.Formula(), k.Input(), asm.Loss)) }
}
