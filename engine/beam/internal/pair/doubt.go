package pair

import (
	"fmt"
	"strings"

	"github.com/flengine/flengine/engine"
)

// Seen is what evaluated scores of a pair have shown, of which its doubts are made.
type Seen struct {
	Kind     Kind
	Labels   string // their dtype
	Columns  int
	Settled  bool // the kind is what the labels' values told
	Outside  bool // a score is outside [0, 1]
	Scores   int64
	Positive int64
	Ignored  int64
}

// See tells of a batch of the pair, and of a result of it.
func (p *Plan) See(b *engine.Batch, r engine.Result) Seen {
	s := Seen{Kind: p.Kind, Labels: p.Labels.DType, Columns: p.Columns, Settled: p.Settled, Scores: r.Scores, Positive: r.Positives, Ignored: r.Ignored}
	s.Outside = b.Probs != nil || anyOutside(b.Logits) || anyHalfOutside(b.Float16, 0x3C00) || anyHalfOutside(b.BFloat16, 0x3F80)
	return s
}

func anyOutside(x []float32) bool {
	for _, v := range x {
		if !(v >= 0 && v <= 1) {
			return true
		}
	}
	return false
}

// anyHalfOutside is that of a format of 16 bits in which 1 has the bits given.
func anyHalfOutside(h []uint16, one uint16) bool {
	const minusZero = 0x8000
	for _, v := range h {
		if v > one && v != minusZero {
			return true
		}
	}
	return false
}

// Merge adds what another part of the pair has shown. Nothing seen yet is the zero Seen.
func (s Seen) Merge(o Seen) Seen {
	if s.Columns == 0 {
		s, o = o, s
	}
	s.Outside = s.Outside || o.Outside
	s.Scores, s.Positive, s.Ignored = s.Scores+o.Scores, s.Positive+o.Positive, s.Ignored+o.Ignored
	return s
}

// Doubts tells what looks as if the files were not what they were taken for, in the words of
// flbench eval.
func (s Seen) Doubts(o *Options) (texts []string) {
	if s.Scores+s.Ignored == 0 {
		return nil
	}
	rows := len(o.Rows) > 0
	switch {
	case s.Outside:
	case rows:
		texts = append(texts, "all scores lie in [0, 1], as probabilities do, but are taken for logits: want their logarithms if the softmax was applied")
	default:
		texts = append(texts, "all scores lie in [0, 1], as probabilities do, but are taken for logits: want --probs if the sigmoid was applied")
	}
	if rows && s.Columns == 1 {
		texts = append(texts, "the softmax of one column is 1, and so every loss 0: want a loss of scores, such as ce, or more columns")
	}
	if text := s.doubtLabels(o); text != "" && (!rows || s.Scores == 0) {
		texts = append(texts, text)
	}
	return texts
}

// doubtLabels tells what looks wrong in what the labels came to, or "".
func (s Seen) doubtLabels(o *Options) string {
	background := o.background()
	cure := fmt.Sprintf("want --background=CLASS if another than %d stands for background, such as %d", background, s.Columns)
	if background != 0 {
		cure = fmt.Sprintf("want --background=CLASS if another than %d stands for background, such as 0 or %d", background, s.Columns)
	}
	anchors := s.Scores / int64(s.Columns)
	many := 2*s.Positive > anchors // in detection few anchors are positive
	switch {
	case s.Scores == 0:
		return "all labels stand for ignored"
	case s.Kind == Soft && o.Targets == "" && s.Positive == 0: // by heatmap focal loss, as some target is above 0
		return "no target is 1, which alone is positive: want peaks of exactly 1"
	case s.Kind == Soft:
		return ""
	case s.Kind == Labels && s.Columns == 1 && strings.Contains(s.Labels, "float") && len(o.Ignored) == 0 && s.Positive == 0 && s.Ignored > s.Scores:
		return "no label is 1 and most are -1, which stands for ignored in labels of a float type: want class indices of an integer type if it stands for background"
	case s.Kind == Labels && s.Labels == "uint8" && len(o.Ignored) == 0 && s.Positive == 0 && s.Ignored > 0:
		return "no label is 1, but some are 255, which stands for ignored: want 1 for foreground"
	case s.Kind == Labels && s.Positive == s.Scores:
		return "every score that is not ignored is positive: want 0 for background"
	case s.Kind == Labels && 2*s.Positive > (s.Scores+s.Ignored)/int64(s.Columns):
		return "more positive scores than half of the anchors: want labels that are 0 in every column of background, without a column for it"
	case s.Kind == Labels:
		return ""
	case s.Positive == anchors:
		return "every anchor is positive, none is background: " + cure
	case s.Settled && s.Positive > 0 && (many || s.Ignored == 0 && len(o.Ignored) == 0):
		return "0 is taken for the class of the one column, and -1 for background: want --targets=binary and --ignored=-1 if 0 stands for background, or else --targets=class"
	case many:
		return "more than half of the anchors are positive: " + cure
	}
	return ""
}
