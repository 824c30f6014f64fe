package measure

import (
	"fmt"
	"slices"
	"time"

	"github.com/flengine/flengine/engine"
)

// Cell is one combination to measure.
type Cell struct {
	Work
	Kernel  string
	Workers int

	Columns int
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

// Name names the cell as Go's benchmarks are named, among those of the same scores. The usual
// input and no weights are not named.
func (c *Cell) Name() string {
	name := fmt.Sprintf("kernel=%s/loss=%s/op=%s/labels=%s/workers=%d", c.Kernel, c.Loss.Name, c.Op, c.Labels, c.Workers)
	if c.Input != InputLogits {
		name += "/input=" + c.Input
	}
	if c.Weights != WeightsNone {
		name += "/weights=" + c.Weights
	}
	return name
}

// String names the cell among all.
func (c *Cell) String() string {
	return fmt.Sprintf("%s/columns=%d/scores=%d", c.Name(), c.Columns, c.Scores)
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
