package verify

import (
	"math"

	"github.com/flengine/flengine/engine"
)

// The exact values, in float64 to within some 2⁻⁵⁰ of themselves: 2⁻²⁶ ULP of
// float32. Most bit patterns of float32 are tiny or huge. There, as each function
// says, a few terms of a series or a limit are as good as the function, and many
// times as fast.

const (
	// From |x| = 128 on exp(−|x|) < 2⁻¹⁸⁴ is nothing beside 1, and as a result of
	// its own it is 2⁻³⁵ of the smallest float32. exp(128) is beyond float32.
	saturated = 128
	// Below this, series go up to the power that is given with them.
	small = 0x1p-10
)

// expOf is exp(x).
func expOf(x float64) float64 {
	switch {
	case x >= saturated:
		return math.Inf(1)
	case x <= -saturated:
		return 0
	case math.Abs(x) < 0x1p-20: // the next term is below 2⁻⁶²
		return 1 + (x + x*x/2)
	}
	return math.Exp(x)
}

// log1pOf is log(1 + x).
func log1pOf(x float64) float64 {
	if math.Abs(x) < 0x1p-20 { // the next term is x⁴/4: 2⁻⁶² of x
		if x == 0 {
			return x // −0
		}
		return x - x*x*(1./2-x*(1./3))
	}
	return math.Log1p(x)
}

// sigmoidOf is 1/(1 + exp(−x)).
func sigmoidOf(x float64) float64 {
	switch {
	case x >= saturated:
		return 1
	case x <= -saturated:
		return 0
	case math.Abs(x) < small: // the next term is x⁵/480 < 2⁻⁵⁸
		return 0.5 + x*(1./4-x*x*(1./48))
	}
	return 1 / (1 + math.Exp(-x))
}

// softplusOf is log(1 + exp(x)).
func softplusOf(x float64) float64 {
	switch {
	case x >= saturated:
		return x
	case x <= -saturated:
		return 0
	case math.Abs(x) < small: // the next term is x⁶/2880 < 2⁻⁷¹
		return math.Ln2 + x*(0.5+x*(1./8-x*x*(1./192)))
	}
	return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x)))
}

func logSigmoidOf(x float64) float64 { return -softplusOf(-x) }

// exactTerms are what a block's losses and gradients are made of, for both labels:
// those of one label are the other's with p and q exchanged.
type exactTerms struct {
	ce [2][blockSize]float64 // −ln p_t
	q  [2][blockSize]float64 // 1 − p_t, for logits and for probabilities
}

// logits sets the terms of logits x.
func (t *exactTerms) logits(xs []float32) {
	for i, x := range xs {
		v := float64(x)
		a := math.Abs(v)
		var sp, sn, q, p float64 // softplus(±x), σ(±x)
		switch {
		case a >= saturated:
			// p and q are 0 or 1, and so is (1 − p_t)^γ.
			sp, sn = max(v, 0), max(-v, 0)
			if v > 0 {
				q = 1
			}
			p = 1 - q
		case a < small:
			even := math.Ln2 + v*v*(1./8-v*v*(1./192)) // of softplusOf's series
			sp, sn = even+v/2, even-v/2
			odd := v * (1./4 - v*v*(1./48)) // of sigmoidOf's
			q, p = 0.5+odd, 0.5-odd
		default:
			e := math.Exp(-a)
			l := math.Log1p(e)
			r := 1 / (1 + e)
			sp, sn, q, p = a+l, l, r, e*r
			if v < 0 {
				sp, sn, q, p = sn, sp, p, q
			}
		}
		t.ce[0][i], t.ce[1][i] = sp, sn
		t.q[0][i], t.q[1][i] = q, p
	}
}

// probs sets the terms of probabilities x, with the clamp of ln.
func (t *exactTerms) probs(xs []float32) {
	for i, x := range xs {
		p := float64(x)
		t.ce[0][i] = min(-log1pOf(-p), 100)
		t.ce[1][i] = min(0-math.Log(p), 100) // +0 for 1
		t.q[0][i], t.q[1][i] = p, 1-p
	}
}

// losses sets the losses of weight w, and their gradients by the logit or the probability,
// of one label.
func (t *exactTerms) losses(loss, grad []float64, define engine.Definition, w float64, label int, probs bool) {
	n := len(loss)
	ce, q, p := t.ce[label][:n], t.q[label][:n], t.q[1-label][:n]
	grad = grad[:n]
	signed := w * float64(1-2*label)
	for i := range loss {
		of := engine.Terms{CE: ce[i], P: p[i], Q: q[i]}
		f, byCE, byQ := define(of)
		loss[i] = w * f
		if probs {
			grad[i] = signed * (byCE/max(of.P, float64(float32(1e-12))) + byQ)
		} else {
			grad[i] = signed * (byCE*of.Q + byQ*of.Q*of.P)
		}
	}
}
