package generic

import "github.com/flengine/flengine/asm"

// formula is a loss and its derivative, from logits and from probabilities: functions that
// set t.f, and slopes also t.g, from the other terms. In a slope w has the sign of the gradient,
// and the loss is a magnitude.
type formula struct {
	power                              bool // needs q^γ
	value, slope, probValue, probSlope func(t *terms)
}

var formulas = [asm.NumLabelFormulas]formula{
	asm.CrossEntropy: {false, ceValue, ceSlope, ceProbValue, ceProbSlope},
	asm.Focal1:       {false, focal1Value, focal1Slope, focal1ProbValue, focal1ProbSlope},
	asm.Focal2:       {false, focal2Value, focal2Slope, focal2ProbValue, focal2ProbSlope},
	asm.FocalAny:     {true, focalValue, focalSlope, focalProbValue, focalProbSlope},
}

// Cross-entropy: w·softplus(u), gradient ±w·q.

func ceValue(t *terms) {
	for i, l := range &t.l {
		t.f[i] = float32(t.w[i] * softplus(t.u[i], l))
	}
}

func ceSlope(t *terms) {
	for i, w := range &t.w {
		t.f[i] = magnitude(w * softplus(t.u[i], t.l[i]))
		t.g[i] = float32(w * t.q[i])
	}
}

func ceProbValue(t *terms) {
	for i, ce := range &t.ce {
		t.f[i] = float32(t.w[i] * ce)
	}
}

func ceProbSlope(t *terms) {
	for i, w := range &t.w {
		t.f[i] = magnitude(w * t.ce[i])
		t.g[i] = w / probTrue(t.x[i], t.y[i])
	}
}

// Focal loss, γ = 1: w·q·softplus(u), gradient ±w·q·(q + p_t·softplus(u)).

func focal1Value(t *terms) {
	for i, e := range &t.e {
		t.w[i] *= sigmoid(t.u[i], e)
	}
	ceValue(t)
}

func focal1Slope(t *terms) {
	for i, w := range &t.w {
		q, sp := t.q[i], softplus(t.u[i], t.l[i])
		w *= q
		t.f[i] = magnitude(w * sp)
		t.g[i] = float32(w * fma32(trueProb(t.u[i], t.e[i], q), sp, q))
	}
}

func focal1ProbValue(t *terms) {
	for i, x := range t.x {
		t.w[i] *= probQ(x, t.y[i])
	}
	ceProbValue(t)
}

func focal1ProbSlope(t *terms) {
	for i, x := range t.x {
		w, ce, q := t.w[i], t.ce[i], probQ(x, t.y[i])
		t.g[i] = float32(w * (float32(q/probTrue(x, t.y[i])) + ce))
		t.f[i] = magnitude(float32(w*q) * ce)
	}
}

// Focal loss, γ = 2: (w·q)·q·softplus(u), gradient ±w·q²·(q + 2·p_t·softplus(u)). The loss
// takes (w·q)·q, and the gradient w·q²: each has the smaller error so.

func focal2Value(t *terms) {
	for i, e := range &t.e {
		q := sigmoid(t.u[i], e)
		t.f[i] = float32(float32(float32(t.w[i]*q)*q) * softplus(t.u[i], t.l[i]))
	}
}

func focal2Slope(t *terms) {
	for i, w := range &t.w {
		q, sp := t.q[i], softplus(t.u[i], t.l[i])
		pt := trueProb(t.u[i], t.e[i], q)
		t.f[i] = magnitude(float32(float32(w*q)*q) * sp)
		t.g[i] = float32(float32(w*float32(q*q)) * fma32(pt+pt, sp, q))
	}
}

func focal2ProbValue(t *terms) {
	for i, x := range t.x {
		d := oneOf1[t.y[i]&3] - x // ±q
		t.f[i] = float32(float32(t.w[i]*float32(d*d)) * t.ce[i])
	}
}

func focal2ProbSlope(t *terms) {
	for i, x := range t.x {
		w, ce, q := t.w[i], t.ce[i], probQ(x, t.y[i])
		t.g[i] = float32(float32(w*q) * (float32(q/probTrue(x, t.y[i])) + (ce + ce)))
		t.f[i] = magnitude(float32(w*float32(q*q)) * ce)
	}
}

// Focal loss, any γ > 0: w·q^γ·softplus(u), gradient ±w·q^γ·(q + γ·p_t·softplus(u)), from
// probabilities ±w·q^γ·(1/p_t + γ·CE/q).

func focalValue(t *terms) {
	for i, qg := range &t.qg {
		t.w[i] *= qg
	}
	ceValue(t)
}

func focalSlope(t *terms) {
	gamma := t.params.Gamma
	for i, w := range &t.w {
		q, sp := t.q[i], softplus(t.u[i], t.l[i])
		w *= t.qg[i]
		t.f[i] = magnitude(w * sp)
		t.g[i] = float32(w * fma32(float32(gamma*trueProb(t.u[i], t.e[i], q)), sp, q))
	}
}

func focalProbValue(t *terms) {
	for i, qg := range &t.qg {
		t.w[i] *= qg
	}
	ceProbValue(t)
}

func focalProbSlope(t *terms) {
	gamma := t.params.Gamma
	for i, x := range t.x {
		w, ce, q := float32(t.w[i]*t.qg[i]), t.ce[i], probQ(x, t.y[i])
		if q < asm.Least {
			q = asm.Least
		}
		t.g[i] = fma32(float32(w*gamma), float32(ce/q), float32(w/probTrue(x, t.y[i])))
		t.f[i] = magnitude(w * ce)
	}
}
