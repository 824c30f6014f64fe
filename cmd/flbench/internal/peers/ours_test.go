package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// writeSet writes a set of the peers' data with its float64 references.
func writeSet(t *testing.T, dir string, n int) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, uint64(n)))
	x, p, u, e := make([]float32, n), make([]float32, n), make([]float32, n), make([]float32, n)
	y := make([]uint8, n)
	var ref [9][]float64
	for w := range ref {
		ref[w] = make([]float64, n)
	}
	loss := func(q, ce, gamma float64, y uint8) float64 { return (0.75 - 0.5*float64(y)) * math.Pow(q, gamma) * ce }
	var s1, s4, s8 float64
	for i := range n {
		y[i] = uint8(rng.IntN(2))
		sign := 1 - 2*float64(y[i])
		x[i] = float32(20*rng.Float64() - 10)
		p[i] = float32(1 / (1 + math.Exp(-float64(x[i]))))
		u[i] = float32(rng.IntN(1<<23)+1) / (1 << 24)
		e[i] = -20 * u[i]
		z := sign * float64(x[i])
		q, ce := 1/(1+math.Exp(-z)), math.Log1p(math.Exp(z))
		ref[2][i], ref[4][i] = loss(q, ce, 2, y[i]), loss(q, ce, 1.5, y[i])
		ref[3][i] = sign * loss(q, q+2*(1-q)*ce, 2, y[i])
		ref[5][i], ref[6][i], ref[7][i] = math.Log(float64(u[i])), math.Pow(float64(u[i]), 1.5), math.Exp(float64(e[i]))
		if q, ce := float64(p[i]), -math.Log1p(-float64(p[i])); y[i] == 0 {
			ref[8][i] = loss(q, ce, 2, 0)
		} else {
			ref[8][i] = loss(1-q, -math.Log(q), 2, 1)
		}
		s1, s4, s8 = s1+ref[2][i], s4+ref[4][i], s8+ref[8][i]
	}
	write := func(name string, v any) {
		var b bytes.Buffer
		if err := binary.Write(&b, binary.NativeEndian, v); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("x.f32", x)
	write("p.f32", p)
	write("u.f32", u)
	write("e.f32", e)
	write("y.u8", y)
	for w := 2; w <= 8; w++ {
		write(fmt.Sprintf("w%d.f64", w), ref[w])
	}
	write("sums.txt", []byte(fmt.Sprintln(s1, s4, s8)))
}

// TestOurs: on data with known results every work has a row with a time, and with
// the errors of flengine, not of another work's output.
func TestOurs(t *testing.T) {
	dir := t.TempDir()
	for _, set := range []struct {
		name string
		n    int
	}{{"acc", 1000}, {"wide", 1001}, {"4133", 4133}} {
		writeSet(t, filepath.Join(dir, set.name), set.n)
	}
	var b strings.Builder
	if err := timeOurs(&b, dir, []int{4133}, 1); err != nil {
		t.Fatal(err)
	}
	var got []row
	if err := parseRows(strings.NewReader(b.String()), func(r row) bool { got = append(got, r); return true }); err != nil {
		t.Fatal(err)
	}
	if len(got) != len(works) {
		t.Fatalf("%d rows, want %d:\n%s", len(got), len(works), &b)
	}
	limit := map[string]float64{"W5": 1, "W6": 1, "W7": 1}
	hasSum := map[string]bool{"W1": true, "W3": true, "W4": true, "W8": true}
	for i, r := range got {
		most := limit[r.Work]
		if most == 0 {
			most = 10
		}
		if r.Work != works[i].name || r.N != 4133 || r.Threads != 1 || !strings.HasPrefix(r.Peer, ourPrefix) {
			t.Errorf("row %d is %+v, want %s", i, r, works[i].name)
		}
		if !(r.MinNS > 0 && r.MinNS <= r.NS) || r.Samples < 3*passes {
			t.Errorf("%s: %v ns, least %v, of %d samples", r.Work, r.NS, r.MinNS, r.Samples)
		}
		if !(r.MaxULP > 0.25 && r.MaxULP <= most && r.WideULP > 0.25 && r.WideULP <= most && r.MeanULP > 0.1 && r.MeanULP < r.MaxULP) {
			t.Errorf("%s: %v ULP, %v on wide, mean %v; want at most %v", r.Work, r.MaxULP, r.WideULP, r.MeanULP, most)
		}
		if hasSum[r.Work] && !(r.SumErr >= 0 && r.SumErr < 1e-6) || !hasSum[r.Work] && r.SumErr != -1 {
			t.Errorf("%s: the sum is off by %v", r.Work, r.SumErr)
		}
	}

	// Data that do not fit together are refused.
	if err := os.WriteFile(filepath.Join(dir, "acc", "w5.f64"), make([]byte, 8), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := timeOurs(&b, dir, []int{4133}, 1); err == nil || !strings.Contains(err.Error(), "w5.f64 has 8 bytes: want 8000") {
		t.Errorf("error %v for a short reference", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "acc", "x.f32"), make([]byte, 8), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := timeOurs(&b, dir, []int{4133}, 1); err == nil || !strings.Contains(err.Error(), "2 values for 1000 labels") {
		t.Errorf("error %v for short inputs", err)
	}
}
