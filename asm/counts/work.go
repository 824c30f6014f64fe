// Package counts says how many instructions the kernels in assembly take per score, as counted
// in their machine code; those of other machines included. What the generic kernels do is up
// to Go's compiler.
package counts

import "github.com/flengine/flengine/asm"

//go:generate go run gen.go

// Work is what a kernel does per score, in instructions of its innermost loops, with a label
// of eight bits per score and without weights. An instruction on half a vector counts half.
// Vector are those that need a vector unit: no loads, stores or plain moves. FMA, with
// products, Add, with differences, and Division are among them.
type Work struct {
	Instructions, Vector, FMA, Add, Division, Loads, Stores float64
}

// key names a kernel, or "logitsTerms" and "probsTerms" of a sweep: its instruction set, its
// name, and whether losses are stored.
type key struct {
	set, kernel string
	stores      bool
}

// Of returns the work of a kernel of an instruction set ("avx512", "avx2", "neon"), that of
// counting the labels included. It is false for sets without assembly.
func Of(set string, k asm.Kernel, stores bool) (Work, bool) {
	return sum(set, key{set, k.String(), stores})
}

// OfSweep returns the work of a sweep of losses of the formulas, in groups whose scores are
// all easy, where no loss takes the power of another; that of counting the labels included.
func OfSweep(set string, in asm.Input, formulas ...asm.Formula) (Work, bool) {
	keys := []key{{set, in.String() + "Terms", false}}
	for _, f := range formulas {
		keys = append(keys, key{set, asm.SweepKernelOf(f, in).String(), false})
	}
	return sum(set, keys...)
}

// sum adds counted work, and that of counting the labels.
func sum(set string, keys ...key) (w Work, ok bool) {
	for _, k := range append(keys, key{set, "CountLabels", false}) {
		c, ok := counted[k]
		if !ok {
			return Work{}, false
		}
		w.Instructions += c.Instructions
		w.Vector += c.Vector
		w.FMA += c.FMA
		w.Add += c.Add
		w.Division += c.Division
		w.Loads += c.Loads
		w.Stores += c.Stores
	}
	return w, true
}
