package bench

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"time"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/measure"
	"github.com/flengine/flengine/engine"
)

// measurement is a plan that was carried out.
type measurement struct {
	*plan
	batch *measure.Batch
	cells []*measure.Cell
	took  time.Duration

	partial bool // as it was interrupted
}

// measure carries out the plan. The time since start counts, but every cell is
// measured once, however long it takes. With cli.ErrInterrupted it returns what was measured.
func (p *plan) measure(ctx context.Context, start time.Time, stderr io.Writer) (*measurement, error) {
	clock := measure.NewClock(ctx, start, p.budget, stderr)
	defer clock.Clear()
	m := &measurement{plan: p, batch: measure.NewBatch(p.seed, p.anchors, p.classes, slices.Contains(p.labels, measure.LabelsUint8))}
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

// cells returns what is to be measured, kernels innermost, so that what is compared runs in
// turns.
func (p *plan) cells() (cells []*measure.Cell) {
	for _, loss := range p.losses {
		for _, op := range p.ops {
			for _, labels := range p.labels {
				for _, workers := range p.workers {
					for _, kernel := range p.kernels {
						cells = append(cells, &measure.Cell{Kernel: kernel, Loss: loss, Op: op, Labels: labels, Workers: workers})
					}
				}
			}
		}
	}
	return cells
}

// prepare makes the cells. Outputs are allocated once, for all.
func (m *measurement) prepare() error {
	var dst, grad []float32
	if m.wants(measure.OpLosses, measure.OpBoth, measure.OpHessians) {
		dst = make([]float32, len(m.batch.Logits))
	}
	if m.wants(measure.OpGradients, measure.OpBoth, measure.OpHessians) {
		grad = make([]float32, len(m.batch.Logits))
	}
	m.cells = m.plan.cells()
	for _, c := range m.cells {
		e, err := engine.New(c.Loss.Loss, engine.WithKernel(c.Kernel), engine.WithWorkers(c.Workers))
		if err != nil {
			return err
		}
		c.Scores = len(m.batch.Logits)
		if !c.Loss.Family().Rows {
			c.Pass = measure.Operation(e, c.Op, m.batch.With(c.Labels), dst, grad)
			continue
		}
		if c.Labels != measure.LabelsClasses || c.Op == measure.OpHessians {
			return cli.Usagef("--losses: %s is of rows: want --labels %s, and no %s", c.Loss.Name, measure.LabelsClasses, measure.OpHessians)
		}
		c.Pass = measure.Operation(e, c.Op, m.batch.Rows(), dst[:min(len(dst), m.anchors)], grad)
	}
	return nil
}

// finish prints the report, if there is anything in it, and returns what it comes to, an
// interrupt among others.
func (m *measurement) finish(to io.Writer, interrupted error) error {
	m.partial = interrupted != nil
	m.cells = slices.DeleteFunc(m.cells, func(c *measure.Cell) bool { return len(c.Repeats) == 0 })
	if len(m.cells) == 0 {
		return fmt.Errorf("bench: %w before anything was measured", interrupted)
	}
	if err := m.report().write(to, m.format); err != nil || !m.partial {
		return err
	}
	return fmt.Errorf("bench: %w; what is printed is partial", interrupted)
}

// agree checks that all cells of a loss gave the same counts and the same sum,
// bit for bit: numbers about different work could not be compared. Kernels of soft targets and
// of second derivatives round otherwise.
func (m *measurement) agree() error {
	type work struct {
		loss           string
		soft, hessians bool
	}
	first := map[work]*measure.Cell{}
	for _, c := range m.cells {
		w := work{c.Loss.Name, c.Labels == measure.LabelsTargets, c.Op == measure.OpHessians}
		f := first[w]
		if f == nil {
			first[w] = c
		} else if c.Result != f.Result {
			return fmt.Errorf("kernels disagree: %s sums to %v, %s to %v", f, f.Result.Sum(), c, c.Result.Sum())
		}
	}
	return nil
}
