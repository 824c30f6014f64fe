package generic

import (
	"math"

	"github.com/flengine/flengine/asm"
)

// VecGroup is the number of values that the elementwise kernels take as a unit:
// len(dst) == len(src) is a multiple of it, at most VecMax. dst may be src; other
// overlaps give wrong results.
const (
	VecGroup = 16
	VecMax   = 1 << 14
)

// Exp and Log work in float32. The others work in float64, whose rounding to
// float32 at the end is nearly all of their error, and which makes overflow and
// gradual underflow the conversion's business. All FMAs are fused.
//
// # float32
//
// exp(x) = 2^(n/8)·exp(r) as in the losses, with a low part of the table. 2^(n/8)
// is applied in two factors, so that the second product overflows or underflows.
//
// log(x) = k·ln2 − ln c + log1p(f), x = 2^k·m, f = c·m − 1. The multiples of 1/16
// c make f exact; k·ln2 − ln c is exact in its high part, and the addition's error
// is carried.
const (
	vexpFloor = -105 // exp rounds to 0
	vexpCeil  = 89   // exp rounds to +Inf

	// log1p(f) ≈ f + f²(l0 + … + l4·f⁴) on −0.0938 ≤ f ≤ 0.0782, relative error
	// 2.3e-9.
	l0 = -0x1.000002p-1
	l1 = 0x1.55548cp-2
	l2 = -0x1.ffe452p-3
	l3 = 0x1.9c667cp-3
	l4 = -0x1.66db62p-3

	// ln2 in 16 bits and the rest, for a k scaled by 2²³.
	ln2HiScaled = 0x1.62e4p-24
	ln2LoScaled = 0x1.7f7d1cp-43
)

// exp2Low[j] is what 2^(j/8) lacks in exp2Bits, relative to it.
var exp2Low = [8]float32{
	0, -0x1.9c0c22p-27, 0x1.125002p-25, -0x1.0a355p-25,
	0x1.26055cp-26, 0x1.67a1cap-28, -0x1.f9c304p-27, -0x1.a5217cp-28,
}

// Entry j is for m about 1 + j/8: c, and −ln c in multiples of 2⁻¹⁶ and the rest.
var (
	logC  = [8]float32{1, 0.875, 0.8125, 0.75, 0.6875, 0.625, 0.5625, 0.5}
	logHi = [8]float32{
		0, 0x1.1178p-3, 0x1.a94p-3, 0x1.2698p-2,
		0x1.7fbp-2, 0x1.e148p-2, 0x1.2696p-1, 0x1.62e4p-1,
	}
	logLo = [8]float32{
		0, 0x1.d044fcp-20, -0x1.2c3752p-19, -0x1.deecb2p-18,
		-0x1.7109fap-20, 0x1.4344e4p-19, 0x1.089a6ep-20, 0x1.7f7d1cp-20,
	}
)

// Exp is the kernel of exp(x).
func Exp(dst, src []float32) {
	for i, x := range src {
		dst[i] = exp32(x)
	}
}

func exp32(x float32) float32 {
	if x < vexpFloor {
		x = vexpFloor
	}
	if x > vexpCeil {
		x = vexpCeil
	}
	xd := float64(x)
	t := float32(sum(xd*asm.EightByLn2, asm.Magic))
	n := float64(t - asm.Magic)
	hi := float32(sum(-n*asm.Ln2By8Hi, xd))
	r := float32(sum(-n*asm.Ln2By8Lo, float64(hi)))
	b := math.Float32bits(t)
	j := b & 7
	half := b >> 4 << 23 // the exponent's half, rounded down
	s := math.Float32frombits(asm.Exp2Bits[j] + b<<20 - half)
	rd, rr := float64(r), float64(float32(r*r))
	p := float32(sum(asm.P3*rd, asm.P2))
	p = float32(sum(asm.P4*rr, float64(p)))
	q := float32(sum(float64(p)*rr, rd))
	q += exp2Low[j]
	v := float32(sum(float64(s)*float64(q), float64(s)))
	return float32(v * math.Float32frombits(half+0x3f800000))
}

// Log is the kernel of log(x).
func Log(dst, src []float32) {
	for i, x := range src {
		dst[i] = log32(x)
	}
}

func log32(x float32) float32 {
	b := math.Float32bits(x)
	if int32(b) < 0x00800000 { // subnormal, or not in log's domain
		b = math.Float32bits(float32(x*0x1p23)) - 23<<23
	}
	t := b + 0x00080000 // m from 1 − 1/32 on
	j := t >> 20 & 7
	e := t&0xff800000 - 0x3f800000
	m := math.Float32frombits(b - e)
	k := float64(int32(e)) // k·2²³
	f := float32(sum(float64(logC[j])*float64(m), -1))
	h := float32(sum(k*ln2HiScaled, float64(logHi[j])))
	s := h + f
	low := f - (s - h)
	lo := float32(sum(k*ln2LoScaled, float64(logLo[j])))
	lo += low
	fd, ff := float64(f), float64(float32(f*f))
	c := float32(sum(l1*fd, l0))
	d := float32(sum(l3*fd, l2))
	d = float32(sum(l4*ff, float64(d)))
	c = float32(sum(float64(d)*ff, float64(c)))
	v := s + float32(sum(float64(c)*ff, float64(lo)))
	switch {
	case !(x <= math.MaxFloat32): // +Inf, NaN
		return x
	case x == 0:
		return float32(math.Inf(-1))
	case x < 0:
		return float32(math.NaN())
	}
	return v
}

// # float64
//
// exp(t) = 2^n·exp(r), exp(r) ≈ 1 + r + r²(e2 + … + e6·r⁴), relative error 3.1e-9
// on |r| ≤ ln2/2.
//
// log(u) = k·ln2 − ln c + log1p(f), u = 2^k·m, f = c·m − 1, and
// log1p(f) ≈ f + f²(d0 + … + d6·f⁶), relative error 1.6e-13 on
// −0.0563 ≤ f ≤ 0.0627. That is more than float32 asks for: pow magnifies it by
// up to 104.
const (
	byLn2   = 0x1.71547652b82fep+0
	magic64 = 0x1.8p52
	expMin  = -112 // exp rounds to 0
	expMax  = 95   // exp rounds to +Inf

	e2 = 0x1.fffffb9ae39bdp-2
	e3 = 0x1.555491645ffd4p-3
	e4 = 0x1.5558f130f832cp-5
	e5 = 0x1.1239d64eefcd5p-7
	e6 = 0x1.6a24485b38cf7p-10

	h0 = -0x1.000000000bbaep-1
	h1 = 0x1.555555639691fp-2
	h2 = -0x1.fffffda07e406p-3
	h3 = 0x1.9998d75baa4b8p-3
	h4 = -0x1.555bcd3b09d6ep-3
	h5 = 0x1.260f41f67f624p-3
	h6 = -0x1.f78cb558ccc22p-4
)

// Entry j is for m about 1 + j/8: c, and −ln c in two parts. Each is the upper
// word of a float64 whose lower word is 0. Of the c nearby, these are those whose
// −ln c is two such words to within 2⁻⁵³.
var (
	log64C = [8]uint32{
		0x3ff00000, 0x3fec7108, 0x3fe998eb, 0x3fe745dd,
		0x3fe55576, 0x3fe3b07d, 0x3fe249a0, 0x3fe111b2,
	}
	log64Hi = [8]uint32{
		0, 0x3fbe2dbf, 0x3fcc9360, 0x3fd4616c,
		0x3fd9f2c1, 0x3fdf14f9, 0x3fe1e787, 0x3fe41c62,
	}
	log64Lo = [8]uint32{
		0, 0x3e6097af, 0x3e7a677c, 0x3e2121f7,
		0x3e8da154, 0x3e65aa58, 0x3e88524d, 0x3e76ea82,
	}
)

func upper(w uint32) float64 { return math.Float64frombits(uint64(w) << 32) }

// exp64 is exp(t), |t| ≤ 112, in float64.
func exp64(t float64) float64 {
	v := math.FMA(t, byLn2, magic64)
	n := v - magic64
	r := math.FMA(-n, math.Ln2, t)
	rr := float64(r * r)
	c := math.FMA(e5, r, e4)
	c = math.FMA(e6, rr, c)
	b := math.FMA(e3, r, e2)
	b = math.FMA(c, rr, b)
	p := math.FMA(b, rr, 1+r)
	return math.Float64frombits(math.Float64bits(p) + math.Float64bits(v)<<52)
}

// log64 is log(u), where u is x + shift and shift is 0 or 1: with 1, log1p(x) to
// full relative accuracy. u is positive and finite.
func log64(u, x float64, log1p bool) float64 {
	t := math.Float64bits(u) + 1<<48 // m from 1 − 1/32 on
	j := t >> 49 & 7
	e := t & (0x7ff << 52)
	k := math.Float64frombits(e>>52|0x433<<52) - (1<<52 + 1023)
	c := math.Float64frombits(uint64(log64C[j])<<32 + 0x3ff<<52 - e) // c·2^−k
	h := math.FMA(k, math.Ln2, upper(log64Hi[j])) + upper(log64Lo[j])
	d := -1.0
	if log1p {
		d = c - 1
	}
	f := math.FMA(c, x, d)
	ff := float64(f * f)
	p := math.FMA(h5, f, h4)
	p = math.FMA(h6, ff, p)
	q := math.FMA(h3, f, h2)
	q = math.FMA(p, ff, q)
	p = math.FMA(h1, f, h0)
	p = math.FMA(q, ff, p)
	return h + math.FMA(p, ff, f)
}

// expNeg64 is exp(−|x|), or what rounds to 0 as it does.
func expNeg64(x float64) float64 {
	return exp64(max(-math.Abs(x), expMin))
}

// Log1p is the kernel of log(1 + x).
func Log1p(dst, src []float32) {
	for i, x := range src {
		u := 1 + float64(x)
		v := log64(u, float64(x), true)
		switch {
		case !(u <= math.MaxFloat64):
			v = u
		case u == 0:
			v = math.Inf(-1)
		case u < 0:
			v = math.NaN()
		}
		// −0 stays itself; otherwise the sign is there already.
		dst[i] = math.Float32frombits(math.Float32bits(float32(v)) | math.Float32bits(x)&(1<<31))
	}
}

// Sigmoid is the kernel of 1/(1 + exp(−x)).
func Sigmoid(dst, src []float32) {
	for i, x := range src {
		e := expNeg64(float64(x))
		v := 1.0
		if x < 0 {
			v = e
		}
		dst[i] = float32(v / (1 + e))
	}
}

// Softplus is the kernel of log(1 + exp(x)).
func Softplus(dst, src []float32) {
	for i, x := range src {
		dst[i] = float32(softplus64(float64(x)))
	}
}

// LogSigmoid is the kernel of −log(1 + exp(−x)).
func LogSigmoid(dst, src []float32) {
	for i, x := range src {
		dst[i] = -float32(softplus64(-float64(x)))
	}
}

func softplus64(x float64) float64 {
	e := expNeg64(x)
	return max(x, 0) + log64(1+e, e, true)
}

// PowMasks returns what Pow's kernels need to know of a y that is finite and not
// 0: the bits of x that a result inherits, and those that make it a NaN where x
// is negative and finite.
func PowMasks(y float32) (sign, nan uint32) {
	switch t := math.Trunc(float64(y)); {
	case float64(y) != t:
		return 0, 1<<32 - 1
	case math.Mod(t, 2) != 0:
		return 1 << 31, 0
	}
	return 0, 0
}

// Pow is the kernel of x^y for a y that is finite and not 0, with its masks.
func Pow(dst, src []float32, y float64, sign, nan uint32) {
	for i, x := range src {
		a := math.Abs(float64(x))
		l := log64(a, a, false)
		if a == 0 {
			l = math.Inf(-1)
		}
		if !(a <= math.MaxFloat64) {
			l = a
		}
		t := float64(y * l)
		if t < expMin {
			t = expMin
		}
		if t > expMax {
			t = expMax
		}
		v := math.Float32bits(float32(exp64(t))) | math.Float32bits(x)&sign
		if x < 0 && x >= -math.MaxFloat32 {
			v |= nan
		}
		dst[i] = math.Float32frombits(v)
	}
}
