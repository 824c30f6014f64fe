package engine

import (
	"fmt"
	"math"
	"sync"
	"unsafe"

	"github.com/flengine/flengine/asm"
	"github.com/flengine/flengine/engine/internal/kernel"
)

// Losses of rows: those of softmax, of which a row of NumClasses logits makes one loss.
// Logits are evaluated tile by tile, as many whole rows as fit; a longer row is done piece
// by piece. The losses of Block rows make a canonical sum.

// maxTileRows keeps what a tile has per row in L1.
const maxTileRows = 512

// rowTile is a worker's scratch for rows.
type rowTile struct {
	exps    [kernel.Block + kernel.Group]float32 // e of the scores, and what kernels read past it
	scores  [kernel.Block]float32                // logits that are not there as float32
	shifts8 [kernel.Block]float32                // 8·R of the scores, where a row has one
	less    [kernel.Block]float32                // and c
	shares  [kernel.Block + kernel.Group]float32 // what smoothing adds up
	last    [kernel.Group]float32                // the last logits of a tile, a whole group
	half    [kernel.Group]uint16

	at                          [maxTileRows]int32 // of the rows: the true class's score in the tile
	dead                        [maxTileRows]bool  // ignored, or of weight 0: not looked at
	weight                      [maxTileRows]float32
	shift, lessOf               [maxTileRows]float32 // R and c
	rest, all, truth, trueScore [maxTileRows]float32
	loss, slope, scale, unit    [maxTileRows]float32
	smooth                      rowSmoothing
	long                        longSums

	losses, weights [kernel.Block]float32 // of a block of rows
	found           []Score               // what a ranking may keep of them

	call   asm.RowCall // what the kernels are given
	exp    asm.RowExps
	sum    asm.RowSums
	scales asm.RowScales
}

var rowTiles = sync.Pool{New: func() any { return new(rowTile) }}

// rowJob is what a job over rows has besides.
type rowJob struct {
	formula asm.RowFormula
	rows    int
	per     int // rows of a unit of work: Block, or fewer where the losses are added up at the end
	// The losses and weights of all rows, where they are.
	losses, weights []float32
	ignoredColumn   bool // an ignored class is the number of a column
	smooth          rowShares
}

// runRows is run for losses of rows.
func (j *job) runRows(r []Result, want int) error {
	rows, err := j.Batch.checkRows(j.Engine, &j.outputs, want)
	if err != nil {
		return err
	}
	j.n = j.size()
	j.x, j.field, j.input = j.scores()
	j.widened = j.widening()
	j.row.formula, j.row.rows, j.row.per = j.rows, rows, kernel.Block
	if j.row.smooth, err = j.rowShares(j.NumClasses); err != nil {
		return err
	}
	for _, c := range j.classes.ignored {
		j.row.ignoredColumn = j.row.ignoredColumn || uint(c) < uint(j.NumClasses)
	}
	workers := min(j.workers, j.n/(j.kernels.Grain*kernel.Block), rows)
	if workers <= 1 {
		if f := evaluateRows(j, 0, rows, &r[0]); f != nil {
			return f.err
		}
		return nil
	}
	if rows >= 4*workers*kernel.Block {
		return parallel(r, *j, workers)
	}
	// There are too few blocks of rows for all workers: they take fewer rows at a time, whose
	// losses are added up when all are there.
	keep := keeps.Get().(*rowKeep)
	defer keeps.Put(keep)
	keep.losses, keep.weights = sized(keep.losses, rows), sized(keep.weights, rows)
	j.row.losses, j.row.weights = keep.losses, keep.weights
	j.row.per = max(1, kernel.Block/j.NumClasses)
	if err := parallel(r, *j, workers); err != nil {
		return err
	}
	for from := 0; from < rows; from += kernel.Block {
		to := min(from+kernel.Block, rows)
		if err := r[0].addRows(from, keep.losses[from:to], keep.weights[from:to]); err != nil {
			return err
		}
	}
	return nil
}

// sizes returns how many scores there are, or rows if the loss is one of those, and how many
// of them workers take as a unit.
func (j *job) sizes() (size, unit int) {
	if j.row.per > 0 {
		return j.row.rows, j.row.per
	}
	return j.n, kernel.Block
}

// rowKeep has the losses of a batch until they are added up.
type rowKeep struct{ losses, weights []float32 }

var keeps = sync.Pool{New: func() any { return new(rowKeep) }}

// sized returns n elements, in the memory of s if they have room.
func sized(s []float32, n int) []float32 {
	if cap(s) < n {
		return make([]float32, n)
	}
	return s[:n]
}

// addRows adds the sums of a block of rows.
func (r *Result) addRows(from int, losses, weights []float32) error {
	sum, weight := finiteSum(losses), finiteSum(weights)
	if !(sum >= 0) || !(weight >= 0 && weight <= math.MaxFloat64) {
		return wholeError("Batch", 0, "changed during the call, in rows %d to %d: want it left alone until the call returns", from, from+len(losses)-1)
	}
	r.LossSum.Add(sum)
	r.WeightSum.Add(weight)
	return nil
}

// evaluateRows does the rows [from, to) of the job and adds them to r; from is a multiple of
// the unit of work.
func evaluateRows(j *job, from, to int, r *Result) *fault {
	t := rowTiles.Get().(*rowTile)
	f := t.evaluate(j, from, to, r)
	rowTiles.Put(t)
	return f
}

func (t *rowTile) evaluate(j *job, from, to int, r *Result) *fault {
	defer t.forget()
	for ; from < to; from += kernel.Block {
		end := min(from+kernel.Block, to)
		losses, weights := t.losses[:end-from], t.weights[:end-from]
		if j.row.losses != nil {
			losses, weights = j.row.losses[from:end], j.row.weights[from:end]
		}
		ignored, f := t.blockOfRows(j, from, losses, weights)
		if f != nil {
			return f
		}
		if j.dst != nil {
			copy(j.dst[from:end], losses)
		}
		if j.ranking != nil {
			t.rankRows(j, from, losses, weights)
		}
		r.Scores += int64(len(losses) - ignored)
		r.Positives += int64(len(losses) - ignored)
		r.Ignored += int64(ignored)
		if j.row.losses != nil {
			continue
		}
		if err := r.addRows(from, losses, weights); err != nil {
			return &fault{from * j.NumClasses, err}
		}
	}
	return nil
}

// blockOfRows sets the losses and weights of the rows from the given one on, and gradients
// where they are wanted.
func (t *rowTile) blockOfRows(j *job, from int, losses, weights []float32) (ignored int, f *fault) {
	if j.NumClasses > kernel.Block {
		for i := range losses {
			n, f := t.longRow(j, from+i, losses[i:i+1], weights[i:i+1])
			if f != nil {
				return 0, f
			}
			ignored += n
		}
		return ignored, nil
	}
	per := tileRows(j.NumClasses)
	for i := 0; i < len(losses); i += per {
		end := min(i+per, len(losses))
		n, f := t.tileOfRows(j, from+i, losses[i:end], weights[i:end])
		if f != nil {
			return 0, f
		}
		ignored += n
	}
	return ignored, nil
}

// forget ends the tile's hold on the batch.
func (t *rowTile) forget() {
	t.call, t.exp, t.sum, t.scales = asm.RowCall{}, asm.RowExps{}, asm.RowSums{}, asm.RowScales{}
}

// tileRows is how many rows a tile takes, if it can a multiple of RowGroup, which then often
// have whole groups of scores, too.
func tileRows(columns int) int {
	n := min(maxTileRows, kernel.Block/columns)
	if n >= asm.RowGroup {
		n -= n % asm.RowGroup
	}
	return n
}

// tileOfRows is blockOfRows for the rows of a tile.
func (t *rowTile) tileOfRows(j *job, from int, losses, weights []float32) (ignored int, f *fault) {
	rows, columns := len(losses), j.NumClasses
	ignored, good, err := t.expandClasses(j, from, rows)
	n := good * columns
	x := t.take(j, from*columns, from*columns+n)
	if err != nil {
		// The fault may be in a logit before.
		if f := t.badRows(j, from, x, good); f != nil {
			return 0, f
		}
		return 0, &fault{(from + good) * columns, err}
	}
	clear(t.shift[:rows])
	clear(t.lessOf[:rows])
	bits := t.exponentials(j, t.exps[:n], x, nil, nil)
	shifted := bits > rowCeilBits
	if bits >= infBits {
		if f := t.badRows(j, from, x, good); f != nil {
			return 0, f
		}
	}
	if shifted {
		t.shifts(j, x, rows, columns)
		t.exponentials(j, t.exps[:n], x, t.shifts8[:n], t.less[:n])
	}
	if j.row.smooth.given() {
		t.smoothTile(j, x, rows)
	} else {
		t.sumRows(j, x, t.at[:rows], shifted)
		t.evaluateLosses(j, rows, j.row.formula, t.weight[:])
	}
	copy(losses, t.loss[:rows])
	copy(weights, t.weight[:rows])
	if j.grad != nil {
		g := j.grad[from*columns:][:n]
		t.scales = asm.RowScales{Rows: rows, Columns: columns, Exps: &t.exps[0], Gradients: &g[0], Scales: &t.scale[0], Units: &t.unit[0]}
		j.kernels.Rows.Scale(&t.scales)
		if j.row.smooth.given() {
			for i := range rows {
				t.lessShares(j, g[i*columns:][:columns], 0, i)
			}
		}
		for i, at := range t.at[:rows] {
			g[at] = 0 - t.slope[i]
		}
	}
	return ignored, nil
}

// sumRows takes the scores at, one per row, from the exponentials, and sets what the rows
// have of these and of all others.
func (t *rowTile) sumRows(j *job, x []float32, at []int32, shifted bool) {
	rows, columns := len(at), j.NumClasses
	for i, at := range at {
		t.truth[i], t.exps[at] = t.exps[at], 0
		t.trueScore[i] = x[at] - t.lessOf[i]
	}
	if shifted {
		for i, dead := range t.dead[:rows] {
			if dead { // whose logits may be anything
				clear(t.exps[i*columns:][:columns])
				t.truth[i], t.trueScore[i] = 1, 0
			}
		}
	}
	t.sum = asm.RowSums{Rows: rows, Columns: columns, Exps: &t.exps[0], True: &t.truth[0], Rest: &t.rest[0], All: &t.all[0]}
	j.kernels.Rows.Sum(&t.sum)
}

// take returns the scores [from, to), at most a block, as [tile.take] does.
func (t *rowTile) take(j *job, from, to int) []float32 {
	if j.bits == nil {
		return j.x[from:to]
	}
	h := j.bits[from:to]
	whole := len(h) &^ (kernel.Group - 1)
	j.widen(t.scores[:whole], h[:whole])
	if whole < len(h) {
		copy(t.half[:], h[whole:]) // what it has beyond does not matter
		j.widen(t.scores[whole:][:kernel.Group], t.half[:])
	}
	return t.scores[:len(h)]
}

// rowCeilBits are those of the greatest |x| of a row that needs no shift.
var rowCeilBits = math.Float32bits(asm.RowCeil)

// exponentials sets e to exp of the scores x, with shifts where given, and returns the bits
// of the greatest |x| without. There is room for a group behind e, and, where x is no whole
// number of them, behind the shifts.
func (t *rowTile) exponentials(j *job, e, x, shifts8, less []float32) (top uint32) {
	whole := len(x) &^ (kernel.Group - 1)
	if whole > 0 {
		t.exp = asm.RowExps{N: whole, Scores: &x[0], Exps: &e[0], Shifts8: data(shifts8), Less: data(less)}
		j.kernels.Rows.Exp(&t.exp)
		top = t.exp.Top
	}
	if whole < len(x) {
		clear(t.last[copy(t.last[:], x[whole:]):])
		t.exp = asm.RowExps{N: kernel.Group, Scores: &t.last[0], Exps: &t.last[0]}
		if shifts8 != nil {
			t.exp.Shifts8, t.exp.Less = &shifts8[whole : whole+kernel.Group][0], &less[whole : whole+kernel.Group][0]
		}
		j.kernels.Rows.Exp(&t.exp)
		top = max(top, t.exp.Top)
		copy(e[whole:], t.last[:])
	}
	return top
}

// evaluateLosses runs the kernel of the losses of rows, padded to a whole number of groups,
// with weights of maxTileRows.
func (t *rowTile) evaluateLosses(j *job, rows int, formula asm.RowFormula, weights []float32) {
	n := (rows + asm.RowGroup - 1) &^ (asm.RowGroup - 1)
	for i := rows; i < n; i++ {
		t.rest[i], t.all[i], t.truth[i] = 0, 1, 1
		t.trueScore[i], t.shift[i], weights[i] = 0, 0, 0
	}
	t.call = asm.RowCall{
		Formula: formula, N: n, Rest: &t.rest[0], All: &t.all[0], True: &t.truth[0],
		Scores: &t.trueScore[0], Shifts: &t.shift[0], Weights: &weights[0],
		Losses: &t.loss[0], Slopes: &t.slope[0], Scales: &t.scale[0], Units: &t.unit[0], Params: j.params,
	}
	j.kernels.Rows.Loss(&t.call)
}

// expandClasses sets what a tile has of its rows' classes: where their scores are, and the
// rows' weights, 0 where they are not looked at. If a class or a weight is bad, it returns
// the error and how many rows precede it.
func (t *rowTile) expandClasses(j *job, from, rows int) (ignored, good int, err error) {
	classes, columns := j.Classes[from:from+rows], uint32(min(j.NumClasses, math.MaxInt32))
	base := int32(0)
	plain := !j.row.ignoredColumn
	good = rows
	for i, c := range classes {
		if uint32(c) < columns && (plain || !j.classes.ignores(c)) {
			t.at[i], t.weight[i], t.dead[i] = base+c, 1, false
		} else if j.classes.ignores(c) {
			t.at[i], t.weight[i], t.dead[i] = base, 0, true
			ignored++
		} else {
			good, err = i, j.badRowClass(from+i)
			break // a weight before it may be bad, too, or 0
		}
		base += int32(columns)
	}
	smoothed := j.row.smooth.given()
	if smoothed {
		copy(t.smooth.row[:], t.weight[:good])
	}
	if j.Weights == nil && j.columns.positives.columns == 0 {
		return ignored, good, err
	}
	for i := range good {
		if t.dead[i] {
			if j.Weights != nil && !goodWeight(j.Weights[from+i]) {
				return ignored, i, badWeight("Weights", from+i, j.Weights[from+i])
			}
			continue
		}
		w := float32(1)
		if j.Weights != nil {
			if w = j.Weights[from+i] + 0; !goodWeight(w) {
				return ignored, i, badWeight("Weights", from+i, w)
			}
		}
		if p := &j.columns.positives; p.columns != 0 {
			c := int(t.at[i]) - i*j.NumClasses // that of Classes as it was read
			product, most := float32(w*p.factors[c]), float32(0)
			if smoothed {
				t.smooth.row[i] = w
				most = float32(w * j.row.smooth.most(p.factors[c]))
			}
			if w > 0 && !(max(product, most) <= math.MaxFloat32) {
				return ignored, i, j.overflow((from+i)*j.NumClasses+c, 1, 0)
			}
			if !smoothed {
				w = product
			}
			t.weight[i] = product
		} else {
			t.weight[i], t.smooth.row[i] = w, w
		}
		t.dead[i] = w == 0
	}
	return ignored, good, err
}

// badRowClass is the error for a row whose class is none.
func (j *job) badRowClass(row int) error {
	return &InputError{Field: "Classes", Index: row, Value: float64(j.Classes[row]),
		Reason: fmt.Sprintf("under softmax every class is a column: want a class in [0, %d), or %s for ignored, which WithIgnored sets",
			j.NumClasses, j.classes.ignoredNames())}
}

// badRows finds the first logit of so many rows, from one on, that is none, in the rows that
// are looked at.
func (t *rowTile) badRows(j *job, from int, x []float32, rows int) *fault {
	columns := j.NumClasses
	for i := range rows {
		if t.dead[i] {
			continue
		}
		if f := badRowLogit(j, x[i*columns:][:columns], int(t.at[i])-i*columns, 0, (from+i)*columns); f != nil {
			return f
		}
	}
	return nil
}

// badRowLogit finds the first logit that is none of a part of a row, from a column and score
// on, of which the true class is at.
func badRowLogit(j *job, part []float32, at, column, from int) *fault {
	for k, x := range part {
		want := ""
		switch {
		case x != x:
			want = "want a number"
		case x > math.MaxFloat32:
			want = "want a finite logit, or −Inf for a class that is not the row's"
		case x < -math.MaxFloat32 && k == at:
			want = "want a finite logit for the class of the row"
		case x < -math.MaxFloat32 && j.row.smooth.given() && j.classWeight(column+k) > 0:
			want = "want a finite logit: with label smoothing every class has a share of the loss"
		default:
			continue
		}
		return &fault{from + k, &InputError{Field: j.field, Index: from + k, Value: float64(x), Reason: want}}
	}
	return nil
}

// shifts sets R and c of the rows and of their scores.
func (t *rowTile) shifts(j *job, x []float32, rows, columns int) {
	n := len(x)
	for i := n; i < min(n+kernel.Group, kernel.Block); i++ {
		t.shifts8[i], t.less[i] = 0, 0 // those of no row
	}
	for i := range rows {
		row := x[i*columns:][:columns]
		var shift, less float32
		if !t.dead[i] {
			shift, less = shiftOf(t.topOf(j, row))
		}
		t.shift[i], t.lessOf[i] = shift, less
		s, l := t.shifts8[i*columns:][:columns], t.less[i*columns:][:columns]
		if columns >= 8 {
			fill(s, 8*shift)
			fill(l, less)
			continue
		}
		for k := range s {
			s[k] = 8 * shift
		}
		for k := range l {
			l[k] = less
		}
	}
}

// top returns the greatest logit of a row and the bits of the greatest magnitude. It compares
// bits, as branches on logits would go wrong half the time.
func top(row []float32) (most float32, bits uint32) {
	greatest, top := int64(math.MinInt32), int64(0)
	for _, b := range unsafe.Slice((*int32)(unsafe.Pointer(unsafe.SliceData(row))), len(row)) {
		greatest = greater(greatest, int64(ordered(b)))
		top = greater(top, int64(b&math.MaxInt32))
	}
	return math.Float32frombits(uint32(ordered(int32(greatest)))), uint32(top)
}

// ordered maps the bits of float32s to integers in the same order, and back.
func ordered(b int32) int32 { return b ^ b>>31&math.MaxInt32 }

// greater returns the greater one of two integers of 32 bits, without a branch.
func greater(a, b int64) int64 { return a - (a-b)&((a-b)>>63) }

// shiftOf is R and c of a row; see package generic.
func shiftOf(most float32, bits uint32) (shift, less float32) {
	if bits <= rowCeilBits {
		return 0, 0
	}
	if most >= 256 || most <= -256 {
		less = most
	}
	const magic = 3 << 51                             // x + magic rounds x to an integer
	n := float64(float64(most-less) * (1 / math.Ln2)) // not fused with what follows
	return float32(n - 0.51 + magic - magic), less
}
