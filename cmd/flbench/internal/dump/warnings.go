package dump

import (
	"fmt"
	"sync/atomic"

	"github.com/flengine/flengine/cmd/flbench/internal/array"
	"github.com/flengine/flengine/engine"
)

// seen is what batches have shown so far. A look ends with the first element that rules a
// warning out, so that inputs that deserve none cost nothing.
type seen struct {
	outside atomic.Bool // a score outside [0, 1]
}

func (s *seen) scores(x []float32) {
	if s.outside.Load() {
		return
	}
	for _, v := range x {
		if !(v >= 0 && v <= 1) {
			s.outside.Store(true)
			return
		}
	}
}

// halves is scores for those of 16 bits, of a format in which 1 has the bits given.
func (s *seen) halves(h []uint16, one uint16) {
	if s.outside.Load() {
		return
	}
	const minusZero = 0x8000
	for _, v := range h {
		if v > one && v != minusZero {
			s.outside.Store(true)
			return
		}
	}
}

// Warnings tells, after all batches were taken and with what they came to, what looks as
// if the input was not what it was taken for. The texts have no numbers of this input, so
// that many inputs' can be told as one. Of losses of rows r counts rows, each of which has a
// class.
func (d *Dump) Warnings(r engine.Result) (texts []string) {
	if d.Scores() == 0 {
		return nil
	}
	rows := d.set.Rows != ""
	switch {
	case d.Probs() || d.seen.outside.Load():
	case rows:
		texts = append(texts, "all scores lie in [0, 1], as probabilities do, but are taken for logits: want their logarithms if the softmax was applied")
	default:
		texts = append(texts, "all scores lie in [0, 1], as probabilities do, but are taken for logits: want --probs if the sigmoid was applied")
	}
	if !d.Probs() && d.looksBoxed() {
		texts = append(texts, "most anchors have numbers as large as box coordinates in the first or last four columns: want --columns=4: or --columns=:-4 if these are no classes")
	}
	if rows && d.columns == 1 {
		texts = append(texts, "the softmax of one column is 1, and so every loss 0: want a loss of scores, such as ce, or more columns")
	}
	if text := d.doubtLabels(r); text != "" && (!rows || r.Scores == 0) {
		texts = append(texts, text)
	}
	return texts
}

// doubtLabels tells what looks wrong in what the labels came to, or "".
func (d *Dump) doubtLabels(r engine.Result) string {
	background := d.set.background()
	cure := fmt.Sprintf("want --background=CLASS if another than %d stands for background, such as %d", background, d.columns)
	if background != 0 {
		cure = fmt.Sprintf("want --background=CLASS if another than %d stands for background, such as 0 or %d", background, d.columns)
	}
	anchors := r.Scores / int64(d.columns)
	many := 2*r.Positives > anchors // in detection few anchors are positive
	switch {
	case r.Scores == 0:
		return "all labels stand for ignored"
	case d.kind == soft && d.set.Targets == "" && r.Positives == 0: // by heatmap focal loss, as some target is above 0
		return "no target is 1, which alone is positive: want peaks of exactly 1"
	case d.kind == soft:
		return ""
	case d.kind == perScore && d.columns == 1 && d.labelHead.dtype.IsFloat() && len(d.set.Ignored) == 0 && r.Positives == 0 && r.Ignored > r.Scores:
		return "no label is 1 and most are -1, which stands for ignored in labels of a float type: want class indices of an integer type if it stands for background"
	case d.kind == perScore && d.labelHead.dtype == array.Uint8 && len(d.set.Ignored) == 0 && r.Positives == 0 && r.Ignored > 0:
		return "no label is 1, but some are 255, which stands for ignored: want 1 for foreground"
	case d.kind == perScore && r.Positives == r.Scores:
		return "every score that is not ignored is positive: want 0 for background"
	case d.kind == perScore && 2*r.Positives > int64(d.rows):
		return "more positive scores than half of the anchors: want labels that are 0 in every column of background, without a column for it"
	case d.kind == perScore:
		return ""
	case r.Positives == anchors:
		return "every anchor is positive, none is background: " + cure
	case d.settled && r.Positives > 0 && (many || r.Ignored == 0 && len(d.set.Ignored) == 0):
		return "0 is taken for the class of the one column, and -1 for background: want --targets=binary and --ignored=-1 if 0 stands for background, or else --targets=class"
	case many:
		return "more than half of the anchors are positive: " + cure
	}
	return ""
}

// Notes tells what was done to the input that is not plain.
func (d *Dump) Notes() (texts []string) {
	if d.scoreHead.dtype == array.Float64 {
		texts = append(texts, "the scores are float64 and are rounded to float32")
	}
	if d.weights != nil && d.weightHead.dtype == array.Float64 {
		texts = append(texts, "the weights are float64 and are rounded to float32")
	}
	return append(texts, d.beside.notes...)
}
