package eval

import (
	"context"
	"sync"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/npy"
	"github.com/flengine/flengine/engine"
)

const (
	// maxWorkers bounds the memory for scratch; no machine gains from more, as
	// reading and writing then sets the pace.
	maxWorkers = 256
	// easyLogit is the largest float32 below −ln 9 = −2.19722457733…, the logit
	// at which a background entry's p_t is 0.9; no float32 lies on it.
	easyLogit = float32(-2.1972246)
)

// shardScores is how many scores are evaluated at a time, a multiple of
// engine.Block, so that shards merge to the bits of the whole. A worker's scratch is 10
// bytes per score, and 4 per anchor whose class is an int64. Tests lower it.
var shardScores = 16 * engine.Block

// evaluator is an evaluation before it knows its inputs.
type evaluator struct {
	about                   cli.LossInfo
	loss, ce                *engine.Engine // one and the same for cross-entropy
	workers, top            int
	lossesOut, gradientsOut string
	scratch                 []*scratch // of the workers
}

// tally is what is counted and summed over scores.
type tally struct {
	loss, ce         engine.Result
	easyLoss, easyCE engine.Result // easy negatives alone
}

// merge adds o, exactly.
func (t *tally) merge(o *tally) {
	t.loss.Merge(o.loss)
	t.ce.Merge(o.ce)
	t.easyLoss.Merge(o.easyLoss)
	t.easyCE.Merge(o.easyCE)
}

// run evaluates the inputs in order and reports on them. The outputs are there
// once it returns without an error, and not before.
func (e *evaluator) run(ctx context.Context, pairs []pair, p *cli.Progress) (*report, error) {
	// All files are looked at first: the last of a thousand may be missing.
	var scores int64
	for _, pair := range pairs {
		in, err := pair.open()
		if err != nil {
			return nil, err
		}
		scores += int64(in.scores())
		in.close()
	}
	p.StartBytes("evaluating", 4*scores)
	defer p.Clear()

	rep := &report{Loss: e.about, Kernel: e.loss.Kernel(), Workers: e.workers, Results: []entry{}}
	var total tally
	for _, pair := range pairs {
		t, top, err := e.pair(ctx, pair, p)
		if err != nil {
			return nil, err
		}
		total.merge(&t)
		rep.Results = append(rep.Results, newEntry(pair.path, &t, top))
	}
	rep.Total = newEntry("total", &total, nil)
	return rep, nil
}

// pair evaluates one input and writes its outputs.
func (e *evaluator) pair(ctx context.Context, pair pair, p *cli.Progress) (tally, []hardScore, error) {
	in, err := pair.open()
	if err != nil {
		return tally{}, nil, err
	}
	defer in.close()
	if err := in.load(); err != nil {
		return tally{}, nil, err
	}

	var to sinks
	if e.top > 0 {
		to.top = newHardest(e.top)
	}
	for _, o := range []struct {
		path string
		w    **npy.Writer
	}{{e.lossesOut, &to.losses}, {e.gradientsOut, &to.gradients}} {
		if o.path == "" {
			continue
		}
		w, err := npy.Create(o.path, in.shape)
		if err != nil {
			return tally{}, nil, err
		}
		defer w.Abort()
		*o.w = w
		to.writers = append(to.writers, w)
	}

	t, err := e.shards(ctx, in, &to, p)
	if err != nil {
		return tally{}, nil, err
	}
	// Both files are complete before the first gets its name.
	for _, step := range []func(*npy.Writer) error{(*npy.Writer).Finish, (*npy.Writer).Commit} {
		for _, w := range to.writers {
			if err := step(w); err != nil {
				return tally{}, nil, err
			}
		}
	}
	var top []hardScore
	if to.top != nil {
		top = to.top.sorted()
	}
	return t, top, nil
}

// sinks are what takes the losses and gradients, in the order of the scores.
type sinks struct {
	losses, gradients *npy.Writer
	writers           []*npy.Writer // those of the two that are wanted
	top               *hardest
}

// shards evaluates an input shard by shard, with several workers. They hand the
// shards on in order, so that outputs are written in order, and the error
// returned is the first of the input.
func (e *evaluator) shards(ctx context.Context, in *input, to *sinks, p *cli.Progress) (tally, error) {
	n := len(in.x)
	workers := min(e.workers, maxWorkers)
	for len(e.scratch) < workers {
		e.scratch = append(e.scratch, new(scratch))
	}
	var total tally
	line := newQueue()
	err := cli.Spread(ctx, workers, (n+shardScores-1)/shardScores, func(worker int) func(int) error {
		s := e.scratch[worker]
		return func(i int) error {
			err := in.guard(func() error { return e.shard(in, i*shardScores, min((i+1)*shardScores, n), to, s) })
			return line.pass(i, func() error {
				if err != nil {
					return err
				}
				total.merge(&s.tally)
				p.Add(4 * int64(len(s.y)))
				return in.guard(func() error { return to.take(in, s) })
			})
		}
	})
	return total, err
}

// queue lets numbers 0, 1, 2, … pass one after the other, up to the first error.
type queue struct {
	mu   sync.Mutex
	cond *sync.Cond
	turn int
	err  error
}

func newQueue() *queue {
	q := new(queue)
	q.cond = sync.NewCond(&q.mu)
	return q
}

// pass calls f once all lower numbers have passed. It returns its error, or that of a
// lower number.
func (q *queue) pass(i int, f func() error) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.turn != i && q.err == nil {
		q.cond.Wait()
	}
	if q.err == nil {
		q.err = f()
		q.turn++
		q.cond.Broadcast()
	}
	return q.err
}

// scratch is a worker's memory for one shard, and what it found there.
type scratch struct {
	classes           []int32
	labels, easy      []uint8
	losses, gradients []float32

	from    int     // the shard's first score
	y       []uint8 // its labels
	touched int
	tally
}

// grow returns a slice of n elements, s if it is large enough.
func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// shard evaluates the scores [from, to).
func (e *evaluator) shard(in *input, from, to int, sinks *sinks, s *scratch) (err error) {
	if s.touched, err = in.touch(from, to); err != nil {
		return err
	}
	n := to - from
	s.from = from
	s.labels = grow(s.labels, n)
	batch := in.batch(from, to, s)
	hot, err := batch.OneHot(s.labels)
	if err != nil {
		// A bad logit before the bad class is the first fault.
		_, err := e.loss.Sum(batch)
		return in.locate(err, from)
	}
	batch, s.y = hot, hot.Labels

	wantLosses, wantGradients := sinks.losses != nil || sinks.top != nil, sinks.gradients != nil
	if wantLosses {
		s.losses = grow(s.losses, n)
	}
	if wantGradients {
		s.gradients = grow(s.gradients, n)
	}
	switch {
	case wantLosses && wantGradients:
		s.tally.loss, err = e.loss.LossesAndGradients(s.losses, s.gradients, batch)
	case wantLosses:
		s.tally.loss, err = e.loss.Losses(s.losses, batch)
	case wantGradients:
		s.tally.loss, err = e.loss.Gradients(s.gradients, batch)
	default:
		s.tally.loss, err = e.loss.Sum(batch)
	}
	if err != nil {
		return in.locate(err, from)
	}

	s.easy = grow(s.easy, n)
	easyNegatives(s.easy, batch.Logits, s.y)
	easy := engine.Batch{Logits: batch.Logits, Labels: s.easy}
	if s.easyLoss, err = e.loss.Sum(easy); err != nil {
		return in.locate(err, from)
	}
	if e.ce == e.loss {
		s.ce, s.easyCE = s.tally.loss, s.easyLoss
		return nil
	}
	if s.ce, err = e.ce.Sum(batch); err != nil {
		return in.locate(err, from)
	}
	if s.easyCE, err = e.ce.Sum(easy); err != nil {
		return in.locate(err, from)
	}
	return nil
}

// easyNegatives sets the labels that leave only the background entries with
// p_t > 0.9. As the engine's sums are monotonic, theirs are never above those of
// all entries.
func easyNegatives(easy []uint8, x []float32, y []uint8) {
	for i, label := range y {
		easy[i] = engine.IgnoredLabel
		if label == 0 && x[i] <= easyLogit {
			easy[i] = 0
		}
	}
}

// take hands on a shard's losses and gradients.
func (to *sinks) take(in *input, s *scratch) error {
	if to.top != nil {
		to.top.offer(in, s)
	}
	if to.losses != nil {
		if err := to.losses.Write(s.losses); err != nil {
			return err
		}
	}
	if to.gradients != nil {
		return to.gradients.Write(s.gradients)
	}
	return nil
}
