package main

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"time"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/engine"
)

// maxRepeat is how long a repeat of a cell is made to take, in as many passes as
// that needs: long against the clock and the cost of a call.
const maxRepeat = 4 * time.Millisecond

// cell is one combination to measure.
type cell struct {
	kernel  string
	loss    cli.LossSpec
	op      string
	labels  string
	workers int

	pass    func() (engine.Result, error)
	result  engine.Result // of a pass
	passes  int           // a repeat
	repeats []float64     // ns per score
}

// measurement is a plan that was carried out.
type measurement struct {
	*plan
	batch *syntheticBatch
	cells []*cell // kernels innermost, so that what is compared runs in turns
	took  time.Duration
}

// measure carries out the plan. The time since start counts, but every cell is
// measured once, however long it takes.
func (p *plan) measure(start time.Time, stderr io.Writer) (*measurement, error) {
	bar, shown := cli.NewProgress(stderr), start
	bar.StartTime("measuring", p.budget)
	defer bar.Clear()
	tick := func() {
		now := time.Now()
		bar.Add(int64(now.Sub(shown)))
		shown = now
	}
	m := &measurement{plan: p, batch: newSyntheticBatch(p.seed, p.anchors, p.classes, slices.Contains(p.labels, labelsUint8))}
	if err := m.prepare(); err != nil {
		return nil, err
	}
	repeat := min(maxRepeat, p.budget/time.Duration(8*len(m.cells)))
	for _, c := range m.cells {
		if err := c.warm(repeat); err != nil {
			return nil, err
		}
		tick()
	}
	if err := m.agree(); err != nil {
		return nil, err
	}
	runtime.GC()
	var longest time.Duration
	for first := true; first || time.Since(start)+longest <= p.budget; first = false {
		round := time.Now()
		for _, c := range m.cells {
			t, err := c.time()
			if err != nil {
				return nil, err
			}
			c.repeats = append(c.repeats, float64(t.Nanoseconds())/float64(c.passes)/float64(len(m.batch.logits)))
			tick()
		}
		longest = max(longest, time.Since(round))
	}
	m.took = time.Since(start)
	return m, nil
}

// prepare makes the cells. Outputs are allocated once, for all.
func (m *measurement) prepare() error {
	var dst, grad []float32
	if m.wants(opLosses, opBoth) {
		dst = make([]float32, len(m.batch.logits))
	}
	if m.wants(opGradients, opBoth) {
		grad = make([]float32, len(m.batch.logits))
	}
	for _, loss := range m.losses {
		for _, op := range m.ops {
			for _, labels := range m.labels {
				for _, workers := range m.workers {
					for _, kernel := range m.kernels {
						e, err := engine.New(loss.Loss, engine.WithKernel(kernel), engine.WithWorkers(workers))
						if err != nil {
							return err
						}
						m.cells = append(m.cells, &cell{
							kernel: kernel, loss: loss, op: op, labels: labels, workers: workers,
							pass: operation(e, op, m.batch.batch(labels), dst, grad),
						})
					}
				}
			}
		}
	}
	return nil
}

// operation returns one call of the engine.
func operation(e *engine.Engine, op string, b engine.Batch, dst, grad []float32) func() (engine.Result, error) {
	switch op {
	case opSum:
		return func() (engine.Result, error) { return e.Sum(b) }
	case opLosses:
		return func() (engine.Result, error) { return e.Losses(dst, b) }
	case opGradients:
		return func() (engine.Result, error) { return e.Gradients(grad, b) }
	}
	return func() (engine.Result, error) { return e.LossesAndGradients(dst, grad, b) }
}

// warm does a first pass, which keeps the result, and finds out how many passes
// take as long as a repeat should.
func (c *cell) warm(repeat time.Duration) (err error) {
	if c.result, err = c.pass(); err != nil {
		return err
	}
	for c.passes = 1; ; c.passes *= 2 {
		if t, err := c.time(); err != nil || t > 0 && t >= repeat {
			return err
		}
	}
}

// time measures one repeat.
func (c *cell) time() (time.Duration, error) {
	start := time.Now()
	for range c.passes {
		if _, err := c.pass(); err != nil {
			return 0, err
		}
	}
	return time.Since(start), nil
}

// agree checks that all cells of a loss gave the same counts and the same sum,
// bit for bit: numbers about different work could not be compared.
func (m *measurement) agree() error {
	first := map[string]*cell{}
	for _, c := range m.cells {
		f := first[c.loss.Name]
		if f == nil {
			first[c.loss.Name] = c
		} else if c.result != f.result {
			return fmt.Errorf("kernels disagree: %s sums to %v, %s to %v", f, f.result.Sum(), c, c.result.Sum())
		}
	}
	return nil
}

func (c *cell) String() string {
	return fmt.Sprintf("kernel=%s/loss=%s/op=%s/labels=%s/workers=%d", c.kernel, c.loss.Name, c.op, c.labels, c.workers)
}
