package main

import (
	"math"
	"os"
	"strings"
	"testing"
)

func readFixture(t *testing.T) []row {
	t.Helper()
	f, err := os.Open("testdata/rows.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var got []row
	if err := parseRows(f, func(r row) bool { got = append(got, r); return true }); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestParseRows(t *testing.T) {
	got := readFixture(t)
	if len(got) != 6 {
		t.Fatalf("%d rows, want 6", len(got))
	}
	want := row{Peer: "clang-v3-log(1+e)-short", Work: "W1", N: 16384, Threads: 1, NS: 1.2, MinNS: 1.19,
		MaxULP: 88890, MeanULP: 20, WideULP: 1e300, SumErr: 5e-7, Samples: 80}
	if got[1] != want {
		t.Errorf("got  %+v\nwant %+v", got[1], want)
	}

	in := `{"peer":"p","work":"W1","n":1,"threads":1,"ns_per_elem":1}` + "\n"
	var seen []row
	if err := parseRows(strings.NewReader(in+in), func(r row) bool { seen = append(seen, r); return false }); err != nil {
		t.Fatal(err)
	}
	if len(seen) != 1 {
		t.Errorf("%d rows after yield returned false, want 1", len(seen))
	}
	if r := seen[0]; r.MaxULP >= 0 || r.WideULP >= 0 || r.SumErr >= 0 || r.accurate() {
		t.Errorf("%+v: want errors that count as not measured", r)
	}

	for _, bad := range []string{
		`{"peer":"p"`,
		`{"peer":"","work":"W1","n":1,"threads":1,"ns_per_elem":1}`,
		`{"peer":"p","work":"","n":1,"threads":1,"ns_per_elem":1}`,
		`{"peer":"p","work":"W1","n":0,"threads":1,"ns_per_elem":1}`,
		`{"peer":"p","work":"W1","n":1,"ns_per_elem":1}`,
		`{"peer":"p","work":"W1","n":1,"threads":1,"ns_per_elem":0}`,
		`{"peer":"p","work":"W1","n":"1","threads":1,"ns_per_elem":1}`,
	} {
		err := parseRows(strings.NewReader(bad), func(r row) bool { t.Errorf("%s gave %+v", bad, r); return true })
		if err == nil {
			t.Errorf("%s: no error", bad)
		}
	}
}

func TestRowsOfRounds(t *testing.T) {
	first := row{Peer: "p", Work: "W1", N: 1, NS: 2, MinNS: 1, MaxULP: 9, WideULP: 7, Samples: 3}
	twice := first
	twice.NS = 0.1
	second := row{Peer: "p", Work: "W1", N: 1, NS: 1.5, MinNS: 1.2, MaxULP: 9, WideULP: 8, Samples: 4}
	other := row{Peer: "p", Work: "W1", N: 2, NS: 5, MinNS: 5}
	unknown := row{Peer: "p", Work: "W1", N: 1, NS: 3} // without the least sample

	var all rows
	a, b := rows{}, rows{}
	a.addNew(first)
	a.addNew(twice) // the same round: does not count
	b.addNew(second)
	b.addNew(other)
	all.merge(a)
	all.merge(b)
	c := rows{}
	c.addNew(unknown)
	all.merge(c)
	c.merge(b)
	if got := c.list[0].MinNS; got != second.MinNS {
		t.Errorf("least %v of one unknown and %v", got, second.MinNS)
	}
	want := []row{{Peer: "p", Work: "W1", N: 1, NS: 1.5, MinNS: 1, MaxULP: 9, WideULP: 8, Samples: 7}, other}
	if len(all.list) != len(want) {
		t.Fatalf("%d rows, want %d: %+v", len(all.list), len(want), all.list)
	}
	for i, w := range want {
		if all.list[i] != w {
			t.Errorf("row %d is %+v, want %+v", i, all.list[i], w)
		}
	}
}

func TestISA(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{"flengine-avx2", "avx2"},
		{"flengine-neon", "neon"},
		{"gcc-native", "native"},
		{"gcc-native-256b-exptrick", "native"},
		{"gcc-native-avx2", "avx2"},
		{"gcc-v3-log(1+e)-short", "avx2"},
		{"clang-v3", "avx2"},
		{"clang-native-w8exact", "native"},
		{"highway-avx2-short", "avx2"},
		{"highway-avx3", "avx512"},
		{"sleef-avx512-u35", "avx512"},
		{"sleef-avx2-u10", "avx2"},
		{"eigen-avx512", "avx512"},
		{"viterin/vek32", "avx2"},
		{"go-math(float64)", "generic"},
		{"chewxy/math32", "generic"},
		{"numpy", ""},
		{"torch-inplace", ""},
	} {
		if got := isa(c.name, "native"); got != c.want {
			t.Errorf("%s is %q, want %q", c.name, got, c.want)
		}
	}
	for _, c := range []struct {
		goarch string
		avx512 bool
		want   string
	}{{"amd64", true, "avx512"}, {"amd64", false, "avx2"}, {"arm64", false, "neon"}, {"riscv64", false, ""}} {
		if got := nativeISA(c.goarch, c.avx512); got != c.want {
			t.Errorf("native is %q on %s, AVX-512 %v; want %q", got, c.goarch, c.avx512, c.want)
		}
	}
}

func TestFormat(t *testing.T) {
	for _, c := range []struct {
		v    float64
		want string
	}{{-1, "?"}, {infinite, "∞"}, {0.567, "0.57"}, {9.081, "9.08"}, {99.9, "99.9"}, {88890, "88890"}, {248000.4, "248000"}} {
		if got := formatULP(c.v); got != c.want {
			t.Errorf("formatULP(%v) = %s, want %s", c.v, got, c.want)
		}
	}
	for _, c := range []struct {
		v    float64
		want string
	}{{0.23149, "0.231"}, {1.7, "1.700"}, {15.94, "15.94"}, {123.45, "123.5"}, {12345.6, "12346"}} {
		if got := formatNS(c.v); got != c.want {
			t.Errorf("formatNS(%v) = %s, want %s", c.v, got, c.want)
		}
	}
}

func TestULP(t *testing.T) {
	one := math.Nextafter32(1, 2)
	got := []float32{1, one, 0, 0}
	want := []float64{1, 1, 0x1p-149, 0}
	if worst, mean := ulp(got, want); worst != 1 || mean != 0.5 {
		t.Errorf("ulp is %v, mean %v; want 1 and 0.5", worst, mean)
	}
	// Just below a power of two a unit is half as large.
	if worst, _ := ulp([]float32{1}, []float64{1 - 0x1p-24}); worst != 1 {
		t.Errorf("ulp is %v, want 1", worst)
	}
	if worst, mean := ulp([]float32{float32(math.NaN())}, []float64{1}); worst != infinite || mean != infinite {
		t.Errorf("ulp of NaN is %v, mean %v; want %v", worst, mean, infinite)
	}
}
