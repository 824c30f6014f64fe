package engine

import (
	"math"

	"github.com/flengine/flengine/asm"
	"github.com/flengine/flengine/engine/internal/kernel"
)

// longRow is blockOfRows for one row that no tile holds. Where gradients are wanted their
// memory keeps e meanwhile.
func (t *rowTile) longRow(j *job, row int, loss, weight []float32) (ignored int, f *fault) {
	columns := j.NumClasses
	first := row * columns
	ignored, _, err := t.expandClasses(j, row, 1)
	if err != nil {
		return 0, &fault{first, err}
	}
	g := part(j.grad, first, first+columns)
	weight[0] = t.weight[0]
	if t.dead[0] {
		loss[0] = 0
		clear(g)
		return ignored, nil
	}
	at := int(t.at[0])
	sums := &t.long
	*sums = longSums{}
	most, peak, bits, f := t.scan(j, first, at)
	if f != nil {
		return 0, f
	}
	shift, less := shiftOf(most, bits)
	var shifts8, lesses []float32
	if bits > rowCeilBits {
		fill(t.shifts8[:], 8*shift)
		fill(t.less[:], less)
		shifts8, lesses = t.shifts8[:], t.less[:]
	}
	sums.most, sums.peak = most, peak
	t.shift[0], t.lessOf[0] = shift, less
	t.sum.Lanes = [8]float64{}
	for k := 0; k < columns; k += kernel.Block {
		n := min(kernel.Block, columns-k)
		x := t.take(j, first+k, first+k+n)
		t.exponentials(j, t.exps[:n], x, head(shifts8, n), head(lesses, n))
		if i := at - k; i >= 0 && i < n {
			t.trueScore[0] = x[i] - less
		}
		if j.row.smooth.given() {
			sums.add(t, j, x, k)
		}
		if g != nil {
			copy(g[k:], t.exps[:n])
		}
		if i := at - k; i >= 0 && i < n {
			t.truth[0], t.exps[i] = t.exps[i], 0
		}
		t.sum = asm.RowSums{Rows: 1, Columns: n, Exps: &t.exps[0], True: &t.truth[0], Rest: &t.rest[0], All: &t.all[0], Lanes: t.sum.Lanes}
		j.kernels.Rows.Sum(&t.sum)
	}
	if j.row.smooth.given() {
		sums.finish(t, j)
	} else {
		t.evaluateLosses(j, 1, j.row.formula, t.weight[:])
	}
	loss[0] = t.loss[0]
	if g != nil {
		t.scaleLong(j, g)
		if j.row.smooth.given() {
			t.lessShares(j, g, 0, 0)
		}
		g[at] = 0 - t.slope[0]
	}
	return ignored, nil
}

// scan returns the greatest logit of the row that begins at a score, its column, and the bits
// of the greatest magnitude, or the row's first bad logit.
func (t *rowTile) scan(j *job, first, at int) (most float32, column int, bits uint32, f *fault) {
	most = float32(math.Inf(-1))
	for k := 0; k < j.NumClasses; k += kernel.Block {
		x := t.take(j, first+k, first+min(k+kernel.Block, j.NumClasses))
		m, b := t.topOf(j, x)
		if b >= infBits {
			if f := badRowLogit(j, x, at-k, k, first+k); f != nil {
				return 0, 0, 0, f
			}
		}
		if m > most {
			most = m
			if j.row.smooth.given() {
				column = k + columnOf(x, m)
			}
		}
		bits = max(bits, b)
	}
	return most, column, bits, nil
}

// infBits are those of +Inf.
var infBits = math.Float32bits(float32(math.Inf(1)))

// topOf is top, by the kernel, of at most a block.
func (t *rowTile) topOf(j *job, x []float32) (most float32, bits uint32) {
	whole := len(x) &^ (kernel.Group - 1)
	if whole == 0 {
		return top(x)
	}
	most, bits = j.kernels.Rows.Top(x[:whole])
	if whole < len(x) {
		m, b := top(x[whole:])
		if m > most {
			most = m
		}
		bits = max(bits, b)
	}
	return most, bits
}

// scaleLong makes gradients of e of one row, in its place.
func (t *rowTile) scaleLong(j *job, g []float32) {
	for k := 0; k < len(g); {
		n := min(kernel.Block, len(g)-k)
		e := g[k:]
		if n >= kernel.Group {
			n &^= kernel.Group - 1
		} else {
			copy(t.last[:], e)
			e = t.last[:]
		}
		t.scales = asm.RowScales{Rows: 1, Columns: n, Exps: &e[0], Gradients: &g[k], Scales: &t.scale[0], Units: &t.unit[0]}
		j.kernels.Rows.Scale(&t.scales)
		k += n
	}
}
