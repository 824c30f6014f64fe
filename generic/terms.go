package generic

import (
	"math"

	"github.com/flengine/flengine/asm"
)

// terms are what formulas are written in: a group of scores, and what logits or
// probabilities and labels make of them.
type terms struct {
	params         *asm.Params
	scores         []float32 // of the call
	labels         []uint8
	weights        []float32  // nil: all 1
	byLabel        [4]float32 // the weights by label & 3; of foreground negated for slopes
	background     group      // that of the label 0, for each score
	x              *group     // of the group
	y              *[Group]uint8
	w              group // w, or ±w for slopes: the weight by label, times that of the batch
	u, e, l, q, qg group // from logits: u, exp(−|u|), log1p(e), σ(u) for slopes, q^γ if asked
	ce             group // from probabilities: min(−ln p_t, 100), and qg

	f group // what a formula sets: the loss
	g group // and, in a slope, the gradient
}

// weighBy sets the weights by label.
func (t *terms) weighBy(byLabel [4]float32) {
	t.byLabel = byLabel
	for i := range t.background {
		t.background[i] = byLabel[0]
	}
}

// weigh sets the weights of a value: those by label, times those of the batch from score at
// on, if any.
func (t *terms) weigh(at int) {
	if *t.y == [Group]uint8{} { // as in most groups
		t.w = t.background
	} else {
		for i, y := range t.y {
			t.w[i] = t.byLabel[y&3]
		}
	}
	t.weighMore(at)
}

// weighMore multiplies the weights by those of the batch, if any.
func (t *terms) weighMore(at int) {
	if t.weights == nil {
		return
	}
	for i, w := range (*group)(t.weights[at:]) {
		t.w[i] *= w
	}
}

// logits sets the terms of a value, of the group from score at on.
func (t *terms) logits(at int, withPower bool) {
	t.weigh(at)
	t.fromLogits()
	if withPower {
		t.power()
	}
}

// fromLogits sets the terms that no loss changes.
func (t *terms) fromLogits() {
	for i, y := range t.y {
		t.u[i] = math.Float32frombits(math.Float32bits(t.x[i]) ^ uint32(y)<<31)
	}
	expNeg(&t.e, &t.u)
	log1p(&t.l, &t.e)
}

// power sets q^γ from logits, probPower from probabilities.
func (t *terms) power() {
	power(&t.qg, &t.u, &t.l, t.params)
}

func (t *terms) probPower() {
	probPower(&t.qg, t.x, t.y, t.params)
}

// signedLogits sets the terms of a slope.
func (t *terms) signedLogits(at int, withPower bool) {
	for i, y := range t.y {
		w := t.byLabel[y&3]
		t.u[i] = math.Float32frombits(math.Float32bits(t.x[i]) ^ math.Float32bits(w)&(1<<31))
		t.w[i] = w
	}
	t.weighMore(at)
	expNeg(&t.e, &t.u)
	log1p(&t.l, &t.e)
	for i, e := range &t.e {
		t.q[i] = sigmoid(t.u[i], e)
	}
	if withPower {
		t.power()
	}
}

// probs sets the terms of a value and of a slope.
func (t *terms) probs(at int, withPower bool) {
	t.weigh(at)
	crossEntropy(&t.ce, t.x, t.y)
	if withPower {
		t.probPower()
	}
}

// magnitude is v without its sign.
func magnitude(v float32) float32 { return math.Float32frombits(math.Float32bits(v) &^ (1 << 31)) }

// sigmoid is σ(u), with e = exp(−|u|).
func sigmoid(u, e float32) float32 {
	num := float32(1)
	if u < 0 {
		num = e
	}
	return num / (1 + e)
}

// trueProb is p_t = 1 − q, with e = exp(−|u|), q = σ(u); it never cancels.
func trueProb(u, e, q float32) float32 {
	if u < 0 {
		return 1 - q
	}
	return float32(e * q)
}

// softplus is ln(1 + exp(u)), with l = log1p(exp(−|u|)).
func softplus(u, l float32) float32 {
	if u < 0 {
		return l
	}
	return u + l
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
	if t < asm.MinProb {
		return asm.MinProb
	}
	return t
}
