package dump

import (
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/flengine/flengine/cmd/flbench/internal/array"
	"github.com/flengine/flengine/engine"
)

// seen is what batches have shown so far. Each look ends with the first element that
// rules a warning out, so that inputs that deserve none cost nothing.
type seen struct {
	outside    atomic.Bool // a score outside [0, 1]
	background atomic.Bool // a row of background
	scored     atomic.Bool // a label that is not ignored
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

func (s *seen) classes(values []int32, set *settings) {
	if s.background.Load() {
		return
	}
	background, ignored, scored := set.background(), set.ignored(), s.scored.Load()
	for _, v := range values {
		if v == background {
			s.background.Store(true)
			s.scored.Store(true)
			return
		}
		if !scored && !slices.Contains(ignored, v) {
			scored = true
			s.scored.Store(true)
		}
	}
}

func (s *seen) labels(values []uint8) {
	if s.scored.Load() {
		return
	}
	for _, v := range values {
		if v != engine.IgnoredLabel {
			s.scored.Store(true)
			return
		}
	}
}

// Warnings tells, after all batches were taken, what looks as if the input was not what
// it was taken for. The texts have no numbers of this input, so that many inputs' can be
// told as one.
func (d *Dump) Warnings() (texts []string) {
	if d.Scores() == 0 {
		return nil
	}
	set := d.set
	if !set.Probs && !d.seen.outside.Load() {
		texts = append(texts, "all scores lie in [0, 1], as probabilities do, but are taken for logits: want --probs if the sigmoid was applied")
	}
	switch {
	case !d.seen.scored.Load():
		texts = append(texts, "all labels stand for ignored")
	case d.kind == classes && !d.seen.background.Load():
		texts = append(texts, fmt.Sprintf("every anchor is positive, none is background, which is %d: want --background=CLASS if that is another, such as 0 or %d",
			set.background(), d.columns))
	}
	return texts
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
