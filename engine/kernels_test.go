package engine

import (
	"slices"
	"testing"
)

// TestKernelTable: the table's usable kernels are Kernels, New takes exactly
// these, and what a caller does to a table stays with the caller.
func TestKernelTable(t *testing.T) {
	table := KernelTable()
	var usable []string
	for _, k := range table {
		if k.Usable {
			usable = append(usable, k.Name)
		}
		if k.Usable != (len(k.Missing) == 0) {
			t.Errorf("%s: usable %v with %q missing", k.Name, k.Usable, k.Missing)
		}
		if k.Needs == "" {
			t.Errorf("%s: does not say what it needs", k.Name)
		}
		if _, err := New(CrossEntropy(), WithKernel(k.Name)); (err == nil) != k.Usable {
			t.Errorf("%s: usable %v, but New gives %v", k.Name, k.Usable, err)
		}
	}
	if !slices.Equal(usable, Kernels()) {
		t.Errorf("usable kernels %q, want %q", usable, Kernels())
	}
	if last := table[len(table)-1]; last.Name != "generic" || !last.Usable {
		t.Errorf("last kernel %+v, want a usable generic", last)
	}
	for i := range table {
		table[i] = KernelInfo{}
	}
	if KernelTable()[0].Name != usable[0] && KernelTable()[0].Usable {
		t.Errorf("a change of one table shows in the next: %+v", KernelTable())
	}
}
