package engine

import (
	"fmt"
	"math"
	"strconv"
	"unsafe"

	"github.com/flengine/flengine/asm"
)

// What Batch.Classes, Batch.Labels and Batch.Targets call anchors and scores that are of no
// class, or that do not count.
const (
	Background   = -1  // in Classes: an anchor of no class, without WithBackground
	IgnoredClass = -2  // in Classes: an anchor that does not count, without WithIgnored
	IgnoredLabel = 255 // in Labels: a score that does not count

	IgnoredTarget = -1 // in Targets: a score that does not count
)

// Batch is the input of one evaluation: one score per (anchor, class), row-major, with
// NumClasses scores per anchor. It may be a span of a larger batch that begins and ends
// within an anchor's row; see FirstColumn.
type Batch struct {
	// Logits, Float16, BFloat16 or Probs, exactly one of them, are the scores; len
	// A·NumClasses for A anchors. Ignored ones, and those of weight 0, are not looked at.
	//
	// Logits are the raw scores, before the sigmoid. A logit is any float32 but
	// NaN, and not infinite on the wrong side of its label (+Inf where the label is
	// 0, −Inf where it is 1).
	Logits []float32
	// Float16 and BFloat16 are logits of 16 bits each: of the binary16 of IEEE 754, and the
	// upper halves of float32s. They are widened, exactly, where they are evaluated: losses,
	// gradients and results are those of the same logits as float32, and so are errors, but
	// for the Field. Outputs, which are float32, may not overlap them.
	Float16, BFloat16 []uint16
	// Probs are the probabilities p of the foreground, after the sigmoid, in
	// [0, 1]. With p_t = p for the label 1 and 1 − p for 0, evaluated without
	// rounding 1 − p,
	//
	//	loss = w·(1 − p_t)^γ·CE         CE = min(−ln p_t, 100)
	//	∂loss/∂p = ∓w·(1 − p_t)^γ·(1/max(p_t, 1e-12) + γ·CE/(1 − p_t))
	//
	// with − for the label 1. So both are finite for p = 0 and p = 1. At γ = 0 they
	// are those of PyTorch's BCELoss, which clamps ln at −100 and divides by
	// max(p·(1 − p), 1e-12), but for the gradient of a score that is right to within
	// 1e-12: here it is its limit, ∓w, there it goes to 0.
	Probs []float32

	// Labels, Classes or Targets, exactly one of them, say what is foreground.
	//
	// Labels has one label per score: 0 background, 1 foreground, IgnoredLabel (255)
	// ignored.
	Labels []uint8
	// Classes has one entry per anchor: the column of its class in
	// [0, NumClasses), Background (−1), or IgnoredClass (−2); [WithBackground] and
	// [WithIgnored] set other values for the last two. It stands for the one-hot
	// labels, which are never built; see [Batch.OneHot]. Losses of rows, such as
	// [SoftmaxCrossEntropy], take Classes alone, and no background.
	Classes []int32
	// Targets has one soft label y per score: how much of it is foreground, from 0 to 1, or
	// IgnoredTarget (−1). 0 and 1 are the labels, so labels kept as floats are taken as they
	// are. What a loss is for y between 0 and 1 its constructor says; there a logit must be
	// finite. With Probs only 0, 1 and −1 are taken, but by [HeatmapFocal] any.
	//
	// Positive are the scores with y > 0; of [HeatmapFocal] those with y = 1.
	Targets []float32

	// NumClasses is the number of columns; 0 stands for 1.
	NumClasses int

	// FirstColumn and EndColumn, both in [0, NumClasses), say which columns of their
	// rows the batch begins with and ends before; 0 and 0 are whole rows. The scores
	// [from, to) of a batch of C columns have FirstColumn from mod C and EndColumn
	// to mod C, Labels and ScoreWeights of these scores, and Classes and Weights of the
	// anchors [from/C, ⌈to/C⌉), all whose rows they touch; none if there are no scores.
	FirstColumn, EndColumn int

	// Weights and ScoreWeights, where not nil, have factors of loss and gradient, finite
	// and ≥ 0: Weights one per anchor, of all its scores, ScoreWeights one per score.
	//
	// A score's factors are multiplied in this order: ScoreWeights, Weights, that of
	// [WithColumnWeights], of [WithClassWeights] if the label is 1, and the loss's own weight
	// of the label. Each product is rounded to float32; one beyond it is an error. With
	// Targets, for losses of targets and for second derivatives that of [WithClassWeights] is a
	// factor of the loss's own weight of foreground instead, see there; its 0 then masks what has
	// the target 1.
	//
	// A score of which one of these, all but the loss's, or their product is 0 is masked: it
	// may be NaN, and its loss and gradient are 0. Unlike an ignored one it still counts as
	// scored, and as positive if its label is 1.
	Weights, ScoreWeights []float32
}

// InputError tells what is wrong with an input, of several faults the one at
// the lowest score.
type InputError struct {
	Field  string  // the field or argument: "Logits", "Probs", "Labels", "dst", …; "Batch": all of it
	Index  int     // of the bad element in that field; −1: the field as a whole
	Value  float64 // what was found: the element, or the field's length or value
	Reason string  // what is wanted
}

func (e *InputError) Error() string {
	if e.Index < 0 {
		return e.Field + " " + e.Reason
	}
	return fmt.Sprintf("%s[%d] is %s: %s", e.Field, e.Index, formatValue(e.Value), e.Reason)
}

// formatValue writes a float32 with the digits that tell it from others, and
// integers, such as classes, as such.
func formatValue(v float64) string {
	switch {
	case v == math.Trunc(v) && math.Abs(v) < 1<<32:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case float64(float32(v)) == v:
		return strconv.FormatFloat(v, 'g', -1, 32)
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// wholeError is about a field as a whole.
func wholeError(field string, value float64, format string, args ...any) error {
	return &InputError{Field: field, Index: -1, Value: value, Reason: fmt.Sprintf(format, args...)}
}

// scores returns the logits or the probabilities, nil if they are of 16 bits, and their field.
func (b *Batch) scores() (x []float32, name string, kind asm.Input) {
	switch {
	case b.Probs != nil:
		return b.Probs, "Probs", asm.Probs
	case b.Float16 != nil:
		return nil, "Float16", asm.Logits
	case b.BFloat16 != nil:
		return nil, "BFloat16", asm.Logits
	}
	return b.Logits, "Logits", asm.Logits
}

// size returns the number of scores, which are in one field.
func (b *Batch) size() int { return len(b.Logits) + len(b.Float16) + len(b.BFloat16) + len(b.Probs) }

// maxColumns keeps the sums of columns and scores within int: more scores than that have
// no room in memory.
const maxColumns = math.MaxInt / 4

// anchorOf returns the anchor of a score, by its index in Classes and Weights.
func (b *Batch) anchorOf(score int) int { return (b.FirstColumn + score) / b.NumClasses }

// check verifies all that does not need a look at the elements, and sets NumClasses to
// what it stands for.
func (b *Batch) check(out *outputs, want int) error {
	if err := b.checkForms(); err != nil {
		return err
	}
	n := b.size()
	switch {
	case b.NumClasses < 0 || b.NumClasses > maxColumns:
		return wholeError("NumClasses", float64(b.NumClasses), "is %d: want the number of columns", b.NumClasses)
	case b.NumClasses == 0:
		b.NumClasses = 1
	}
	anchors, anchor := n, "anchor (NumClasses is 1)"
	switch {
	case b.FirstColumn|b.EndColumn != 0:
		if err := b.checkSpan(n); err != nil {
			return err
		}
		if n > 0 {
			anchors = b.anchorOf(n-1) + 1
		}
		anchor = "row that the scores touch"
	case b.NumClasses > 1:
		if n%b.NumClasses != 0 {
			_, name, _ := b.scores()
			return wholeError(name, float64(n), "has length %d: want a multiple of NumClasses, %d", n, b.NumClasses)
		}
		anchors, anchor = n/b.NumClasses, "anchor"
	}
	switch {
	case b.Labels != nil && b.Classes != nil:
		return bothSet("Labels", len(b.Labels), "Classes")
	case b.Targets != nil && b.Labels != nil:
		return bothSet("Targets", len(b.Targets), "Labels")
	case b.Targets != nil && b.Classes != nil:
		return bothSet("Targets", len(b.Targets), "Classes")
	case b.Labels == nil && b.Classes == nil && b.Targets == nil && n > 0:
		return wholeError("Labels", 0, "is nil, and so are Classes and Targets: want one of them")
	case b.Labels != nil && len(b.Labels) != n:
		return badLength("Labels", len(b.Labels), n, "score")
	case b.Classes != nil && len(b.Classes) != anchors:
		return badLength("Classes", len(b.Classes), anchors, anchor)
	case b.Weights != nil && len(b.Weights) != anchors:
		return badLength("Weights", len(b.Weights), anchors, anchor)
	case b.ScoreWeights != nil && len(b.ScoreWeights) != n:
		return badLength("ScoreWeights", len(b.ScoreWeights), n, "score")
	case b.Targets != nil && len(b.Targets) != n:
		return badLength("Targets", len(b.Targets), n, "score")
	case want&wantDst != 0 && len(out.dst) != n:
		return badLength("dst", len(out.dst), n, "score")
	case want&wantGrad != 0 && len(out.grad) != n:
		return badLength("grad", len(out.grad), n, "score")
	case want&wantHess != 0 && len(out.hess) != n:
		return badLength("hess", len(out.hess), n, "score")
	case want == 0:
		return nil
	}
	return b.checkOverlaps(out)
}

// badLength is the error for a field of the wrong length.
func badLength(field string, got, want int, unit string) error {
	return wholeError(field, float64(got), "has length %d: want %d, one per %s", got, want, unit)
}

// bothSet is the error for two fields, the first with n elements, of which one is wanted.
func bothSet(field string, n int, other string) error {
	return wholeError(field, float64(n), "and %s are both set: want one of them", other)
}

// checkForms verifies that the scores are in one field.
func (b *Batch) checkForms() error {
	switch {
	case b.Logits != nil && b.Float16 != nil:
		return bothSet("Logits", len(b.Logits), "Float16")
	case b.Logits != nil && b.BFloat16 != nil:
		return bothSet("Logits", len(b.Logits), "BFloat16")
	case b.Logits != nil && b.Probs != nil:
		return bothSet("Logits", len(b.Logits), "Probs")
	case b.Float16 != nil && b.BFloat16 != nil:
		return bothSet("Float16", len(b.Float16), "BFloat16")
	case b.Float16 != nil && b.Probs != nil:
		return bothSet("Float16", len(b.Float16), "Probs")
	case b.BFloat16 != nil && b.Probs != nil:
		return bothSet("BFloat16", len(b.BFloat16), "Probs")
	}
	return nil
}

// checkSpan verifies that n scores begin and end at the columns that the batch says.
func (b *Batch) checkSpan(n int) error {
	first, end := b.FirstColumn, b.EndColumn
	whole := first + n - end // the scores of all rows but the one that goes on
	switch {
	case first < 0 || first >= b.NumClasses:
		return wholeError("FirstColumn", float64(first), "is %d: want a column in [0, %d)", first, b.NumClasses)
	case end < 0 || end >= b.NumClasses:
		return wholeError("EndColumn", float64(end), "is %d: want a column in [0, %d)", end, b.NumClasses)
	case whole%b.NumClasses != 0:
		_, name, _ := b.scores()
		return wholeError(name, float64(n), "has length %d: want one from column %d to before column %d, of %d", n, first, end, b.NumClasses)
	}
	return nil
}

// overlap tells whether two slices have memory in common.
func overlap[A, B any](a []A, b []B) bool {
	x, y := uintptr(unsafe.Pointer(unsafe.SliceData(a))), uintptr(unsafe.Pointer(unsafe.SliceData(b)))
	return x < y+uintptr(len(b))*unsafe.Sizeof(*new(B)) && y < x+uintptr(len(a))*unsafe.Sizeof(*new(A))
}

// checkOverlaps refuses outputs that overlap anything but exactly the scores.
func (b *Batch) checkOverlaps(o *outputs) error {
	if field := b.overlapped(o.dst, nil, nil); field != "" {
		return b.overlapError("dst", o.dst, field)
	}
	if field := b.overlapped(o.grad, o.dst, nil); field != "" {
		return b.overlapError("grad", o.grad, field)
	}
	if field := b.overlapped(o.hess, o.dst, o.grad); field != "" {
		return b.overlapError("hess", o.hess, field)
	}
	return nil
}

// overlapped returns the first field that an output may not overlap and does, or outputs before
// it; empty if there is none.
func (b *Batch) overlapped(out, dst, grad []float32) string {
	if len(out) == 0 {
		return ""
	}
	x, field, _ := b.scores()
	switch {
	case overlap(out, x) && data(out) != data(x), overlap(out, b.half()):
		return field
	case overlap(out, b.Labels):
		return "Labels"
	case overlap(out, b.Classes):
		return "Classes"
	case overlap(out, b.Weights):
		return "Weights"
	case overlap(out, b.ScoreWeights):
		return "ScoreWeights"
	case overlap(out, b.Targets):
		return "Targets"
	case overlap(out, dst):
		return "dst"
	case overlap(out, grad):
		return "grad"
	}
	return ""
}

// overlapError is the error for an output that overlaps a field.
func (b *Batch) overlapError(name string, out []float32, field string) error {
	want := "memory of its own"
	if x, scores, _ := b.scores(); field == scores && x != nil {
		want = "the same slice or " + want
	}
	return wholeError(name, float64(len(out)), "overlaps %s: want %s", field, want)
}

// badProb tells whether a score is no probability, and what is wanted.
func badProb(p float32, label uint8) (reason string, bad bool) {
	return "want a probability in [0, 1]", label != IgnoredLabel && !(p >= 0 && p <= 1)
}

// badLogit tells whether a logit is none for its label, and what is wanted.
func badLogit(x float32, label uint8) (reason string, bad bool) {
	switch {
	case label == IgnoredLabel:
		return "", false
	case x != x:
		return "want a number", true
	case label == 0 && x > math.MaxFloat32:
		return "want a finite logit, or −Inf, for background", true
	case label == 1 && x < -math.MaxFloat32:
		return "want a finite logit, or +Inf, for foreground", true
	case label == softLabel && (x > math.MaxFloat32 || x < -math.MaxFloat32):
		return "want a finite logit for a target between 0 and 1", true
	}
	return "", false
}
