package dump

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/flengine/flengine/cmd/flbench/internal/array"
	"github.com/flengine/flengine/engine"
)

// Locate turns the engine's complaint about the batch that begins at the score from into
// one about the file and its element, with the flag that cures it where there is one.
func (d *Dump) Locate(err error, from int) error {
	var bad *engine.InputError
	if !errors.As(err, &bad) || bad.Index < 0 {
		return fmt.Errorf("%s: %w", d.Path(), err)
	}
	row := from/d.columns + bad.Index
	score := from + bad.Index
	at := func(a *array.Array, place string, i int, reason string) error {
		return fmt.Errorf("%s: %s is %s: %s", a.Label(), place, a.At(i), reason)
	}
	switch bad.Field {
	case "Classes":
		reason := bad.Reason
		if d.set.Rows != "" {
			reason = fmt.Sprintf("of %s every class is a column: want a class in [0, %d), or %s for ignored", d.set.Rows, d.columns, join(d.set.ignored(), " or "))
		}
		return at(d.labels, d.labelGrid.index(row), row, reason+d.classAdvice(d.labels.At(row)))
	case "Labels":
		reason := bad.Reason
		switch {
		case d.labelHead.dtype.IsFloat() && d.set.Targets == "":
			reason = "want 0 to 1, or " + d.ignoredLabels()
		case d.labelHead.dtype != array.Uint8 || len(d.set.Ignored) > 0:
			reason = "want 0, 1, or " + d.ignoredLabels()
		}
		return at(d.labels, d.labelGrid.index(score), score, reason+d.labelAdvice(d.labels.At(score)))
	case "Targets":
		if bad.Value > 0 && bad.Value < 1 { // soft ones are refused, for what the engine says
			reason := "want 0, 1, or " + d.ignoredLabels()
			if d.Probs() {
				reason += ": with --probs a target between is for heatmap alone"
			} else if _, why, ok := strings.Cut(bad.Reason, ": "); ok {
				reason += ": " + why
			}
			return at(d.labels, d.labelGrid.index(score), score, reason)
		}
		return at(d.labels, d.labelGrid.index(score), score, "want 0 to 1, or "+d.ignoredLabels()+d.labelAdvice(d.labels.At(score)))
	case "Weights":
		whole := grid{shape: d.weights.Shape(), own: d.weights.Shape(), axis: -1}
		return at(d.weights, whole.index(row), row, bad.Reason)
	case "Probs":
		return at(d.scores, d.grid.index(score), score, bad.Reason+", as --probs says")
	case "Logits", "Float16", "BFloat16":
		return at(d.scores, d.grid.index(score), score, bad.Reason)
	}
	return fmt.Errorf("%s: %w", d.Path(), err)
}

// classAdvice says which flag makes sense of a class that is none, or nothing.
func (d *Dump) classAdvice(text string) string {
	set := d.set
	v, err := strconv.ParseInt(text, 10, 32)
	switch {
	case err != nil:
		return ""
	case set.Rows != "" && v >= 0 && v != 255:
		return ""
	case set.Rows != "":
		return fmt.Sprintf("; --ignored=%d says that it stands for ignored", v)
	case d.columns == 1 && v == 1 && set.Targets == "" && set.Background == nil:
		return "; --targets=binary says that 0 is background and 1 foreground"
	case v == int64(d.columns) && set.Background == nil:
		return fmt.Sprintf("; --background=%d says that it stands for background, as in Detectron2", v)
	case v == 255 && set.Background == nil: // which -1 becomes in uint8
		return fmt.Sprintf("; --background=%d or --ignored=%[1]d says what it stands for", v)
	case v < 0 || v == 255:
		return fmt.Sprintf("; --ignored=%d says that it stands for ignored", v)
	}
	return ""
}

// ignoredLabels says what stands for ignored among labels per score.
func (d *Dump) ignoredLabels() string {
	set, dtype := d.set, d.labelHead.dtype
	ignored := slices.Clone(set.Ignored)
	switch {
	case dtype == array.Uint8 && !slices.Contains(ignored, engine.IgnoredLabel):
		ignored = append(ignored, engine.IgnoredLabel)
	case dtype.IsFloat() && len(ignored) == 0:
		ignored = append(ignored, -1)
	case len(ignored) == 0:
		return "what --ignored says"
	}
	return join(ignored, " or ") + " for ignored"
}

// labelAdvice says which flag makes sense of a label of a score, or nothing.
func (d *Dump) labelAdvice(text string) string {
	if d.labelHead.dtype.IsFloat() {
		if v, err := strconv.ParseFloat(text, 64); err == nil && v > 0 && v < 1 {
			return "; --targets=soft says that it is a soft target"
		}
	}
	v, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil || v != float64(int32(v)):
		return ""
	case v < 0 || v == 255:
		return fmt.Sprintf("; --ignored=%d says that it stands for ignored", int32(v))
	case d.columns == 1 && d.set.Targets == "" && d.labelHead.dtype.IsInteger():
		return "; --targets=class says that they are class indices"
	}
	return ""
}
