package generic

import "github.com/flengine/flengine/asm"

// The formulas of targets. What a value, a slope and a curve set as loss is the same bits, and
// so is what a slope and a curve set as gradient. Second derivatives of the focal losses are
// for y of 0 and 1.

// difference is d = p − y, with m = M and r = 1/(1+e).
func difference(x, m, r float32) float32 {
	if d := float32(m * r); signed(x) {
		return d
	} else {
		return -d
	}
}

// excess is 1 − 2p = (1 − e)/(1 + e), or −that for x ≥ 0.
func excess(x, e, r float32) float32 { return difference(x, 1-e, r) }

// flip is v, negated if the sign bit of d is set.
func flip(v, d float32) float32 {
	if signed(d) {
		return -v
	}
	return v
}

// slopeByQ is p(1−p)/q, with n = N and r = 1/(1+e).
func slopeByQ(e, n, r float32) float32 {
	if n < asm.Least {
		n = asm.Least
	}
	return float32(e/n) * r
}

// bend is p_t·(γ·ce·(γ·p_t − q) + (2γ+1)·q), with pt = p_t and gp = γ·p_t: times w·q^γ the
// second derivative of focal loss at y of 0 and 1.
func bend(ce, gp, q, pt float32) float32 {
	return fma32(float32(ce*gp), gp-q, float32(q*fma32(2, gp, pt)))
}

// Cross-entropy: Pos·y·softplus(−x) + Neg·(1−y)·softplus(x), whose weights are in ce and m, see
// byTerm. What is left of w is the factor of the batch, 0 for ignored.

func softCEValue(t *softTerms) {
	for i, ce := range &t.ce {
		t.f[i] = float32(t.w[i] * ce)
	}
}

func softCESlope(t *softTerms) {
	softCEValue(t)
	for i, e := range &t.e {
		t.g[i] = float32(t.w[i] * difference(t.x[i], t.m[i], 1/(1+e)))
	}
}

func softCECurve(t *softTerms) {
	softCESlope(t)
	for i, e := range &t.e {
		r := 1 / (1 + e)
		t.h[i] = float32(float32(t.w[i]*t.both[i]) * float32(float32(e*r)*r))
	}
}

// Balanced cross-entropy: w·ce, gradient w·d, second derivative w·p(1−p).

func softBalancedValue(t *softTerms) { softCEValue(t) }

func softBalancedSlope(t *softTerms) { softCESlope(t) }

func softBalancedCurve(t *softTerms) {
	softCESlope(t)
	for i, e := range &t.e {
		r := 1 / (1 + e)
		t.h[i] = float32(t.w[i] * float32(float32(e*r)*r))
	}
}

// Focal loss, γ = 1: w·q·ce, gradient w·q·(d + (1−2y)·p(1−p)/q·ce).

func softFocal1Value(t *softTerms) {
	for i, ce := range &t.ce {
		q := float32(t.n[i] * (1 / (1 + t.e[i])))
		t.f[i] = float32(float32(t.w[i]*q) * ce)
	}
}

func softFocal1Slope(t *softTerms) {
	softFocal1Value(t)
	for i, e := range &t.e {
		r := 1 / (1 + e)
		wq := float32(t.w[i] * float32(t.n[i]*r))
		cy := fma32(-2, t.y[i], 1)
		t.g[i] = float32(wq * fma32(float32(cy*slopeByQ(e, t.n[i], r)), t.ce[i], difference(t.x[i], t.m[i], r)))
	}
}

func softFocal1Curve(t *softTerms) {
	softFocal1Slope(t)
	for i, e := range &t.e {
		r := 1 / (1 + e)
		q, pt := float32(t.n[i]*r), float32(fma32(t.a[i], e, t.b[i])*r)
		t.h[i] = float32(float32(t.w[i]*q) * bend(t.ce[i], pt, q, pt))
	}
}

// Focal loss, γ = 2: w·q²·ce, gradient w·(q²·d + 2(1−2y)·p(1−p)·q·ce). One reciprocal, that of
// (1+e)², is for all quotients: it has the smallest error.

func softFocal2Value(t *softTerms) {
	for i, ce := range &t.ce {
		z := float32(t.n[i]*t.n[i]) * squareReciprocal(t.e[i])
		t.f[i] = float32(float32(t.w[i]*z) * ce)
	}
}

// squareReciprocal is 1/(1+e)².
func squareReciprocal(e float32) float32 { return 1 / fma32(e, 2+e, 1) }

func softFocal2Slope(t *softTerms) {
	softFocal2Value(t)
	for i, e := range &t.e {
		r2 := squareReciprocal(e)
		r := float32((1 + e) * r2)
		q, z, v := float32(t.n[i]*r), float32(t.n[i]*t.n[i])*r2, float32(e*r2)
		cy := fma32(-2, t.y[i], 1)
		k := float32(cy*t.ce[i]) * q
		t.g[i] = float32(t.w[i] * fma32(k, v+v, float32(z*difference(t.x[i], t.m[i], r))))
	}
}

func softFocal2Curve(t *softTerms) {
	softFocal2Slope(t)
	for i, e := range &t.e {
		r2 := squareReciprocal(e)
		r := float32((1 + e) * r2)
		q, z, pt := float32(t.n[i]*r), float32(t.n[i]*t.n[i])*r2, float32(fma32(t.a[i], e, t.b[i])*r)
		t.h[i] = float32(float32(t.w[i]*z) * bend(t.ce[i], pt+pt, q, pt))
	}
}

// Focal loss, any γ > 0: w·q^γ·ce, gradient w·q^γ·(d + γ(1−2y)·p(1−p)/q·ce).

func softFocalValue(t *softTerms) {
	for i, qg := range &t.qg {
		t.f[i] = float32(float32(t.w[i]*qg) * t.ce[i])
	}
}

func softFocalSlope(t *softTerms) {
	softFocalValue(t)
	gamma := t.params.Gamma
	for i, e := range &t.e {
		r := 1 / (1 + e)
		cy := fma32(-2, t.y[i], 1)
		s := float32(gamma * float32(cy*slopeByQ(e, t.n[i], r)))
		t.g[i] = float32(float32(t.w[i]*t.qg[i]) * fma32(s, t.ce[i], difference(t.x[i], t.m[i], r)))
	}
}

func softFocalCurve(t *softTerms) {
	softFocalSlope(t)
	gamma := t.params.Gamma
	for i, e := range &t.e {
		r := 1 / (1 + e)
		q, pt := float32(t.n[i]*r), float32(fma32(t.a[i], e, t.b[i])*r)
		t.h[i] = unlessZero(t.qg[i], float32(float32(t.w[i]*t.qg[i])*bend(t.ce[i], float32(gamma*pt), q, pt)))
	}
}

// unlessZero is v, but 0 where a power is 0: what it multiplies may be beyond float32.
func unlessZero(power, v float32) float32 {
	if power == 0 {
		return 0
	}
	return v
}

// Quality focal loss, β = 2: w·d²·ce, gradient w·d·(d² + 2v·ce), second derivative
// w·(5d²·v + 2·(d(1−2p)·k + v·k)), with v = p(1−p), k = v·ce.

func quality2Value(t *softTerms) {
	for i, m := range &t.m {
		z := float32(m*m) * squareReciprocal(t.e[i])
		t.f[i] = float32(float32(t.w[i]*z) * t.ce[i])
	}
}

func quality2Slope(t *softTerms) {
	quality2Value(t)
	for i, e := range &t.e {
		r2 := squareReciprocal(e)
		r := float32((1 + e) * r2)
		d, k := difference(t.x[i], t.m[i], r), float32(float32(e*r2)*t.ce[i])
		t.g[i] = float32(float32(t.w[i]*d) * fma32(d, d, k+k))
	}
}

func quality2Curve(t *softTerms) {
	quality2Slope(t)
	for i, e := range &t.e {
		r2 := squareReciprocal(e)
		r, v := float32((1+e)*r2), float32(e*r2)
		d, k := difference(t.x[i], t.m[i], r), float32(v*t.ce[i])
		s := fma32(float32(d*excess(t.x[i], e, r)), k, float32(v*k))
		t.h[i] = float32(t.w[i] * fma32(float32(5*float32(d*d)), v, s+s))
	}
}

// Quality focal loss, any β ≥ 1: w·|d|^β·ce, gradient ±w·|d|^β·(|d| + β·v/|d|·ce), second
// derivative w·|d|^β·((2β+1)·v + β·ce·c·((β−1)·c ± (1−2p))), with v = p(1−p), c = v/|d|, and the
// sign of d; all 0 where d is.

func qualityValue(t *softTerms) { softFocalValue(t) }

func qualitySlope(t *softTerms) {
	qualityValue(t)
	beta := t.params.Gamma
	for i, e := range &t.e {
		r := 1 / (1 + e)
		d := difference(t.x[i], t.m[i], r)
		s := fma32(float32(beta*float32(float32(float32(e*r)*r)/atLeast(d))), t.ce[i], magnitude(d))
		t.g[i] = unlessZero(t.qg[i], flip(float32(float32(t.w[i]*t.qg[i])*s), d))
	}
}

func qualityCurve(t *softTerms) {
	qualitySlope(t)
	beta := t.params.Gamma
	for i, e := range &t.e {
		r := 1 / (1 + e)
		d := difference(t.x[i], t.m[i], r)
		v := float32(float32(e*r) * r)
		c := float32(v / atLeast(d))
		s := fma32(beta-1, c, flip(excess(t.x[i], e, r), d))
		s = fma32(float32(float32(beta*c)*t.ce[i]), s, fma32(2, float32(beta*v), v))
		t.h[i] = unlessZero(t.qg[i], float32(float32(t.w[i]*t.qg[i])*s))
	}
}

// atLeast is |d|, but not 0.
func atLeast(d float32) float32 {
	if d = magnitude(d); d < asm.Least {
		return asm.Least
	}
	return d
}

// Varifocal loss, γ = 2: w·ce where y > 0, and w·p²·ce where y = 0, which is focal loss of
// the label 0. The weight is by the target, see byTarget.

func varifocal2Value(t *softTerms) {
	for i, ce := range &t.ce {
		w := t.w[i]
		if t.y[i] == 0 {
			w *= float32(t.n[i]*t.n[i]) * squareReciprocal(t.e[i])
		}
		t.f[i] = float32(w * ce)
	}
}

func varifocal2Slope(t *softTerms) {
	for i, e := range &t.e {
		r2 := squareReciprocal(e)
		r, w, s := float32((1+e)*r2), t.w[i], float32(0)
		if t.y[i] == 0 {
			pt := float32(fma32(t.a[i], e, t.b[i]) * r)
			w *= float32(t.n[i]*t.n[i]) * r2
			s = pt + pt
		}
		t.f[i] = float32(w * t.ce[i])
		t.g[i] = float32(w * fma32(s, t.ce[i], difference(t.x[i], t.m[i], r)))
	}
}

func varifocal2Curve(t *softTerms) {
	varifocal2Slope(t)
	for i, e := range &t.e {
		r2 := squareReciprocal(e)
		r := float32((1 + e) * r2)
		if t.y[i] > 0 {
			t.h[i] = float32(t.w[i] * float32(e*r2))
			continue
		}
		pt := float32(fma32(t.a[i], e, t.b[i]) * r)
		w := t.w[i] * (float32(t.n[i]*t.n[i]) * r2)
		t.h[i] = float32(w * bend(t.ce[i], pt+pt, float32(t.n[i]*r), pt))
	}
}

// Varifocal loss, any γ > 0.

func varifocalValue(t *softTerms) {
	for i, ce := range &t.ce {
		w := t.w[i]
		if t.y[i] == 0 {
			w *= t.qg[i]
		}
		t.f[i] = float32(w * ce)
	}
}

func varifocalSlope(t *softTerms) {
	gamma := t.params.Gamma
	for i, e := range &t.e {
		r := 1 / (1 + e)
		w, s := t.w[i], float32(0)
		if t.y[i] == 0 {
			w *= t.qg[i]
			s = float32(gamma * float32(fma32(t.a[i], e, t.b[i])*r))
		}
		t.f[i] = float32(w * t.ce[i])
		t.g[i] = float32(w * fma32(s, t.ce[i], difference(t.x[i], t.m[i], r)))
	}
}

func varifocalCurve(t *softTerms) {
	varifocalSlope(t)
	gamma := t.params.Gamma
	for i, e := range &t.e {
		r := 1 / (1 + e)
		if t.y[i] > 0 {
			t.h[i] = float32(t.w[i] * float32(float32(e*r)*r))
			continue
		}
		pt := float32(fma32(t.a[i], e, t.b[i]) * r)
		w := t.w[i] * t.qg[i]
		t.h[i] = unlessZero(t.qg[i], float32(w*bend(t.ce[i], float32(gamma*pt), float32(t.n[i]*r), pt)))
	}
}
