package main

import (
	"slices"
	"testing"
)

func TestGoMutants(t *testing.T) {
	src := `package p

import "runtime"

const c, d = 0x1.8p-1, 0x1f // a comment: 1 + 1

var pad struct{ _ [64]byte }

var table = [2]float32{0, 1}

func f(a []int, s *sync) (n int, err error) {
	for i := 0; i < len(a); i++ {
		if s.ok {
			continue
		}
		n += a[i] - 7*min(i, 2) // n += 3
	}
	crew.starting.Add(-1)
	s.failed.Store(
		true)
	name := "x" + "y"
	_ = runtime.GOMAXPROCS(0)
	return n, nil
}

func g(x float64) (float64, bool) { return x * 0.1, x == 2 && x > 1 }
`
	got, err := goMutants("p.go", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	const (
		forLine = "for i := 0; i < len(a); i++ { ⇒ "
		sum     = "n += a[i] - 7*min(i, 2) ⇒ "
		head    = "func f(a []int, s *sync) (n int, err error) { ⇒ "
		gLine   = "func g(x float64) (float64, bool) { return x * 0.1, x == 2 && x > 1 } ⇒ func g(x float64) (float64, bool) { "
	)
	want(t, got, src,
		"constant: const c, d = 0x1.8p-1, 0x1f ⇒ const c, d = 0x1.800002p-01, 0x1f",
		"constant: const c, d = 0x1.8p-1, 0x1f ⇒ const c, d = 0x1.8p-1, 0x1e",
		"constant: var table = [2]float32{0, 1} ⇒ var table = [2]float32{1, 1}",
		"constant: var table = [2]float32{0, 1} ⇒ var table = [2]float32{0, 2}",
		"return: "+head+"func f(a []int, s *sync) (n int, err error) { return;",
		"constant: "+forLine+"for i := 1; i < len(a); i++ {",
		"operator: "+forLine+"for i := 0; i <= len(a); i++ {",
		"operator: "+forLine+"for i := 0; i < len(a); i-- {",
		"delete: "+forLine+"for i := 0; i < len(a); {",
		"negate: if s.ok { ⇒ if !s.ok {",
		"operator: continue ⇒ break",
		"operator: "+sum+"n -= a[i] - 7*min(i, 2)",
		"delete: "+sum+"(nothing)",
		"operator: "+sum+"n += a[i] + 7*min(i, 2)",
		"operator: "+sum+"n += a[i] - 7/min(i, 2)",
		"constant: "+sum+"n += a[i] - 8*min(i, 2)",
		"name: "+sum+"n += a[i] - 7*max(i, 2)",
		"constant: "+sum+"n += a[i] - 7*min(i, 3)",
		"delete: crew.starting.Add(-1) ⇒ (nothing)",
		"operator: crew.starting.Add(-1) ⇒ crew.starting.Add(1)",
		"constant: crew.starting.Add(-1) ⇒ crew.starting.Add(-2)",
		"delete: s.failed.Store( true) ⇒ (nothing)",
		"name: true) ⇒ false)",
		"delete: _ = runtime.GOMAXPROCS(0) ⇒ (nothing)",
		"constant: _ = runtime.GOMAXPROCS(0) ⇒ _ = runtime.GOMAXPROCS(1)",
		"delete: return n, nil ⇒ (nothing)",
		"return: "+gLine+"return *new(float64), *new(bool); return x * 0.1, x == 2 && x > 1 }",
		"delete: "+gLine+"}",
		"operator: "+gLine+"return x / 0.1, x == 2 && x > 1 }",
		// 0.1 is no float32: it may be rounded to one, or not.
		"constant: "+gLine+"return x * 0x1.99999cp-04, x == 2 && x > 1 }",
		"constant: "+gLine+"return x * 0x1.999999999999bp-04, x == 2 && x > 1 }",
		"operator: "+gLine+"return x * 0.1, x == 2 || x > 1 }",
		"operator: "+gLine+"return x * 0.1, x != 2 && x > 1 }",
		"constant: "+gLine+"return x * 0.1, x == 3 && x > 1 }",
		"operator: "+gLine+"return x * 0.1, x == 2 && x >= 1 }",
		"constant: "+gLine+"return x * 0.1, x == 2 && x > 2 }",
	)
	if _, err := goMutants("p.go", []byte("package p; func {")); err == nil {
		t.Error("no error for what is no Go")
	}
}

func TestShuffled(t *testing.T) {
	var mutants []mutant
	for line := 1; line <= 9; line++ {
		for i := range line { // line n has n mutants
			mutants = append(mutants, mutant{file: "f", line: line, from: 10*line + i})
		}
	}
	a := shuffled(mutants, 7)
	if !slices.Equal(a, shuffled(mutants, 7)) {
		t.Error("one seed gives two orders")
	}
	if slices.Equal(a, shuffled(mutants, 8)) {
		t.Error("two seeds give one order")
	}
	sorted := slices.SortedFunc(slices.Values(a), func(a, b mutant) int { return a.from - b.from })
	if !slices.Equal(sorted, mutants) {
		t.Error("the order is no permutation")
	}
	// The first 9 are of 9 lines, the next 8 of the lines that have two, and so on.
	for n := 9; n > 0; n-- {
		seen := map[int]bool{}
		for _, m := range a[:n] {
			seen[m.line] = true
		}
		if len(seen) != n {
			t.Errorf("%d mutants of a round are of %d lines", n, len(seen))
		}
		a = a[n:]
	}
	if got := shuffled(nil, 1); got != nil {
		t.Errorf("of no mutants: %v", got)
	}
}
