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

// A NaN among the results has the same sign on every kernel; the rest of it is free. Where the
// argument is none, it is minus. Else it is the argument's from Exp, Log and Log1p, and from
// Pow where other results have it from there, too; plus from other Pow and LogSigmoid; minus
// from Sigmoid and Softplus. Here that is set, as compilers may swap operands, or negate one.
const signBit = 1 << 31

// Exp and Log work in float32. The others work in float64, whose rounding to
// float32 at the end is nearly all of their error, and which makes overflow and
// gradual underflow the conversion's business. All FMAs are fused. Package asm has
// the coefficients, and what each approximation is worth.
//
// # float32
//
// exp(x) = 2^(n/8)·exp(r) as in the losses, with a low part of the table. 2^(n/8)
// is applied in two factors, so that the second product overflows or underflows.
//
// log(x) = k·ln2 − ln c + log1p(f), x = 2^k·m, f = c·m − 1. f is exact, and so is
// the high part of k·ln2 − ln c; the addition's error is carried.
//
// # float64
//
// exp(t) = 2^n·exp(r). log(u) = k·ln2 − ln c + log1p(f), u = 2^k·m, f = c·m − 1.

// Exp is the kernel of exp(x).
func Exp(dst, src []float32) {
	for i, x := range src {
		dst[i] = exp32(x)
	}
}

func exp32(x float32) float32 {
	if x != x {
		return x
	}
	if x < asm.VecExpFloor {
		x = asm.VecExpFloor
	}
	if x > asm.VecExpCeil {
		x = asm.VecExpCeil
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
	q += asm.Exp2Low[j]
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
	t := b + asm.LogSplit // m from 1 − 1/32 on
	j := t >> 20 & 7
	e := t&0xff800000 - 0x3f800000
	m := math.Float32frombits(b - e)
	k := float64(int32(e)) // k·2²³
	f := float32(sum(float64(asm.LogC[j])*float64(m), -1))
	h := float32(sum(k*-asm.Ln2ByExpHi, float64(asm.LogHi[j])))
	s := h + f
	low := f - (s - h)
	lo := float32(sum(k*-asm.Ln2ByExpLo, float64(asm.LogLo[j])))
	lo += low
	fd, ff := float64(f), float64(float32(f*f))
	c := float32(sum(asm.L1*fd, asm.L0))
	d := float32(sum(asm.L3*fd, asm.L2))
	d = float32(sum(asm.L4*ff, float64(d)))
	c = float32(sum(float64(d)*ff, float64(c)))
	v := s + float32(sum(float64(c)*ff, float64(lo)))
	switch {
	case !(x <= math.MaxFloat32): // +Inf, NaN
		return x
	case x == 0:
		return float32(math.Inf(-1))
	case x < 0:
		return math.Float32frombits(signBit | 0x7fc00000)
	}
	return v
}

func upper(w uint32) float64 { return math.Float64frombits(uint64(w) << 32) }

// exp64 is exp(t), |t| ≤ 112, in float64.
func exp64(t float64) float64 {
	v := math.FMA(t, asm.ByLn2, asm.Magic64)
	n := v - asm.Magic64
	r := math.FMA(-n, math.Ln2, t)
	rr := float64(r * r)
	c := math.FMA(asm.E5, r, asm.E4)
	c = math.FMA(asm.E6, rr, c)
	b := math.FMA(asm.E3, r, asm.E2)
	b = math.FMA(c, rr, b)
	p := math.FMA(b, rr, 1+r)
	return math.Float64frombits(math.Float64bits(p) + math.Float64bits(v)<<52)
}

// log64 is log(u), where u is x + shift and shift is 0 or 1: with 1, log1p(x) to
// full relative accuracy. u is positive and finite.
func log64(u, x float64, log1p bool) float64 {
	t := math.Float64bits(u) + asm.Log64Split // m from 1 − 1/32 on
	j := t >> 49 & 7
	e := t & (0x7ff << 52)
	k := math.Float64frombits(e>>52|0x433<<52) - (1<<52 + 1023)
	c := math.Float64frombits(uint64(asm.Log64C[j])<<32 + 0x3ff<<52 - e) // c·2^−k
	h := math.FMA(k, math.Ln2, upper(asm.Log64Hi[j])) + upper(asm.Log64Lo[j])
	d := -1.0
	if log1p {
		d = c - 1
	}
	f := math.FMA(c, x, d)
	ff := float64(f * f)
	p := math.FMA(asm.H5, f, asm.H4)
	p = math.FMA(asm.H6, ff, p)
	q := math.FMA(asm.H3, f, asm.H2)
	q = math.FMA(p, ff, q)
	p = math.FMA(asm.H1, f, asm.H0)
	p = math.FMA(q, ff, p)
	return h + math.FMA(p, ff, f)
}

// expNeg64 is exp(−|x|), or what rounds to 0 as it does.
func expNeg64(x float64) float64 {
	return exp64(max(-math.Abs(x), asm.Exp64Floor))
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
		dst[i] = math.Float32frombits(math.Float32bits(float32(v)) | math.Float32bits(x)&signBit)
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
		if x != x {
			dst[i] = math.Float32frombits(math.Float32bits(x) | signBit)
		}
	}
}

// Softplus is the kernel of log(1 + exp(x)).
func Softplus(dst, src []float32) {
	for i, x := range src {
		dst[i] = float32(softplus64(float64(x)))
		if x != x {
			dst[i] = math.Float32frombits(math.Float32bits(x) | signBit)
		}
	}
}

// LogSigmoid is the kernel of −log(1 + exp(−x)).
func LogSigmoid(dst, src []float32) {
	for i, x := range src {
		dst[i] = -float32(softplus64(-float64(x)))
		if x != x {
			dst[i] = math.Float32frombits(math.Float32bits(x) &^ signBit)
		}
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
		if t < asm.Exp64Floor {
			t = asm.Exp64Floor
		}
		if t > asm.Exp64Ceil {
			t = asm.Exp64Ceil
		}
		v := math.Float32bits(float32(exp64(t)))
		if x != x {
			v = math.Float32bits(x) &^ signBit
		}
		v |= math.Float32bits(x) & sign
		if x < 0 && x >= -math.MaxFloat32 {
			v |= nan
		}
		dst[i] = math.Float32frombits(v)
	}
}
