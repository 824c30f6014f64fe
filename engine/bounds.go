package engine

// A Bound is the documented error of a loss and of its gradient by the score, over
// all scores and both labels, in units in the last place (ULP) of the exact value.
// It holds where that value is at least 2⁻¹²⁶; below, the absolute error is at most
// 2⁻¹²⁶. For the gradients by probabilities these limits are 1 + γ times as large.
type Bound struct {
	Name        string // for people, as in "focal, γ = 2"
	Loss        Loss
	LossULP     float64
	GradientULP float64
}

// Bounds returns the error bounds for logits that are documented and tested: those of losses
// with weights of at most 1 and γ ≤ 5. Other weights add one rounding; so do
// [Batch].Weights.
func Bounds() []Bound {
	return []Bound{
		{"cross-entropy", CrossEntropy(), 2, 3},
		{"balanced cross-entropy", BalancedCrossEntropy(0.25), 3, 4},
		{"focal, γ = 0.5", Focal(0.25, 0.5), 4.5, 5},
		{"focal, γ = 1", Focal(0.25, 1), 6.5, 7.5},
		{"focal, γ = 1.5", Focal(0.25, 1.5), 5, 5},
		{"focal, γ = 2", Focal(0.25, 2), 9, 10},
		{"focal, γ = 3", Focal(0.25, 3), 5, 6.5},
		{"focal, γ = 5", Focal(0.25, 5), 7.5, 9.5},
	}
}

// ProbBounds returns the error bounds for probabilities, likewise.
func ProbBounds() []Bound {
	return []Bound{
		{"cross-entropy", CrossEntropy(), 2, 2},
		{"focal, γ = 0.5", Focal(0.25, 0.5), 4, 4},
		{"focal, γ = 1", Focal(0.25, 1), 4, 3},
		{"focal, γ = 1.5", Focal(0.25, 1.5), 4.5, 4.5},
		{"focal, γ = 2", Focal(0.25, 2), 5, 4},
		{"focal, γ = 3", Focal(0.25, 3), 5.5, 5.5},
		{"focal, γ = 5", Focal(0.25, 5), 5.5, 5.5},
	}
}
