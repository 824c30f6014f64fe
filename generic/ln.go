package generic

import (
	"math"

	"github.com/flengine/flengine/asm"
)

// negLn sets g to ln(1 + f), h to ln c and k to 2²³·k of −ln t = −k·ln2 + h − g,
// where t is x for the label that from is, else 1 − x. It evaluates 1 − x without
// the rounding: what T lost of it goes into f.
func negLn(g, h, k *group, x *group, y *[Group]uint8, from uint8) {
	var f group
	for i, x := range x {
		a := float64(asm.ProbScale)
		if y[i] == from {
			a = 0
		}
		d := float32(sum(-float64(x)*asm.ProbScale, a))
		low := float32(sum(-float64(x)*asm.ProbScale, float64(float32(a)-d)))
		t := math.Float32bits(d) &^ (1 << 31)
		e := t - asm.LnSplit
		j := e >> 20 & 7
		e &= asm.ExpMask
		c := float64(math.Float32frombits(asm.LnRecip[j] - e))
		r := float32(sum(c*float64(math.Float32frombits(t)), -1))
		f[i] = float32(sum(c*float64(low), float64(r)))
		h[i] = asm.LnTable[j]
		k[i] = float32(int32(e))
	}
	lnTail(g, &f)
}

// lnTail sets g to ln(1 + f).
func lnTail(g, f *group) {
	for i, f := range f {
		fd, ff := float64(f), float64(float32(f*f))
		lo := float32(sum(asm.G1*fd, asm.G0))
		hi := float32(sum(asm.G3*fd, asm.G2))
		d := float32(sum(float64(hi)*ff, float64(lo)))
		g[i] = float32(sum(float64(d)*ff, fd))
	}
}

// crossEntropy sets ce to min(−ln p_t, 100), and all of it to NaN if any of x is
// no probability.
func crossEntropy(ce, x *group, y *[Group]uint8) {
	var h, k group
	negLn(ce, &h, &k, x, y, 1)
	var top uint32 // −0 counts as 0
	for i, x := range x {
		v := float32(sum(float64(k[i])*asm.Ln2ByExp, float64(h[i]))) - ce[i]
		if v > asm.MaxCE {
			v = asm.MaxCE
		}
		ce[i] = v
		top = max(top, math.Float32bits(x+0))
	}
	if top > 0x3f800000 {
		for i := range ce {
			ce[i] = float32(math.NaN())
		}
	}
}

// probPower sets q to (1 − p_t)^γ = exp(−γ·s), s = −ln(1 − p_t); 0 for p_t = 1.
// The low part of s matters: its error would be magnified by γ·s.
func probPower(q, x *group, y *[Group]uint8, gamma, gammaLow, limit float32) {
	var g, h, k, t, r group
	negLn(&g, &h, &k, x, y, 0)
	for i, g := range g {
		d := h[i] - g
		m := float32(k[i] * asm.Ln2ByExpHi) // exact
		s := m + d
		low := d - (s - m)
		low = float32(sum(float64(k[i])*asm.Ln2ByExpLo, float64(low)))
		k[i] = s
		if s > limit {
			s = limit
		}
		p := float32(gamma * s)
		pd := float64(p)
		low = fma32(gammaLow, low, float32(float64(gamma)*float64(s)-pd)) // see power
		t[i] = float32(sum(-pd*asm.EightByLn2, asm.Magic))
		n := float64(t[i] - asm.Magic)
		hi := float32(sum(-n*asm.Ln2By8Hi, -pd))
		r[i] = float32(sum(-n*asm.Ln2By8Lo, float64(hi))) - low
	}
	expCore(q, &t, &r)
	for i, s := range k {
		if s > asm.LnZero {
			q[i] = 0
		}
	}
}
