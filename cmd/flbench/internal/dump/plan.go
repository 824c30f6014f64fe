package dump

import (
	"fmt"
	"slices"

	"github.com/flengine/flengine/cmd/flbench/internal/array"
)

// head is what a file says of an array before its elements.
type head struct {
	label string // for messages
	dtype array.DType
	shape []int
}

func (h *head) wrongShape(want string) error {
	return fmt.Errorf("%s: shape %s, want %s", h.label, array.ShapeText(h.shape), want)
}

func (h *head) wrongDType(want string) error {
	return fmt.Errorf("%s: dtype %s, want %s", h.label, h.dtype, want)
}

// plan is how the arrays of an input go together.
type plan struct {
	set                  *settings
	scoreHead, labelHead head
	weightHead           *head // nil: none
	grid                 grid  // of the scores
	labelGrid            grid
	kind                 labelKind
	settled              bool // kind is what the values told
	columns, rows        int
	shape                []int // of outputs
}

// newPlan finds out how the arrays go together, by their heads and the flags.
func newPlan(set *settings, scores, labels head, weights *head) (p *plan, err error) {
	p = &plan{set: set, scoreHead: scores, labelHead: labels, weightHead: weights}
	if !scores.dtype.IsFloat() {
		return nil, scores.wrongDType("float32, float16, bfloat16 or float64 scores")
	}
	if p.grid, err = scoreGrid(&scores, set.Layout, set); err != nil {
		return nil, err
	}
	anchors := p.grid.anchors()
	p.columns, p.rows = p.grid.count, product(anchors)
	p.shape = slices.Clone(anchors)
	if p.grid.axis >= 0 {
		p.shape = append(p.shape, p.columns)
	}
	if err := p.planLabels(); err != nil {
		return nil, err
	}
	switch {
	case weights == nil:
	case !weights.dtype.IsFloat():
		return nil, weights.wrongDType("float32, float16, bfloat16 or float64 weights")
	case !merges(anchors, weights.shape):
		return nil, weights.wrongShape(array.ShapeText(anchors) + ", a weight for each anchor of " + scores.label)
	}
	return p, nil
}
