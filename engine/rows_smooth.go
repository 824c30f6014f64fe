package engine

import (
	"math"

	"github.com/flengine/flengine/asm"
)

// Label smoothing of softmax cross-entropy, as PyTorch defines it: with the weights w_c of
// classes, W their sum, ε, C columns and the row's own weight r,
//
//	loss = r·((1−ε)·w_t·CE + (ε/C)·Σ w_c·(lse − x_c))
//
// where lse is the logarithm of the sum of all exp(x_c). With the row's maximum m the sum is
// D + W·(lse − m), D = Σ w_c·(m − x_c) in the canonical order: all its terms are ≥ 0, so that
// none cancels. lse − m is the cross-entropy of the greatest logit.

// rowShares are what classes have of the loss of a smoothed row.
type rowShares struct {
	keep  float32 // 1 − ε; 0: not smoothed
	share float32 // ε/C
	total float32 // W
}

// rowShares returns those of the engine's loss for so many columns.
func (e *Engine) rowShares(columns int) (s rowShares, err error) {
	epsilon := e.loss.smoothing
	if epsilon == 0 {
		return s, nil
	}
	s = rowShares{1 - epsilon, epsilon / float32(columns), float32(columns)}
	if p := &e.columns.positives; p.columns != 0 {
		total := 0.0
		for _, w := range p.factors[:p.columns] {
			total += float64(w)
		}
		if s.total = float32(total); s.total > math.MaxFloat32 {
			return s, wholeError(p.field, float64(p.columns), "have a sum beyond float32: want smaller ones, as label smoothing multiplies by it")
		}
	}
	return s, nil
}

func (s *rowShares) given() bool { return s.keep != 0 }

// most is the factor of a row's weight in the greatest derivative of a row of a class of that
// weight: that by p_j.
func (s *rowShares) most(w float32) float32 { return float32(s.keep*w) + float32(s.share*s.total) }

// classWeight is that of a column.
func (e *Engine) classWeight(column int) float32 {
	if p := &e.columns.positives; p.columns != 0 {
		return p.factors[column]
	}
	return 1
}

// rowSmoothing is what a tile has per row of a smoothed loss.
type rowSmoothing struct {
	row      [maxTileRows]float32 // r, 0 where the row is not looked at
	peak     [maxTileRows]int32   // the score that is the greatest of the row
	over     [maxTileRows]float32 // lse − m
	distance [maxTileRows]float32 // D
	factor   [maxTileRows]float32 // r·ε/C
	ones     [maxTileRows]float32 // weights, but for the padding
}

// smoothTile sets the losses of a tile's rows and what their gradients are made of.
func (t *rowTile) smoothTile(j *job, x []float32, rows int) {
	s, columns := &t.smooth, j.NumClasses
	for i := range rows {
		row := x[i*columns:][:columns]
		s.peak[i] = int32(i * columns)
		if t.dead[i] {
			clear(t.exps[i*columns:][:columns])
			clear(t.shares[i*columns:][:columns])
			t.exps[i*columns] = 1
			continue
		}
		most, _ := t.topOf(j, row)
		k := columnOf(row, most)
		s.peak[i] += int32(k)
		j.distances(t.shares[i*columns:][:columns], row, row[k], 0)
	}
	clear(s.ones[:rows])
	t.sum = asm.RowSums{Rows: rows, Columns: columns, Exps: &t.shares[0], True: &s.ones[0], Rest: &s.distance[0], All: &t.all[0]}
	j.kernels.Rows.Sum(&t.sum)

	fill(s.ones[:rows], 1)
	t.sumRows(j, x, s.peak[:rows], false)
	t.evaluateLosses(j, rows, asm.RowCE, s.ones[:])
	copy(s.over[:rows], t.loss[:rows])
	for i, at := range s.peak[:rows] {
		t.exps[at] = t.truth[i]
	}

	t.sumRows(j, x, t.at[:rows], false)
	for i, dead := range t.dead[:rows] {
		if dead { // e of its class has been taken
			t.truth[i], t.trueScore[i] = 1, 0
		}
	}
	t.evaluateLosses(j, rows, asm.RowCE, s.ones[:])
	t.smoothRows(j, rows)
}

// columnOf returns the first column of a row that has that logit, the row's greatest.
func columnOf(row []float32, most float32) int {
	for i, x := range row {
		if x == most {
			return i
		}
	}
	return 0 // the batch changed during the call
}

// distances sets d to w_c·(most − x_c) of a part of a row, from a column on.
func (j *job) distances(d, x []float32, most float32, column int) {
	if p := &j.Engine.columns.positives; p.columns != 0 {
		for i, w := range p.factors[column:][:len(x)] {
			if d[i] = 0; w != 0 { // then x may be −Inf
				d[i] = float32(w * (most - x[i]))
			}
		}
		return
	}
	for len(d) >= 8 && len(x) >= 8 { // eight at a time, as in scale
		d8, x8 := (*[8]float32)(d), (*[8]float32)(x)
		d8[0], d8[1], d8[2], d8[3] = most-x8[0], most-x8[1], most-x8[2], most-x8[3]
		d8[4], d8[5], d8[6], d8[7] = most-x8[4], most-x8[5], most-x8[6], most-x8[7]
		d, x = d[8:], x[8:]
	}
	for i := range d {
		d[i] = most - x[i]
	}
}

// smoothRows makes losses of smoothed rows of CE, and scales and slopes of those of CE.
func (t *rowTile) smoothRows(j *job, rows int) {
	s, k := &t.smooth, &j.row.smooth
	for i, r := range s.row[:rows] {
		if t.dead[i] {
			t.loss[i], t.slope[i], t.scale[i], s.factor[i] = 0, 0, 0, 0
			continue
		}
		column := int(t.at[i]) - i*j.NumClasses
		w := j.classWeight(column)
		own := float32(k.keep * w)
		shared := s.distance[i] + float32(k.total*s.over[i])
		t.loss[i] = float32(r * (float32(own*t.loss[i]) + float32(k.share*shared)))
		inverse := t.scale[i] // 1/σ
		pt := float32(inverse * float32(t.truth[i]*t.unit[i]))
		t.slope[i] = float32(r * (float32(own*t.slope[i]) - float32(k.share*(float32(k.total*pt)-w))))
		t.scale[i] = float32(float32(r*k.most(w)) * inverse)
		s.factor[i] = float32(r * k.share)
	}
}

// lessShares takes the classes' shares from the gradients of a part of row i, from a column on.
func (t *rowTile) lessShares(j *job, g []float32, column, i int) {
	f := t.smooth.factor[i]
	if f == 0 {
		return
	}
	if p := &j.Engine.columns.positives; p.columns != 0 {
		for k, w := range p.factors[column:][:len(g)] {
			g[k] -= float32(f * w)
		}
		return
	}
	for len(g) >= 8 {
		g8 := (*[8]float32)(g)
		g8[0], g8[1], g8[2], g8[3] = g8[0]-f, g8[1]-f, g8[2]-f, g8[3]-f
		g8[4], g8[5], g8[6], g8[7] = g8[4]-f, g8[5]-f, g8[6]-f, g8[7]-f
		g = g[8:]
	}
	for k := range g {
		g[k] -= f
	}
}

// longSums are what smoothing adds up of a long row: D, and e of all classes but the greatest.
type longSums struct {
	distance, rest asm.RowSums
	most           float32
	peak           int // the column of the greatest logit
	truth, none    float32
}

// add adds a piece of the row, whose exponentials are in t.exps, from a column on.
func (l *longSums) add(t *rowTile, j *job, x []float32, column int) {
	n := len(x)
	j.distances(t.shares[:n], x, l.most, column)
	l.distance = asm.RowSums{Rows: 1, Columns: n, Exps: &t.shares[0], True: &l.none, Rest: &t.rest[1], All: &t.all[1], Lanes: l.distance.Lanes}
	j.kernels.Rows.Sum(&l.distance)
	at := l.peak - column
	inside := at >= 0 && at < n
	if inside {
		l.truth, t.exps[at] = t.exps[at], 0
	}
	l.rest = asm.RowSums{Rows: 1, Columns: n, Exps: &t.exps[0], True: &l.truth, Rest: &t.rest[2], All: &t.all[2], Lanes: l.rest.Lanes}
	j.kernels.Rows.Sum(&l.rest)
	if inside {
		t.exps[at] = l.truth
	}
}

// finish sets the loss of the row, whose own sums are those of row 0, and what its gradients
// are made of.
func (l *longSums) finish(t *rowTile, j *job) {
	s := &t.smooth
	s.ones[0], s.distance[0] = 1, t.rest[1]
	own := [4]float32{t.rest[0], t.all[0], t.truth[0], t.trueScore[0]}
	t.rest[0], t.all[0], t.truth[0], t.trueScore[0] = t.rest[2], t.all[2], l.truth, l.most-t.lessOf[0]
	t.evaluateLosses(j, 1, asm.RowCE, s.ones[:])
	s.over[0] = t.loss[0]
	t.rest[0], t.all[0], t.truth[0], t.trueScore[0] = own[0], own[1], own[2], own[3]
	t.evaluateLosses(j, 1, asm.RowCE, s.ones[:])
	t.smoothRows(j, 1)
}
