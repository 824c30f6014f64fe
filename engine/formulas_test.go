package engine

import (
	"math"
	"strings"
	"testing"

	"github.com/flengine/flengine/asm"
)

// TestFamilies: every row of the list is whole, and what a caller does to it stays with
// the caller.
func TestFamilies(t *testing.T) {
	names := map[string]bool{}
	for i, f := range append(Families(), RowFamilies()...) {
		if f.Name == "" || f.Title == "" || f.Formula == "" || f.Source == "" || names[f.Name] {
			t.Errorf("row %d is not whole, or a name comes twice: %+v", i, f)
		}
		names[f.Name] = true
		number := f.ShortParameter == ""
		for _, p := range f.Parameters {
			if p.Name == "" || p.Symbol == "" || p.Meaning == "" || !(p.Min <= p.Default && p.Default <= p.Max) || p.check(float64(p.Default)) != nil {
				t.Errorf("%s: parameter %+v", f.Name, p)
			}
			number = number || p.Name == f.ShortParameter
			for _, w := range append(weights[:], smoothed) {
				if p.Name == w.Name {
					t.Errorf("%s: parameter %s is one of the weights of all losses", f.Name, p.Name)
				}
			}
		}
		if !number {
			t.Errorf("%s: short names have %s, which is no parameter", f.Name, f.ShortParameter)
		}
		if f.ShortParameter != "" && strings.ContainsAny(f.Name[len(f.Name)-1:], "0123456789") {
			t.Errorf("%s: a number behind it would be one with its own", f.Name)
		}
		l, err := ParseLoss(f.Name)
		if err != nil || l.Family().Name != f.Name || len(l.Family().Parameters) != len(f.Parameters) {
			t.Errorf("%s: %v, %v", f.Name, l, err)
			continue
		}
		if _, err := New(l); err != nil {
			t.Errorf("%v, all by default: %v", l, err)
		}
		for k := range f.Parameters {
			f.Parameters[k] = Parameter{}
			l.Family().Parameters[k] = Parameter{}
		}
		for _, p := range append(append(Families(), RowFamilies()...)[i].Parameters, l.Family().Parameters...) {
			if p.Name == "" {
				t.Fatalf("%s: a change of one list shows in the next", f.Name)
			}
		}
	}
}

// TestListReachesAllKernels: every family has documented bounds, for logits and labels or
// targets, and the losses that have some reach every kernel, of every input. So tests that walk the list
// leave none out.
func TestListReachesAllKernels(t *testing.T) {
	bounded := map[string]bool{}
	reached := map[string]bool{}
	rows := map[string]bool{}
	for _, b := range RowBounds() {
		bounded[b.Loss.Family().Name] = true
		rows[b.Loss.Formula()] = true
	}
	for f := range asm.NumRowFormulas {
		if !rows[f.String()] {
			t.Errorf("no loss with documented bounds reaches the formula %s", f)
		}
	}
	for input, list := range [][]Bound{Bounds(), ProbBounds(), TargetBounds()} {
		for _, b := range list {
			bounded[b.Loss.Family().Name] = true
			if of := asm.Input(input); of == ofTargets {
				reached[asm.Logits.String()+b.Loss.TargetFormula()] = true
				if !(b.HessianULP > 0 && b.HessianFloor >= 0x1p-126) {
					t.Errorf("%+v", b)
				}
			} else {
				reached[of.String()+b.Loss.Formula()] = true
			}
			if !(b.LossULP > 0 && b.GradientULP > 0 && b.LossFloor >= 0x1p-126 && b.GradientFloor >= 0x1p-126) || b.Name == "" || b.Loss.check() != nil {
				t.Errorf("%+v", b)
			}
		}
	}
	for _, f := range append(Families(), RowFamilies()...) {
		if !bounded[f.Name] {
			t.Errorf("%s has no documented bounds", f.Name)
		}
	}
	for input := range asm.NumInputs {
		for f := range asm.NumFormulas {
			if f.Soft() && input != asm.Logits {
				continue
			}
			if !reached[input.String()+f.String()] {
				t.Errorf("no loss with documented bounds reaches the formula %s from %s", f, input)
			}
		}
	}
}

// TestBoundNames: those that README has, and the floors that [Bound] has.
func TestBoundNames(t *testing.T) {
	var got []string
	for _, b := range Bounds() {
		got = append(got, b.Name)
	}
	const want = "cross-entropy; balanced cross-entropy; focal, γ = 0.5; focal, γ = 1; focal, γ = 1.5; focal, γ = 2; focal, γ = 3; focal, γ = 5"
	if !strings.HasPrefix(strings.Join(got, "; ")+"; ", want+"; ") {
		t.Errorf("%s, want %s", strings.Join(got, "; "), want)
	}
	for input, list := range [][]Bound{Bounds(), ProbBounds()} {
		names := map[string]bool{}
		for _, b := range list {
			if names[b.Name] {
				t.Errorf("two losses are named %s", b.Name)
			}
			names[b.Name] = true
			gamma, focal := b.Loss.Parameter("gamma")
			if floor := 1 + float64(input)*float64(gamma); focal && (b.LossFloor != 0x1p-126 || b.GradientFloor != floor*0x1p-126) {
				t.Errorf("%s: floors %g, %g", b.Name, b.LossFloor, b.GradientFloor)
			}
		}
	}
}

// TestPower: the short cuts are the function, to what math.Pow is good for.
func TestPower(t *testing.T) {
	for _, y := range []float64{0, 0.5, 1, 1.5, 2, 2.5, 3, 4.5, 5, 5.5, 0.7, 1e-3, 17, 1e4} {
		for _, q := range []float64{0, 0x1p-300, 1e-20, 0.1, 0.5, 0.75, 1 - 0x1p-30, 1} {
			if got, want := (Terms{P: 1 - q, Q: q}).power(y), math.Pow(q, y); math.Abs(got-want) > (1+y)*0x1p-47*want+0x1p-1070 {
				t.Errorf("%g to the power %g is %g, want %g", q, y, got, want)
			}
		}
	}
	if got, want := (Terms{P: 1e-20, Q: 1}).power(1e20), 1/math.E; math.Abs(got-want) > 1e-15 {
		t.Errorf("1 − 1e-20 to the power 1e20 is %g, want %g", got, want)
	}
}

// TestDefinitionsByHand: at ln 2, where p_t = ½, losses are what the paper's formulas give
// with pen and paper.
func TestDefinitionsByHand(t *testing.T) {
	for _, c := range []struct {
		loss Loss
		want float64 // in ln 2
	}{{CrossEntropy(), 1}, {BalancedCrossEntropy(0.1), 1}, {Focal(0.9, 0), 1}, {Focal(0.25, 1), 0.5}, {Focal(0.25, 2), 0.25}, {Focal(0.25, 5), 1. / 32}, {Focal(0.25, 0.5), math.Sqrt2 / 2}} {
		if got, _, _ := c.loss.Definition()(Terms{CE: math.Ln2, P: 0.5, Q: 0.5}); math.Abs(got-c.want*math.Ln2) > 1e-15 {
			t.Errorf("%v at p_t = ½: %g, want %g", c.loss, got, c.want*math.Ln2)
		}
	}
}
