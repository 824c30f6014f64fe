package counts

import (
	"bytes"
	"os"
	"testing"

	"github.com/flengine/flengine/asm"
	"github.com/flengine/flengine/asm/internal/listing"
)

// TestCounts counts again: the table is that of the assembly.
func TestCounts(t *testing.T) {
	want, err := listing.Source()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("counts.go")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("counts.go is not what the assembly gives; run 'make counts'")
	}
}

// TestOf: every kernel of every instruction set is counted, and the numbers are plausible.
func TestOf(t *testing.T) {
	for _, s := range listing.Sets {
		n := float64(s.Bits / 32)
		for k := range asm.NumKernels {
			for _, stores := range []bool{false, true} {
				w, ok := Of(s.Name, k, stores)
				if !ok {
					t.Errorf("%s/%s is not counted", s.Name, k)
					continue
				}
				// A gradient from probabilities divides, and one from logits has a sigmoid.
				if k.Output() == asm.Gradient && w.Division*n < 1 {
					t.Errorf("%s/%s: %g divisions per vector, want one at least", s.Name, k, w.Division*n)
				}
				// A degree 4 or 5 polynomial, its argument and its square at the least.
				if w.FMA*n < 6 || w.Add*n < 2 || w.Vector < w.FMA+w.Add+w.Division || w.Instructions < w.Vector+w.Stores {
					t.Errorf("%s/%s: implausible %+v", s.Name, k, w)
				}
			}
			// Losses cost one store per vector more than their sum.
			sum, _ := Of(s.Name, k, false)
			losses, _ := Of(s.Name, k, true)
			if losses.Stores-sum.Stores != 1/n || losses.Vector != sum.Vector {
				t.Errorf("%s/%s: with losses %+v, without %+v, want one more store per vector", s.Name, k, losses, sum)
			}
		}
	}
	if _, ok := Of("generic", 0, false); ok {
		t.Error("generic is counted")
	}
}

// TestOfSweep: sweeps of every instruction set are counted, and the numbers are plausible.
func TestOfSweep(t *testing.T) {
	for _, s := range listing.Sets {
		for in := range asm.NumInputs {
			for f := range asm.NumLabelFormulas {
				one, ok := OfSweep(s.Name, in, f)
				two, both := OfSweep(s.Name, in, f, asm.CrossEntropy)
				sum, _ := Of(s.Name, asm.KernelOf(f, in, asm.Loss), false)
				if !ok || !both {
					t.Errorf("%s: a sweep of %s from %s is not counted", s.Name, f, in)
					continue
				}
				// Easy scores need no more than the sum alone, but to be told from others.
				if one.Vector > 1.2*sum.Vector || one.FMA > sum.FMA || one.FMA < 0.5*sum.FMA || one.Division > sum.Division {
					t.Errorf("%s: a sweep of %s from %s takes %+v, the sum %+v", s.Name, f, in, one, sum)
				}
				if more := two.FMA - one.FMA; more <= 0 || two.Vector <= one.Vector || two.Division != one.Division {
					t.Errorf("%s: a sweep of %s and ce from %s takes %+v, of the first alone %+v", s.Name, f, in, two, one)
				}
			}
		}
	}
	if _, ok := OfSweep("generic", 0, 0); ok {
		t.Error("generic is counted")
	}
}
