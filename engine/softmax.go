package engine

import (
	"math"

	"github.com/flengine/flengine/asm"
)

// The rows of the list that are losses of rows.

var softmaxCE = family{
	Family: Family{
		Name: "softmaxce", Title: "softmax cross-entropy", Formula: "−ln p_t", Rows: true,
		Source: "PyTorch, nn.CrossEntropyLoss",
	},
	rows:   func(values) (asm.RowFormula, asm.Params) { return rowKernel(0) },
	gamma:  func(values) float32 { return 0 },
	bounds: []bounds{{values: values{}, logits: limits{4.5, 5, 0}}},
}

var softmaxFocal = family{
	Family: Family{
		Name: "softmaxfocal", Title: "softmax focal loss", Formula: "−(1 − p_t)^γ · ln p_t", Rows: true,
		Source: "Lin et al. 2017, arXiv:1708.02002, equation 4, of p = softmax",
		Parameters: []Parameter{{
			Name: "gamma", Symbol: "γ", Meaning: "the focusing parameter", Max: math.MaxFloat32, Default: 2,
		}},
		ShortParameter: "gamma",
	},
	rows:  func(v values) (asm.RowFormula, asm.Params) { return rowKernel(v[0]) },
	gamma: func(v values) float32 { return v[0] },
	bounds: []bounds{
		{values: values{0.5}, logits: limits{7, 8, 0}},
		{values: values{1}, logits: limits{9, 10, 0}},
		{values: values{1.5}, logits: limits{11, 12, 0}},
		{values: values{2}, logits: limits{12, 14, 0}},
		{values: values{3}, logits: limits{16, 17.5, 0}},
		{values: values{5}, logits: limits{26, 27, 0}},
	},
	unsmoothed: "which libraries smooth in ways of their own",
}

// rowKernel is what softmax focal loss needs. γ = 0 and 2 have formulas of their own.
func rowKernel(gamma float32) (asm.RowFormula, asm.Params) {
	formula := asm.RowFocalAny
	switch gamma {
	case 0:
		formula = asm.RowCE
	case 2:
		formula = asm.RowFocal2
	}
	return formula, asm.MakeParams(1, 1, gamma)
}

// SoftmaxCrossEntropy is −ln p_t of rows of logits, p = softmax of the row and t its class:
// PyTorch's nn.CrossEntropyLoss. The logits x of NumClasses columns, from 1 to as many as
// there is memory for, make one loss per row:
//
//	p_j = exp(x_j)/Σ exp(x_c)       loss = w·−ln p_t
//	∂loss/∂x_j = w·p_j              ∂loss/∂x_t = −w·(1 − p_t)
//
// [Batch].Classes has the column of each row's class. Every class is a column: who has
// background makes it one of them. [WithIgnored] says which rows do not count; PyTorch's
// default is −100. w is the product of the row's weight in [Batch].Weights and that of its
// class in [WithClassWeights], PyTorch's weight, so that [Result.WeightedMean] is PyTorch's
// mean, but 0 where no row counts. A row whose w is 0 is not looked at, like an ignored one.
//
// [Loss.Smoothed] is PyTorch's label_smoothing: with ε, C columns, the weights w_c of classes
// and the weight r of the row
//
//	loss = r·((1 − ε)·w_t·−ln p_t + ε/C·Σ w_c·−ln p_c)
//
// Then a row of which only the weight of the class is 0 has a loss, and a logit of −Inf is
// refused where w_c is not 0. The error is at most 5 ULP, that of a derivative 6 ULP of the
// sum of the magnitudes of its terms p_j·(…) and r·ε/C·w_j.
//
// A logit is any float32 but NaN and +Inf, and not −Inf for the class of its row; −Inf of
// another class is a probability of 0. [Engine.Losses] has one loss per row,
// [Engine.Gradients] one derivative per score. [Result] counts rows: Scores are those that
// are not ignored, and Positives the same, as each of them has a class. The sum is that of
// blocks of [Block] rows. Probs, Labels, ScoreWeights, FirstColumn, EndColumn,
// [WithColumnWeights], [Loss.Weighted] and [Sweep] are refused.
func SoftmaxCrossEntropy() Loss { return newLoss(softmaxFamily) }

// SoftmaxFocal is −(1 − p_t)^gamma · ln p_t of rows of logits, with all that
// [SoftmaxCrossEntropy] says; gamma is finite and ≥ 0, or [New] refuses the loss. With
// q = 1 − p_t, evaluated as the sum of the other classes' probabilities,
//
//	loss = w·q^γ·CE                             CE = −ln p_t
//	∂loss/∂x_t = −w·q^γ·(q + γ·p_t·CE)          ∂loss/∂x_j = −∂loss/∂x_t · p_j/q
//
// α of other libraries, the same for all classes, is a factor of all; one per class is
// [WithClassWeights].
func SoftmaxFocal(gamma float32) Loss { return newLoss(softmaxFocalFamily, gamma) }
