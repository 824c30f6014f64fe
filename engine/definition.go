package engine

import "math"

// Terms are what a [Definition] is made of, in float64.
type Terms struct {
	CE   float64 // the cross-entropy −ln p_t; for probabilities at most 100
	P, Q float64 // p_t and 1 − p_t, neither of them from the other
}

// Ratio is CE/Q, or 1, the limit, where Q is 0: with it no formula need divide by Q.
func (t Terms) Ratio() float64 {
	if t.Q == 0 {
		return 1
	}
	return t.CE / t.Q
}

// A Definition is a loss of weight 1 by its definition, in float64: as a function of CE
// and Q it returns the loss and its partial derivatives by these two.
//
// With a weight w, and + for background and − for foreground, the gradient is
// ±w·(byCE·Q + byQ·Q·P) by a logit, and ±w·(byCE/P + byQ) by a probability, where P is at
// least 1e-12; see [Batch].Probs.
type Definition func(t Terms) (loss, byCE, byQ float64)

// power is Q^y. Small multiples of ½ are products and a root, which are as good as
// math.Pow and many times as fast. Large ones need more digits of Q near 1 than it has.
func (t Terms) power(y float64) float64 {
	whole := math.Trunc(y)
	switch {
	case y <= 5 && (y == whole || y == whole+0.5):
		p := 1.0
		if y != whole {
			p = math.Sqrt(t.Q)
		}
		for range int(whole) {
			p *= t.Q
		}
		return p
	case t.P < 0.5:
		return math.Exp(y * math.Log1p(-t.P))
	}
	return math.Pow(t.Q, y)
}
