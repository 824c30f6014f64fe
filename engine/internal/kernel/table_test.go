package kernel

import (
	"reflect"
	"runtime"
	"slices"
	"testing"

	"github.com/flengine/flengine/asm"
)

// TestTable: every set of this build, whether this machine can run it or not, has every
// kernel and every function; and what is behind a kernel's number bears its name.
func TestTable(t *testing.T) {
	for _, c := range candidates {
		t.Run(c.Name, func(t *testing.T) { checkTable(t, c) })
	}
	for _, s := range subjects() {
		for _, err := range s.notAssembly {
			t.Errorf("%s: %v", s.Name, err)
		}
	}
	// A function that the harness does not know would go untested.
	known := []string{
		"Name", "Grain", "CountLabels", "WidenF16", "WidenBF16", "LabelClasses", "CountTargets", "LabelTargets", "SmoothTargets",
		"SpreadWeights", "MultiplyWeights", "PickPositives", "SumWeights", "Run", "Sweep", "Has", "HasSweep", "Unary", "Pow", "Rows",
	}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[Set]()) {
		if !slices.Contains(known, f.Name) {
			t.Errorf("Set.%s: the harness does not know it", f.Name)
		}
	}
}

func checkTable(t *testing.T, c Candidate) {
	for k := range asm.NumKernels {
		if !c.Has(k) {
			t.Errorf("%s/%v: the set has no such kernel", c.Name, k)
		}
	}
	for k := range asm.NumSweepKernels {
		if !c.HasSweep(k) {
			t.Errorf("%s/%v: the set has no such kernel", c.Name, k)
		}
	}
	for k, f := range c.Unary {
		if f == nil {
			t.Errorf("%s/%s: the set has no such function", c.Name, unaryNames[k])
		}
	}
	if c.Pow == nil || c.CountLabels == nil || c.CountTargets == nil || c.LabelTargets == nil || c.SmoothTargets == nil || c.Run == nil || c.Sweep == nil || c.Grain < 1 {
		t.Errorf("%s: the set lacks Pow, CountLabels, a pass over targets, Run, Sweep or Grain", c.Name)
	}
	if c.SpreadWeights == nil || c.MultiplyWeights == nil || c.PickPositives == nil || c.SumWeights == nil {
		t.Errorf("%s: the set lacks a pass over weights", c.Name)
	}
	if c.WidenF16 == nil || c.WidenBF16 == nil || c.LabelClasses == nil {
		t.Errorf("%s: the set lacks WidenF16, WidenBF16 or LabelClasses", c.Name)
	}
	for _, name := range rowKernels {
		if reflect.ValueOf(c.Rows).FieldByName(name).IsNil() {
			t.Errorf("%s/Rows.%s: the set has no such kernel", c.Name, name)
		}
	}
	if c.Name == "generic" {
		return
	}
	table, ok := entries[c.Name]
	if !ok {
		t.Fatalf("%s: the test does not know its table of kernels", c.Name)
	}
	named := func(name string, pc uintptr) {
		switch fn := runtime.FuncForPC(pc); {
		case pc == 0: // see above
		case fn == nil || fn.Entry() != pc:
			t.Errorf("%s/%s: %#x, its address in the table, is no function", c.Name, name, pc)
		case fn.Name() != name:
			t.Errorf("%s/%s: the table has %s in its place", c.Name, name, fn.Name())
		}
	}
	for k, pc := range table() {
		named(asm.Kernel(k).String(), pc)
	}
	for k, pc := range sweepEntries[c.Name]() {
		named(asm.SweepKernel(k).String(), pc)
	}
}

// TestNumbers: a kernel's number and its parts give each other, and names differ.
func TestNumbers(t *testing.T) {
	var names []string
	for k := range asm.NumKernels {
		if got := asm.KernelOf(k.Formula(), k.Input(), k.Output()); got != k {
			t.Errorf("kernel %d is of formula %d, input %d, output %d, whose number is %d", k, k.Formula(), k.Input(), k.Output(), got)
		}
		if slices.Contains(names, k.String()) {
			t.Errorf("two kernels are named %v", k)
		}
		names = append(names, k.String())
	}
}
