package generic

import (
	"math"
	"math/bits"

	"github.com/flengine/flengine/asm"
)

// Each function is here twice: of one value, in the float32 operations that are the contract,
// and of a group, the same in passes that are fast; see wide.

// exp1 is 2^(n/8)·exp(r), with n in the low bits of b.
func exp1(b uint32, r float32) float32 {
	s := math.Float32frombits(asm.Exp2Bits[b&7] + b<<20)
	rr := float32(r * r)
	p := fma32(asm.P4, rr, fma32(asm.P3, r, asm.P2))
	return fma32(s, fma32(p, rr, r), s)
}

// expCore is exp1 of a group: it sets e to 2^(n/8)·exp(r), with n + asm.Magic64 in t.
func expCore(e *group, t, r *wide) {
	for i, r := range r {
		b := math.Float64bits(t[i])
		s := math.Float64frombits(exp2Bits[b&7] + b<<49)
		rr := float64(r * r)
		p1 := asm.P3*r + asm.P2
		p2 := asm.P4*round(rr) + round(p1)
		p3 := round(p2)*round(rr) + r
		v := s*round(p3) + s
		switch {
		case tie(rr), tie(p1), tie(p2), tie(p3), tie(v), !(v >= 0x1p-126):
			e[i] = exp1(uint32(b), float32(r))
		default:
			e[i] = float32(v)
		}
	}
}

// exp2Bits has asm.Exp2Bits for float64: the bits of 2^(j/8) less j<<49.
var exp2Bits = func() (t [8]uint64) {
	for j, b := range asm.Exp2Bits {
		j := uint32(j)
		t[j] = math.Float64bits(float64(math.Float32frombits(b+j<<20))) - uint64(j)<<49
	}
	return t
}()

// reduceExp is x − n·ln2/8, for n = round(8x/ln2): in two parts, of which the first is exact,
// and the second exact in float64.
func reduceExp(x, n float64) float32 { return float32((x - n*asm.Ln2By8Hi) - n*asm.Ln2By8Lo) }

// expNeg sets e to exp(−|x|).
func expNeg(e, x *group) {
	var t, r wide
	for i, x := range x {
		a := math.Float32frombits(math.Float32bits(x) | 1<<31)
		if a < asm.ExpFloor {
			a = asm.ExpFloor
		}
		ad := float64(a)
		t[i] = ad*asm.EightByLn2 + asm.Magic64
		r[i] = float64(reduceExp(ad, t[i]-asm.Magic64))
	}
	expCore(e, &t, &r)
}

// poly are the coefficients c of f + f²·(c[0] + c[1]·f + c[2]·f² + c[3]·f³).
type poly [4]float32

var (
	log1pPoly = poly{asm.D0, asm.D1, asm.D2, asm.D3}
	lnPoly    = poly{asm.G0, asm.G1, asm.G2, asm.G3}
)

// at is the polynomial at f.
func (c *poly) at(f float32) float32 {
	ff := float32(f * f)
	return fma32(fma32(fma32(c[3], f, c[2]), ff, fma32(c[1], f, c[0])), ff, f)
}

// add adds sign times the polynomial at f to v.
func (c *poly) add(v []float32, sign float32, f []float64) {
	v = v[:len(f)]
	c0, c1, c2, c3 := float64(c[0]), float64(c[1]), float64(c[2]), float64(c[3])
	for i, f := range f {
		ff := float64(f * f)
		lo, hi := c1*f+c0, c3*f+c2
		d := round(hi)*round(ff) + round(lo)
		s := round(d)*round(ff) + f
		switch {
		case tie(ff), tie(lo), tie(hi), tie(d), tie(s):
			v[i] += float32(sign * c.at(float32(f)))
		default:
			v[i] += float32(sign * float32(s))
		}
	}
}

// log1p1 is ln(1 + e), e in [0, 1]: −ln c + ln(1 + f), f = c·(1+e) − 1.
func log1p1(e float32) float32 {
	j := math.Float32bits(fma32(e, 7, asm.Magic)) & 7
	c := asm.Recip[j]
	return asm.NegLog[j] + log1pPoly.at(fma32(e, c, c-1))
}

// log1p is log1p1 of a group.
func log1p(l, e *group) {
	var f wide
	var again uint32 // the scores of ties
	for i, x := range e {
		ed := float64(x)
		j := math.Float64bits(ed*7+asm.Magic64) & 7
		c := &log1pTable[j]
		s := ed*c.c + c.less1
		f[i] = round(s)
		l[i] = asm.NegLog[j]
		if tie(s) {
			again |= 1 << i
		}
	}
	log1pPoly.add(l[:], 1, f[:])
	for ; again != 0; again &= again - 1 {
		i := bits.TrailingZeros32(again)
		l[i] = log1p1(e[i])
	}
}

// log1pTable has asm.Recip and that less 1.
var log1pTable = func() (t [8]struct{ c, less1 float64 }) {
	for j, c := range asm.Recip {
		t[j].c, t[j].less1 = float64(c), float64(c-1)
	}
	return t
}()

// power sets q to σ(u)^γ = exp(−γ·softplus(−u)), with l = log1p(exp(−|u|)).
func power(q, u, l *group, p *asm.Params) {
	var s, low group
	for i, u := range u {
		m := -u
		if !(m > 0) {
			m = 0
		}
		if m > -asm.ExpFloor {
			m = -asm.ExpFloor
		}
		s[i] = m + l[i]
		low[i] = l[i] - (s[i] - m)
	}
	expProduct(q, &s, &low, p)
}

// expProduct sets q to exp(−γ·(s + low)), and to 0 where s is beyond asm.LnZero. The low parts
// of s and of the product matter: their errors would be magnified by γ·s.
func expProduct(q, s, low *group, p *asm.Params) {
	var t, r wide
	gamma, gammaLow, limit := p.Gamma, float64(p.GammaLow), p.Limit
	for i, s := range s {
		if s > limit {
			s = limit
		}
		h := float32(gamma * s)
		hd := float64(h)
		// γ·s − h is the error of a rounding: a float32, and exact in float64, as most sums with
		// it are. They are ties too often to be asked for that first.
		lost, p := float64(gamma)*float64(s)-hd, float64(gammaLow*float64(low[i]))
		l := float32(lost + p)
		if v := lost + p; v-lost != p && tie(v) {
			l = fma32(float32(gammaLow), low[i], float32(lost))
		}
		t[i] = asm.Magic64 - hd*asm.EightByLn2
		r[i] = float64(reduceExp(-hd, t[i]-asm.Magic64) - l)
	}
	expCore(q, &t, &r)
	for i, s := range s {
		if s > asm.LnZero {
			q[i] = 0
		}
	}
}

// expProduct1 is expProduct of one value.
func expProduct1(s, low float32, p *asm.Params) float32 {
	if s > asm.LnZero {
		return 0
	}
	s = atMost(s, p.Limit)
	h := float32(p.Gamma * s)
	low = fma32(p.GammaLow, low, fma32(p.Gamma, s, -h))
	t := fma32(-h, asm.EightByLn2, asm.Magic)
	n := t - asm.Magic
	r := fma32(-n, asm.Ln2By8Lo, fma32(-n, asm.Ln2By8Hi, -h)) - low
	return exp1(math.Float32bits(t), r)
}

// atMost is v, or most where v is above it.
func atMost(v, most float32) float32 {
	if v > most {
		return most
	}
	return v
}
