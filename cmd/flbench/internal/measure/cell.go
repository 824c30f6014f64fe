package measure

import (
	"fmt"
	"slices"
	"time"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/engine"
)

// Operations, by the names that flags take.
const (
	OpSum       = "sum"
	OpLosses    = "losses"
	OpGradients = "gradients"
	OpBoth      = "losses+gradients"
	OpHessians  = "gradients+hessians"
)

// UsualOps are the operations that are measured by default, AllOps all that there are.
func UsualOps() []string { return []string{OpSum, OpLosses, OpGradients, OpBoth} }
func AllOps() []string   { return append(UsualOps(), OpHessians) }

// Operation returns one call of the engine; dst and grad are for operations that need them,
// dst for second derivatives, too.
func Operation(e *engine.Engine, op string, b engine.Batch, dst, grad []float32) func() (engine.Result, error) {
	switch op {
	case OpSum:
		return func() (engine.Result, error) { return e.Sum(b) }
	case OpLosses:
		return func() (engine.Result, error) { return e.Losses(dst, b) }
	case OpGradients:
		return func() (engine.Result, error) { return e.Gradients(grad, b) }
	case OpHessians:
		return func() (engine.Result, error) { return e.GradientsAndHessians(grad, dst, b) }
	}
	return func() (engine.Result, error) { return e.LossesAndGradients(dst, grad, b) }
}

// Cell is one combination to measure.
type Cell struct {
	Kernel  string
	Loss    cli.LossSpec
	Op      string
	Labels  string
	Workers int

	Scores  int // of a pass
	Pass    func() (engine.Result, error)
	Result  engine.Result // of a pass
	Passes  int           // a repeat
	Repeats []float64     // ns per score
}

// Warm does a first pass, which keeps the result, and finds out how many passes
// take as long as a repeat should.
func (c *Cell) Warm(repeat time.Duration) (err error) {
	if c.Result, err = c.Pass(); err != nil {
		return err
	}
	for c.Passes = 1; ; c.Passes *= 2 {
		if t, err := c.time(); err != nil || t > 0 && t >= repeat {
			return err
		}
	}
}

// Repeat measures one repeat.
func (c *Cell) Repeat() error {
	t, err := c.time()
	if err != nil {
		return err
	}
	c.Repeats = append(c.Repeats, float64(t.Nanoseconds())/float64(c.Passes)/float64(c.Scores))
	return nil
}

func (c *Cell) time() (time.Duration, error) {
	start := time.Now()
	for range c.Passes {
		if _, err := c.Pass(); err != nil {
			return 0, err
		}
	}
	return time.Since(start), nil
}

// String names the cell as Go's benchmarks are named.
func (c *Cell) String() string {
	return fmt.Sprintf("kernel=%s/loss=%s/op=%s/labels=%s/workers=%d", c.Kernel, c.Loss.Name, c.Op, c.Labels, c.Workers)
}

// Times are what repeats come to, in the unit of theirs.
type Times struct {
	Median, Min, Max float64
	Spread           float64 // half the interquartile range / median
}

// TimesOf summarises repeats, of which there is at least one.
func TimesOf(repeats []float64) Times {
	sorted := slices.Sorted(slices.Values(repeats))
	median := quantile(sorted, 0.5)
	return Times{median, sorted[0], sorted[len(sorted)-1], (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / 2 / median}
}

// quantile interpolates linearly between the sorted values.
func quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	i := int(at)
	if i+1 == len(sorted) {
		return sorted[i]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}
