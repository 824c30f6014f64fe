package asm

import "unsafe"

// SweepKernel is the number of a kernel in the table of those that take a loss in a sweep.
type SweepKernel uint

// NumSweepKernels is the number of kernels in every such table. They are of labels.
const NumSweepKernels = SweepKernel(NumLabelFormulas) * SweepKernel(NumInputs)

// SweepKernelOf returns the number of a kernel.
func SweepKernelOf(f Formula, in Input) SweepKernel {
	return SweepKernel(f)*SweepKernel(NumInputs) + SweepKernel(in)
}

// Formula and Input take the number apart.
func (k SweepKernel) Formula() Formula { return Formula(k / SweepKernel(NumInputs)) }

// Input returns what the kernel's scores are.
func (k SweepKernel) Input() Input { return Input(k % SweepKernel(NumInputs)) }

// String returns the kernel's name, that of its symbol in the assembly: "focal2Sweep",
// "focal2ProbSweep".
func (k SweepKernel) String() string {
	return k.Formula().String() + [NumInputs]string{"", "Prob"}[k.Input()] + "Sweep"
}

// Sweep is all that the kernels of several losses are given, which take the same scores in
// one pass. The assembly reads the fields as it does those of [Call].
type Sweep struct {
	Input   Input    // what the scores are
	N       int      // scores: a multiple of 32, at most 4096; 0 does nothing
	Scores  *float32 // x: logits or probabilities
	Labels  *uint8   // y: 0, 1, or 255 for ignored
	Weights *float32 // factors of the weights, finite and ≥ 0; nil: all 1
	Entries *Entry   // the losses
	Count   int      // how many, at least one
	Cut     float32  // easy scores are those with the label 0 and x ≤ Cut
	Easy    int64    // how many are easy, added to
}

// Entry is a loss of a sweep.
type Entry struct {
	Formula Formula
	Reuse   int64      // not 0: q^γ is that of the entry before, which evaluated it
	Params  Params     // as far ahead of Lanes as in [Call]
	Lanes   [8]float64 // the lane sums of the canonical sum, added to
	Easy    [8]float64 // the same with +0 as the loss of all that is not easy, added to
}

// The assembly finds Params and Lanes of an entry as it does those of a call.
const _ = uint(unsafe.Offsetof(Entry{}.Lanes)-unsafe.Offsetof(Entry{}.Params)) -
	uint(unsafe.Offsetof(Call{}.Lanes)-unsafe.Offsetof(Call{}.Params))
