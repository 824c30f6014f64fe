package dump

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/flengine/flengine/cmd/flbench/internal/array"
)

// grid tells where the elements of a view lie in the array that it is a view of.
type grid struct {
	shape []int // of the array, but for axes of length 1
	order []int // axis k of the view is axis order[k] of the array; nil: all as they are
	axis  int   // that of the classes in the array; −1: none
	first int   // the first class of the view
	count int   // its classes
	own   []int // the array's shape
}

// index spells the place in the array of element i of the view, as NumPy does.
func (g *grid) index(i int) string {
	place := make([]int, len(g.shape))
	for k := len(g.shape) - 1; k >= 0; k-- {
		axis := k
		if g.order != nil {
			axis = g.order[k]
		}
		n, first := g.shape[axis], 0
		if axis == g.axis {
			n, first = g.count, g.first
		}
		place[axis] = i%n + first
		i /= n
	}
	at := 0
	for k, n := range g.shape {
		at = at*n + place[k]
	}
	words := make([]string, len(g.own))
	for k := len(g.own) - 1; k >= 0; k-- {
		words[k] = strconv.Itoa(at % g.own[k])
		at /= g.own[k]
	}
	return "[" + strings.Join(words, ", ") + "]"
}

// view returns the view of the array that the grid describes.
func (g *grid) view(a *array.Array) *array.Array {
	if !slices.Equal(g.shape, g.own) {
		a = a.Reshape(g.shape...)
	}
	if g.axis >= 0 {
		a = a.Slice(g.axis, g.first, g.first+g.count)
	}
	if g.order != nil {
		a = a.Permute(g.order...)
	}
	return a
}

// anchors returns the view's shape without the axis of the classes.
func (g *grid) anchors() (shape []int) {
	for k := range g.shape {
		axis := k
		if g.order != nil {
			axis = g.order[k]
		}
		if axis != g.axis {
			shape = append(shape, g.shape[axis])
		}
	}
	return shape
}

// scoreGrid returns the grid of scores under a layout, which may be "".
func scoreGrid(a *head, layout string, set *settings) (g grid, err error) {
	const want = "(A,), (A, C) or (N, A, C), a row of C ≥ 1 scores an anchor"
	shape := a.shape
	g = grid{shape: shape, own: shape, axis: len(shape) - 1, count: 1}
	byLayout := map[string]struct {
		least, most int
		axis        int
		want        string
	}{
		"ac":  {2, 2, 1, "(A, C)"},
		"nac": {3, maxAxes, len(shape) - 1, "(N, A, C)"},
		"ca":  {2, 2, 0, "(C, A)"},
		"nca": {3, maxAxes, 1, "(N, C, A)"},
		"chw": {3, 3, 0, "(C, H, W)"},
	}
	l, given := byLayout[layout]
	switch {
	case layout == "ca" && len(shape) == 3: // either of these may be meant
		return g, a.wrongShape("(C, A) for --layout=ca; (C, H, W) is --layout=chw, (N, C, A) --layout=nca")
	case given && (len(shape) < l.least || len(shape) > l.most):
		return g, a.wrongShape(fmt.Sprintf("%s for --layout=%s", l.want, layout))
	case len(shape) == 0:
		return g, a.wrongShape(want)
	case len(shape) == 1 && set.Columns != "":
		return g, a.wrongShape("(A, C) or (N, A, C) for --columns")
	case len(shape) == 1:
		g.axis = -1
		return g, nil
	case given:
		g.axis = l.axis
	}
	full := shape[g.axis]
	if full == 0 {
		return g, a.wrongShape(want)
	}
	from, to, err := set.columns.of(full)
	if err != nil {
		return g, fmt.Errorf("%s: shape %s: --columns=%s: %w", a.label, array.ShapeText(shape), set.Columns, err)
	}
	g.first, g.count = from, to-from
	if last := len(shape) - 1; g.axis != last {
		for k := range shape {
			if k != g.axis {
				g.order = append(g.order, k)
			}
		}
		g.order = append(g.order, g.axis)
	}
	return g, nil
}

// maxAxes is more than an array has.
const maxAxes = 1 << 10

// labelGrids returns how an array of labels of a shape can go with the scores: a label
// per row, a label per score, or both where there is one column.
func (g *grid) labelGrids(shape []int) (perRow, perScores []grid) {
	whole := grid{shape: shape, own: shape, axis: -1}
	if merges(g.anchors(), shape) {
		perRow = append(perRow, whole)
	}
	if g.axis < 0 {
		return perRow, perRow
	}
	// In the layout of the scores, with all classes or those that count.
	for _, classes := range g.classCounts() {
		like := slices.Clone(g.shape)
		like[g.axis] = classes
		if equalButOnes(like, shape) {
			l := grid{shape: like, own: shape, order: g.order, axis: g.axis, count: g.count}
			if classes != g.count {
				l.first = g.first
			}
			perScores = append(perScores, l)
		}
	}
	// With the classes last.
	last := len(shape) - 1
	for _, classes := range g.classCounts() {
		if (perScores == nil || classes > 1 && g.order != nil && !one(g.anchors())) && last >= 0 && shape[last] == classes && merges(g.anchors(), shape[:last]) {
			l := grid{shape: shape, own: shape, axis: last, count: g.count}
			if classes != g.count {
				l.first = g.first
			}
			perScores = append(perScores, l)
		}
	}
	if perScores == nil && g.count == 1 {
		perScores = perRow
	}
	return perRow, perScores
}

// one tells whether a shape has one element.
func one(shape []int) bool {
	return !slices.ContainsFunc(shape, func(n int) bool { return n != 1 })
}

// classCounts are the lengths that the axis of the classes can have in labels.
func (g *grid) classCounts() []int {
	if full := g.shape[g.axis]; full != g.count {
		return []int{full, g.count}
	}
	return []int{g.count}
}

// merges tells whether a shape is that of all the anchors, where neighbouring axes may be
// one, and axes of length 1 do not count.
func merges(anchors, shape []int) bool {
	if len(shape) == 0 {
		return false
	}
	if slices.Contains(anchors, 0) {
		return slices.Contains(shape, 0)
	}
	k := 0
	for _, n := range shape {
		if n < 1 {
			return false
		}
		for have := 1; have < n; k++ {
			if k == len(anchors) {
				return false
			}
			if have *= anchors[k]; have > n {
				return false
			}
		}
	}
	for ; k < len(anchors); k++ {
		if anchors[k] != 1 {
			return false
		}
	}
	return true
}

// equalButOnes tells whether two shapes are equal but for axes of length 1.
func equalButOnes(a, b []int) bool {
	one := func(n int) bool { return n == 1 }
	return slices.Equal(slices.DeleteFunc(slices.Clone(a), one), slices.DeleteFunc(slices.Clone(b), one))
}

// product returns the number of elements of a shape.
func product(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}
