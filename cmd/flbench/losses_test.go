package main

import (
	"fmt"
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
		if got := shortName(l); got != want {
			t.Errorf("%v: %s, want %s", l, got, want)
		}
	}
	names := map[string]bool{}
	for _, b := range engine.Bounds() {
		name := shortName(b.Loss)
		l, err := parseLoss(name)
		if err != nil || l != b.Loss || names[name] {
			t.Errorf("%v: %s, which is %v, %v", b.Loss, name, l, err)
		}
		names[name] = true
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
		losses, err := parseLosses(strings.Split(text, ","))
		var names []string
		for _, l := range losses {
			names = append(names, l.name)
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
		if got := joinParentheses(c.parts); !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, want %q", c.parts, got, c.want)
		}
	}
}

// TestLossesHelp: help of all commands that take losses names each of them, and every
// parameter has a flag where one loss is chosen.
func TestLossesHelp(t *testing.T) {
	bench, eval := mustRun(t, "bench", "--help"), mustRun(t, "eval", "--help")
	for _, f := range engine.Families() {
		for _, help := range []string{bench, eval} {
			if !strings.Contains(help, fmt.Sprintf("  %-9s %s, %s", f.Name, f.Title, f.Formula)) {
				t.Errorf("no %s in\n%s", f.Name, help)
			}
		}
		for _, p := range f.Parameters {
			if !strings.Contains(eval, fmt.Sprintf("--%s %s ", p.Name, strings.ToUpper(p.Name))) || !strings.Contains(eval, p.Meaning) {
				t.Errorf("no flag for %s of %s in\n%s", p.Name, f.Name, eval)
			}
		}
	}
}
