package engine

import "math"

// ExactRow returns what evaluates a loss of rows by its definition in float64: of a row of
// logits with the true class t it returns the loss, of weight 1, and, where gradient is not
// nil, sets that to the derivatives by the logits. It is nil of a loss of scores.
func (l Loss) ExactRow() func(x []float32, t int, gradient []float64) float64 {
	row := l.row()
	if !row.Rows {
		return nil
	}
	gamma := float64(row.gamma(l.values))
	return func(x []float32, t int, gradient []float64) float64 {
		most := math.Inf(-1)
		for _, x := range x {
			most = max(most, float64(x))
		}
		var rest float64 // Σ exp(x − most) of all other classes
		for j, x := range x {
			if j != t {
				rest += math.Exp(float64(x) - most)
			}
		}
		truth := math.Exp(float64(x[t]) - most)
		q, pt := rest/(rest+truth), truth/(rest+truth)
		ce := math.Log1p(rest / truth)
		if truth < rest {
			ce = math.Log(rest+truth) + most - float64(x[t])
		}
		m := Terms{CE: ce, P: pt, Q: q}.power(gamma)
		if gradient != nil {
			// By x_t: −m·(q + γ·p_t·CE); by another one: that over −q, times p_j.
			slope := m * (q + gamma*pt*min(ce, math.MaxFloat64))
			for j, x := range x {
				if gradient[j] = 0; q > 0 {
					gradient[j] = slope * (math.Exp(float64(x)-most) / rest)
				}
			}
			gradient[t] = -slope
		}
		return m * ce
	}
}
