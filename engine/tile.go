package engine

import (
	"math"
	"sync"
	"unsafe"

	"github.com/flengine/flengine/asm"
	"github.com/flengine/flengine/engine/internal/kernel"
)

// tile is a worker's scratch: one block of a batch in the kernels' terms.
type tile struct {
	labels  [kernel.Block]uint8   // expanded classes
	weights [kernel.Block]float32 // expanded weights
	scores  [kernel.Block]float32 // a copy of scores that will be overwritten, or what those of 16 bits are
	clean   [kernel.Block]float32 // scores with good ones where they are not looked at
	losses  [kernel.Block]float32 // losses where only the sum was asked for, or weights of what is summed
	tail    group                 // the last scores of a batch, a whole group
	call    kernel.Call           // what the kernel is given
	sweep   kernel.Sweep          // or those of several losses
	entries []kernel.Entry        // these losses
	total   []Result              // of a worker among several
}

// group is a padded group of scores and its outputs.
type group struct {
	x, w, dst, grad [kernel.Group]float32
	y               [kernel.Group]uint8
	half            [kernel.Group]uint16
}

var tiles = sync.Pool{New: func() any { return new(tile) }}

// forget ends the tile's hold on the batch.
func (t *tile) forget() {
	t.call = kernel.Call{}
	t.sweep = kernel.Sweep{}
}

// evaluate does the scores [from, to) of the job block by block and adds them to its
// results r; from is a multiple of the block.
func (t *tile) evaluate(j *job, from, to int, r []Result) *fault {
	if j.sweeper != nil {
		t.entries = append(t.entries[:0], j.sweeper.entries...)
	}
	for ; from < to; from += kernel.Block {
		if f := t.block(j, from, min(from+kernel.Block, to), r); f != nil {
			return f
		}
	}
	return nil
}

// block evaluates the block [from, to) and adds it to r.
func (t *tile) block(j *job, from, to int, r []Result) *fault {
	n := to - from
	// good is how many scores precede the first bad label, class or weight.
	y, counts, good, err := t.expandLabels(j, from, n)
	w, goodWeights, weightErr := t.expandWeights(j, from, y, counts.positive > 0 || err != nil)
	if goodWeights < good {
		good, err = goodWeights, weightErr
	}
	x := t.take(j, from, to)
	if err != nil {
		if f := t.badScore(j, x[:good], y, w, from); f != nil {
			return f
		}
		return &fault{from + good, err}
	}
	if j.sweeper != nil {
		return t.sweepBlock(j, from, x, y, w, counts, r)
	}
	if j.inPlace {
		x = t.scores[:copy(t.scores[:], x)]
	}
	dst, grad := part(j.dst, from, to), part(j.grad, from, to)
	s := t.sum(j, dst, grad, x, y, w)
	if s-s != 0 { // NaN or +Inf
		var f *fault
		if s, f = t.resolve(j, dst, grad, x, y, w, from); f != nil {
			return f
		}
	}
	if !(s >= 0) {
		return t.contradiction(j, from, x, y, w, s)
	}
	weights := t.weightSum(y, w, counts.ignored)
	if !(weights >= 0 && weights <= math.MaxFloat64) {
		return t.contradiction(j, from, x, y, w, weights)
	}
	r[0].add(s, weights, n, counts)
	return nil
}

// add adds a block of n scores.
func (r *Result) add(sum, weights float64, n int, c counts) {
	r.sum.Add(sum)
	r.weights.Add(weights)
	r.Scores += int64(n - c.ignored)
	r.Positives += int64(c.positive)
	r.Ignored += int64(c.ignored)
}

func part(s []float32, from, to int) []float32 {
	if s == nil {
		return nil
	}
	return s[from:to]
}

// sum runs the kernel on one block and returns its canonical sum. The last
// scores, if they are no whole group, are padded with ignored ones.
func (t *tile) sum(j *job, dst, grad, x []float32, y []uint8, w []float32) float64 {
	t.call.Params = j.params
	t.call.Lanes = [8]float64{}
	whole := len(x) &^ (kernel.Group - 1)
	t.kernel(j, head(dst, whole), head(grad, whole), x[:whole], y[:whole], head(w, whole))
	if rest := len(x) - whole; rest > 0 {
		g := &t.tail
		gw := g.pad(x[whole:], y[whole:], tail(w, whole))
		gdst, ggrad := g.dst[:0], g.grad[:0]
		if dst != nil {
			gdst = g.dst[:]
		}
		if grad != nil {
			ggrad = g.grad[:]
		}
		t.kernel(j, gdst, ggrad, g.x[:], g.y[:], gw)
		if dst != nil {
			copy(dst[whole:], gdst)
		}
		if grad != nil {
			copy(grad[whole:], ggrad)
		}
	}
	return addLanes(&t.call.Lanes)
}

// pad sets the group to fewer scores, followed by ignored ones, and returns their weights,
// empty if w is.
func (g *group) pad(x []float32, y []uint8, w []float32) []float32 {
	clear(g.x[copy(g.x[:], x):])
	for i := copy(g.y[:], y); i < len(g.y); i++ {
		g.y[i] = IgnoredLabel
	}
	if len(w) == 0 {
		return nil
	}
	clear(g.w[copy(g.w[:], w):])
	return g.w[:]
}

// addLanes ends the canonical sum of a block.
func addLanes(a *[8]float64) float64 {
	return ((a[0] + a[4]) + (a[2] + a[6])) + ((a[1] + a[5]) + (a[3] + a[7]))
}

func head(s []float32, n int) []float32 {
	if len(s) == 0 {
		return nil
	}
	return s[:n]
}

func tail(s []float32, n int) []float32 {
	if len(s) == 0 {
		return nil
	}
	return s[n:]
}

// kernel runs the kernel that the wanted outputs need. Empty outputs are not wanted.
func (t *tile) kernel(j *job, dst, grad, x []float32, y []uint8, w []float32) {
	out := asm.Loss
	if j.grad != nil {
		out = asm.Gradient
	}
	c := &t.call
	c.Kernel, c.N = asm.KernelOf(j.formula, j.input, out), len(x)
	c.Scores, c.Labels, c.Weights = data(x), data(y), data(w)
	c.Losses, c.Gradients = data(dst), data(grad)
	j.kernels.Run(c)
	// The tile must not keep the batch alive.
	c.Scores, c.Labels, c.Weights, c.Losses, c.Gradients = nil, nil, nil, nil, nil
}

// data returns where the elements are, nil if there are none.
func data[T any](s []T) *T {
	if len(s) == 0 {
		return nil
	}
	return unsafe.SliceData(s)
}

// resolve finds out why the sum of a block is not finite. A bad score is a
// fault. A NaN in a place that is ignored or has weight 0 is not: the block is
// evaluated again without it. What remains is a true overflow of float32: the lanes are then added in
// float64.
func (t *tile) resolve(j *job, dst, grad, x []float32, y []uint8, w []float32, from int) (float64, *fault) {
	if f := t.badScore(j, x, y, w, from); f != nil {
		return 0, f
	}
	clean := t.cleaned(j, x, y, w)
	if s := t.sum(j, dst, grad, clean, y, w); s-s == 0 {
		return s, nil
	}
	if dst == nil {
		dst = t.losses[:len(x)]
		t.sum(j, dst, grad, clean, y, w)
	}
	return wideSum(dst), nil
}

// unseen is what stands for the scores of weight 0 that are none: of each input a score that
// no cut takes for easy.
var unseen = [asm.NumInputs]float32{asm.Logits: 1000, asm.Probs: 1}

// cleaned returns the scores with good ones in the places that are not looked at.
func (t *tile) cleaned(j *job, x []float32, y []uint8, w []float32) []float32 {
	clean, check := t.clean[:copy(t.clean[:], x)], j.check()
	for i, l := range y {
		if l == IgnoredLabel {
			clean[i] = 0
		} else if len(w) != 0 && w[i] == 0 {
			if _, bad := check(x[i], l); bad {
				clean[i] = unseen[j.input]
			}
		}
	}
	return clean
}

// wideSum is the canonical sum with lanes in float64, for losses whose float32
// lanes overflow.
func wideSum(losses []float32) float64 {
	at := func(i int) float64 {
		if i < len(losses) {
			return float64(losses[i])
		}
		return 0
	}
	var acc [8]float64
	for g := 0; g < len(losses); g += kernel.Group {
		for i := range acc {
			acc[i] += (at(g+i) + at(g+i+16)) + (at(g+i+8) + at(g+i+24))
		}
	}
	return addLanes(&acc)
}

// check returns what tells whether a score is none for its label.
func (j *job) check() func(x float32, label uint8) (want string, bad bool) {
	if j.input == asm.Probs {
		return badProb
	}
	return badLogit
}

// badScore finds the first score of a block that is none, if its weight is not 0, or whose
// weight is beyond float32, alone or once multiplied by that of its label.
func (t *tile) badScore(j *job, x []float32, y []uint8, w []float32, from int) *fault {
	products := t.settle(y[:len(x)], head(w, len(x)))
	check := j.check()
	for i, x := range x {
		if len(w) != 0 {
			if w := w[i]; w == 0 {
				continue
			} else if products && w > math.MaxFloat32 {
				return &fault{from + i, j.overflow(from+i, y[i], 0)}
			} else if wt := j.overweight(y[i], w); wt > 0 {
				return &fault{from + i, j.overflow(from+i, y[i], wt)}
			}
		}
		if want, bad := check(x, y[i]); bad {
			return &fault{from + i, &InputError{Field: j.field, Index: from + i, Value: float64(x), Reason: want}}
		}
	}
	return nil
}

// overweight returns the weight that a loss has for the label if it is beyond float32 once
// multiplied by w, or 0.
func (j *job) overweight(y uint8, w float32) float32 {
	if j.sweeper != nil {
		return j.sweeper.overweight(y, w)
	}
	return overweight(&j.params, y, w)
}

func overweight(p *asm.Params, y uint8, w float32) float32 {
	if wt := p.Weights[y&3]; wt*w > math.MaxFloat32 {
		return wt
	}
	return 0
}
