package engine

import (
	"iter"
	"strconv"
	"strings"
)

// Spans yields the spans [from, to) that a batch of so many losses is cut into, in order: of
// blocks times [Block] losses each, the last of what is left. Less than one block is taken for
// one. The results of the spans, evaluated anywhere, merge to the bits of the whole. Losses are
// scores, and of losses of rows they are rows, which NumClasses turns into the scores of
// [Batch.Span].
func Spans(losses, blocks int) iter.Seq2[int, int] {
	blocks = min(max(blocks, 1), max(losses, 0)/Block+1) // more make one span, too
	return func(yield func(from, to int) bool) {
		for from := 0; from < losses; {
			to := from + min(blocks*Block, losses-from)
			if !yield(from, to) {
				return
			}
			from = to
		}
	}
}

// Span returns the scores [from, to) of b as a batch of their own, which shares its memory: with
// their labels and weights, and with FirstColumn and EndColumn set. Evaluated, it gives their
// losses and gradients; results of spans cut at multiples of [Block] scores, see [Spans], merge
// to that of b. The columns do not matter for that, but losses of rows take whole rows alone.
//
// An [*InputError] says what of b does not fit together, elements not being looked at, or that
// it has no such scores. What an evaluation of the span says is about the span:
// [InputError.Shifted] makes it one about b.
func (b Batch) Span(from, to int) (Batch, error) {
	if err := b.check(nil, 0); err != nil {
		return Batch{}, err
	}
	n := b.size()
	switch {
	case from < 0 || from > n:
		return Batch{}, wholeError("from", float64(from), "is %d: want a score in [0, %d]", from, n)
	case to < from || to > n:
		return Batch{}, wholeError("to", float64(to), "is %d: want a score in [%d, %d]", to, from, n)
	}
	first, end := 0, 0
	if from < to {
		first, end = b.anchorOf(from), b.anchorOf(to-1)+1
	}
	b.FirstColumn, b.EndColumn = (b.FirstColumn+from)%b.NumClasses, (b.FirstColumn+to)%b.NumClasses
	b.Logits, b.Probs = cut(b.Logits, from, to), cut(b.Probs, from, to)
	b.Float16, b.BFloat16 = cut(b.Float16, from, to), cut(b.BFloat16, from, to)
	b.Labels, b.Targets, b.ScoreWeights = cut(b.Labels, from, to), cut(b.Targets, from, to), cut(b.ScoreWeights, from, to)
	b.Classes, b.Weights = cut(b.Classes, first, end), cut(b.Weights, first, end)
	return b, nil
}

// cut returns a part of a field, nil of one that is not set.
func cut[T any](s []T, from, to int) []T {
	if s == nil {
		return nil
	}
	return s[from:to:to]
}

// Shifted returns an error about a span as one about the batch, or the file, that it was cut
// from: one whose first score is the first of a row, and of which the span begins at the score
// from, of rows of so many columns. It is e itself if that names no element of the batch.
func (e *InputError) Shifted(from, columns int) *InputError {
	if e.Index < 0 {
		return e
	}
	anchor := from / max(columns, 1)
	shifted := *e
	switch e.Field {
	case "Logits", "Float16", "BFloat16", "Probs", "Labels", "Targets":
		shifted.Index += from
	case "ScoreWeights":
		shifted.Index += from
		// The reason may name the anchor's weight.
		if rest, ok := strings.CutPrefix(e.Reason, productWith+"Weights["); ok {
			number, after, _ := strings.Cut(rest, "]")
			if i, err := strconv.Atoi(number); err == nil {
				shifted.Reason = productWith + "Weights[" + strconv.Itoa(i+anchor) + "]" + after
			}
		}
	case "Classes", "Weights":
		shifted.Index += anchor
	default:
		return e
	}
	return &shifted
}
