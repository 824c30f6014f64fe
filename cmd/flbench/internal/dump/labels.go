package dump

import (
	"fmt"
	"slices"
	"strings"

	"github.com/flengine/flengine/cmd/flbench/internal/array"
)

// labelKind is what labels are.
type labelKind uint8

const (
	classes    labelKind = iota // the class of each row
	perScore                    // 0, 1 or ignored for each score
	soft                        // a number from 0 to 1, or ignored, for each score
	either                      // classes or perScore, which the values must tell
	softOrHard                  // soft or perScore, likewise
)

// planLabels decides what the labels are, by their shape, their dtype and the flags.
func (p *plan) planLabels() error {
	labels, set := &p.labelHead, p.set
	dtype := labels.dtype
	perRow, perScores := p.grid.labelGrids(labels.shape)
	ofScores := perScore
	switch {
	case set.Targets == "soft":
		ofScores = soft
	case set.Targets == "" && dtype.IsFloat():
		ofScores = softOrHard
	}
	fail := func(format string, args ...any) error {
		return fmt.Errorf("%s: %s labels of shape %s, "+format, append([]any{labels.label, dtype, array.ShapeText(labels.shape)}, args...)...)
	}
	switch {
	case perRow == nil && perScores == nil:
		return p.wrongLabels()
	case set.Targets == "soft" && !dtype.IsFloat():
		return fail("beside --targets=soft: want numbers from 0 to 1 of a float type")
	case perRow == nil && set.Rows != "":
		return fail("one for each score, beside --loss %s: want %s, a class for each anchor, as of labels.argmax(-1) if each has one", set.Rows, array.ShapeText(p.grid.anchors()))
	case set.Rows != "":
		p.kind = classes
		if !dtype.IsInteger() {
			return fail("one for each anchor, beside --loss %s: want class indices of an integer type, as of labels.astype(np.int32)", set.Rows)
		}
	case perRow == nil:
		p.kind = ofScores
		if set.Targets == "class" {
			return fail("one for each score, beside --targets=class: want %s, a class for each anchor", array.ShapeText(p.grid.anchors()))
		}
	case perScores == nil:
		p.kind = classes
		switch {
		case set.Targets == "binary" || set.Targets == "soft":
			return fail("one for each anchor, beside --targets=%s: want %s, a label for each score", set.Targets, array.ShapeText(p.shape))
		case dtype.IsFloat():
			return fail("one for each anchor: want class indices of an integer type, as of labels.astype(np.int32), or %s, a label for each score", array.ShapeText(p.shape))
		case dtype == array.Bool:
			return fail("one for each anchor of %d columns: want class indices of an integer type, or %s, a label for each score", p.columns, array.ShapeText(p.shape))
		}
	case set.Targets == "binary" || set.Targets == "soft":
		p.kind = ofScores
	case set.Targets == "class":
		p.kind = classes
		if !dtype.IsInteger() {
			return fail("beside --targets=class: want class indices of an integer type, as of labels.astype(np.int32)")
		}
	case !dtype.IsInteger() || dtype == array.Uint8:
		p.kind = ofScores
	case set.Background != nil:
		p.kind = classes // only they have a background of their own
	case dtype == array.Uint16 || dtype == array.Uint32 || dtype == array.Uint64:
		return p.ambiguous() // none is negative
	default:
		p.kind = either
	}
	switch {
	case p.ofScores() && len(perScores) > 1:
		return fail("which can have the classes before or after the anchors: want scores and labels with the classes last, without --layout=%s", set.Layout)
	case p.ofScores():
		p.labelGrid = perScores[0]
	default:
		p.labelGrid = perRow[0]
	}
	return p.checkFlags()
}

// ofScores tells whether there is a label for each score.
func (p *plan) ofScores() bool {
	return p.kind == perScore || p.kind == soft || p.kind == softOrHard
}

// wrongLabels is the error for labels of a shape that does not go with the scores.
func (p *plan) wrongLabels() error {
	anchors, set := p.grid.anchors(), p.set
	want := fmt.Sprintf("%s, a class for each anchor of %s", array.ShapeText(anchors), p.scoreHead.label)
	if p.grid.axis < 0 {
		want = fmt.Sprintf("%s, that of %s", array.ShapeText(anchors), p.scoreHead.label)
	} else {
		want += fmt.Sprintf(", or %s, a label for each score", array.ShapeText(p.shape))
	}
	if set.Layout == "" && p.grid.axis > 0 {
		var fit []string
		for _, layout := range []string{"ca", "nca", "chw"} {
			if g, err := scoreGrid(&p.scoreHead, layout, set); err == nil {
				if perRow, _ := g.labelGrids(p.labelHead.shape); perRow != nil {
					fit = append(fit, "--layout="+layout)
				}
			}
		}
		if fit != nil {
			want += fmt.Sprintf("; they fit scores with the classes before the anchors, which %s says", strings.Join(fit, " or "))
		}
	}
	return p.labelHead.wrongShape(want)
}

// checkFlags refuses flags that do not apply to this kind of labels.
func (p *plan) checkFlags() error {
	set, label := p.set, p.labelHead.label
	if p.ofScores() {
		switch {
		case set.Background != nil && p.columns == 1:
			return fmt.Errorf("%s: %s labels of one column are 0 and 1, where --background=%d has no meaning: want --targets=class too if they are class indices",
				label, p.labelHead.dtype, *set.Background)
		case set.Background != nil:
			return fmt.Errorf("%s: a label for each score, where --background=%d has no meaning: want class indices, or no --background", label, *set.Background)
		case slices.Contains(set.Ignored, 0) || slices.Contains(set.Ignored, 1):
			return fmt.Errorf("%s: a label for each score, where 0 is background and 1 foreground: want another --ignored than %s", label, join(set.Ignored, ", "))
		case len(set.Ignored) > 0 && p.labelHead.dtype == array.Bool:
			return fmt.Errorf("%s: labels of dtype bool, where --ignored=%s has no meaning: want no --ignored", label, join(set.Ignored, ","))
		}
		return nil
	}
	if set.Rows != "" && set.Background != nil && (*set.Background < 0 || int(*set.Background) >= p.columns) {
		return fmt.Errorf("%s: --background=%d is no column: of %s every class is one, want a class in [0, %d), or no --background",
			label, *set.Background, set.Rows, p.columns)
	}
	if p.kind == classes && set.clash() {
		return fmt.Errorf("%s: --ignored=%d is also what class indices call background: want another background, as --background=%d of Detectron2",
			label, set.background(), p.columns)
	}
	return nil
}

// ambiguous is the error for integer labels of one column that tell nothing.
func (p *plan) ambiguous() error {
	but := ""
	if len(p.set.Ignored) > 0 {
		but = " but for ignored ones"
	}
	return fmt.Errorf("%s: %s labels of one column, none of them negative%s, can mean two things: want --targets=binary if 0 is background and 1 foreground, or --targets=class if 0 is the class of column 0",
		p.labelHead.label, p.labelHead.dtype, but)
}
