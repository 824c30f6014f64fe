package generic

import "math"

const (
	// Group is the number of scores whose losses are added in float32 before
	// they are accumulated in float64; kernels take whole groups.
	Group = 32
	// Block is the number of scores of one sum, and the most a kernel takes.
	Block = 4096
)

// Params returns the kernels' params for a loss with finite weights neg, pos ≥ 0
// of background and foreground, and a finite gamma ≥ 0:
// [Neg, Pos, 0, 0, Gamma, GammaLow, Limit, 0].
//
// GammaLow multiplies the low part of softplus in q^γ; it is 0 for γ beyond
// 65536, where the low part would be taken for the whole once q^γ is 0.
// Limit is the softplus from which q^γ is 0, 127·ln2/γ.
func Params(neg, pos, gamma float32) [8]float32 {
	low := gamma
	if gamma > 65536 {
		low = 0
	}
	limit := float32(-expFloor)
	if gamma > 0 {
		limit = float32(-expFloor) / gamma
	}
	return [8]float32{neg, pos, 0, 0, gamma, low, limit, 0}
}

// How q enters: q⁰, q¹, q² have paths of their own.
type modulation int

const (
	byNothing modulation = iota
	byQ
	byQ2
	byPower
)

// LossGamma0 is the loss kernel for γ = 0.
func LossGamma0(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64) {
	losses(byNothing, dst, x, y, w, p, acc)
}

// LossGamma1 is the loss kernel for γ = 1.
func LossGamma1(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64) {
	losses(byQ, dst, x, y, w, p, acc)
}

// LossGamma2 is the loss kernel for γ = 2.
func LossGamma2(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64) {
	losses(byQ2, dst, x, y, w, p, acc)
}

// LossGamma is the loss kernel for any γ > 0.
func LossGamma(dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64) {
	losses(byPower, dst, x, y, w, p, acc)
}

// GradientGamma0 is the gradient kernel for γ = 0.
func GradientGamma0(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64) {
	gradients(byNothing, dst, grad, x, y, w, p, acc)
}

// GradientGamma1 is the gradient kernel for γ = 1.
func GradientGamma1(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64) {
	gradients(byQ, dst, grad, x, y, w, p, acc)
}

// GradientGamma2 is the gradient kernel for γ = 2.
func GradientGamma2(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64) {
	gradients(byQ2, dst, grad, x, y, w, p, acc)
}

// GradientGamma is the gradient kernel for any γ > 0.
func GradientGamma(dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64) {
	gradients(byPower, dst, grad, x, y, w, p, acc)
}

func losses(by modulation, dst, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64) {
	var u, wt, e, l, q, f group
	for at := 0; at < len(x); at += Group {
		gx, gy := (*group)(x[at:]), (*[Group]uint8)(y[at:])
		for i, y := range gy {
			u[i] = math.Float32frombits(math.Float32bits(gx[i]) ^ uint32(y)<<31)
			wt[i] = p[y&3]
		}
		weigh(&wt, w, at)
		expNeg(&e, &u)
		log1p(&l, &e)
		switch by {
		case byQ:
			for i, e := range e {
				wt[i] *= sigmoid(u[i], e)
			}
		case byQ2:
			for i, e := range e {
				q := sigmoid(u[i], e)
				wt[i] = float32(wt[i]*q) * q
			}
		case byPower:
			power(&q, &u, &l, p[4], p[5], p[6])
			for i, q := range q {
				wt[i] *= q
			}
		}
		for i, l := range l {
			f[i] = float32(wt[i] * softplus(u[i], l))
		}
		if len(dst) != 0 {
			*(*group)(dst[at:]) = f
		}
		reduce(&f, acc)
	}
}

func gradients(by modulation, dst, grad, x []float32, y []uint8, w []float32, p *[8]float32, acc *[8]float64) {
	// The sign of the gradient is the weight's: ignored scores have +0.
	wts := [4]float32{p[0], -p[1], 0, 0}
	var u, wt, e, l, q, qg, f group
	for at := 0; at < len(x); at += Group {
		gx, gy, gg := (*group)(x[at:]), (*[Group]uint8)(y[at:]), (*group)(grad[at:])
		for i, y := range gy {
			wt[i] = wts[y&3]
			u[i] = math.Float32frombits(math.Float32bits(gx[i]) ^ math.Float32bits(wt[i])&(1<<31))
		}
		weigh(&wt, w, at)
		expNeg(&e, &u)
		log1p(&l, &e)
		for i, e := range e {
			q[i] = sigmoid(u[i], e)
		}
		if by == byPower {
			power(&qg, &u, &l, p[4], p[5], p[6])
		}
		for i, l := range l {
			u, e, q := u[i], e[i], q[i]
			sp, slope := softplus(u, l), q
			w := wt[i] // with q^γ, for the loss; wg for the gradient
			wg := w
			switch by {
			case byQ:
				slope = fma32(trueProb(u, e, q), sp, q)
				w *= q
				wg = w
			case byQ2:
				pt := trueProb(u, e, q)
				slope = fma32(pt+pt, sp, q)
				wg *= float32(q * q)
				w = float32(w*q) * q
			case byPower:
				slope = fma32(float32(p[4]*trueProb(u, e, q)), sp, q)
				w *= qg[i]
				wg = w
			}
			f[i] = math.Float32frombits(math.Float32bits(float32(w*sp)) &^ (1 << 31))
			gg[i] = float32(wg * slope)
		}
		if len(dst) != 0 {
			*(*group)(dst[at:]) = f
		}
		reduce(&f, acc)
	}
}

// weigh multiplies the weights by those of the batch from at on, if any.
func weigh(wt *group, w []float32, at int) {
	if len(w) == 0 {
		return
	}
	for i, w := range (*group)(w[at:]) {
		wt[i] *= w
	}
}

// reduce adds 32 losses to the lane sums.
func reduce(f *group, acc *[8]float64) {
	for j := range acc {
		acc[j] += float64((f[j] + f[j+16]) + (f[j+8] + f[j+24]))
	}
}
