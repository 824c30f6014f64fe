package engine

import (
	"strconv"
	"strings"
)

// A Bound is the documented error of a loss and of its gradient by the score, over
// all scores and both labels, in units in the last place (ULP) of the exact value.
// It holds where that value is at least the floor; below, the absolute error is at most
// the floor.
//
// With other weights, of a product w of the loss's and of the factors of [Batch].Weights
// which is at least 2⁻¹²⁰ after each of them, the relative error is at most (bound + ½ for
// the loss's and for each factor)·2⁻²³, where the exact value with weight 1 and that with w
// are at least the floor; elsewhere the absolute error is at most the floor, times w if w is
// above 1. A product below 2⁻¹²⁶ loses digits as any float32 does, and is 0 below 2⁻¹⁵⁰, and
// so is the loss then.
//
// Beyond γ = 5 the error grows. Up to γ = 100 it is at most 1.5·γ + 2 ULP from logits and
// γ/3 + 4 ULP from probabilities, with a floor of (1 + γ)·2⁻¹²⁶ for the gradients of both.
type Bound struct {
	Name                     string // for people, as in "focal, γ = 2"
	Loss                     Loss
	LossULP, GradientULP     float64
	LossFloor, GradientFloor float64 // 2⁻¹²⁶; focal's for gradients by probabilities 1 + γ times that
}

// Bounds returns the error bounds for logits that are documented and tested.
func Bounds() []Bound {
	return collectBounds(false)
}

// ProbBounds returns the error bounds for probabilities, likewise.
func ProbBounds() []Bound {
	return collectBounds(true)
}

func collectBounds(probs bool) []Bound {
	var list []Bound
	for i, f := range families {
		for _, of := range f.bounds {
			u, floor, probFloor := of.logits, limits{1, 1}, limits{1, 1}
			if f.floors != nil {
				floor, probFloor = f.floors(of.values)
			}
			if probs {
				u, floor = of.probs, probFloor
			}
			if u == (limits{}) {
				continue
			}
			name := strings.TrimSuffix(f.Title, " loss")
			for k, p := range f.Parameters {
				if !p.Weight {
					name += ", " + p.Symbol + " = " + strconv.FormatFloat(float64(of.values[k]), 'g', -1, 32)
				}
			}
			list = append(list, Bound{name, Loss{family: uint8(i), values: of.values}, u.loss, u.gradient, floor.loss * 0x1p-126, floor.gradient * 0x1p-126})
		}
	}
	return list
}
