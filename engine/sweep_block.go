package engine

import (
	"math"

	"github.com/flengine/flengine/asm"
	"github.com/flengine/flengine/engine/internal/kernel"
)

// several is what a job evaluates of several losses in place of its engine's.
type several struct {
	sweeper *Sweeper // nil: the engine's loss is evaluated
	cut     float32  // the greatest easy score
	easy    bool     // whether the easy parts are asked for
}

// easiest is the cut of each input where the easy parts are not asked for: the one that
// kernels are fastest with, which of logits takes those below 0.
var easiest = [asm.NumInputs]float32{asm.Logits: -math.SmallestNonzeroFloat32, asm.Probs: 1}

// results is how many results the job has: those of the entries, then those of their easy
// parts.
func (s *several) results() int {
	if s.easy {
		return 2 * len(s.sweeper.entries)
	}
	return len(s.sweeper.entries)
}

// overweight is that of the first loss whose weight is.
func (s *Sweeper) overweight(y uint8, w float32) float32 {
	for _, e := range s.engines {
		if wt := overweight(&e.params, y, w); wt > 0 {
			return wt
		}
	}
	return 0
}

// sweepBlock evaluates a block from score from on, whose labels and weights are good, and
// adds it to r.
func (t *tile) sweepBlock(j *job, from int, x []float32, y []uint8, w []float32, c counts, r []Result) *fault {
	t.sums(j, x, y, w)
	if !t.finite(j) {
		// The reasons are those of resolve.
		if f := t.badScore(j, x, y, w, from); f != nil {
			return f
		}
		x = t.cleaned(j, x, y, w)
		t.sums(j, x, y, w)
	}
	n := len(x)
	easyCounts := counts{ignored: n - int(t.sweep.Easy)}
	weights, easyWeights := t.weightSum(y, w, c.ignored), 0.0
	if j.easy {
		easyWeights = t.easyWeightSum(j, x, y, w)
	}
	if !(weights >= 0 && weights <= math.MaxFloat64 && easyWeights >= 0 && easyWeights <= math.MaxFloat64) {
		return t.contradiction(j, from, x, y, w, min(weights, easyWeights))
	}
	for i := range t.entries {
		all, easy := t.entrySums(j, i, x, y, w)
		if !(all >= 0) {
			return t.contradiction(j, from, x, y, w, all)
		}
		r[i].add(all, weights, n, c)
		if !j.easy {
			continue
		}
		if !(easy >= 0) {
			return t.contradiction(j, from, x, y, w, easy)
		}
		r[len(t.entries)+i].add(easy, easyWeights, n, easyCounts)
	}
	return nil
}

// finite tells whether all sums of a block are.
func (t *tile) finite(j *job) bool {
	for i := range t.entries {
		all, easy := addLanes(&t.entries[i].Lanes), addLanes(&t.entries[i].Easy)
		if all-all != 0 || j.easy && easy-easy != 0 {
			return false
		}
	}
	return true
}

// entrySums returns the canonical sums of an entry and of its easy part, where one is not
// finite that with lanes in float64.
func (t *tile) entrySums(j *job, i int, x []float32, y []uint8, w []float32) (all, easy float64) {
	e := &t.entries[i]
	all, easy = addLanes(&e.Lanes), addLanes(&e.Easy)
	if all-all == 0 && easy-easy == 0 {
		return all, easy
	}
	one := *j.Engine
	one.formula, one.params = e.Formula, e.Params
	losses := t.losses[:len(x)]
	t.sum(&job{Engine: &one, input: j.input}, losses, nil, x, y, w)
	if all-all != 0 {
		all = wideSum(losses)
	}
	if easy-easy != 0 {
		for i, x := range x {
			if y[i] != 0 || !(x <= j.cut) {
				losses[i] = 0
			}
		}
		easy = wideSum(losses)
	}
	return all, easy
}

// sums runs the kernels of the entries on one block, which leaves their sums in lanes, and
// counts the easy scores. The last scores, if they are no whole group, are padded with
// ignored ones.
func (t *tile) sums(j *job, x []float32, y []uint8, w []float32) {
	for i := range t.entries {
		t.entries[i].Lanes, t.entries[i].Easy = [8]float64{}, [8]float64{}
	}
	t.sweep.Easy = 0
	whole := len(x) &^ (kernel.Group - 1)
	t.runSweep(j, x[:whole], y[:whole], head(w, whole))
	if whole < len(x) {
		g := &t.tail
		t.runSweep(j, g.x[:], g.y[:], g.pad(x[whole:], y[whole:], tail(w, whole)))
	}
}

// runSweep runs the kernels of the entries.
func (t *tile) runSweep(j *job, x []float32, y []uint8, w []float32) {
	s := &t.sweep
	s.Input, s.N, s.Cut = j.input, len(x), j.cut
	s.Scores, s.Labels, s.Weights = data(x), data(y), data(w)
	s.Entries, s.Count = data(t.entries), len(t.entries)
	j.kernels.Sweep(s)
	// The tile must not keep the batch alive.
	s.Scores, s.Labels, s.Weights = nil, nil, nil
}
