package dump

import (
	"errors"
	"fmt"
	"strings"
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

// Facts is what the warnings about an input are made of: they hang on the result of all of it,
// so tasks that evaluate a part each tell the facts, and who has all parts the warnings.
type Facts struct {
	Anchors    int    `json:"anchors"` // rows
	Columns    int    `json:"columns"`
	Softmax    bool   `json:"softmax,omitempty"` // losses of rows, each of which has a class
	Probs      bool   `json:"probs,omitempty"`   // the scores are probabilities
	Outside    bool   `json:"outside,omitempty"` // a score that was evaluated is not in [0, 1]
	Boxed      bool   `json:"boxed,omitempty"`   // columns have numbers as large as coordinates
	Labels     string `json:"labels"`            // "classes", "scores" or "soft"
	Settled    bool   `json:"settled,omitempty"` // which the values told
	DType      string `json:"dtype"`             // of the labels
	Targets    bool   `json:"targets,omitempty"` // --targets says what they are
	Ignored    bool   `json:"ignored,omitempty"` // --ignored says which are
	Background int32  `json:"background"`
}

// Facts returns what is known after batches were taken.
func (d *Dump) Facts() Facts {
	return Facts{
		Anchors: d.rows, Columns: d.columns, Softmax: d.set.Rows != "", Probs: d.Probs(),
		Outside: d.seen.outside.Load(), Boxed: !d.Probs() && d.Scores() > 0 && d.looksBoxed(),
		Labels: labelNames[d.kind], Settled: d.settled, DType: d.labelHead.dtype.String(),
		Targets: d.set.Targets != "", Ignored: len(d.set.Ignored) > 0, Background: d.set.background(),
	}
}

// labelNames are those of kinds in facts.
var labelNames = map[labelKind]string{classes: "classes", perScore: "scores", soft: "soft"}

// Merge adds what another part of the same input showed. Facts of another input are an error.
func (f *Facts) Merge(o Facts) error {
	same := o
	same.Outside = f.Outside
	if same != *f {
		return errors.New("parts of inputs that differ in shape, labels or flags: want those of one")
	}
	f.Outside = f.Outside || o.Outside
	return nil
}

// Warnings tells, after all batches were taken and with what they came to, what looks as
// if the input was not what it was taken for.
func (d *Dump) Warnings(r engine.Result) []string {
	f := d.Facts()
	return f.Warnings(r)
}

// Warnings tells what looks as if an input that came to r was not what it was taken for. The
// texts have no numbers of this input, so that many inputs' can be told as one. Of losses of
// rows r counts rows.
func (f *Facts) Warnings(r engine.Result) (texts []string) {
	if f.Anchors == 0 || f.Columns < 1 {
		return nil
	}
	switch {
	case f.Probs || f.Outside:
	case f.Softmax:
		texts = append(texts, "all scores lie in [0, 1], as probabilities do, but are taken for logits: want their logarithms if the softmax was applied")
	default:
		texts = append(texts, "all scores lie in [0, 1], as probabilities do, but are taken for logits: want --probs if the sigmoid was applied")
	}
	if f.Boxed {
		texts = append(texts, "most anchors have numbers as large as box coordinates in the first or last four columns: want --columns=4: or --columns=:-4 if these are no classes")
	}
	if f.Softmax && f.Columns == 1 {
		texts = append(texts, "the softmax of one column is 1, and so every loss 0: want a loss of scores, such as ce, or more columns")
	}
	if text := f.doubtLabels(r); text != "" && (!f.Softmax || r.Scores == 0) {
		texts = append(texts, text)
	}
	return texts
}

// doubtLabels tells what looks wrong in what the labels came to, or "".
func (f *Facts) doubtLabels(r engine.Result) string {
	const hard, softs = "scores", "soft"
	cure := fmt.Sprintf("want --background=CLASS if another than %d stands for background, such as %d", f.Background, f.Columns)
	if f.Background != 0 {
		cure = fmt.Sprintf("want --background=CLASS if another than %d stands for background, such as 0 or %d", f.Background, f.Columns)
	}
	anchors := r.Scores / int64(f.Columns)
	many := 2*r.Positives > anchors // in detection few anchors are positive
	switch {
	case r.Scores == 0:
		return "all labels stand for ignored"
	case f.Labels == softs && !f.Targets && r.Positives == 0: // by heatmap focal loss, as some target is above 0
		return "no target is 1, which alone is positive: want peaks of exactly 1"
	case f.Labels == softs:
		return ""
	case f.Labels == hard && f.Columns == 1 && strings.Contains(f.DType, "float") && !f.Ignored && r.Positives == 0 && r.Ignored > r.Scores:
		return "no label is 1 and most are -1, which stands for ignored in labels of a float type: want class indices of an integer type if it stands for background"
	case f.Labels == hard && f.DType == array.Uint8.String() && !f.Ignored && r.Positives == 0 && r.Ignored > 0:
		return "no label is 1, but some are 255, which stands for ignored: want 1 for foreground"
	case f.Labels == hard && r.Positives == r.Scores:
		return "every score that is not ignored is positive: want 0 for background"
	case f.Labels == hard && 2*r.Positives > int64(f.Anchors):
		return "more positive scores than half of the anchors: want labels that are 0 in every column of background, without a column for it"
	case f.Labels == hard:
		return ""
	case r.Positives == anchors:
		return "every anchor is positive, none is background: " + cure
	case f.Settled && r.Positives > 0 && (many || r.Ignored == 0 && !f.Ignored):
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
