package roofline

import (
	"bytes"
	"os"
	"testing"

	"github.com/flengine/flengine/engine"
	"github.com/flengine/flengine/engine/roofline/internal/listing"
)

// TestCounts counts again: the table is that of the assembly.
func TestCounts(t *testing.T) {
	want, err := listing.Source("../../asm")
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

// TestWorkOf: every kernel of this build but generic is counted, for every input,
// power and operation, and the numbers fit what the formulas need.
func TestWorkOf(t *testing.T) {
	lanes := map[string]float64{"avx512": 16, "avx2": 8, "neon": 4}
	names := map[string]bool{"avx512": true, "avx2": true, "neon": true} // counted on every machine
	for _, k := range engine.KernelTable() {
		names[k.Name] = true
	}
	for name := range names {
		for _, probs := range []bool{false, true} {
			for _, gamma := range []float32{0, 1, 2, 1.5} {
				for op := Sum; op <= LossesAndGradients; op++ {
					w, ok := WorkOf(name, probs, gamma, op)
					if ok == (name == "generic") {
						t.Fatalf("%s, probs %v, γ=%g, %d: counted: %v", name, probs, gamma, op, ok)
					}
					if !ok {
						continue
					}
					n := lanes[name]
					divisions := 0.0
					switch gradient := op >= Gradients; {
					case probs && gradient && gamma == 1.5:
						divisions = 2
					case gradient, !probs && (gamma == 1 || gamma == 2):
						divisions = 1
					}
					if got := w.Division * n; got != divisions {
						t.Errorf("%s, probs %v, γ=%g, %d: %g divisions a score, want %g", name, probs, gamma, op, got, divisions)
					}
					// A degree 4 or 5 polynomial, its argument and its square at the least.
					if w.FMA*n < 6 || w.Add*n < 2 || w.Vector < w.FMA+w.Add+w.Division || w.Instructions < w.Vector+w.Stores {
						t.Errorf("%s, probs %v, γ=%g, %d: implausible %+v", name, probs, gamma, op, w)
					}
					_, written := op.Bytes()
					if w.Stores*n < written/4 {
						t.Errorf("%s, probs %v, γ=%g, %d: %g stores of a vector, want %g or more", name, probs, gamma, op, w.Stores*n, written/4)
					}
				}
			}
		}
	}
}

func TestWorkOfStores(t *testing.T) {
	// Losses cost one store a vector more than their sum.
	sum, _ := WorkOf("avx2", false, 2, Sum)
	losses, _ := WorkOf("avx2", false, 2, Losses)
	if losses.Stores-sum.Stores != 1./8 || losses.Vector != sum.Vector {
		t.Errorf("losses %+v, sum %+v, want one more store a vector", losses, sum)
	}
	if _, ok := WorkOf("sse9", false, 2, Sum); ok {
		t.Error("sse9 is counted")
	}
}

func TestPortBound(t *testing.T) {
	p := Peaks{FMA: 2, Add: 4, Vector: 5, Division: 0.5}
	for _, c := range []struct {
		w  Work
		ns float64
		by string
	}{
		{Work{Vector: 10, FMA: 3, Add: 4, Division: 0.5}, 2, "vector"},
		{Work{Vector: 10, FMA: 6, Add: 3, Division: 0.5}, 3, "FMA"},
		{Work{Vector: 10, FMA: 0, Add: 9, Division: 0}, 2.25, "add"},
		{Work{Vector: 10, FMA: 3, Add: 4, Division: 2}, 4, "division"},
		{Work{}, 0, ""},
	} {
		if ns, by := c.w.PortBound(p); ns != c.ns || by != c.by {
			t.Errorf("%+v: %g ns by %s, want %g by %s", c.w, ns, by, c.ns, c.by)
		}
	}
	// A division is no reason to need the peak of what is not done.
	if ns, by := (Work{Vector: 1, Division: 1}).PortBound(Peaks{Vector: 1, Division: 0.25}); ns != 4 || by != "division" {
		t.Errorf("%g ns by %s, want 4 by division", ns, by)
	}
}

func TestMemoryBound(t *testing.T) {
	for op, want := range map[Op]float64{Sum: 5. / 10, Losses: 1./10 + 8./4, Gradients: 1./10 + 8./4, LossesAndGradients: 13. / 4} {
		if got := MemoryBound(op, 10, 4); got != want {
			t.Errorf("%d: %g ns, want %g", op, got, want)
		}
	}
}
