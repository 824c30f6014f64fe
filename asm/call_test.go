package asm

import "testing"

// TestKernelNumbers: every formula × input × output that there is has a number of its own below NumKernels,
// from which they come back, and a name of its own; there are no more numbers.
func TestKernelNumbers(t *testing.T) {
	names, numbers := map[string]bool{}, map[Kernel]bool{}
	for f := range NumFormulas {
		for in := range NumInputs {
			for out := range NumOutputs {
				if f.Soft() && in != Logits || !f.Soft() && out == Hessian {
					continue
				}
				k := KernelOf(f, in, out)
				if k >= NumKernels || k.Formula() != f || k.Input() != in || k.Output() != out {
					t.Errorf("%v, %v, %v has the number %d of %d, which is %v, %v, %v", f, in, out, k, NumKernels, k.Formula(), k.Input(), k.Output())
				}
				numbers[k], names[k.String()] = true, true
			}
		}
	}
	if n := int(NumKernels); len(numbers) != n || len(names) != n {
		t.Errorf("%d numbers and %d names, want %d", len(numbers), len(names), n)
	}
}
