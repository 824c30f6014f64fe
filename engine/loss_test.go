package engine

import (
	"errors"
	"math"
	"testing"

	"github.com/flengine/flengine/asm"
	"github.com/flengine/flengine/engine/internal/fpenv"
)

// TestZeroLoss: the zero Loss is cross-entropy with weights 1, and evaluates as that.
func TestZeroLoss(t *testing.T) {
	var zero Loss
	if zero != CrossEntropy() || zero != CrossEntropy().Weighted(1, 1) || zero.String() != "ce" {
		t.Errorf("the zero Loss is %v", zero)
	}
	if pos, neg := zero.Weights(); pos != 1 || neg != 1 {
		t.Errorf("weights %g, %g", pos, neg)
	}
	r := must(must(New(zero)).Sum(Batch{Logits: []float32{0, 0}, Labels: []uint8{0, 1}}))
	if math.Abs(r.Sum()-2*math.Ln2) > 1e-7 {
		t.Errorf("sum %v, want 2·ln 2", r.Sum())
	}
}

// TestWeights: what α, Weighted, and neither of them mean.
func TestWeights(t *testing.T) {
	negative := float32(math.Copysign(0, -1))
	for _, c := range []struct {
		loss     Loss
		pos, neg float32
		text     string
	}{
		{CrossEntropy(), 1, 1, "ce"},
		{CrossEntropy().Weighted(4, 1), 4, 1, "ce(pos=4,neg=1)"},
		{CrossEntropy().Weighted(4, 2).Weighted(1, 1), 1, 1, "ce"},
		{BalancedCrossEntropy(0.25), 0.25, 0.75, "balanced(alpha=0.25)"},
		{BalancedCrossEntropy(0.25).Weighted(1, 1), 1, 1, "balanced(pos=1,neg=1)"},
		{Focal(0.1, 2), 0.1, 1 - float32(0.1), "focal(alpha=0.1,gamma=2)"},
		{Focal(0.1, 2).Weighted(1, 1), 1, 1, "focal(gamma=2,pos=1,neg=1)"},
		{Focal(0.9, 2).Weighted(0, 1e-9), 0, 1e-9, "focal(gamma=2,pos=0,neg=1e-09)"},
		{Focal(negative, negative), 0, 1, "focal(alpha=0,gamma=0)"},
		{Focal(1, 2).Weighted(negative, negative), 0, 0, "focal(gamma=2,pos=0,neg=0)"},
	} {
		if pos, neg := c.loss.Weights(); pos != c.pos || neg != c.neg || math.Signbit(float64(pos)) || math.Signbit(float64(neg)) {
			t.Errorf("%v: weights %g, %g, want %g, %g", c.loss, pos, neg, c.pos, c.neg)
		}
		if got := c.loss.String(); got != c.text {
			t.Errorf("%s, want %s", got, c.text)
		}
		e := must(New(c.loss))
		if e.Loss() != c.loss {
			t.Errorf("the engine of %v evaluates %v", c.loss, e.Loss())
		}
		for label, want := range []float32{c.neg, c.pos} {
			grad := make([]float32, 1)
			must(e.Gradients(grad, Batch{Logits: []float32{float32(200 - 400*label)}, Labels: []uint8{uint8(label)}}))
			if got := max(grad[0], -grad[0]); got != want {
				t.Errorf("%v, label %d: saturated gradient %g, want %g", c.loss, label, got, want)
			}
		}
	}
	// The weights that Weighted takes the place of do not count.
	if Focal(0.1, 2).Weighted(3, 4) != Focal(0.9, 2).Weighted(3, 4) || Focal(0.1, 2) == Focal(0.2, 2) || Focal(0.1, 2) == Focal(0.1, 2).Weighted(0.1, 0.9) {
		t.Error("losses are equal that differ, or differ that are equal")
	}
}

func TestParameter(t *testing.T) {
	for _, c := range []struct {
		loss Loss
		name string
		want float32
		ok   bool
	}{
		{Focal(0.25, 2), "alpha", 0.25, true},
		{Focal(0.25, 2), "gamma", 2, true},
		{Focal(0.25, 2), "pos", 0, false},
		{Focal(0.25, 2).Weighted(3, 4), "alpha", 0, false},
		{Focal(0.25, 2).Weighted(3, 4), "gamma", 2, true},
		{Focal(0.25, 2).Weighted(3, 4), "pos", 3, true},
		{Focal(0.25, 2).Weighted(3, 4), "neg", 4, true},
		{CrossEntropy(), "gamma", 0, false},
		{CrossEntropy(), "", 0, false},
	} {
		if v, ok := c.loss.Parameter(c.name); v != c.want || ok != c.ok {
			t.Errorf("%v: %s is %g, %v, want %g, %v", c.loss, c.name, v, ok, c.want, c.ok)
		}
	}
}

func TestFormula(t *testing.T) {
	for l, want := range map[Loss]string{
		CrossEntropy(): "ce", BalancedCrossEntropy(0.25): "ce", Focal(0.25, 0): "ce", Focal(0.25, 1): "focal1",
		Focal(0.25, 2): "focal2", Focal(0.5, 2).Weighted(3, 4): "focal2", Focal(0.25, 1.5): "focal", Focal(0.25, 3): "focal",
		QualityFocal(2): "quality2", HeatmapFocal(2, 4): "focal2", Asymmetric(1, 4, 0.05): "asl", Focal(0.25, 2).Smoothed(0.1): "softfocal2",
	} {
		if got := l.Formula(); got != want {
			t.Errorf("%v: %s, want %s", l, got, want)
		}
	}
	for l, want := range map[Loss]string{
		CrossEntropy(): "softce", Focal(0.25, 0): "softbalanced", HeatmapFocal(2, 4): "heatmap", Asymmetric(1, 4, 0.05): "asl", SoftmaxCrossEntropy(): "",
	} {
		if got := l.TargetFormula(); got != want {
			t.Errorf("%v of targets: %s, want %s", l, got, want)
		}
	}
}

// TestNoEngine: a nil and a zero Engine say so, and never panic.
func TestNoEngine(t *testing.T) {
	for _, e := range []*Engine{nil, {}} {
		if e.Kernel() != "" || e.Loss() != (Loss{}) {
			t.Errorf("kernel %q, loss %v", e.Kernel(), e.Loss())
		}
		dst := make([]float32, 1)
		for _, b := range []Batch{{}, {Logits: []float32{1}, Labels: []uint8{1}}} {
			for op, f := range []func() (Result, error){
				func() (Result, error) { return e.Sum(b) },
				func() (Result, error) { return e.Losses(dst, b) },
				func() (Result, error) { return e.Gradients(dst, b) },
				func() (Result, error) { return e.LossesAndGradients(dst, nil, b) },
			} {
				r, err := f()
				var input *InputError
				if !errors.As(err, &input) || input.Field != "Engine" || err.Error() != "Engine is nil or zero: want one that New returned" || r != (Result{}) {
					t.Errorf("operation %d: %v, %v", op, r, err)
				}
			}
		}
	}
}

// TestLossEnvironment: the thread's floating-point environment changes nothing of what
// constructors and New make of parameters, nor of what New refuses.
func TestLossEnvironment(t *testing.T) {
	type made struct {
		pos    uint32
		params asm.Params
		err    string
	}
	make := func(alpha, gamma float32) (m made) {
		l := Focal(alpha, gamma)
		m.pos = math.Float32bits(l.Weighted(gamma, 1).pos)
		e, err := New(l)
		if err != nil {
			m.err = err.Error()
			return m
		}
		m.params = e.params
		return m
	}
	least := math.Float32frombits(1)
	for _, alpha := range []float32{0.1, 1e-3, 1e-9, 0x1p-25, least, -least} {
		for _, gamma := range []float32{2, 0.1, least, -least, 3} {
			want := make(alpha, gamma)
			for name, env := range fpenv.Others {
				var got made
				fpenv.Under(env, func() { got = make(alpha, gamma) })
				if got != want {
					t.Errorf("%s, α = %g, γ = %g: %+v, want %+v", name, alpha, gamma, got, want)
				}
			}
		}
	}
}
