package cli

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/flengine/flengine/engine"
)

// TestShortNames: the names in tables are those that flags take, and no two losses share
// one.
func TestShortNames(t *testing.T) {
	for want, l := range map[string]engine.Loss{
		"ce": engine.CrossEntropy(), "ce(pos=2,neg=1)": engine.CrossEntropy().Weighted(2, 1),
		"balanced": engine.BalancedCrossEntropy(0.25), "balanced(alpha=0.5)": engine.BalancedCrossEntropy(0.5),
		"focal2": engine.Focal(0.25, 2), "focal0.1": engine.Focal(0.25, 0.1), "focal0": engine.Focal(0.25, 0), "focal1e-07": engine.Focal(0.25, 1e-7),
		"focal(alpha=0.5,gamma=2)": engine.Focal(0.5, 2), "focal(gamma=2,pos=1,neg=1)": engine.Focal(0.25, 2).Weighted(1, 1),
	} {
		if got := ShortName(l); got != want {
			t.Errorf("%v: %s, want %s", l, got, want)
		}
	}
	names := map[string]engine.Loss{}
	for _, b := range slices.Concat(engine.Bounds(), engine.TargetBounds(), engine.RowBounds()) {
		name := ShortName(b.Loss)
		l, err := ParseLoss(name)
		if other, known := names[name]; err != nil || l != b.Loss || known && other != l {
			t.Errorf("%v: %s, which is %v, %v", b.Loss, name, l, err)
		}
		names[name] = l
	}
}

func TestParseLosses(t *testing.T) {
	for text, want := range map[string]string{
		"ce,balanced,focal":                      "ce balanced focal2",
		"focal2.50,focal1e1,focal0":              "focal2.5 focal10 focal0",
		"focal(alpha=0.25,gamma=1.5),ce":         "focal1.5 ce",
		"ce,focal(gamma=2,pos=1,neg=1),focal2":   "ce focal(gamma=2,pos=1,neg=1) focal2",
		"ce( neg = 2 , pos = 1 ),focal(gamma=3)": "ce(pos=1,neg=2) focal3",
	} {
		losses, err := ParseLosses(strings.Split(text, ","))
		var names []string
		for _, l := range losses {
			names = append(names, l.Name)
		}
		if got := strings.Join(names, " "); err != nil || got != want {
			t.Errorf("%s: %s, %v, want %s", text, got, err, want)
		}
	}
}

func TestJoinParentheses(t *testing.T) {
	for _, c := range []struct{ parts, want []string }{
		{nil, nil},
		{[]string{"a", "b"}, []string{"a", "b"}},
		{[]string{"a(b", "c)", "d"}, []string{"a(b,c)", "d"}},
		{[]string{"a(b", "c", "d)", "e(f)"}, []string{"a(b,c,d)", "e(f)"}},
		{[]string{"a(b", "c"}, []string{"a(b,c"}},
		{[]string{"a)", "b"}, []string{"a)", "b"}},
	} {
		if got := JoinParentheses(c.parts); !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, want %q", c.parts, got, c.want)
		}
	}
}

// TestLossInfo: a loss goes through JSON and back.
func TestLossInfo(t *testing.T) {
	for _, l := range []engine.Loss{engine.CrossEntropy(), engine.Focal(0.3, 1.5), engine.BalancedCrossEntropy(0.25).Weighted(2, 1e-7),
		engine.VarifocalUnweighted(0.5, 2), engine.QualityFocal(1.5).Weighted(1, 3).Smoothed(0.1)} {
		b, err := json.Marshal(LossInfo{l})
		if err != nil {
			t.Fatal(err)
		}
		var back LossInfo
		if err := json.Unmarshal(b, &back); err != nil || back.Loss != l {
			t.Errorf("%s became %v, %v, want %v", b, back.Loss, err, l)
		}
	}
	if got, want := (LossInfo{engine.Focal(0.25, 2)}).String(), "focal loss, alpha 0.25, gamma 2"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	for _, bad := range []string{`"focal"`, `{"name":"hinge"}`, `{"name":"focal","gamma":-1}`} {
		var l LossInfo
		if err := json.Unmarshal([]byte(bad), &l); err == nil {
			t.Errorf("%s is taken as %v", bad, l)
		}
	}
}
