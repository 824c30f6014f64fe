// Package work says how many instructions the kernels in assembly take per score, as counted
// in their machine code; those of other machines included. What the generic kernels do is up
// to Go's compiler.
package work

import "github.com/flengine/flengine/asm"

//go:generate go run gen.go

// Work is what a kernel does per score, in instructions of its innermost loops, with a label
// of eight bits per score and without weights. An instruction on half a vector counts half.
// Vector are those that need a vector unit: no loads, stores or plain moves. FMA, with
// products, Add, with differences, and Division are among them.
type Work struct {
	Instructions, Vector, FMA, Add, Division, Loads, Stores float64
}

// key names a kernel: its instruction set, its name, and whether losses are stored.
type key struct {
	set, kernel string
	stores      bool
}

// Of returns the work of a kernel of an instruction set ("avx512", "avx2", "neon"), that of
// counting the labels included. It is false for sets without assembly.
func Of(set string, k asm.Kernel, stores bool) (Work, bool) {
	w, ok := counted[key{set, k.String(), stores}]
	labels, both := counted[key{set, "CountLabels", false}]
	if !ok || !both {
		return Work{}, false
	}
	w.Instructions += labels.Instructions
	w.Vector += labels.Vector
	w.Loads += labels.Loads
	return w, true
}
