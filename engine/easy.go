package engine

import (
	"math"
	"math/big"

	"github.com/flengine/flengine/asm"
)

// easyCut returns the greatest score of background whose p_t is above pt, which is in
// (0, 1).
func easyCut(pt float64, input asm.Input) float32 {
	if input == asm.Probs {
		return probCut(pt)
	}
	return logitCut(pt)
}

// probCut returns the greatest float32 below 1 − pt.
func probCut(pt float64) float32 {
	d := 1 - pt
	low := (1 - d) - pt // 1 − pt = d + low, exactly
	c := float32(d)
	if v := float64(c); v > d || v == d && low <= 0 {
		c = math.Nextafter32(c, -1)
	}
	return c
}

// logitCut returns the greatest float32 below ln((1 − pt)/pt). Only at pt = ½ is that one
// itself.
func logitCut(pt float64) float32 {
	fraction, exponent := math.Frexp(pt) // math.Log may be wrong of subnormals
	cut := math.Log1p(-pt) - (math.Log(fraction) + float64(exponent)*math.Ln2)
	if pt > 0.375 && pt < 0.625 {
		cut = math.Log1p((1 - 2*pt) / pt) // these two cancel, and this difference is exact
	}
	c := float32(cut)
	// Beyond these few units in the last place of float64 its error does not matter.
	if v := float64(c); math.Abs(v-cut) > 0x1p-48*math.Abs(cut) {
		if v > cut {
			c = math.Nextafter32(c, -math.MaxFloat32)
		}
		return c
	}
	if !logitBelow(c, pt) {
		c = math.Nextafter32(c, -math.MaxFloat32)
	}
	return c
}

// logitBelow tells whether c < ln((1 − pt)/pt), that is exp(c)·pt < 1 − pt, in 256 bits.
func logitBelow(c float32, pt float64) bool {
	p := number(pt)
	left := exp(float64(c))
	left.Mul(left, p)
	return left.Cmp(number(1).Sub(number(1), p)) < 0
}

func number(v float64) *big.Float { return new(big.Float).SetPrec(256).SetFloat64(v) }

// exp is e^v for |v| < 1024.
func exp(v float64) *big.Float {
	// Of v/2^12, whose Taylor series ends soon, squared twelve times.
	const halvings = 12
	x := number(math.Ldexp(v, -halvings))
	sum, term := number(1), number(1)
	for i := 1.0; i < 60; i++ {
		term.Mul(term, x)
		term.Quo(term, number(i))
		sum.Add(sum, term)
	}
	for range halvings {
		sum.Mul(sum, sum)
	}
	return sum
}
