package engine

import "math"

// Exact is what a loss is by its definition, in float64, at a logit and a target, and the
// scales that errors are measured in: an error of so many ULP is that many units in the last
// place of the scale. Most are the value; where terms of it cancel, the sum of their
// magnitudes.
type Exact struct {
	Loss, Gradient, Hessian float64 // the derivatives by the logit; NaN where there is no kernel

	// Infinite where the value cannot be had in float32: for [QualityFocal] with β below 2 the
	// sign of p − y, on which its derivatives depend, where p is within 2⁻²⁰ of y; and with β
	// above 2 the second derivative where |p − y|^β is below 2⁻¹²⁶, for which kernels take 0.
	LossScale, GradientScale, HessianScale float64
}

// Exact returns the loss as a function of a logit x and a target y in [0, 1], of which 0 and 1
// are the labels, too; with its weights, and its smoothing, of which the target is rounded to
// float32. Targets of [Focal] between 0 and 1 have no second derivative here, as the kernels
// have none. It is nil of a loss of rows, see [Loss.ExactRow].
func (l Loss) Exact() func(x, y float64) Exact {
	if l.overRows() {
		return nil
	}
	f, smooth := l.row().exact(l.values), smoothingBy(l.smoothing)
	pos, neg := l.Weights()
	return func(x, y float64) Exact {
		if smooth.given() {
			y = float64(float32(y*float64(smooth.scale) + float64(smooth.shift)))
		}
		return f(exactTermsOf(x, y, float64(pos), float64(neg)))
	}
}

// exactFormula is a loss of its terms.
type exactFormula func(t exactTerms) Exact

// exactTerms are what losses of a logit x and a target y are made of, see generic's softTerms.
// No term is a difference but d.
type exactTerms struct {
	x, y     float64
	e, l     float64 // exp(−|x|), log1p(e)
	a, b     float64 // the weights of the big half and of the small one
	p, v     float64 // σ(x), p·(1−p)
	q, pt, d float64 // p + y − 2py; 1 − q; p − y
	vq       float64 // v/q
	ce       float64
	pos, neg float64
	w        float64 // pos·y + neg·(1−y)
}

func exactTermsOf(x, y, pos, neg float64) (t exactTerms) {
	t.x, t.y, t.pos, t.neg = x, y, pos, neg
	t.e = math.Exp(-math.Abs(x))
	t.l = math.Log1p(t.e)
	t.a, t.b, t.p = 1-y, y, 1
	if math.Signbit(x) {
		t.a, t.b, t.p = y, 1-y, t.e
	}
	d := 1 + t.e
	n := t.a + t.b*t.e
	t.p /= d
	t.v, t.q, t.pt = t.e/d/d, n/d, (t.a*t.e+t.b)/d
	t.d = t.signed(t.b*t.e-t.a) / d
	if n > 0 {
		t.vq = t.e / n / d
	} else {
		t.vq = 1 / d // of labels it is 1 − q
	}
	t.ce = t.l
	if t.a != 0 {
		t.ce += t.a * math.Abs(x)
	}
	t.w = pos*y + neg*(1-y)
	return t
}

// signed is m, negated for x ≥ 0.
func (t *exactTerms) signed(m float64) float64 {
	if math.Signbit(t.x) {
		return m
	}
	return -m
}

// plain is an Exact whose scales are the values.
func plain(loss, gradient, hessian float64) Exact {
	return Exact{loss, gradient, hessian, math.Abs(loss), math.Abs(gradient), math.Abs(hessian)}
}

// exactCE has the weights on its two terms.
func exactCE(t exactTerms) Exact {
	a, b := t.neg*(1-t.y), t.pos*t.y
	if math.Signbit(t.x) {
		a, b = b, a
	}
	loss := (a + b) * t.l
	if a != 0 {
		loss += a * math.Abs(t.x)
	}
	r := plain(loss, t.signed(b*t.e-a)/(1+t.e), (a+b)*t.v)
	r.GradientScale = (a + b*t.e) / (1 + t.e)
	return r
}

// exactFocal is w·q^γ·ce. At γ = 0 all targets have a second derivative.
func exactFocal(gamma float64) exactFormula {
	return func(t exactTerms) Exact {
		m := t.w * t.power(gamma)
		s := gamma * t.vq * t.ce
		r := plain(m*t.ce, m*(t.d+(1-2*t.y)*s), m*t.v)
		r.GradientScale = m * (t.q + math.Abs(1-2*t.y)*s)
		switch {
		case gamma == 0:
		case t.y == 0 || t.y == 1:
			g := m * t.pt
			r.Hessian = g * ((2*gamma+1)*t.q + gamma*t.ce*(gamma*t.pt-t.q))
			r.HessianScale = g * ((2*gamma+1)*t.q + gamma*t.ce*(gamma*t.pt+t.q))
		default:
			r.Hessian, r.HessianScale = math.NaN(), math.NaN()
		}
		return r
	}
}

// power is q^γ.
func (t *exactTerms) power(gamma float64) float64 {
	return Terms{P: t.pt, Q: t.q}.power(gamma)
}

// exactQuality is w·|d|^β·ce. d is known to some ULP of q, which is what scales are made of.
func exactQuality(beta float64) exactFormula {
	return func(t exactTerms) Exact {
		d := math.Abs(t.d)
		near := d < 0x1p-20*t.q
		floor := max(d, 0x1p-20*t.q)
		power := func(of, y float64) float64 {
			if y == 0 {
				return 1
			}
			return math.Pow(of, y)
		}
		scale := func(y float64) float64 { // of d^y
			if y == 0 {
				return 1
			}
			return power(floor, y) * (t.q / floor)
		}
		excess := t.signed(1-t.e) / (1 + t.e) // 1 − 2p
		sign := math.Copysign(1, t.d)
		if t.d == 0 {
			sign = 0
		}
		k := t.v * t.ce
		r := Exact{
			Loss:          t.w * power(d, beta) * t.ce,
			Gradient:      t.w * sign * (power(d, beta+1) + beta*power(d, beta-1)*k),
			Hessian:       t.w * ((2*beta+1)*t.v*power(d, beta) + beta*k*sign*power(d, beta-1)*excess),
			LossScale:     t.w * scale(beta) * t.ce,
			GradientScale: t.w * (scale(beta+1) + beta*scale(beta-1)*k),
			HessianScale:  t.w * ((2*beta+1)*t.v*scale(beta) + beta*k*scale(beta-1)*math.Abs(excess)),
		}
		if beta != 1 && (d > 0 || beta >= 2) {
			r.Hessian += t.w * beta * (beta - 1) * k * t.v * power(d, beta-2)
			r.HessianScale += t.w * beta * (beta - 1) * k * t.v * scale(beta-2)
		}
		if near && beta < 2 {
			r.GradientScale, r.HessianScale = math.Inf(1), math.Inf(1)
		}
		if beta > 2 && power(d, beta) < 0x1p-125 {
			r.HessianScale = math.Inf(1)
		}
		return r
	}
}

// exactVarifocal is by whether the target is above 0.
func exactVarifocal(gamma, iou float64) exactFormula {
	background := exactFocal(gamma)
	return func(t exactTerms) Exact {
		if t.y == 0 {
			return background(t)
		}
		w := t.pos * (iou*t.y + (1 - iou))
		r := plain(w*t.ce, w*t.d, w*t.v)
		r.GradientScale = w * t.q
		return r
	}
}

// exactHeatmap is focal loss of the label y = 1, with a weight elsewhere.
func exactHeatmap(alpha, beta float64) exactFormula {
	focal := exactFocal(alpha)
	return func(t exactTerms) Exact {
		if t.y == 1 {
			return focal(t)
		}
		return focal(exactTermsOf(t.x, 0, t.pos, t.neg*math.Pow(1-t.y, beta)))
	}
}

// exactAsymmetric is focal loss of the label 1, and of the label 0 that of r = p − m where that
// is above 0. r is known to some ULP of p(1−m) + m(1−p), which scales are larger by.
func exactAsymmetric(positive, negative, margin float64) exactFormula {
	foreground, background := exactFocal(positive), exactFocal(negative)
	return func(t exactTerms) Exact {
		switch {
		case t.y == 1:
			return foreground(t)
		case t.y > 0:
			return Exact{math.NaN(), math.NaN(), math.NaN(), math.Inf(1), math.Inf(1), math.Inf(1)}
		case margin == 0:
			return background(t)
		}
		shift := exactTermsOf(t.x, margin, 1, 1)
		r := shift.d
		if r <= 0 {
			return Exact{}
		}
		power := func(y float64) float64 {
			if y == 0 {
				return 1
			}
			return math.Pow(r, y)
		}
		k, o := -math.Log1p(-r), 1/(1-r)
		slope := power(negative)*o + negative*power(negative-1)*k
		bend := negative*(negative-1)*power(negative-2)*k + 2*negative*power(negative-1)*o + power(negative)*o*o
		excess := t.signed(1-t.e) / (1 + t.e)
		e := plain(t.neg*power(negative)*k, t.neg*slope*t.v, t.neg*t.v*(bend*t.v+slope*excess))
		e.HessianScale = t.neg * t.v * (math.Abs(bend)*t.v + slope*math.Abs(excess))
		amplified := shift.q / r
		if amplified > 0x1p20 {
			amplified = math.Inf(1)
		}
		e.LossScale *= amplified
		e.GradientScale *= amplified
		e.HessianScale *= amplified
		return e
	}
}
