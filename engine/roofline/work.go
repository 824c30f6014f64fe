package roofline

import "fmt"

//go:generate go run gen.go

// Op is an operation of package engine.
type Op int

// The operations.
const (
	Sum Op = iota
	Losses
	Gradients
	LossesAndGradients
)

// Work is what a kernel does a score, in instructions of its innermost loops, with
// a label of eight bits a score and without weights. An instruction on half a
// vector counts half. Vector are those that need a vector unit: no loads, stores or
// plain moves. FMA, with products, Add, with differences, and Division are among
// them.
type Work struct {
	Instructions, Vector, FMA, Add, Division, Loads, Stores float64
}

// countKey names a kernel: its instruction set, function, and whether losses are
// stored.
type countKey struct {
	kernel, function string
	stores           bool
}

// WorkOf returns the work of a kernel, from logits or probabilities, for a loss
// with that gamma. It knows the kernels in assembly, those of other machines
// included; what the generic kernel does is up to Go's compiler.
func WorkOf(kernelName string, probs bool, gamma float32, op Op) (w Work, ok bool) {
	function := "Loss"
	if op == Gradients || op == LossesAndGradients {
		function = "Gradient"
	}
	if probs {
		function = "Prob" + function
	}
	switch gamma {
	case 0, 1, 2:
		function += fmt.Sprintf("Gamma%g", gamma)
	default:
		function += "Gamma"
	}
	w, ok = counted[countKey{kernelName, function, op == Losses || op == LossesAndGradients}]
	labels, both := counted[countKey{kernelName, "CountLabels", false}]
	if !ok || !both {
		return Work{}, false
	}
	w.Instructions += labels.Instructions
	w.Vector += labels.Vector
	w.Loads += labels.Loads
	return w, true
}

// Bytes returns what must be read and written a score: score and label, losses and
// gradients.
func (op Op) Bytes() (read, written float64) {
	switch op {
	case Losses, Gradients:
		return 5, 4
	case LossesAndGradients:
		return 5, 8
	}
	return 5, 0
}

// Peaks are the rates of one instruction set, in instructions a nanosecond. Vector
// is the highest of any probe, for work that may go to all vector units.
type Peaks struct {
	FMA, Add, Vector, Division float64
}

// PortBound returns the time a score that the vector units need at least, in
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

// MemoryBound returns the time a score that moving its bytes takes at least, in
// nanoseconds, given the bandwidth of Read and of Copy at the size of what is read
// and written: for each byte written, one is read at the rate of a copy, and the
// rest at that of reading.
func MemoryBound(op Op, readRate, copyRate float64) float64 {
	read, written := op.Bytes()
	copied := min(read, written)
	return (read-copied)/readRate + (copied+written)/copyRate
}
