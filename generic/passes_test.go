package generic

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/flengine/flengine/asm"
)

// coarse clears some of the low bits of v: so ties, and sums that are exact, become likely.
func coarse(rng *rand.Rand, v float32) float32 {
	return math.Float32frombits(math.Float32bits(v) &^ (1<<rng.IntN(24) - 1))
}

// between is a number of either of two kinds: spread over the range, or over its exponents.
func between(rng *rand.Rand, low, high float64) float32 {
	v := low + (high-low)*rng.Float64()
	if rng.IntN(2) == 0 {
		v = math.Ldexp(v, -rng.IntN(30))
	}
	return coarse(rng, float32(v))
}

// same fails unless a pass gives what the operations in float32 give.
func same(t *testing.T, what string, arguments any, got, want float32) {
	t.Helper()
	if math.Float32bits(got) != math.Float32bits(want) && (got == got || want == want) {
		t.Fatalf("%s of %v: the pass gives %g (%#x), float32 %g (%#x)",
			what, arguments, got, math.Float32bits(got), want, math.Float32bits(want))
	}
}

// groups is how many groups of random arguments a pass is tested on.
func groups() int {
	if testing.Short() {
		return 200
	}
	return 20_000
}

func TestRound(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 1000 * groups() {
		s := math.Float64frombits(rng.Uint64()&^(1<<rng.IntN(53)-1)&(1<<63|1<<52-1) | (uint64(1023-126)+rng.Uint64N(253))<<52)
		want := float64(float32(s))
		between := math.Float64bits(s)<<35 == 1<<63
		if tie(s) != between {
			t.Fatalf("tie(%x) is %t", s, !between)
		}
		if got := round(s); got != want && !between {
			t.Fatalf("round(%x) = %x, want %x", s, got, want)
		}
	}
	for _, s := range []float64{0, math.Inf(1), math.Inf(-1), math.MaxFloat32, 0x1p-149} {
		if tie(s) || round(s) != s || round(-s) != -s {
			t.Errorf("round(%g) = %g", s, round(s))
		}
	}
}

func TestExpCore(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range groups() {
		var n, r wide
		var e group
		for i := range e {
			n[i] = asm.Magic64 + float64(rng.IntN(2*1016)-1016)
			r[i] = float64(between(rng, -0.0434, 0.0434))
		}
		expCore(&e, &n, &r)
		for i, e := range e {
			same(t, "expCore", [2]float64{n[i] - asm.Magic64, r[i]}, e, exp1(uint32(math.Float64bits(n[i])), float32(r[i])))
		}
	}
}

func TestPoly(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range groups() {
		var f wide
		var v group
		for i := range f {
			f[i] = float64(between(rng, -0.076, 0.076))
		}
		for _, c := range []*poly{&log1pPoly, &lnPoly} {
			v = group{}
			c.add(v[:], -1, f[:])
			for i, v := range v {
				same(t, "a polynomial", f[i], v, 0-c.at(float32(f[i])))
			}
		}
	}
}

func TestLog1p(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range groups() {
		var e, l group
		for i := range e {
			e[i] = between(rng, 0, 1)
		}
		log1p(&l, &e)
		for i, l := range l {
			same(t, "log1p", e[i], l, log1p1(e[i]))
		}
	}
}

func TestExpProduct(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range groups() {
		gamma := 5 * rng.Float64()
		if rng.IntN(2) == 0 {
			gamma = math.Round(8*gamma) / 8
		}
		p := asm.Params{Gamma: float32(gamma), GammaLow: float32(gamma), Limit: float32(-asm.ExpFloor / max(gamma, 1e-30))}
		var q, s, low group
		for i := range s {
			s[i] = between(rng, 0, 110)
			low[i] = s[i] * 0x1p-25 * between(rng, -1, 1)
		}
		expProduct(&q, &s, &low, &p)
		for i, q := range q {
			same(t, "expProduct", [3]float32{p.Gamma, s[i], low[i]}, q, expProduct1(s[i], low[i], &p))
		}
	}
}

// lnTerms are asm.ProbScale·(1 − x) and what its rounding lost, or asm.ProbScale·x.
func lnTerms(x float32, complement bool) (t, low float32) {
	if !complement {
		return magnitude(x * asm.ProbScale), 0
	}
	t = fma32(-x, asm.ProbScale, asm.ProbScale)
	return t, fma32(-x, asm.ProbScale, asm.ProbScale-t)
}

func TestProbabilities(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	makeLnEntries()
	p := asm.Params{Gamma: 1.5, GammaLow: 1.5, Limit: -asm.ExpFloor / 1.5}
	for range groups() {
		var ce, q, x group
		var y [Group]uint8
		positive := rng.IntN(2)
		for i := range x {
			switch rng.IntN(4) {
			case 0:
				x[i] = between(rng, 0, 1)
			case 1:
				x[i] = 1 - between(rng, 0, 1)
			case 2:
				x[i] = between(rng, 0, 0.04)
			default:
				x[i] = []float32{0, 1, 0x1p-149, 0x1p-127, 0x1p-126, 0x1p-17, 0x1p-5, float32(math.Copysign(0, -1))}[rng.IntN(8)]
			}
			y[i] = []uint8{0, 0, 0, 1, 255}[rng.IntN(1+4*positive)]
		}
		crossEntropy(&ce, &x, &y)
		probPower(&q, &x, &y, &p)
		for i, x := range x {
			g, h, k := lnParts(lnTerms(x, y[i] != 1))
			same(t, "crossEntropy", [2]float32{x, float32(y[i])}, ce[i], atMost(fma32(k, asm.Ln2ByExp, h)-g, asm.MaxCE))
			g, h, k = lnParts(lnTerms(x, y[i] == 1))
			s, low := addLn2(h-g, k)
			same(t, "probPower", [2]float32{x, float32(y[i])}, q[i], expProduct1(s, low, &p))
		}
	}
}

func TestVecPasses(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var x, e, l [3 * VecGroup]float32
	for range groups() {
		for i := range x {
			if x[i] = between(rng, -110, 110); rng.IntN(2) == 0 {
				x[i] = coarse(rng, math.Float32frombits(rng.Uint32()))
			}
		}
		Exp(e[:], x[:])
		Log(l[:], x[:])
		for i, x := range x {
			same(t, "Exp", x, e[i], exp32(x))
			same(t, "Log", x, l[i], log32(x))
		}
	}
}

// TestTies has arguments whose squares, or those of what they are reduced to, are ties that no
// pass may round by itself. A search through a fifth of all arguments found no other kind.
func TestTies(t *testing.T) {
	makeLnEntries()
	var x, v group
	fill := func(bits uint32) float32 {
		for i := range x {
			x[i] = math.Float32frombits(bits)
		}
		return x[0]
	}
	for _, bits := range []uint32{0x3ec36f18, 0xbc112800, 0xbd2e2800, 0xbdfdae18} {
		a := fill(bits)
		Exp(v[:], x[:])
		same(t, "Exp", a, v[0], exp32(a))
	}
	for _, bits := range []uint32{0x1b69d500, 0x2a8fc300, 0x2bb79a00, 0x2c23ec00} {
		a := fill(bits)
		Log(v[:], x[:])
		same(t, "Log", a, v[0], log32(a))
	}
	for _, bits := range []uint32{0x3b08a800, 0x3c06b800, 0x3c0b1800, 0x3c836800} {
		a := fill(bits)
		log1p(&v, &x)
		same(t, "log1p", a, v[0], log1p1(a))
	}
	for _, bits := range []uint32{0x3b1ac800, 0x3ddaa0c4, 0x3ef7b280, 0x3f0474c0} {
		a := fill(bits)
		for _, label := range []uint8{0, 1} {
			crossEntropy(&v, &x, &[Group]uint8{label})
			g, h, k := lnParts(lnTerms(a, label != 1))
			same(t, "crossEntropy", a, v[0], atMost(fma32(k, asm.Ln2ByExp, h)-g, asm.MaxCE))
		}
	}
}
