package plots

import "math"

// A dump's scores are kept as a histogram of logits, of a float32's sign, exponent and ten bits
// of mantissa, with the number, mean and variance of what is in a cell. Two points, at a standard
// deviation from the mean, then stand for a cell, whose values differ by less than 0.1 %. Of the
// Taylor series of a function of β·x they leave the third power of at most β·x/2048 and beyond,
// 1e-9 of what is neither near 0 nor linear. So one pass over the files does, in bounded memory,
// for any number of steps of the minimisation; T agrees with that over all scores to 1e-8.
const logitBits = 10

// moments are those of the logits in a cell: of weights, and of the last bits of the
// magnitudes, from the middle of the cell on, and their squares. Without weights they are whole
// numbers, whose sum does not depend on the order while it is below 2⁵³.
type moments struct{ weight, first, second float64 }

// logits are histograms of those of background and of foreground: of a soft target y, 1 − y and
// y of its weight.
type logits [2]histogram[moments]

func newLogits() *logits {
	l := new(logits)
	for i := range l {
		l[i].fine = logitBits
	}
	return l
}

// add adds a logit to one side.
func (l *logits) add(label int, x float32, weight float64) {
	cell, low := l[label].at(math.Float32bits(x))
	from := float64(int(low) - 1<<(22-logitBits))
	cell.weight += weight
	cell.first += float64(weight * from)
	cell.second += float64(weight * float64(from*from))
}

func (l *logits) merge(o *logits) {
	for i := range l {
		l[i].merge(&o[i], func(to, from *moments) {
			to.weight += from.weight
			to.first += from.first
			to.second += from.second
		})
	}
}

// spot is what stands for a cell: logits of mean ± deviation, half of the weight each.
type spot struct {
	cell                    int // in the order of logits
	mean, deviation, weight float64
}

// sum is the sum of a function over the cell.
func (s spot) sum(f func(x float64) float64) float64 {
	if s.deviation == 0 {
		return float64(s.weight * f(s.mean))
	}
	return float64(s.weight / 2 * (f(s.mean-s.deviation) + f(s.mean+s.deviation)))
}

// distribution is the logits as spots, by rising logits: background and foreground.
type distribution [2][]spot

func (l *logits) distribution() *distribution {
	d := new(distribution)
	for side := range l {
		for bits, m := range l[side].cells() {
			if m.weight == 0 {
				continue
			}
			cell := int(bits &^ (1 << 31) >> (23 - logitBits))
			if bits>>31 == 1 {
				cell = ^cell // −0 before 0
			}
			s := spot{cell: cell, mean: float64(math.Float32frombits(bits)), weight: m.weight}
			if !math.IsInf(s.mean, 0) {
				mean := m.first / m.weight
				u := unit(bits)
				s.mean += math.Copysign(u*(mean+1<<(22-logitBits)), s.mean)
				s.deviation = u * math.Sqrt(max(0, m.second/m.weight-float64(mean*mean)))
			}
			d[side] = append(d[side], s)
		}
	}
	return d
}

// weight is that of all logits.
func (d *distribution) weight() (w float64) {
	for _, side := range d {
		for _, s := range side {
			w += s.weight
		}
	}
	return w
}

// scaled is β·x, of which 0 and what is infinite stay what they are, whatever β.
func scaled(beta, x float64) float64 {
	if x == 0 || math.IsInf(x, 0) {
		return x
	}
	return beta * x
}

// sigmoid and softplus are exact for ±Inf.
func sigmoid(x float64) float64  { return 1 / (1 + math.Exp(-x)) }
func softplus(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }

// loss is the mean cross-entropy of sigmoid(β·x), 0 if there are no logits.
func (d *distribution) loss(beta float64) (sum float64) {
	for side, sign := range [2]float64{1, -1} {
		for _, s := range d[side] {
			sum += s.sum(func(x float64) float64 { return softplus(sign * scaled(beta, x)) })
		}
	}
	if w := d.weight(); w > 0 {
		return sum / w
	}
	return 0
}

// slopes are the first two derivatives by β of the summed cross-entropy, which is convex.
func (d *distribution) slopes(beta float64) (first, second float64) {
	for side, sign := range [2]float64{1, -1} {
		for _, s := range d[side] {
			if math.IsInf(s.mean, 0) {
				continue // and so its loss, 0
			}
			first += s.sum(func(x float64) float64 { return sign * x * sigmoid(sign*beta*x) })
			second += s.sum(func(x float64) float64 { return x * x * sigmoid(beta*x) * sigmoid(-beta*x) })
		}
	}
	return first, second
}

// inverseTemperature returns the β = 1/T for which the cross-entropy is least: 0 if it only
// falls with rising T, +Inf if it only falls with T, and 1 if all are alike.
func (d *distribution) inverseTemperature() float64 {
	wrong, right := 0., 0. // how far logits lie on a side
	for side, sign := range [2]float64{1, -1} {
		for _, s := range d[side] {
			switch x := sign * s.mean; {
			case math.IsInf(x, 0):
			case x > 0:
				wrong += s.weight * x
			default:
				right -= s.weight * x
			}
		}
	}
	switch {
	case wrong == 0 && right == 0:
		return 1
	case wrong == 0:
		return math.Inf(1)
	}
	if wrong >= right { // the slope at β = 0 is (wrong − right)/2
		return 0
	}
	from, to := 0., 1.
	for slope, _ := d.slopes(to); slope < 0 && to < math.MaxFloat64/4; slope, _ = d.slopes(to) {
		from, to = to, 2*to
	}
	// Newton's method, or a bisection where that would leave the interval.
	beta := to
	for range 200 {
		slope, curvature := d.slopes(beta)
		if slope < 0 {
			from = beta
		} else {
			to = beta
		}
		next := beta - slope/curvature
		if !(next > from && next < to) {
			next = from + (to-from)/2
		}
		if done := math.Abs(next-beta) <= 1e-14*beta; done {
			return next
		}
		beta = next
	}
	return beta
}
