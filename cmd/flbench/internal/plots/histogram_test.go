package plots

import (
	"math"
	"testing"
)

// TestHistogram: cells rise, hold what is within 2^−fine of where they begin, and lose nothing.
func TestHistogram(t *testing.T) {
	values := []float32{0, float32(math.Copysign(0, -1)), 1e-45, -1e-45, 1, 1.001, 1.01, -1, -1.01, -2, 3e38, -3e38, 1.17e-38, float32(math.Inf(1)), float32(math.Inf(-1))}
	for _, fine := range []uint{lossBits, logitBits} {
		h, o := histogram[int]{fine: fine}, histogram[int]{fine: fine}
		for i, v := range values {
			to := &h
			if i%2 == 1 {
				to = &o
			}
			cell, low := to.at(math.Float32bits(v))
			*cell++
			if low >= 1<<(23-fine) {
				t.Errorf("%v has %d beyond its cell", v, low)
			}
		}
		h.merge(&o, func(to, from *int) { *to += *from })
		total, last := 0, math.Inf(-1)
		for bits, cell := range h.cells() {
			from := float64(math.Float32frombits(bits))
			if from < last {
				t.Fatalf("%v after %v", from, last)
			}
			last = from
			total += *cell
			if *cell == 0 || math.IsInf(from, 0) {
				continue
			}
			n := 0
			for _, v := range values {
				d := math.Abs(float64(v)) - math.Abs(from)
				if math.Signbit(float64(v)) == math.Signbit(from) && d >= 0 && d < unit(bits)*float64(int(1)<<(23-fine)) {
					n++
				}
			}
			if n != *cell {
				t.Errorf("%d bits: the cell from %v on has %d values, want %d", fine, from, *cell, n)
			}
		}
		if total != len(values) {
			t.Errorf("%d bits: %d values, want %d", fine, total, len(values))
		}
	}
	if u := unit(math.Float32bits(1)); u != 0x1p-23 {
		t.Errorf("after 1 comes 1 + %v", u)
	}
	if u := unit(0); u != 0x1p-149 {
		t.Errorf("after 0 comes %v", u)
	}
}
