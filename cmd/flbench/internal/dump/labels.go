package dump

import (
	"fmt"
	"math"
	"slices"

	"github.com/flengine/flengine/cmd/flbench/internal/array"
)

// labelKind is what labels are.
type labelKind uint8

const (
	classes  labelKind = iota // the class of each row
	perScore                  // 0, 1 or ignored for each score
	either                    // one of the two, which the values must tell
)

// plan finds out how the arrays go together.
func (d *Dump) plan() (err error) {
	set := d.source.set
	if !d.scores.DType().IsFloat() {
		return d.scores.WrongDType("float32, float16, bfloat16 or float64 scores")
	}
	if d.grid, err = scoreGrid(d.scores, set.Layout, set.columns, set.Columns); err != nil {
		return err
	}
	anchors := d.grid.anchors()
	d.shape = slices.Clone(anchors)
	if d.grid.axis >= 0 {
		d.shape = append(d.shape, d.grid.count)
	}
	full := d.scores
	d.scores = d.grid.view(full)
	d.columns = d.grid.count
	d.rows = d.scores.Len() / d.columns
	if err := d.planLabels(full); err != nil {
		return err
	}
	if d.weights == nil {
		return nil
	}
	switch {
	case !d.weights.DType().IsFloat():
		return d.weights.WrongDType("float32, float16, bfloat16 or float64 weights")
	case !merges(anchors, d.weights.Shape()):
		return d.weights.WrongShape(shapeText(anchors) + ", a weight for each anchor of " + full.Label())
	}
	return nil
}

// planLabels decides what the labels are, by their shape, their dtype and the flags.
func (d *Dump) planLabels(scores *array.Array) error {
	labels, set := d.labels, d.source.set
	dtype := labels.DType()
	perRow, perScores := d.grid.labelGrids(labels.Shape())
	fail := func(format string, args ...any) error {
		return fmt.Errorf("%s: %s labels of shape %s, "+format, append([]any{labels.Label(), dtype, shapeText(labels.Shape())}, args...)...)
	}
	switch {
	case perRow == nil && perScores == nil:
		return d.wrongLabels(scores)
	case perRow == nil:
		d.kind = perScore
		if set.Targets == "class" {
			return fail("one for each score, beside --targets=class: want %s, a class for each anchor", shapeText(d.grid.anchors()))
		}
	case perScores == nil:
		d.kind = classes
		switch {
		case set.Targets == "binary":
			return fail("one for each anchor, beside --targets=binary: want %s, a label for each score", shapeText(d.shape))
		case dtype.IsFloat():
			return fail("one for each anchor: want class indices of an integer type, as of labels.astype(np.int32), or %s, a label for each score", shapeText(d.shape))
		case dtype == array.Bool:
			return fail("one for each anchor of %d columns: want class indices of an integer type, or %s, a label for each score", d.columns, shapeText(d.shape))
		}
	case set.Targets == "binary":
		d.kind = perScore
	case set.Targets == "class":
		d.kind = classes
		if !dtype.IsInteger() {
			return fail("beside --targets=class: want class indices of an integer type, as of labels.astype(np.int32)")
		}
	case !dtype.IsInteger() || dtype == array.Uint8:
		d.kind = perScore
	case set.Background != nil:
		d.kind = classes // only they have a background of their own
	case dtype == array.Uint16 || dtype == array.Uint32 || dtype == array.Uint64:
		return d.ambiguous() // none is negative
	default:
		d.kind = either
	}
	switch {
	case d.kind == perScore && len(perScores) > 1:
		return fail("which can have the classes before or after the anchors: want scores and labels with the classes last, without --layout=%s", set.Layout)
	case d.kind == perScore:
		d.labelGrid = perScores[0]
		d.labels = d.labelGrid.view(labels)
	default:
		d.labelGrid = perRow[0]
	}
	return d.checkFlags()
}

// wrongLabels is the error for labels of a shape that does not go with the scores.
func (d *Dump) wrongLabels(scores *array.Array) error {
	anchors, set := d.grid.anchors(), d.source.set
	want := fmt.Sprintf("%s, a class for each anchor of %s", shapeText(anchors), scores.Label())
	if d.grid.axis < 0 {
		want = fmt.Sprintf("%s, that of %s", shapeText(anchors), scores.Label())
	} else {
		want += fmt.Sprintf(", or %s, a label for each score", shapeText(d.shape))
	}
	if set.Layout == "" && d.grid.axis > 0 {
		layout := "nca"
		if len(d.grid.shape) == 2 {
			layout = "ca"
		}
		if g, err := scoreGrid(scores, layout, set.columns, set.Columns); err == nil {
			if perRow, _ := g.labelGrids(d.labels.Shape()); perRow != nil {
				want += fmt.Sprintf("; they fit scores with the classes before the anchors, which --layout=%s says", layout)
			}
		}
	}
	return d.labels.WrongShape(want)
}

// checkFlags refuses flags that do not apply to this kind of labels.
func (d *Dump) checkFlags() error {
	set, label := d.source.set, d.labels.Label()
	if d.kind == perScore {
		switch {
		case set.Background != nil && d.columns == 1:
			return fmt.Errorf("%s: %s labels of one column are 0 and 1, where --background=%d has no meaning: want --targets=class too if they are class indices",
				label, d.labels.DType(), *set.Background)
		case set.Background != nil:
			return fmt.Errorf("%s: a label for each score, where --background=%d has no meaning: want class indices, or no --background", label, *set.Background)
		case slices.Contains(set.Ignored, 0) || slices.Contains(set.Ignored, 1):
			return fmt.Errorf("%s: a label for each score, where 0 is background and 1 foreground: want another --ignored than %s", label, join(set.Ignored, ", "))
		case len(set.Ignored) > 0 && d.labels.DType() == array.Bool:
			return fmt.Errorf("%s: labels of dtype bool, where --ignored=%s has no meaning: want no --ignored", label, join(set.Ignored, ","))
		}
		return nil
	}
	if d.kind == classes && slices.Contains(set.ignored(), set.background()) {
		return fmt.Errorf("%s: --ignored=%d is also what class indices call background: want another background, as --background=%d of Detectron2",
			label, set.background(), d.columns)
	}
	return nil
}

// ambiguous is the error for integer labels of one column that tell nothing.
func (d *Dump) ambiguous() error {
	but := ""
	if len(d.source.set.Ignored) > 0 {
		but = " but for ignored ones"
	}
	return fmt.Errorf("%s: %s labels of one column, none of them negative%s, can mean two things: want --targets=binary if 0 is background and 1 foreground, or --targets=class if 0 is the class of column 0",
		d.labels.Label(), d.labels.DType(), but)
}

// settle tells class indices from binary labels by their values, where nothing else
// does: a negative one that is not said to be ignored makes class indices. That takes a
// look at the labels up to the first of these.
func (d *Dump) settle() error {
	if d.kind != either {
		return nil
	}
	if d.rows == 0 {
		d.kind = classes // of none
		return nil
	}
	const part = 1 << 14
	buffer := make([]int32, min(part, d.rows))
	err := array.Guard(func() error {
		for from := 0; from < d.rows; from += part {
			to := min(from+part, d.rows)
			if err := d.labels.Fault(from, to); err != nil {
				return err
			}
			values, bad, err := d.labels.Int32s(buffer, from, to)
			if err != nil {
				return err
			}
			if bad >= 0 {
				values = values[:bad-from]
				d.kind = classes // and wrong ones, which their batch will show
			}
			for _, v := range values {
				if v < 0 && !slices.Contains(d.source.set.Ignored, v) {
					d.kind = classes
				}
			}
			if d.kind == classes {
				return nil
			}
		}
		return d.ambiguous()
	}, d.labels)
	if err != nil {
		return err
	}
	return d.checkFlags()
}

// badClass returns a value that is no class, background or ignored, to stand for one
// that no int32 can hold.
func (d *Dump) badClass() int32 {
	bad := int32(math.MinInt32)
	for bad == d.source.set.background() || slices.Contains(d.source.set.ignored(), bad) {
		bad++
	}
	return bad
}
