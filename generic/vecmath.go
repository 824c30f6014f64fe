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

// A pass takes up to vecChunk values at a time: a function goes over so many in short loops,
// whose iterations overlap in the CPU.
const vecChunk = 64

// vec has values for the passes that follow, held as float64.
type vec = [vecChunk]float64

// Exp is the kernel of exp(x): exp32, in passes. There 2^(n/8) needs no factors, unless the
// result is subnormal.
func Exp(dst, src []float32) {
	const far = 1004 // for n from −far to far, results are normal
	var t, r vec
	for len(src) > 0 {
		n := min(len(src), vecChunk)
		x, e, t, r := src[:n], dst[:n], t[:n], r[:n]
		for i, x := range x {
			xd := float64(x)
			t[i] = xd*asm.EightByLn2 + asm.Magic64
			r[i] = float64(reduceExp(xd, t[i]-asm.Magic64))
		}
		for i, r := range r {
			b := math.Float64bits(t[i])
			j := b & 7
			s := math.Float64frombits(exp2Bits[j] + b<<49)
			rr := float64(r * r)
			p1 := asm.P3*r + asm.P2
			p2 := asm.P4*round(rr) + round(p1)
			p3 := round(p2)*round(rr) + r
			q := round(p3) + exp2Low[j]
			v := s*round(q) + s
			switch {
			case tie(rr), tie(p1), tie(p2), tie(p3), tie(q), tie(v), b-(math.Float64bits(asm.Magic64)-far) > 2*far:
				e[i] = exp32(x[i])
			default:
				e[i] = float32(v)
			}
		}
		dst, src = dst[n:], src[n:]
	}
}

func exp32(x float32) float32 {
	switch {
	case x < asm.VecExpFloor:
		return 0
	case x > asm.VecExpCeil:
		return float32(math.Inf(1))
	case x != x:
		return x
	}
	t := fma32(x, asm.EightByLn2, asm.Magic)
	n := t - asm.Magic
	r := fma32(-n, asm.Ln2By8Lo, fma32(-n, asm.Ln2By8Hi, x))
	b := math.Float32bits(t)
	j := b & 7
	half := b >> 4 << 23 // the exponent's half, rounded down
	s := math.Float32frombits(asm.Exp2Bits[j] + b<<20 - half)
	rr := float32(r * r)
	p := fma32(asm.P4, rr, fma32(asm.P3, r, asm.P2))
	q := fma32(p, rr, r) + asm.Exp2Low[j]
	return float32(fma32(s, q, s) * math.Float32frombits(half+0x3f800000))
}

// exp2Low has asm.Exp2Low for float64.
var exp2Low = func() (t [8]float64) {
	for j, low := range asm.Exp2Low {
		t[j] = float64(low)
	}
	return t
}()

// Log is the kernel of log(x): log32, in passes.
func Log(dst, src []float32) {
	var f, lo vec
	var s [vecChunk]float32
	for len(src) > 0 {
		n := min(len(src), vecChunk)
		x, l, f, lo, s := src[:n], dst[:n], f[:n], lo[:n], s[:n]
		for i, x := range x {
			b := math.Float32bits(x)
			t := b + asm.LogSplit
			c := &logTable[t>>20&7]
			e := t&0xff800000 - 0x3f800000
			m := math.Float64frombits(uint64(b-e)<<29 + (1023-127)<<52)
			k := float64(int32(e))
			f[i] = c.c*m - 1                         // exact, also in float32
			h := float32(k*-asm.Ln2ByExpHi + c.hi)   // likewise
			low := float32(k*-asm.Ln2ByExpLo + c.lo) // exact in float64
			f32 := float32(f[i])
			s[i] = h + f32
			lo[i] = float64(low + (f32 - (s[i] - h)))
		}
		for i, f := range f {
			ff := float64(f * f)
			c1, d1 := asm.L1*f+asm.L0, asm.L3*f+asm.L2
			d2 := asm.L4*round(ff) + round(d1)
			c2 := round(d2)*round(ff) + round(c1)
			v := round(c2)*round(ff) + lo[i]
			x := x[i]
			switch {
			case tie(ff), tie(c1), tie(d1), tie(d2), tie(c2), tie(v), math.Float32bits(x)-0x00800000 >= 0x7f000000:
				l[i] = log32(x)
			default:
				l[i] = s[i] + float32(v)
			}
		}
		dst, src = dst[n:], src[n:]
	}
}

func log32(x float32) float32 {
	switch {
	case !(x <= math.MaxFloat32): // +Inf, NaN
		return x
	case x == 0:
		return float32(math.Inf(-1))
	case x < 0:
		return math.Float32frombits(signBit | 0x7fc00000)
	}
	b := math.Float32bits(x)
	if b < 0x00800000 { // subnormal
		b = math.Float32bits(float32(x*0x1p23)) - 23<<23
	}
	t := b + asm.LogSplit // m from 1 − 1/32 on
	j := t >> 20 & 7
	e := t&0xff800000 - 0x3f800000
	m := math.Float32frombits(b - e)
	k := float32(int32(e)) // k·2²³
	f := fma32(asm.LogC[j], m, -1)
	h := fma32(k, -asm.Ln2ByExpHi, asm.LogHi[j])
	s := h + f
	lo := fma32(k, -asm.Ln2ByExpLo, asm.LogLo[j]) + (f - (s - h))
	ff := float32(f * f)
	d := fma32(asm.L4, ff, fma32(asm.L3, f, asm.L2))
	c := fma32(d, ff, fma32(asm.L1, f, asm.L0))
	return s + fma32(c, ff, lo)
}

// logTable has asm.LogC, LogHi and LogLo for float64.
var logTable = func() (t [8]struct{ c, hi, lo float64 }) {
	for j := range t {
		t[j].c, t[j].hi, t[j].lo = float64(asm.LogC[j]), float64(asm.LogHi[j]), float64(asm.LogLo[j])
	}
	return t
}()

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

// logs64 sets l to log(u), where u is x + shift and shift is 0 or 1: with 1, log1p(x) to
// full relative accuracy. Where u is not positive and finite, l is not the logarithm.
func logs64(l, u, x []float64, shift float64) {
	l, x = l[:len(u)], x[:len(u)]
	for i, u := range u {
		t := math.Float64bits(u) + asm.Log64Split // m from 1 − 1/32 on
		j := t >> 49 & 7
		e := t & (0x7ff << 52)
		k := math.Float64frombits(e>>52|0x433<<52) - (1<<52 + 1023)
		c := math.Float64frombits(uint64(asm.Log64C[j])<<32 + 0x3ff<<52 - e) // c·2^−k
		h := math.FMA(k, math.Ln2, upper(asm.Log64Hi[j])) + upper(asm.Log64Lo[j])
		d := -1.0
		if shift != 0 {
			d = c - 1
		}
		f := math.FMA(c, x[i], d)
		ff := float64(f * f)
		p := math.FMA(asm.H5, f, asm.H4)
		p = math.FMA(asm.H6, ff, p)
		q := math.FMA(asm.H3, f, asm.H2)
		q = math.FMA(p, ff, q)
		p = math.FMA(asm.H1, f, asm.H0)
		p = math.FMA(q, ff, p)
		l[i] = h + math.FMA(p, ff, f)
	}
}

// expNeg64 is exp(−|x|), or what rounds to 0 as it does.
func expNeg64(x float64) float64 {
	return exp64(max(-math.Abs(x), asm.Exp64Floor))
}

// Log1p is the kernel of log(1 + x).
func Log1p(dst, src []float32) {
	var l, u, wide vec
	for len(src) > 0 {
		n := min(len(src), vecChunk)
		x, y, l, u, wide := src[:n], dst[:n], l[:n], u[:n], wide[:n]
		for i, x := range x {
			wide[i] = float64(x)
			u[i] = 1 + wide[i]
		}
		logs64(l, u, wide, 1)
		for i, u := range u {
			v := l[i]
			switch {
			case !(u <= math.MaxFloat64):
				v = u
			case u == 0:
				v = math.Inf(-1)
			case u < 0:
				v = math.NaN()
			}
			// −0 stays itself; otherwise the sign is there already.
			y[i] = math.Float32frombits(math.Float32bits(float32(v)) | math.Float32bits(x[i])&signBit)
		}
		dst, src = dst[n:], src[n:]
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
	var l vec
	for len(src) > 0 {
		n := min(len(src), vecChunk)
		x, y, l := src[:n], dst[:n], l[:n]
		softplus64(l, x, 1)
		for i, x := range x {
			y[i] = float32(l[i])
			if x != x {
				y[i] = math.Float32frombits(math.Float32bits(x) | signBit)
			}
		}
		dst, src = dst[n:], src[n:]
	}
}

// LogSigmoid is the kernel of −log(1 + exp(−x)).
func LogSigmoid(dst, src []float32) {
	var l vec
	for len(src) > 0 {
		n := min(len(src), vecChunk)
		x, y, l := src[:n], dst[:n], l[:n]
		softplus64(l, x, -1)
		for i, x := range x {
			y[i] = -float32(l[i])
			if x != x {
				y[i] = math.Float32frombits(math.Float32bits(x) &^ signBit)
			}
		}
		dst, src = dst[n:], src[n:]
	}
}

// softplus64 sets v to log(1 + exp(sign·x)).
func softplus64(v []float64, x []float32, sign float64) {
	u, e := new(vec)[:len(x)], new(vec)[:len(x)]
	v = v[:len(x)]
	for i, x := range x {
		e[i] = expNeg64(float64(x))
		u[i] = 1 + e[i]
	}
	logs64(v, u, e, 1)
	for i, x := range x {
		v[i] += max(sign*float64(x), 0)
	}
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
	var l, abs vec
	for len(src) > 0 {
		n := min(len(src), vecChunk)
		xs, ys, l, abs := src[:n], dst[:n], l[:n], abs[:n]
		for i, x := range xs {
			abs[i] = math.Abs(float64(x))
		}
		logs64(l, abs, abs, 0)
		for i, x := range xs {
			l, a := l[i], abs[i]
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
			ys[i] = math.Float32frombits(v)
		}
		dst, src = dst[n:], src[n:]
	}
}
