package limits

import (
	"github.com/flengine/flengine/asm"
	"github.com/flengine/flengine/asm/counts"
)

// Op is an operation of package engine.
type Op int

// The operations.
const (
	Sum Op = iota
	Losses
	Gradients
	LossesAndGradients
	GradientsAndHessians // of targets
)

// Work is what a kernel does per score, see package counts.
type Work counts.Work

// WorkOf returns the work of an instruction set's kernel for a formula of package asm, by
// their names, from logits or probabilities. It is false for sets without assembly, such as
// generic, for formulas that are unknown, and for what the formula has no kernel for.
func WorkOf(set, formula string, probs bool, op Op) (Work, bool) {
	in, out := asm.Logits, asm.Loss
	if probs {
		in = asm.Probs
	}
	switch op {
	case Gradients, LossesAndGradients:
		out = asm.Gradient
	case GradientsAndHessians:
		out = asm.Hessian
	}
	for f := range asm.NumFormulas {
		if f.String() == formula && (f.Soft() && !probs || !f.Soft() && out != asm.Hessian) {
			w, ok := counts.Of(set, asm.KernelOf(f, in, out), op == Losses || op == LossesAndGradients)
			return Work(w), ok
		}
	}
	return Work{}, false
}

// Bytes returns what must be read and written per score: score and label, or target, losses,
// gradients and second derivatives.
func (op Op) Bytes(targets bool) (read, written float64) {
	read = 5
	if targets {
		read = 8
	}
	switch op {
	case Losses, Gradients:
		written = 4
	case LossesAndGradients, GradientsAndHessians:
		written = 8
	}
	return read, written
}

// Peaks are the rates of one instruction set, in instructions per nanosecond. Vector
// is the highest of any probe, for work that may go to all vector units.
type Peaks struct {
	FMA, Add, Vector, Division float64
}

// PortBound returns the time per score that the vector units need at least, in
// nanoseconds, and which kind of work it is that needs it: FMA, add, division, or
// vector for all together. Each kind is held against its own peak, as if nothing
// else were done and no operation ever waited for another: a true lower bound.
func (w Work) PortBound(p Peaks) (ns float64, by string) {
	for _, kind := range []struct {
		by         string
		work, peak float64
	}{{"vector", w.Vector, p.Vector}, {"FMA", w.FMA, p.FMA}, {"add", w.Add, p.Add}, {"division", w.Division, p.Division}} {
		if kind.work == 0 {
			continue
		}
		if t := kind.work / kind.peak; t > ns {
			ns, by = t, kind.by
		}
	}
	return ns, by
}

// MemoryBound returns the time per score that moving its bytes takes at least, in
// nanoseconds, given the bandwidth of Read and of Copy at the size of what is read
// and written (see Op.Bytes): for each byte written, one is read at the rate of a copy, and the
// rest at that of reading.
func MemoryBound(read, written, readRate, copyRate float64) float64 {
	copied := min(read, written)
	return (read-copied)/readRate + (copied+written)/copyRate
}
