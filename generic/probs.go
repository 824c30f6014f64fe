package generic

import "math"

const (
	// ln: T = 2²⁴·t = 2^k·2²⁴·m with m in [0.71875, 1.4375), by the bits of T less
	// those of 2²⁴·0.71875. Then −ln t = −k·ln2 + ln c − ln(1 + f), f = c·m − 1.
	probScale = 1 << 24
	lnSplit   = 0x4b380000
	expMask   = 0xff800000

	// Here k comes with the weight of its bits, 2²³.
	ln2ByExp   = -0x1.62e43p-24  // −ln2/2²³
	ln2ByExpHi = -0x1.62e4p-24   // in 15 bits: k times it is exact
	ln2ByExpLo = -0x1.7f7d1cp-43 // the rest

	// ln(1 + f) ≈ f + f²(g0 + g1·f + g2·f² + g3·f³) on −0.056 ≤ f ≤ 0.063, error
	// 7.9e-9, relative where c = 1 and to 0.056 elsewhere.
	g0 = -0x1.ffffdcp-2
	g1 = 0x1.5556ep-2
	g2 = -0x1.00b394p-2
	g3 = 0x1.953216p-3

	maxCE   = 100            // PyTorch's BCELoss: ln is at least −100
	minProb = 0x1.197998p-40 // its gradient divides by at least 1e-12
	// −ln t is beyond lnZero for t = 0 only.
	lnZero = 105
)

// lnRecip[i] ≈ 2⁻²⁴/m amid the i-th eighth of m's range, and lnTable[i] =
// ln(2²⁴·lnRecip[i]). As with recip, the values are such that lnTable is exact to
// within 2⁻³⁷. The fifth is 2⁻²⁴, so that −ln t keeps its relative accuracy for t
// near 1.
var (
	lnRecip = [8]uint32{
		0x33aab27d, 0x339d906c, 0x33924777, 0x3388818e,
		0x33800000, 0x336388ea, 0x334cd4b4, 0x333a3636,
	}
	lnTable = [8]float32{
		0x1.26c50ep-2, 0x1.a9944ep-3, 0x1.11616ap-3, 0x1.07882ap-4,
		0, -0x1.e2d004p-4, -0x1.c8b076p-3, -0x1.45ee94p-2,
	}
)

// ProbLossGamma0 is the loss kernel for γ = 0 and probabilities.
func ProbLossGamma0(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64) {
	probLosses(byNothing, dst, x, y, w, p, acc)
}

// ProbLossGamma1 is the loss kernel for γ = 1 and probabilities.
func ProbLossGamma1(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64) {
	probLosses(byQ, dst, x, y, w, p, acc)
}

// ProbLossGamma2 is the loss kernel for γ = 2 and probabilities.
func ProbLossGamma2(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64) {
	probLosses(byQ2, dst, x, y, w, p, acc)
}

// ProbLossGamma is the loss kernel for any γ > 0 and probabilities.
func ProbLossGamma(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64) {
	probLosses(byPower, dst, x, y, w, p, acc)
}

// ProbGradientGamma0 is the gradient kernel for γ = 0 and probabilities.
func ProbGradientGamma0(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64) {
	probGradients(byNothing, dst, grad, x, y, w, p, acc)
}

// ProbGradientGamma1 is the gradient kernel for γ = 1 and probabilities.
func ProbGradientGamma1(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64) {
	probGradients(byQ, dst, grad, x, y, w, p, acc)
}

// ProbGradientGamma2 is the gradient kernel for γ = 2 and probabilities.
func ProbGradientGamma2(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64) {
	probGradients(byQ2, dst, grad, x, y, w, p, acc)
}

// ProbGradientGamma is the gradient kernel for any γ > 0 and probabilities.
func ProbGradientGamma(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64) {
	probGradients(byPower, dst, grad, x, y, w, p, acc)
}

func probLosses(by modulation, dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64) {
	var wt, ce, q, f group
	for at := 0; at < len(x); at += Group {
		gx, gy := (*group)(x[at:]), (*[Group]uint8)(y[at:])
		for i, y := range gy {
			wt[i] = p[y&3]
		}
		weigh(&wt, w, at)
		crossEntropy(&ce, gx, gy)
		switch by {
		case byQ:
			for i, x := range gx {
				wt[i] *= probQ(x, gy[i])
			}
		case byQ2:
			for i, x := range gx {
				q := probQ(x, gy[i])
				wt[i] *= float32(q * q)
			}
		case byPower:
			probPower(&q, gx, gy, p[4], p[5], p[6])
			for i, q := range q {
				wt[i] *= q
			}
		}
		for i, ce := range ce {
			f[i] = float32(wt[i] * ce)
		}
		if len(dst) != 0 {
			*(*group)(dst[at:]) = f
		}
		reduce(&f, acc)
	}
}

func probGradients(by modulation, dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64) {
	// The sign of the gradient is the weight's: ignored scores have +0.
	wts := [4]float32{p[0], -p[1], 0, 0}
	var wt, ce, qg, f group
	for at := 0; at < len(x); at += Group {
		gx, gy, gg := (*group)(x[at:]), (*[Group]uint8)(y[at:]), (*group)(grad[at:])
		for i, y := range gy {
			wt[i] = wts[y&3]
		}
		weigh(&wt, w, at)
		crossEntropy(&ce, gx, gy)
		if by == byPower {
			probPower(&qg, gx, gy, p[4], p[5], p[6])
		}
		for i, x := range gx {
			w, ce, q, t := wt[i], ce[i], probQ(x, gy[i]), probTrue(x, gy[i])
			var g float32
			switch by {
			case byNothing:
				g = w / t
			case byQ:
				g = float32(w * (float32(q/t) + ce))
				w *= q
			case byQ2:
				g = float32(float32(w*q) * (float32(q/t) + (ce + ce)))
				w *= float32(q * q)
			case byPower:
				w *= qg[i]
				if q < 0x1p-149 {
					q = 0x1p-149
				}
				g = fma32(float32(w*p[4]), float32(ce/q), float32(w/t))
			}
			f[i] = math.Float32frombits(math.Float32bits(float32(w*ce)) &^ (1 << 31))
			gg[i] = g
		}
		if len(dst) != 0 {
			*(*group)(dst[at:]) = f
		}
		reduce(&f, acc)
	}
}

// 1 for the label 1, and for all others.
var oneOf1, oneOf0 = [4]float32{0, 1, 0, 0}, [4]float32{1, 0, 1, 1}

// probQ is 1 − p_t.
func probQ(x float32, y uint8) float32 {
	return math.Float32frombits(math.Float32bits(oneOf1[y&3]-x) &^ (1 << 31))
}

// probTrue is p_t, at least minProb.
func probTrue(x float32, y uint8) float32 {
	t := math.Float32frombits(math.Float32bits(oneOf0[y&3]-x) &^ (1 << 31))
	if t < minProb {
		return minProb
	}
	return t
}

// negLn sets g to ln(1 + f), h to ln c and k to 2²³·k of −ln t = −k·ln2 + h − g,
// where t is x for the label that from is, else 1 − x. It evaluates 1 − x without
// the rounding: what T lost of it goes into f.
func negLn(g, h, k *group, x *group, y *[Group]uint8, from uint8) {
	var f group
	for i, x := range x {
		a := float64(probScale)
		if y[i] == from {
			a = 0
		}
		d := float32(sum(-float64(x)*probScale, a))
		low := float32(sum(-float64(x)*probScale, float64(float32(a)-d)))
		t := math.Float32bits(d) &^ (1 << 31)
		e := t - lnSplit
		j := e >> 20 & 7
		e &= expMask
		c := float64(math.Float32frombits(lnRecip[j] - e))
		r := float32(sum(c*float64(math.Float32frombits(t)), -1))
		f[i] = float32(sum(c*float64(low), float64(r)))
		h[i] = lnTable[j]
		k[i] = float32(int32(e))
	}
	for i, f := range f {
		fd, ff := float64(f), float64(float32(f*f))
		lo := float32(sum(g1*fd, g0))
		hi := float32(sum(g3*fd, g2))
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
		v := float32(sum(float64(k[i])*ln2ByExp, float64(h[i]))) - ce[i]
		if v > maxCE {
			v = maxCE
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
		m := float32(k[i] * ln2ByExpHi) // exact
		s := m + d
		low := d - (s - m)
		low = float32(sum(float64(k[i])*ln2ByExpLo, float64(low)))
		k[i] = s
		if s > limit {
			s = limit
		}
		p := float32(gamma * s)
		pd := float64(p)
		low = fma32(gammaLow, low, float32(float64(gamma)*float64(s)-pd)) // see power
		t[i] = float32(sum(-pd*eightByLn2, magic))
		n := float64(t[i] - magic)
		hi := float32(sum(-n*ln2By8Hi, -pd))
		r[i] = float32(sum(-n*ln2By8Lo, float64(hi))) - low
	}
	expCore(q, &t, &r)
	for i, s := range k {
		if s > lnZero {
			q[i] = 0
		}
	}
}
