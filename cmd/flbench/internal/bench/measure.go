package bench

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"time"

	"github.com/flengine/flengine/cmd/flbench/internal/measure"
	"github.com/flengine/flengine/engine"
)

// measurement is a plan that was carried out.
type measurement struct {
	*plan
	cells   []*cell
	batches map[int]*measure.Batch // by columns
	took    time.Duration

	partial bool // as it was interrupted
}

// measure carries out the plan. The time since start counts, but every cell is
// measured once, however long it takes. With cli.ErrInterrupted it returns what was measured.
func (p *plan) measure(ctx context.Context, start time.Time, stderr io.Writer) (*measurement, error) {
	clock := measure.NewClock(ctx, start, p.budget, stderr)
	defer clock.Clear()
	m := &measurement{plan: p, batches: map[int]*measure.Batch{}}
	if err := m.prepare(); err != nil {
		return nil, err
	}
	repeat := clock.RepeatOf(len(m.cells))
	for _, c := range m.cells {
		if err := c.Warm(repeat); err != nil {
			return nil, err
		}
		if err := clock.Tick(); err != nil {
			return m, err
		}
	}
	if err := m.agree(); err != nil {
		return nil, err
	}
	runtime.GC()
	err := clock.Rounds(func() error {
		for _, c := range m.cells {
			if err := c.Repeat(); err != nil {
				return err
			}
			if err := clock.Tick(); err != nil {
				return err
			}
		}
		return nil
	})
	m.took = clock.Took()
	return m, err
}

// cell is a cell of a combination.
type cell struct {
	measure.Cell
	other bool
}

// cell is one of a combination, yet without its call.
func (c combo) cell(kernel string, workers int) *cell {
	return &cell{measure.Cell{Work: c.Work, Kernel: kernel, Workers: workers, Columns: c.columns, Scores: c.anchors * c.columns}, c.other}
}

// cells calls f with the cells that are to be measured, kernels innermost, so that what is
// compared runs in turns.
func (p *plan) cells(f func(c combo, cell *cell) error) error {
	for _, c := range p.combos {
		for _, workers := range p.workers {
			for _, kernel := range c.kernels {
				if err := f(c, c.cell(kernel, workers)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// prepare makes the batches and the cells. Outputs are allocated once, for all.
func (m *measurement) prepare() error {
	anchors, most := map[int]int{}, 0
	for _, c := range m.combos {
		anchors[c.columns] = max(anchors[c.columns], c.anchors)
		most = max(most, c.anchors*c.columns)
	}
	for columns, n := range anchors {
		m.batches[columns] = measure.NewBatch(m.seed, n, columns)
	}
	var dst, grad []float32
	if m.wants(measure.OpLosses, measure.OpBoth, measure.OpHessians) {
		dst = make([]float32, most)
	}
	if m.wants(measure.OpGradients, measure.OpBoth, measure.OpHessians) {
		grad = make([]float32, most)
	}
	return m.plan.cells(func(c combo, cell *cell) (err error) {
		cell.Pass, err = c.Of(m.batches[c.columns], c.anchors, dst, grad, engine.WithKernel(cell.Kernel), engine.WithWorkers(cell.Workers))
		m.cells = append(m.cells, cell)
		return err
	})
}

// finish prints the report, if there is anything in it, and returns what it comes to, an
// interrupt among others.
func (m *measurement) finish(to io.Writer, interrupted error) error {
	m.partial = interrupted != nil
	m.cells = slices.DeleteFunc(m.cells, func(c *cell) bool { return len(c.Repeats) == 0 })
	if len(m.cells) == 0 {
		return fmt.Errorf("bench: %w before anything was measured", interrupted)
	}
	if err := m.report().write(to, m.format); err != nil || !m.partial {
		return err
	}
	return fmt.Errorf("bench: %w; what is printed is partial", interrupted)
}

// agree checks that all cells of a loss that do the same work gave the same counts and the
// same sum, bit for bit: numbers about different work could not be compared. Kernels of soft
// targets and of second derivatives round otherwise.
func (m *measurement) agree() error {
	type work struct {
		loss, input, weights string
		columns, scores      int
		soft, hessians       bool
	}
	first := map[work]*cell{}
	for _, c := range m.cells {
		w := work{c.Loss.Name, c.Input, c.Weights, c.Columns, c.Scores, c.Labels == measure.LabelsTargets, c.Op == measure.OpHessians}
		f := first[w]
		if f == nil {
			first[w] = c
		} else if c.Result != f.Result {
			return fmt.Errorf("kernels disagree: %s sums to %v, %s to %v", f, f.Result.Sum(), c, c.Result.Sum())
		}
	}
	return nil
}
