package generic

import (
	"math"

	"github.com/flengine/flengine/asm"
)

// expCore sets e to 2^(n/8)·exp(r), with n + magic in t.
func expCore(e, t, r *group) {
	for i, r := range r {
		b := math.Float32bits(t[i])
		s := float64(math.Float32frombits(asm.Exp2Bits[b&7] + b<<20))
		if s == 0 && r == r { // saturated, and not NaN
			e[i] = 0
			continue
		}
		rd := float64(r)
		rr := float64(float32(r * r))
		p := float32(sum(asm.P3*rd, asm.P2))
		p = float32(sum(asm.P4*rr, float64(p)))
		p = float32(sum(float64(p)*rr, rd))
		v := sum(s*float64(p), s)
		if v < 0x1p-126 {
			e[i] = fma32(float32(s), p, float32(s))
			continue
		}
		e[i] = float32(v)
	}
}

// expNeg sets e to exp(−|x|).
func expNeg(e, x *group) {
	var t, r group
	for i, x := range x {
		a := math.Float32frombits(math.Float32bits(x) | 1<<31)
		if a < asm.ExpFloor {
			a = asm.ExpFloor
		}
		ad := float64(a)
		t[i] = float32(sum(ad*asm.EightByLn2, asm.Magic))
		n := float64(t[i] - asm.Magic)
		hi := float32(sum(-n*asm.Ln2By8Hi, ad))
		r[i] = float32(sum(-n*asm.Ln2By8Lo, float64(hi)))
	}
	expCore(e, &t, &r)
}

// log1p sets l to ln(1 + e), e in [0, 1]: −ln c + ln(1 + f), f = c·(1+e) − 1.
func log1p(l, e *group) {
	var f group
	for i, e := range e {
		ed := float64(e)
		j := math.Float32bits(float32(sum(ed*7, asm.Magic))) & 7
		c := asm.Recip[j]
		f[i] = float32(sum(ed*float64(c), float64(c-1)))
		l[i] = asm.NegLog[j]
	}
	for i, f := range f {
		fd, ff := float64(f), float64(float32(f*f))
		lo := float32(sum(asm.D1*fd, asm.D0))
		hi := float32(sum(asm.D3*fd, asm.D2))
		d := float32(sum(float64(hi)*ff, float64(lo)))
		l[i] += float32(sum(float64(d)*ff, fd))
	}
}

// power sets q to σ(u)^γ = exp(−γ·softplus(−u)), with l = log1p(exp(−|u|)). The
// low part of the product matters: its error would be magnified by γ·|u|.
func power(q, u, l *group, gamma, gammaLow, limit float32) {
	var t, r group
	for i, u := range u {
		m := -u
		if !(m > 0) {
			m = 0
		}
		if m > -asm.ExpFloor {
			m = -asm.ExpFloor
		}
		s := m + l[i]
		low := l[i] - (s - m)
		if s > limit {
			s = limit
		}
		h := float32(gamma * s)
		hd := float64(h)
		// γ·s − h is the error of a rounding: a float32, and exact in float64.
		low = fma32(gammaLow, low, float32(float64(gamma)*float64(s)-hd))
		t[i] = float32(sum(-hd*asm.EightByLn2, asm.Magic))
		n := float64(t[i] - asm.Magic)
		hi := float32(sum(-n*asm.Ln2By8Hi, -hd))
		r[i] = float32(sum(-n*asm.Ln2By8Lo, float64(hi))) - low
	}
	expCore(q, &t, &r)
}
