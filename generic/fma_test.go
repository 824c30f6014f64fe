package generic

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// exactFMA rounds x·y + z once, by big.Float.
func exactFMA(x, y, z float32) float32 {
	p := new(big.Float).SetPrec(700).Mul(big.NewFloat(float64(x)).SetPrec(700), big.NewFloat(float64(y)))
	p.Add(p, big.NewFloat(float64(z)))
	f, _ := p.Float32() // nearest, ties to even, subnormals included
	if f == 0 {
		return x*y + z // big.Float has no sign of a zero sum
	}
	return f
}

// fmaCases are inputs on which plausible emulations fail.
var fmaCases = [][3]uint32{
	{0x1a000001, 0x19fffffe, 0x00400001}, // a subnormal result
	{0x3f800001, 0x3f800001, 0x33000000}, // near half-way
	{0x3f800001, 0x3f7fffff, 0xbf800000}, // cancellation
	{0x00000001, 0x3f000000, 0x00000000}, // half the smallest subnormal
	{0x00000003, 0x3f000000, 0x00000000},
	{0x7f7fffff, 0x40000000, 0xff7fffff},
	{0x4b800001, 0x3f000000, 0x33800000}, // just above a tie
	{0x4b800001, 0x3f000000, 0xb3800000}, // just below
}

func TestFMA(t *testing.T) {
	check := func(x, y, z float32) {
		t.Helper()
		want := exactFMA(x, y, z)
		if got := fma32(x, y, z); math.Float32bits(got) != math.Float32bits(want) {
			t.Fatalf("fma32(%g, %g, %g) = %g, want %g", x, y, z, got, want)
		}
		if math.Abs(float64(want)) >= 0x1p-126 {
			if s := float64(x)*float64(y) + float64(z); !tie(s) && round(s) != float64(want) {
				t.Fatalf("round(%g·%g + %g) = %g, want %g", x, y, z, round(s), want)
			}
		}
	}
	for _, c := range fmaCases {
		check(math.Float32frombits(c[0]), math.Float32frombits(c[1]), math.Float32frombits(c[2]))
	}
	rng := rand.New(rand.NewPCG(1, 2))
	finite := func(exp uint32) float32 {
		return math.Float32frombits(rng.Uint32()&0x807fffff | min(exp, 254)<<23)
	}
	for range 200_000 {
		ex, ey := rng.Uint32N(255), rng.Uint32N(255)
		// z near the product, so that rounding and cancellation matter.
		ez := min(max(int(ex)+int(ey)-127+rng.IntN(60)-30, 0), 254)
		x, y := finite(ex), finite(ey)
		if rng.IntN(2) == 0 { // few bits: exact ties become likely
			x = math.Float32frombits(math.Float32bits(x) &^ 0x7ff)
			y = math.Float32frombits(math.Float32bits(y) &^ 0x7ff)
		}
		z := finite(uint32(ez))
		if p := float64(x)*float64(y) + float64(z); math.Abs(p) > math.MaxFloat32 {
			continue
		}
		check(x, y, z)
	}
	// Products of 25 bits, half-way between two float32, and a tiny nudge.
	for range 50_000 {
		a, b := float32(2*rng.Uint32N(1<<11)+1), float32(2*rng.Uint32N(1<<12)+1+1<<13)
		for _, z := range []float32{0, 0x1p-40, -0x1p-40, 0x1p-149, -0x1p-149} {
			check(a, b, z)
		}
	}
}

func TestFMASpecial(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	if got := fma32(inf, 1, -inf); got == got {
		t.Errorf("∞ − ∞ = %g", got)
	}
	if got := fma32(nan, 1, 1); got == got {
		t.Errorf("NaN + 1 = %g", got)
	}
	if got := fma32(inf, 2, 1); got != inf {
		t.Errorf("∞ + 1 = %g", got)
	}
	if got := fma32(3e38, 3e38, -inf); got != -inf {
		t.Errorf("9e76 − ∞ = %g", got)
	}
}
