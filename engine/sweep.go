package engine

import (
	"cmp"
	"fmt"
	"slices"
	"sync"

	"github.com/flengine/flengine/engine/internal/kernel"
)

// Sweep evaluates several losses of one batch in one pass: results[i] is what
// New(losses[i], opts...) and its Sum(b) return, to the last bit. It takes much less time
// than so many calls, but for losses of targets, and for batches that have Targets, which are
// evaluated one by one. Who has several batches makes a [Sweeper] once.
func Sweep(b Batch, losses []Loss, opts ...Option) ([]Result, error) {
	s, err := NewSweeper(losses, opts...)
	if err != nil {
		return nil, err
	}
	results := make([]Result, len(losses))
	if err := s.Sum(results, b); err != nil {
		return nil, err
	}
	return results, nil
}

// Sweeper evaluates several losses of a batch in one pass. It is immutable and safe for
// concurrent use. [NewSweeper] makes it: a nil or zero Sweeper gives an [*InputError] for
// every batch.
type Sweeper struct {
	losses  []Loss
	engines []*Engine      // of the losses
	entries []kernel.Entry // what kernels evaluate: no two the same, those of one γ in a row
	place   []int          // of each loss: its entry, or −1: it is evaluated on its own
}

// NewSweeper returns a sweeper of the losses, at least one. The options, and the errors, are
// those of [New].
func NewSweeper(losses []Loss, opts ...Option) (*Sweeper, error) {
	if len(losses) == 0 {
		return nil, wholeError("losses", 0, "is empty: want at least one loss")
	}
	// What is wrong with the options is no loss's fault.
	if _, err := New(CrossEntropy(), opts...); err != nil {
		return nil, err
	}
	s := &Sweeper{losses: slices.Clone(losses), place: make([]int, len(losses))}
	for i, l := range losses {
		if l.overRows() {
			return nil, wholeError("losses", float64(i), "has %s at %d, a loss of rows: want losses of scores, and for each of rows an Engine", l, i)
		}
		e, err := New(l, opts...)
		if err != nil {
			return nil, fmt.Errorf("losses[%d], %s: %w", i, l, err)
		}
		s.engines = append(s.engines, e)
		if e.sweeps() {
			s.entries = append(s.entries, kernel.Entry{Formula: e.formula, Params: e.params})
		}
	}
	slices.SortFunc(s.entries, compareEntries)
	s.entries = slices.CompactFunc(s.entries, func(a, b kernel.Entry) bool { return compareEntries(a, b) == 0 })
	for i, e := range s.engines {
		if s.place[i] = -1; !e.sweeps() {
			continue
		}
		s.place[i], _ = slices.BinarySearchFunc(s.entries, kernel.Entry{Formula: e.formula, Params: e.params}, compareEntries)
	}
	for i := 1; i < len(s.entries); i++ {
		if a, b := &s.entries[i-1], &s.entries[i]; a.Formula == b.Formula && a.Params.Gamma == b.Params.Gamma {
			b.Reuse = 1
		}
	}
	return s, nil
}

// sweeps tells whether there are kernels that take the loss in a sweep.
func (e *Engine) sweeps() bool { return !e.formula.Soft() && !e.smooth.given() && e.asymmetric == nil }

// compareEntries orders entries by what they evaluate: formula, γ, which all other
// parameters are made of, and weights.
func compareEntries(a, b kernel.Entry) int {
	return cmp.Or(
		cmp.Compare(a.Formula, b.Formula),
		cmp.Compare(a.Params.Gamma, b.Params.Gamma),
		slices.Compare(a.Params.Weights[:], b.Params.Weights[:]),
	)
}

// made tells whether NewSweeper made the sweeper.
func (s *Sweeper) made() bool { return s != nil && len(s.engines) > 0 }

// Losses returns the losses, none of a nil or zero Sweeper.
func (s *Sweeper) Losses() []Loss {
	if !s.made() {
		return nil
	}
	return slices.Clone(s.losses)
}

// Kernel returns the name of the kernel in use, "" for a nil or zero Sweeper.
func (s *Sweeper) Kernel() string {
	if !s.made() {
		return ""
	}
	return s.engines[0].Kernel()
}

// Sum sets all[i] to the result of the i-th loss, that of [Engine.Sum]; len(all) is the
// number of losses. A batch that the engine of any of the losses refuses is an error. On an
// error, all holds unspecified values.
func (s *Sweeper) Sum(all []Result, b Batch) error {
	return s.run(all, nil, b, false, 0)
}

// SumEasy is Sum, and sets easy[i] to the part of all[i] that easy negatives make up: the
// scores of label or target 0 with p_t > pt. Of them it is, bit for bit, what [Engine.Sum]
// returns where all other scores have the label [IgnoredLabel] or [IgnoredTarget]: they count
// as Ignored.
//
// pt is in (0, 1), often 0.9. Scores are compared with it without rounding: easy is a logit
// below −ln(pt/(1 − pt)), −Inf included, and a probability below 1 − pt. What is no logit or
// no probability, where the weight is 0, is not easy.
func (s *Sweeper) SumEasy(all, easy []Result, pt float64, b Batch) error {
	return s.run(all, easy, b, true, pt)
}

// run evaluates a batch, with as many workers as gain.
func (s *Sweeper) run(all, easy []Result, b Batch, wantEasy bool, pt float64) error {
	if !s.made() {
		return wholeError("Sweeper", 0, "is nil or zero: want one that NewSweeper returned")
	}
	env, err := s.engines[0].kernels.Enter()
	if err != nil {
		return err
	}
	defer env.Leave()
	if err := s.checkResults(all, easy, wantEasy); err != nil {
		return err
	}
	if wantEasy && !(pt > 0 && pt < 1) {
		return wholeError("pt", pt, "is %s: want a probability in (0, 1), ends excluded", formatValue(pt))
	}
	if err := b.check(&outputs{}, 0); err != nil {
		return err
	}
	j := job{Engine: s.engines[0], Batch: b, several: several{easy: wantEasy}}
	if err := j.take(0); err != nil {
		return err
	}
	if j.cut = easiest[j.input]; wantEasy {
		j.cut = easyCut(pt, j.input)
	}
	sums := sumsPool.Get().(*[]Result)
	defer sumsPool.Put(sums)
	if b.Targets == nil && len(s.entries) > 0 {
		j.sweeper, j.needs = s, needs{}
		*sums = zeroed(*sums, j.results())
		if err := j.run(*sums, max(1, j.kernels.Grain/len(s.entries))); err != nil {
			return err
		}
		for i, at := range s.place {
			if at >= 0 {
				all[i] = (*sums)[at]
			}
			if at >= 0 && wantEasy {
				easy[i] = (*sums)[len(s.entries)+at]
			}
		}
		j.sweeper = nil
	}
	for i, at := range s.place {
		if at >= 0 && b.Targets == nil {
			continue
		}
		j.Engine = s.engines[i]
		if err := j.plan(0); err != nil {
			return err
		}
		*sums = zeroed(*sums, j.results())
		if err := j.run(*sums, j.kernels.Grain); err != nil {
			return err
		}
		all[i] = (*sums)[0]
		if wantEasy {
			easy[i] = (*sums)[1]
		}
	}
	return nil
}

// sumsPool has the results of entries, of which several losses may be one.
var sumsPool = sync.Pool{New: func() any { return new([]Result) }}

// checkResults verifies that each loss has a result.
func (s *Sweeper) checkResults(all, easy []Result, wantEasy bool) error {
	for _, r := range []struct {
		name    string
		results []Result
		wanted  bool
	}{{"all", all, true}, {"easy", easy, wantEasy}} {
		if n := len(r.results); r.wanted && n != len(s.losses) {
			return wholeError(r.name, float64(n), "has length %d: want %d, one per loss", n, len(s.losses))
		}
	}
	if overlap(all, easy) {
		return wholeError("easy", float64(len(easy)), "overlaps all: want memory of its own")
	}
	return nil
}
