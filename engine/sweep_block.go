package engine

import (
	"math"

	"github.com/flengine/flengine/asm"
)

// several is what a job evaluates besides its engine's loss, or in place of it.
type several struct {
	sweeper *Sweeper // the losses of its entries are, in place of the engine's; nil: none
	cut     float32  // the greatest easy score
	easy    bool     // whether the easy parts are asked for
}

// easiest is the cut of each input where the easy parts are not asked for: the one that
// kernels are fastest with, which of logits takes those below 0.
var easiest = [asm.NumInputs]float32{asm.Logits: -math.SmallestNonzeroFloat32, asm.Probs: 1}

// results is how many results the job has: those of the losses, then those of their easy
// parts.
func (s *several) results() int {
	n := 1
	if s.sweeper != nil {
		n = len(s.sweeper.entries)
	}
	if s.easy {
		n *= 2
	}
	return n
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
func (t *tile) sweepBlock(j *job, from int, c *chunk, g *given, r []Result) *fault {
	t.sums(j, c)
	weights, easyWeights := 0.0, 0.0
	if g.unseen {
		var good bool
		if weights, good = t.unseenSum(j, c, g); !good {
			return suspect
		}
	}
	seen := *c
	if !t.finite(j) {
		// The reasons are those of resolve.
		if f := t.badScore(j, c, from); f != nil {
			return f
		}
		seen.x = t.cleaned(j, c)
		t.sums(j, &seen)
	}
	easyCounts := counts{ignored: len(c.x) - int(t.sweep.Easy)}
	if !g.unseen {
		weights = t.weightSum(c, g)
	}
	if j.easy {
		easyWeights = t.easyWeightSum(j, &seen)
	}
	if !(weights >= 0 && weights <= math.MaxFloat64 && easyWeights >= 0 && easyWeights <= math.MaxFloat64) {
		return t.contradiction(j, from, c, min(weights, easyWeights))
	}
	for i := range t.entries {
		all, easy := t.entrySums(j, i, &seen)
		if !(all >= 0) {
			return t.contradiction(j, from, c, all)
		}
		r[i].add(all, weights, len(c.x), g.counts)
		if !j.easy {
			continue
		}
		if !(easy >= 0) {
			return t.contradiction(j, from, c, easy)
		}
		r[len(t.entries)+i].add(easy, easyWeights, len(c.x), easyCounts)
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
func (t *tile) entrySums(j *job, i int, c *chunk) (all, easy float64) {
	e := &t.entries[i]
	all, easy = addLanes(&e.Lanes), addLanes(&e.Easy)
	if all-all == 0 && easy-easy == 0 {
		return all, easy
	}
	one := *j.Engine
	one.formula, one.params, one.asymmetric = e.Formula, e.Params, nil
	losses := t.losses[:len(c.x)]
	t.sum(&job{Engine: &one, input: j.input}, &outputs{dst: losses}, c)
	if all-all != 0 {
		all = wideSum(losses)
	}
	if easy-easy != 0 {
		for i, x := range c.x {
			if c.labels[i] != 0 || !(x <= j.cut) {
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
func (t *tile) sums(j *job, c *chunk) {
	for i := range t.entries {
		t.entries[i].Lanes, t.entries[i].Easy = [8]float64{}, [8]float64{}
	}
	t.sweep.Easy = 0
	whole := padFrom(len(c.x))
	if whole > 0 {
		t.runSweep(j, c, whole)
	}
	if whole < len(c.x) {
		var padded chunk
		t.tail.pad(&padded, c, whole)
		t.runSweep(j, &padded, len(padded.x))
	}
}

// runSweep runs the kernels of the entries on the first n scores of a chunk.
func (t *tile) runSweep(j *job, c *chunk, n int) {
	s := &t.sweep
	s.Input, s.N, s.Cut = j.input, n, j.cut
	s.Scores, s.Labels, s.Weights = data(c.x), data(c.labels), data(c.weights)
	s.Entries, s.Count = data(t.entries), len(t.entries)
	j.kernels.Sweep(s)
	// The tile must not keep the batch alive.
	s.Scores, s.Labels, s.Weights = nil, nil, nil
}
