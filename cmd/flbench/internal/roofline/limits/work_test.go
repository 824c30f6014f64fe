package limits

import (
	"testing"

	"github.com/flengine/flengine/asm"
	"github.com/flengine/flengine/engine"
)

// TestWorkOf: every kernel of this build but generic is counted, for every input, formula
// and operation, and writes what it must.
func TestWorkOf(t *testing.T) {
	names := map[string]bool{"avx512": true, "avx2": true, "neon": true} // counted on every machine
	for _, k := range engine.KernelTable() {
		names[k.Name] = true
	}
	for name := range names {
		for _, probs := range []bool{false, true} {
			for f := range asm.NumFormulas {
				for op := Sum; op <= GradientsAndHessians; op++ {
					w, ok := WorkOf(name, f.String(), probs, op)
					has := name != "generic" && (f.Soft() && !probs || !f.Soft() && op != GradientsAndHessians)
					if ok != has {
						t.Fatalf("%s, %s, probs %v, %d: counted: %v", name, f, probs, op, ok)
					}
					_, written := op.Bytes(f.Soft())
					lanes := map[string]float64{"avx512": 16, "avx2": 8, "neon": 4}[name]
					if ok && w.Stores*lanes < written/4 {
						t.Errorf("%s, %s, probs %v, %d: %g stores per vector, want %g or more", name, f, probs, op, w.Stores*lanes, written/4)
					}
				}
			}
		}
	}
	if _, ok := WorkOf("sse9", "focal2", false, Sum); ok {
		t.Error("sse9 is counted")
	}
	if _, ok := WorkOf("avx2", "none", false, Sum); ok {
		t.Error("a formula of no name is counted")
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
	for op, want := range map[Op][2]float64{
		Sum: {5. / 10, 8. / 10}, Losses: {1./10 + 8./4, 4./10 + 8./4}, Gradients: {1./10 + 8./4, 4./10 + 8./4},
		LossesAndGradients: {13. / 4, 16. / 4}, GradientsAndHessians: {13. / 4, 16. / 4},
	} {
		for i, targets := range []bool{false, true} {
			read, written := op.Bytes(targets)
			if got := MemoryBound(read, written, 10, 4); got != want[i] {
				t.Errorf("%d, targets %v: %g ns, want %g", op, targets, got, want[i])
			}
		}
	}
}
