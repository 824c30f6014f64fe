package engine

import (
	"encoding"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

var (
	_ encoding.TextMarshaler   = Loss{}
	_ encoding.TextUnmarshaler = (*Loss)(nil)
)

func TestParseLoss(t *testing.T) {
	for text, want := range map[string]Loss{
		"ce":                                  CrossEntropy(),
		" ce ( ) ":                            CrossEntropy(),
		"ce(pos=1,neg=1)":                     CrossEntropy(),
		"ce(neg=1,pos=4)":                     CrossEntropy().Weighted(4, 1),
		"balanced":                            BalancedCrossEntropy(0.25),
		"balanced(alpha=0.6)":                 BalancedCrossEntropy(0.6),
		"focal":                               Focal(0.25, 2),
		"focal()":                             Focal(0.25, 2),
		"focal(gamma=1.5)":                    Focal(0.25, 1.5),
		"focal(gamma=0,alpha=1)":              Focal(1, 0),
		"\tfocal( alpha = .5 , gamma=1e1 )\n": Focal(0.5, 10),
		"focal(gamma=2,pos=1,neg=1)":          Focal(0.25, 2).Weighted(1, 1),
		"focal(pos=-0,neg=3e38)":              Focal(0.25, 2).Weighted(0, 3e38),
		"focal(alpha=-0,gamma=-0)":            Focal(0, 0),
		"focal(gamma=0x1p-149)":               Focal(0.25, 0x1p-149),
		"focal(gamma=1.00000017881393432617187499)": Focal(0.25, 1+0x1p-23), // not by way of float64, a tie there
		"focal(gamma=3.4028235e38)":                 Focal(0.25, math.MaxFloat32),
	} {
		got, err := ParseLoss(text)
		if err != nil || got != want {
			t.Errorf("%q: %v, %v, want %v", text, got, err, want)
		}
		if again, err := ParseLoss(got.String()); err != nil || again != got {
			t.Errorf("%v reads as %v, %v", got, again, err)
		}
	}
}

func TestParseLossErrors(t *testing.T) {
	for _, c := range []struct{ text, field, want string }{
		{"", "loss", `loss "" is unknown: want one of FAMILIES`},
		{"Focal", "loss", `loss "Focal" is unknown: want one of FAMILIES`},
		{"(gamma=2)", "loss", `loss "(gamma=2)" is unknown: want one of FAMILIES`},
		{"focal2", "loss", `loss "focal2" is unknown: want one of FAMILIES`},
		{"focal(gamma=2", "loss", `loss "focal(gamma=2" does not end in a parenthesis: want something like focal(gamma=2)`},
		{"focal(gamma=2)x", "loss", `loss "focal(gamma=2)x" does not end in a parenthesis: want something like focal(gamma=2)`},
		{"focal(0.25,2)", "loss", `loss "focal(0.25,2)" has "0.25" for a parameter: want something like gamma=2`},
		{"focal(gamma=2,)", "loss", `loss "focal(gamma=2,)" has "" for a parameter: want something like gamma=2`},
		{"focal(=2)", "loss", `loss "focal(=2)" has no parameter "": want alpha, gamma, pos, neg, smoothing`},
		{"ce(gamma=2)", "loss", `loss "ce(gamma=2)" has no parameter "gamma": want pos, neg, smoothing`},
		{"asl(beta=2)", "loss", `loss "asl(beta=2)" has no parameter "beta": want gammapos, gammaneg, margin, pos, neg`},
		{"softmaxce(alpha=1)", "loss", `loss "softmaxce(alpha=1)" has no parameter "alpha": want smoothing`},
		{"softmaxfocal(alpha=1)", "loss", `loss "softmaxfocal(alpha=1)" has no parameter "alpha": want gamma`},
		{"focal(beta=2)", "loss", `loss "focal(beta=2)" has no parameter "beta": want alpha, gamma, pos, neg, smoothing`},
		{"focal(gamma=2, gamma=2)", "loss", `loss "focal(gamma=2, gamma=2)" has gamma twice`},
		{"focal(pos=2)", "loss", `loss "focal(pos=2)" has one of pos and neg: want both`},
		{"ce(neg=2)", "loss", `loss "ce(neg=2)" has one of pos and neg: want both`},
		{"focal(alpha=1,pos=1,neg=1)", "loss", `loss "focal(alpha=1,pos=1,neg=1)" has alpha beside pos and neg: want one or the other`},
		{"focal(gamma=)", "gamma", `gamma is "": want a finite number ≥ 0`},
		{"focal(gamma=2=3)", "gamma", `gamma is "2=3": want a finite number ≥ 0`},
		{"focal(gamma=two)", "gamma", `gamma is "two": want a finite number ≥ 0`},
		{"focal(gamma=inf)", "gamma", `gamma is +Inf: want a finite number ≥ 0`},
		{"focal(gamma=1e999)", "gamma", `gamma is +Inf: want a finite number ≥ 0`},
		{"focal(gamma=3.5e38)", "gamma", `gamma is 3.5e+38: want a finite number ≥ 0`},
		{"focal(gamma=nan)", "gamma", `gamma is NaN: want a finite number ≥ 0`},
		{"focal(gamma=-1)", "gamma", `gamma is -1: want a finite number ≥ 0`},
		{"focal(gamma=-1e-60)", "gamma", `gamma is -1e-60: want a finite number ≥ 0`},
		{"focal(alpha=1.00000001)", "alpha", `alpha is 1.00000001: want a weight in [0, 1]`},
		{"focal(alpha=10)", "alpha", `alpha is 10: want a weight in [0, 1]`},
		{"ce(pos=-1,neg=1)", "pos", `pos is -1: want a finite weight ≥ 0`},
		{"ce(pos=1,neg=inf)", "neg", `neg is +Inf: want a finite weight ≥ 0`},
	} {
		c.want = strings.Replace(c.want, "FAMILIES", strings.Join(familyNames(), ", "), 1)
		l, err := ParseLoss(c.text)
		var input *InputError
		if !errors.As(err, &input) || input.Field != c.field || input.Index != -1 || err.Error() != c.want || l != (Loss{}) {
			t.Errorf("%q: %v, %v, want %s", c.text, l, err, c.want)
		}
		kept := Focal(0.5, 3)
		if err := kept.UnmarshalText([]byte(c.text)); err == nil || kept != Focal(0.5, 3) {
			t.Errorf("%q read into a loss: %v, %v", c.text, kept, err)
		}
	}
}

// TestLossText: every float32 comes back from its text with the same bits.
func TestLossText(t *testing.T) {
	rng := rand.New(rand.NewPCG(20, 17))
	for range fewer(100_000, 10_000) {
		v := func() float32 { return math.Float32frombits(rng.Uint32() % 0x7f800000) }
		for _, l := range []Loss{Focal(rng.Float32(), v()), CrossEntropy().Weighted(v(), v()), Focal(1, v()).Weighted(v(), v())} {
			if got, err := ParseLoss(l.String()); err != nil || got != l {
				t.Fatalf("%v reads as %v, %v", l, got, err)
			}
		}
	}
}

// TestLossJSON: a loss is a string there, a key of maps too, and what no engine takes is
// not written.
func TestLossJSON(t *testing.T) {
	type report struct {
		Loss Loss
		Sums map[Loss]float64
	}
	want := report{Focal(0.1, 2), map[Loss]float64{CrossEntropy(): 1, Focal(0.25, 2).Weighted(1, 1): 0.5}}
	raw := must(json.Marshal(want))
	const text = `{"Loss":"focal(alpha=0.1,gamma=2)","Sums":{"ce":1,"focal(gamma=2,pos=1,neg=1)":0.5}}`
	if string(raw) != text {
		t.Errorf("%s, want %s", raw, text)
	}
	var got report
	if err := json.Unmarshal(raw, &got); err != nil || got.Loss != want.Loss || len(got.Sums) != 2 || got.Sums[Loss{}] != 1 {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
	if raw, err := json.Marshal(Focal(10, 2)); err == nil || !strings.Contains(err.Error(), "alpha is 10: want a weight in [0, 1]") {
		t.Errorf("%s, %v", raw, err)
	}
}

// FuzzParseLoss: no text makes it panic; what it takes is a loss that New takes, and the
// same one when written and read again.
func FuzzParseLoss(f *testing.F) {
	for _, s := range []string{"", "ce", "focal(alpha=0.25,gamma=2)", "focal( gamma = 1.5 )", "ce(pos=1,neg=2)", "focal(alpha=1,pos=1,neg=1)", "balanced(alpha=nan)", "focal(gamma=1e-46)", "focal((=,)=)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		l, err := ParseLoss(s)
		if err != nil {
			var input *InputError
			if !errors.As(err, &input) || l != (Loss{}) {
				t.Fatalf("%q: %v, %v", s, l, err)
			}
			return
		}
		if _, err := New(l, WithKernel("generic")); err != nil {
			t.Fatalf("%q reads as %v, which New refuses: %v", s, l, err)
		}
		if again, err := ParseLoss(l.String()); err != nil || again != l || again.String() != l.String() {
			t.Fatalf("%q reads as %v, and that as %v, %v", s, l, again, err)
		}
	})
}
