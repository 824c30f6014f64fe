package engine

import (
	"math"

	"github.com/flengine/flengine/asm"
)

// maxParameters is the most that a family has.
const maxParameters = 2

// values are a loss's, of the parameters of its family.
type values [maxParameters]float32

// family is a row of the list of losses.
type family struct {
	Family

	// kernel says what the kernels are given for a loss with these weights.
	kernel func(pos, neg float32, v values) (asm.Formula, asm.Params)

	definition func(v values) Definition

	// bounds are the documented errors; see [Bound].
	bounds []bounds
	// floors are those of [Bound], in units of 2⁻¹²⁶; nil stands for 1 throughout.
	floors func(v values) (logits, probs limits)
}

// bounds are the documented errors of one loss of a family.
type bounds struct {
	values        values
	logits, probs limits // from these; {} where none is documented
}

// limits are the largest errors of loss and gradient, in ULP, or their floors.
type limits struct{ loss, gradient float64 }

// The rows of the list. The zero [Loss] is of the first.
const (
	ceFamily = iota
	balancedFamily
	focalFamily
)

// families is the one list of losses. To add one is to write a row here, and its formula
// in package asm and the kernels.
var families = [...]family{
	ceFamily: {
		Family: Family{
			Name: "ce", Title: "cross-entropy", Formula: "−ln p_t",
			Source: "Lin et al. 2017, arXiv:1708.02002, equation 1",
		},
		kernel:     func(pos, neg float32, _ values) (asm.Formula, asm.Params) { return focalKernel(pos, neg, 0) },
		definition: func(values) Definition { return ceDefinition },
		bounds:     []bounds{{values{}, limits{2, 3}, limits{2, 2}}},
	},
	balancedFamily: {
		Family: Family{
			Name: "balanced", Title: "balanced cross-entropy", Formula: "−α_t · ln p_t",
			Source:     "Lin et al. 2017, arXiv:1708.02002, equation 3",
			Parameters: []Parameter{alpha},
		},
		kernel:     func(pos, neg float32, _ values) (asm.Formula, asm.Params) { return focalKernel(pos, neg, 0) },
		definition: func(values) Definition { return ceDefinition },
		bounds:     []bounds{{values{0.25}, limits{3, 4}, limits{}}},
	},
	focalFamily: {
		Family: Family{
			Name: "focal", Title: "focal loss", Formula: "−α_t · (1 − p_t)^γ · ln p_t",
			Source: "Lin et al. 2017, arXiv:1708.02002, equation 5",
			Parameters: []Parameter{alpha, {
				Name: "gamma", Symbol: "γ", Meaning: "the focusing parameter", Max: math.MaxFloat32, Default: 2,
			}},
			ShortParameter: "gamma",
		},
		kernel:     func(pos, neg float32, v values) (asm.Formula, asm.Params) { return focalKernel(pos, neg, v[1]) },
		definition: func(v values) Definition { return focalDefinition(float64(v[1])) },
		bounds: []bounds{
			{values{0.25, 0.5}, limits{4.5, 5}, limits{4, 4}},
			{values{0.25, 1}, limits{6.5, 7.5}, limits{4, 3}},
			{values{0.25, 1.5}, limits{5, 5}, limits{4.5, 4.5}},
			{values{0.25, 2}, limits{9, 10}, limits{5, 4}},
			{values{0.25, 3}, limits{5, 6.5}, limits{5.5, 5.5}},
			{values{0.25, 5}, limits{7.5, 9.5}, limits{5.5, 5.5}},
		},
		floors: func(v values) (logits, probs limits) { return limits{1, 1}, limits{1, 1 + float64(v[1])} },
	},
}

// alpha is the weight of the losses that are balanced.
var alpha = Parameter{
	Name: "alpha", Symbol: "α", Meaning: "the weight of the foreground, 1 − α that of the background",
	Max: 1, Default: 0.25, Weight: true,
}

// weights are the parameters that [Loss.Weighted] sets.
var weights = [...]Parameter{
	{Name: "pos", Meaning: "the weight of the foreground", Max: math.MaxFloat32, Default: 1, Weight: true},
	{Name: "neg", Meaning: "the weight of the background", Max: math.MaxFloat32, Default: 1, Weight: true},
}

// focalKernel is what focal loss needs. γ = 0, 1, 2 have formulas of their own, without a
// power.
func focalKernel(pos, neg, gamma float32) (asm.Formula, asm.Params) {
	formula := asm.FocalAny
	switch gamma {
	case 0:
		formula = asm.CrossEntropy
	case 1:
		formula = asm.Focal1
	case 2:
		formula = asm.Focal2
	}
	return formula, asm.MakeParams(neg, pos, gamma)
}

func ceDefinition(t Terms) (loss, byCE, byQ float64) { return t.CE, 1, 0 }

// focalDefinition is Q^γ·CE.
func focalDefinition(gamma float64) Definition {
	return func(t Terms) (loss, byCE, byQ float64) {
		m := t.power(gamma)
		return m * t.CE, m, gamma * m * t.Ratio()
	}
}

// CrossEntropy is the binary cross-entropy −ln p_t.
func CrossEntropy() Loss { return Loss{} }

// BalancedCrossEntropy is −α_t · ln p_t, with α_t = alpha for the foreground and
// 1 − alpha for the background (Lin et al. 2017, equation 3); alpha is in [0, 1], or
// [New] refuses the loss.
func BalancedCrossEntropy(alpha float32) Loss { return newLoss(balancedFamily, alpha) }

// Focal is the focal loss −α_t · (1 − p_t)^gamma · ln p_t (Lin et al. 2017,
// equation 5), with α_t as in [BalancedCrossEntropy]. RetinaNet uses Focal(0.25, 2);
// Focal(alpha, gamma).Weighted(1, 1) is the loss without α, equation 4. alpha is in
// [0, 1], and gamma, the focusing parameter, finite and ≥ 0, or [New] refuses the loss.
func Focal(alpha, gamma float32) Loss { return newLoss(focalFamily, alpha, gamma) }
