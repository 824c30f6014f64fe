package generic

import (
	"math"
	"sync"
	"unsafe"

	"github.com/flengine/flengine/asm"
)

// softTerms are what formulas of targets are written in: a group of logits and targets, and
// what they make. Of a logit x and a target y, with e = exp(−|x|),
//
//	A = x < 0 ? y : 1−y     the weight of the big half of ce, B that of the small one
//	N = A + B·e             q = p + y − 2py = N/(1+e): no term is negative, so none cancels
//	M = B·e − A             d = p − y = ∓M/(1+e), rounded once before it cancels
//	ce = A·|x| + log1p(e)
//
// At y of 0 and 1, N is 1 or e, and M is ±N: these are the terms of labels.
type softTerms struct {
	params     *asm.Params
	x          *group // of the group, in the call
	y          group  // the target, 0 for ignored
	w          group  // the weight, 0 for ignored
	e, l       group  // exp(−|x|), log1p(e)
	a, b, n, m group  // A, B, N, M
	ce         group
	pos        group // Pos, times the factor of the score
	both       group // Pos·y + Neg·(1−y), where ce has these weights
	qg         group // q^γ or |d|^β, if asked

	f group // what a formula sets: the loss
	g group // of a slope, the gradient
	h group // of a curve, the second derivative
}

// softFormula is a loss of targets with its derivatives: functions that set t.f, slopes also
// t.g, and curves t.h, too.
type softFormula struct {
	of                  *softPower         // what it needs the power of; nil for none
	weigh               func(t *softTerms) // sets w, and what else depends on the weights
	value, slope, curve func(t *softTerms)
}

// softPower is what a formula needs the power of, by the term that 1+e divides: N of q or M
// of d.
type softPower func(t *softTerms) *group

var (
	powerOfQ softPower = func(t *softTerms) *group { return &t.n }
	powerOfD softPower = func(t *softTerms) *group { return &t.m }
)

var softFormulas = [asm.NumFormulas - asm.NumLabelFormulas]softFormula{
	asm.SoftCrossEntropy - asm.NumLabelFormulas: {nil, (*softTerms).byTerm, softCEValue, softCESlope, softCECurve},
	asm.SoftBalanced - asm.NumLabelFormulas:     {nil, (*softTerms).linear, softBalancedValue, softBalancedSlope, softBalancedCurve},
	asm.SoftFocal1 - asm.NumLabelFormulas:       {nil, (*softTerms).linear, softFocal1Value, softFocal1Slope, softFocal1Curve},
	asm.SoftFocal2 - asm.NumLabelFormulas:       {nil, (*softTerms).linear, softFocal2Value, softFocal2Slope, softFocal2Curve},
	asm.SoftFocalAny - asm.NumLabelFormulas:     {&powerOfQ, (*softTerms).linear, softFocalValue, softFocalSlope, softFocalCurve},
	asm.Quality2 - asm.NumLabelFormulas:         {nil, (*softTerms).linear, quality2Value, quality2Slope, quality2Curve},
	asm.QualityAny - asm.NumLabelFormulas:       {&powerOfD, (*softTerms).linear, qualityValue, qualitySlope, qualityCurve},
	asm.Varifocal2 - asm.NumLabelFormulas:       {nil, (*softTerms).byTarget, varifocal2Value, varifocal2Slope, varifocal2Curve},
	asm.VarifocalAny - asm.NumLabelFormulas:     {&powerOfQ, (*softTerms).byTarget, varifocalValue, varifocalSlope, varifocalCurve},
}

// softPool is as pool.
var softPool = sync.Pool{New: func() any {
	makeLnEntries()
	return new(softTerms)
}}

// runSoft runs a kernel of targets.
func runSoft(c *asm.Call) {
	f := &softFormulas[c.Kernel.Formula()-asm.NumLabelFormulas]
	t := softPool.Get().(*softTerms)
	t.params = &c.Params
	slice := func(p *float32) []float32 {
		if p == nil {
			return nil
		}
		return unsafe.Slice(p, c.N)
	}
	scores, targets, weights, positives := slice(c.Scores), slice(c.Targets), slice(c.Weights), slice(c.Positives)
	outputs := [...][]float32{slice(c.Losses), slice(c.Gradients), slice(c.Hessians)}
	evaluate := [...]func(*softTerms){f.value, f.slope, f.curve}[c.Kernel.Output()]
	for at := 0; at < c.N; at += Group {
		t.take((*group)(scores[at:]), (*group)(targets[at:]))
		for i := range t.pos {
			t.pos[i] = c.Params.Weights[1]
			if positives != nil {
				t.pos[i] *= positives[at+i]
			}
		}
		f.weigh(t)
		for i, y := range targets[at : at+Group] {
			if y < 0 {
				t.w[i] = 0
			}
		}
		if weights != nil {
			for i, w := range (*group)(weights[at:]) {
				t.w[i] *= w
			}
		}
		if f.of != nil {
			t.power((*f.of)(t))
		}
		evaluate(t)
		for i, from := range [...]*group{&t.f, &t.g, &t.h} {
			if to := outputs[i]; to != nil {
				*(*group)(to[at:]) = *from
			}
		}
		reduce(&t.f, &c.Lanes)
		if weights != nil && c.WeightSums != nil && c.WeightSums.Skip == 0 {
			sumWeights(weights[at:], c.WeightSums)
		}
	}
	t.params, t.x = nil, nil // nothing of the batch is kept
	softPool.Put(t)
}

// take sets the terms that formulas share.
func (t *softTerms) take(x, y *group) {
	t.x = x
	for i, y := range y {
		if !(y > 0) { // also −1 of ignored, and −0
			y = 0
		}
		t.y[i] = y
	}
	expNeg(&t.e, x)
	log1p(&t.l, &t.e)
	for i, y := range &t.y {
		om := 1 - y
		a, b := om, y
		if signed(x[i]) {
			a, b = y, om
		}
		t.a[i], t.b[i] = a, b
		t.n[i] = fma32(b, t.e[i], a)
		t.m[i] = fma32(b, t.e[i], -a)
		t.ce[i] = fma32(a, t.big(i), t.l[i])
	}
}

// signed tells whether x has its sign bit set.
func signed(x float32) bool { return math.Float32bits(x)>>31 != 0 }

// linear sets the weight Pos·y + Neg·(1 − y).
func (t *softTerms) linear() {
	neg := t.params.Weights[0]
	for i, y := range &t.y {
		t.w[i] = fma32(y, t.pos[i], float32(neg*(1-y)))
	}
}

// byTerm sets the terms to those of Pos·y in place of y and Neg·(1−y) in place of 1−y, both to
// their sum, and the weight to 1.
func (t *softTerms) byTerm() {
	neg := t.params.Weights[0]
	for i, y := range &t.y {
		b, a := float32(t.pos[i]*y), float32(neg*(1-y))
		if signed(t.x[i]) {
			a, b = b, a
		}
		t.w[i], t.both[i] = 1, a+b
		t.m[i] = fma32(b, t.e[i], -a)
		t.ce[i] = fma32(a, t.big(i), float32(t.both[i]*t.l[i]))
	}
}

// big is |x|, but 0 where A is: there x may be infinite.
func (t *softTerms) big(i int) float32 {
	if t.a[i] == 0 {
		return 0
	}
	return magnitude(t.x[i])
}

// byTarget sets the weight Pos·(slope·y + base) where y > 0, else Neg.
func (t *softTerms) byTarget() {
	neg := t.params.Weights[0]
	for i, y := range &t.y {
		t.w[i] = neg
		if y > 0 {
			t.w[i] = float32(t.pos[i] * fma32(y, t.params.TargetSlope, t.params.TargetBase))
		}
	}
}

// power sets qg to (|v|/(1+e))^γ = exp(−γ·(l − ln|v|)), 0 for v = 0 unless A = 0. There |v| is
// e, and −ln e is |x|, as for labels.
func (t *softTerms) power(v *group) {
	var f wide
	var s, low group
	var entries [Group]*lnEntry
	for i, v := range v {
		f[i], entries[i] = itself.reduce(magnitude(v))
	}
	lnSum(&s, &low, &f, &entries) // −ln|v|
	for i, m := range &s {
		if t.a[i] == 0 {
			m, low[i] = atMost(magnitude(t.x[i]), -asm.ExpFloor), 0
		}
		l := t.l[i]
		s[i] = m + l
		low[i] += l - (s[i] - m)
	}
	expProduct(&t.qg, &s, &low, t.params)
}
