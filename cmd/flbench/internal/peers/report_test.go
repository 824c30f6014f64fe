package main

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

// fixture is a report of the fixture's rows and two kernels.
func fixture(t *testing.T) *report {
	r := &report{CPU: "a CPU", Kernels: []string{"avx2", "generic"}, Sizes: []int{16384}, native: "avx512"}
	for _, v := range readFixture(t) {
		if v.Threads == 1 {
			r.rows.addNew(v)
		}
	}
	for _, v := range []row{
		{Peer: "flengine-generic", Work: "W1", N: 16384, NS: 16, MaxULP: 8.7, WideULP: 8.5, SumErr: 1.5e-9},
		{Peer: "flengine-avx2", Work: "W1", N: 16384, NS: 0.5, MaxULP: 8.7, WideULP: 8.5, SumErr: 1.5e-9},
		{Peer: "flengine-avx2", Work: "W5", N: 16384, NS: 0.25, MaxULP: 0.6, WideULP: 0.6, SumErr: -1},
	} {
		r.rows.addNew(v)
	}
	return r
}

func TestSummary(t *testing.T) {
	got := fixture(t).summary()
	if len(got) != 3 {
		t.Fatalf("%d verdicts, want 3: %+v", len(got), got)
	}
	check := func(what string, got *rival, peer string, ratio float64) {
		t.Helper()
		switch {
		case got == nil && peer == "":
		case got == nil:
			t.Errorf("%s: no peer, want %s", what, peer)
		case got.Peer != peer || got.Ratio != ratio:
			t.Errorf("%s: %s at %v, want %s at %v", what, got.Peer, got.Ratio, peer, ratio)
		}
	}
	v := got[0]
	if v.Work != "W1" || v.Kernel != "avx2" || v.NS != 0.5 || v.MaxULP != 8.7 {
		t.Errorf("first verdict is on %+v", v)
	}
	check("accurate", v.Accurate, "highway-avx2", 1.7/0.5)
	check("of the ISA", v.OfISA, "clang-v3-log(1+e)-short", 1.2/0.5)
	check("of all", v.Any, "gcc-native-256b", 1/0.5)
	check("accurate of all", v.AccurateAny, "gcc-native-256b", 1/0.5)
	v = got[1]
	check("generic, accurate", v.Accurate, "", 0)
	check("generic, of all", v.Any, "gcc-native-256b", 1./16)
	v = got[2] // an error that was not measured is not small
	check("W5, accurate", v.Accurate, "", 0)
	check("W5, of the ISA", v.OfISA, "gcc-v3", 0.4/0.25)
}

func TestTable(t *testing.T) {
	var b strings.Builder
	if err := fixture(t).writeTable(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`
| side                    | ISA     |    ns | max ULP |  ! |  wide | sum error | ÷ avx2 | ÷ generic |
| ----------------------- | ------- | ----: | ------: | -: | ----: | --------: | -----: | --------: |
| flengine-avx2           | avx2    | 0.500 |    8.70 |    |  8.50 |   1.5e-09 |   1.00 |      0.03 |
| flengine-generic        | generic | 16.00 |    8.70 |    |  8.50 |   1.5e-09 |  32.00 |      1.00 |
| gcc-native-256b         | avx512  | 1.000 |   13.00 |    | 13.00 |   5.0e-07 |   2.00 |      0.06 |
`,
		"| clang-v3-log(1+e)-short | avx2    | 1.200 |   88890 |  ! |     ∞ |   5.0e-07 |   2.40 |      0.07 |\n",
		"| gcc-v3        | avx2 | 0.400 |       ? |  ! |    ? |         - |   1.60 |\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no\n%s\nin\n%s", want, b.String())
		}
	}
	width := 0
	for l := range strings.Lines(b.String()) {
		switch {
		case !strings.HasPrefix(l, "|"):
			width = 0
		case width == 0:
			width = utf8.RuneCountInString(l)
		case utf8.RuneCountInString(l) != width:
			t.Errorf("a line of %d characters in a table of %d: %s", utf8.RuneCountInString(l), width, l)
		}
	}
}

func TestJSON(t *testing.T) {
	var b strings.Builder
	if err := fixture(t).writeJSON(&b); err != nil {
		t.Fatal(err)
	}
	var got struct {
		CPU     string
		Kernels []string
		Rows    []struct {
			Peer   string
			ISA    string
			NS     float64 `json:"ns_per_elem"`
			ULP    float64 `json:"max_ulp"`
			Ratios map[string]float64
		}
		Summary []struct {
			Work, Kernel string
			Accurate     *struct{ Peer string } `json:"best_accurate"`
		}
	}
	if err := json.Unmarshal([]byte(b.String()), &got); err != nil {
		t.Fatal(err)
	}
	if got.CPU != "a CPU" || len(got.Kernels) != 2 || len(got.Rows) != 7 || len(got.Summary) != 3 {
		t.Fatalf("got %+v", got)
	}
	if r := got.Rows[2]; r.Peer != "gcc-native-256b" || r.ISA != "avx512" || r.NS != 1 || r.ULP != 13 || r.Ratios["avx2"] != 2 {
		t.Errorf("third row is %+v", r)
	}
	if s := got.Summary[0]; s.Work != "W1" || s.Accurate == nil || s.Accurate.Peer != "highway-avx2" {
		t.Errorf("first verdict is %+v", s)
	}
	if got.Summary[1].Accurate != nil {
		t.Errorf("generic's accurate peer is %+v, want none", got.Summary[1].Accurate)
	}
}
