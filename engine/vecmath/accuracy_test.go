package vecmath

import (
	"flag"
	"math"
	"testing"
)

var stride = flag.Uint64("stride", 0, "measure the error of every stride-th of all 2³² arguments (default 1009, with -short 16127)")

// ulps is the error of got in units of the last place of the exact value. Beyond
// the largest float32 the unit stays what it is there, and +Inf counts as 2¹²⁸.
func ulps(got float32, exact float64) float64 {
	if math.IsInf(exact, 0) || exact != exact {
		if same(got, float32(exact)) {
			return 0
		}
		return math.Inf(1)
	}
	g := float64(got)
	if math.IsInf(g, 0) {
		g = math.Copysign(0x1p128, g)
		if math.Abs(exact) >= 0x1p128 {
			exact = math.Copysign(0x1p128, exact)
		}
	}
	_, e := math.Frexp(exact)
	err := math.Abs(g-exact) / math.Ldexp(1, min(max(e-24, -149), 104))
	if err != err {
		return math.Inf(1)
	}
	return err
}

// TestAccuracy measures errors against float64 over a stride of all float32, and
// holds them against the bounds. All kernels have the same bits.
func TestAccuracy(t *testing.T) {
	step := *stride
	if step == 0 {
		step = 1009
		if testing.Short() {
			step = 16127
		}
	}
	const block = 4096
	x, y := make([]float32, block), make([]float32, block)
	worstPow := 0.0
	for _, f := range functions(ys...) {
		worst, at, got := 0.0, float32(0), float32(0)
		step := step
		if f.bound == "Pow" {
			step *= 5 // a dozen of them
		}
		for b := uint64(0); b < 1<<32; {
			n := 0
			for ; n < block && b < 1<<32; n++ {
				x[n] = math.Float32frombits(uint32(b))
				b += step
			}
			f.call(kernels, y[:n], x[:n])
			for i, x := range x[:n] {
				if u := ulps(y[i], f.reference(float64(x))); u > worst {
					worst, at, got = u, x, y[i]
				}
			}
		}
		t.Logf("%-11s worst %.4f ULP: f(%g) = %g", f.name, worst, at, got)
		if worst > bounds[f.bound] {
			t.Errorf("%s(%g) = %g is off by %.4f ULP, want at most %g", f.name, at, got, worst, bounds[f.bound])
		}
		if f.bound == "Pow" {
			worstPow = max(worstPow, worst)
		}
	}
	t.Logf("Pow: worst %.4f ULP", worstPow)
	if b := Bounds(); len(b) != len(bounds) || b["Exp"] != bounds["Exp"] {
		t.Errorf("Bounds() = %v", b)
	}
}
