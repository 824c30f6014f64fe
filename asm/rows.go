package asm

// Rows of logits, under softmax: what the kernels of package generic's rows.go are given.
// Scores are those of rows, one after the other, as many each as there are columns; e of a
// score is exp(x)·2^−R, by a power of two that no result depends on.

// RowFormula is what a kernel of rows evaluates of a row, see [RowCall].
type RowFormula uint

// The formulas of rows.
const (
	RowCE       RowFormula = iota // w·CE, CE = −ln p_t
	RowFocal2                     // w·(q·q)·CE, q = 1 − p_t
	RowFocalAny                   // (w·q^γ)·CE for any γ > 0

	NumRowFormulas
)

// String returns the formula's name.
func (f RowFormula) String() string {
	return [NumRowFormulas]string{"softmaxCE", "softmaxFocal2", "softmaxFocal"}[f]
}

// RowGroup is the number of rows that a [RowCall] takes as a unit.
const RowGroup = 16

// RowExps are scores whose e is wanted.
type RowExps struct {
	N       int      // scores: a multiple of 32, at most 4096; 0 does nothing
	Scores  *float32 // x
	Exps    *float32 // where e goes, which may be the scores themselves
	Shifts8 *float32 // 8·R of each score, a multiple of 8 in [−4096, 4096]; nil: R and c are 0 throughout
	Less    *float32 // c of each score
	Top     uint32   // where Shifts8 is nil: set to the bits of the greatest |x|
}

// RowSums are rows of e whose sums are wanted.
type RowSums struct {
	Rows, Columns int
	Exps          *float32   // e, of the true class 0; Rows·Columns of them, and 31 more that may be anything
	True          *float32   // e of the true class, one per row
	Rest, All     *float32   // where the sums of Exps go, one per row, and those of Exps and True
	Lanes         [8]float64 // what the lane sums of every row begin with; those of the last row after the call
}

// RowCall is what the losses of rows are evaluated from. Pointers are to N elements.
type RowCall struct {
	Formula RowFormula
	N       int      // rows: a multiple of RowGroup, at most 4096; 0 does nothing
	Rest    *float32 // S' = Σ e of all classes but the true one
	All     *float32 // S = Σ e, a normal number
	True    *float32 // e of the true class
	Scores  *float32 // x_t − c, the true class's logit less what was taken from the row's logits
	Shifts  *float32 // R
	Weights *float32 // w
	Losses  *float32 // where the losses go
	Slopes  *float32 // where −∂L/∂x of the true class goes
	Scales  *float32 // and ∂L/∂x of another class, divided by e·2^−k of it, where S = 2^k·σ, σ in [1, 2)
	Units   *float32 // 2^−k
	Params  Params   // of RowFocalAny: Gamma, GammaLow, Limit
}

// RowScales are rows of e of which gradients are made.
type RowScales struct {
	Rows, Columns int
	Exps          *float32 // e, Rows·Columns of them
	Gradients     *float32 // where Scales·(Exps·Units) goes: the same as Exps only of one row of a multiple of 32
	Scales, Units *float32 // one per row
}

// What the kernels of rows compute with besides: ln2 in two parts, of which the first has
// 15 bits, so that whole numbers times it are exact.
const (
	Ln2Hi = 8 * Ln2By8Hi
	Ln2Lo = 8 * Ln2By8Lo

	Ln2By8 = 0x1.62e43p-4 // ln2/8, rounded
)

// RowCeil is the largest |x| of a row that needs no shift: sums of e are then far from the
// ends of float32, whatever the row's maximum.
const RowCeil = 40
