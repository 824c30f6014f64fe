package generic

import (
	"math"
	"unsafe"

	"github.com/flengine/flengine/asm"
)

// The kernels of rows of logits, whose probabilities are a softmax. Nothing subtracts the
// row's maximum, which would round: logits are reduced as they are, and scaled by 2^−R,
// exactly. A row whose |x| are at most asm.RowCeil takes R = 0 and c = 0; any other one
// R = round(m/ln2 − 0.51), m its maximum, less c = m where |m| ≥ 256, so that its greatest e
// is in [1, 2.02]. Then
//
//	e = exp(x − c)·2^−R               0 where that is below 2⁻¹²⁶
//	S' = Σ e of all classes but t     in the canonical order
//	S = S' + e_t                      rounded once
//	CE = ln(S/e_t)                    ln(1 + S'/e_t) where e_t ≥ S', else ln S + R·ln2 − (x_t − c)
//	q = S'/S, p_t = e_t/S

// RowExp sets e of scores. Without shifts that is exp(x) for |x| ≤ asm.RowCeil, and nothing
// to use where c.Top comes out above the bits of that; with them a NaN gives one.
func RowExp(c *asm.RowExps) {
	x, e := unsafe.Slice(c.Scores, c.N), unsafe.Slice(c.Exps, c.N)
	var t, r wide
	if c.Shifts8 == nil {
		var top uint32
		for at := 0; at < c.N; at += Group {
			for i, x := range (*group)(x[at:]) {
				top = max(top, math.Float32bits(x)&^(1<<31))
				xd := float64(x)
				t[i] = xd*asm.EightByLn2 + asm.Magic64
				r[i] = float64(reduceExp(xd, t[i]-asm.Magic64))
			}
			expCore((*group)(e[at:]), &t, &r)
		}
		c.Top = top
		return
	}
	shifts, less := unsafe.Slice(c.Shifts8, c.N), unsafe.Slice(c.Less, c.N)
	for at := 0; at < c.N; at += Group {
		for i, x := range (*group)(x[at:]) {
			r8 := shifts[at+i]
			x -= less[at+i]
			if floor := float32((r8 - 1016) * asm.Ln2By8); x < floor {
				x = floor // there e comes out as 0
			}
			xd, magic := float64(x), asm.Magic64-float64(r8)
			t[i] = xd*asm.EightByLn2 + magic
			r[i] = float64(reduceExp(xd, t[i]-magic))
		}
		expCore((*group)(e[at:]), &t, &r)
	}
}

// RowTop returns the greatest x and the bits of the greatest |x|. If those are above the
// bits of +Inf, there is a NaN, and the first result is nothing to use. len(x) is a multiple
// of Group, at most Block, and not 0.
func RowTop(x []float32) (most float32, top uint32) {
	most = x[0]
	for _, x := range x {
		top = max(top, math.Float32bits(x)&^(1<<31))
		if x > most {
			most = x
		}
	}
	return most, top
}

// RowSum sets the sums of rows.
func RowSum(s *asm.RowSums) {
	e := unsafe.Slice(s.Exps, s.Rows*s.Columns)
	truth, rest, all := unsafe.Slice(s.True, s.Rows), unsafe.Slice(s.Rest, s.Rows), unsafe.Slice(s.All, s.Rows)
	first := s.Lanes
	for i := range rest {
		row, f := e[:s.Columns], group{}
		e = e[s.Columns:]
		s.Lanes = first
		for ; len(row) >= Group; row = row[Group:] {
			reduce((*group)(row), &s.Lanes)
		}
		if copy(f[:], row) > 0 {
			reduce(&f, &s.Lanes)
		}
		a := &s.Lanes
		d := ((a[0] + a[4]) + (a[2] + a[6])) + ((a[1] + a[5]) + (a[3] + a[7]))
		rest[i], all[i] = float32(d), float32(d+float64(truth[i]))
	}
}

// RowLoss evaluates the losses of rows.
func RowLoss(c *asm.RowCall) {
	rest, all, truth := unsafe.Slice(c.Rest, c.N), unsafe.Slice(c.All, c.N), unsafe.Slice(c.True, c.N)
	scores, shifts, weights := unsafe.Slice(c.Scores, c.N), unsafe.Slice(c.Shifts, c.N), unsafe.Slice(c.Weights, c.N)
	losses, slopes := unsafe.Slice(c.Losses, c.N), unsafe.Slice(c.Slopes, c.N)
	scales, units := unsafe.Slice(c.Scales, c.N), unsafe.Slice(c.Units, c.N)
	for i, r := range rest {
		s, et, w := all[i], truth[i], weights[i]
		r1 := 1 / s
		q, pt := float32(r*r1), float32(et*r1)
		exponent := math.Float32bits(s) & asm.ExpMask
		unit := math.Float32frombits(254<<23 - exponent)   // 2^−k
		rs := float32(r1 * math.Float32frombits(exponent)) // 1/σ
		ce := rowCE(r, s, et, scores[i], shifts[i])
		switch c.Formula {
		case asm.RowCE:
			losses[i] = float32(w * ce)
			slopes[i] = float32(w * q)
			scales[i] = float32(w * rs)
		case asm.RowFocal2:
			slope := fma32(pt+pt, atMost(ce, math.MaxFloat32), q)
			wqq := float32(w * float32(q*q))
			losses[i] = float32(wqq * ce)
			slopes[i] = float32(wqq * slope)
			scales[i] = float32(float32(float32(w*q)*rs) * slope)
		case asm.RowFocalAny:
			p := &c.Params
			slope := fma32(float32(p.Gamma*pt), atMost(ce, math.MaxFloat32), q)
			w = float32(w * rowPower(r, s, r1, q, p))
			losses[i] = float32(w * ce)
			g := float32(w * slope)
			slopes[i], scales[i] = g, 0
			if r := float32(r * unit); r > 0 {
				scales[i] = g / r
			}
		}
		units[i] = unit
	}
}

// rowCE is −ln p_t. Where e_t ≥ S' it is ln(1 + ρ), ρ = S'/e_t; else ln σ + K·ln2 − (x_t − c),
// with S = 2^k·σ and K = k + R.
func rowCE(rest, all, truth, score, shift float32) float32 {
	b := math.Float32bits(all)
	sigma := math.Float32frombits(b&(1<<23-1) | 0x3f800000)
	k := float32(int32(b>>23)-127) + shift
	far := truth < rest
	rho := rest / truth
	if far {
		rho = sigma - 1
	}
	// 2²⁴·(1 + ρ), and what its rounding lost.
	t := fma32(rho, asm.ProbScale, asm.ProbScale)
	low := fma32(rho, asm.ProbScale, asm.ProbScale-t)
	g, h, e := lnParts(t, low)
	ln := g - fma32(e, asm.Ln2ByExp, h)
	if far {
		ln += fma32(k, asm.Ln2Lo, fma32(k, asm.Ln2Hi, -score))
	}
	return ln
}

// rowPower is q^γ = exp(−γ·s), s = −ln(S'/S), 0 where S' is 0. What the rounding of q lost
// goes into the logarithm, whose low part matters as in expProduct.
func rowPower(rest, all, r1, q float32, p *asm.Params) float32 {
	low := float32(fma32(-q, all, rest) * float32(r1*asm.ProbScale))
	g, h, k := lnParts(float32(q*asm.ProbScale), low)
	s, low := addLn2(h-g, k)
	return expProduct1(s, low, p)
}

// RowScale sets gradients to k·(e·unit), with k and unit of each row.
func RowScale(c *asm.RowScales) {
	n := c.Rows * c.Columns
	e, g := unsafe.Slice(c.Exps, n), unsafe.Slice(c.Gradients, n)
	units := unsafe.Slice(c.Units, c.Rows)
	for i, k := range unsafe.Slice(c.Scales, c.Rows) {
		row, unit := g[i*c.Columns:][:c.Columns], units[i]
		for j := range row {
			row[j] = float32(k * float32(e[i*c.Columns+j]*unit))
		}
	}
}
