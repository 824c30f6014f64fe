package engine

import (
	"strconv"
	"strings"

	"github.com/flengine/flengine/asm"
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

	HessianULP, HessianFloor float64 // of [TargetBounds]; else 0
}

// Bounds returns the error bounds for logits that are documented and tested.
func Bounds() []Bound {
	return collectBounds(asm.Logits)
}

// RowBounds returns the error bounds of losses of rows: of the loss of a row, and of each
// derivative, whatever the logits. Floors are those of one column: they hold times NumClasses.
func RowBounds() []Bound {
	return collectBounds(ofRows)
}

// ProbBounds returns the error bounds for probabilities, likewise.
func ProbBounds() []Bound {
	return collectBounds(asm.Probs)
}

// TargetBounds returns the error bounds for logits and targets, that is for Targets, for
// second derivatives, and for labels where kernels have no formula of these. They are in ULP
// of the scales of [Loss.Exact], over all scores x and targets: an error is at most the bound
// times the ULP of its scale, plus the floor, times |x| where that is above 1, and times the
// weight if that is. The second derivatives of [Focal] are of the targets 0 and 1.
func TargetBounds() []Bound {
	return collectBounds(ofTargets)
}

// ofTargets stands for targets beside the inputs, which bounds of labels are for.
const ofTargets = asm.NumInputs

// ofRows likewise for rows of logits.
const ofRows = asm.NumInputs + 1

func collectBounds(of asm.Input) []Bound {
	var list []Bound
	for i, f := range families {
		if f.Rows != (of == ofRows) {
			continue
		}
		for _, b := range f.bounds {
			logits, probs := limits{1, 1, 0}, limits{1, 1, 0}
			if f.floors != nil {
				logits, probs = f.floors(b.values)
			}
			u, floor := b.logits, logits
			switch of {
			case asm.Probs:
				u, floor = b.probs, probs
			case ofTargets:
				u, floor = b.targets, limits{2, 2, 1000}
			}
			if u == (limits{}) {
				continue
			}
			name := strings.TrimSuffix(f.Title, " loss")
			for k, p := range f.Parameters {
				if !p.Weight {
					name += ", " + p.Symbol + " = " + strconv.FormatFloat(float64(b.values[k]), 'g', -1, 32)
				}
			}
			list = append(list, Bound{
				Name: name, Loss: Loss{family: uint8(i), values: b.values},
				LossULP: u.loss, GradientULP: u.gradient, HessianULP: u.hessian,
				LossFloor: floor.loss * 0x1p-126, GradientFloor: floor.gradient * 0x1p-126, HessianFloor: floor.hessian * 0x1p-126,
			})
		}
	}
	return list
}
