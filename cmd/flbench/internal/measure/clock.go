package measure

import (
	"context"
	"io"
	"time"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
)

// maxRepeat is how long a repeat of a cell is made to take, in as many passes as
// that needs: long against the clock and the cost of a call.
const maxRepeat = 4 * time.Millisecond

// Clock is the time that a measurement may take, with a bar that shows it. An interrupt
// ends it early.
type Clock struct {
	ctx          context.Context
	start, shown time.Time
	budget       time.Duration
	bar          *cli.Progress
}

// NewClock starts a clock that began at start. The bar is drawn on stderr if that is a
// terminal, and must be cleared.
func NewClock(ctx context.Context, start time.Time, budget time.Duration, stderr io.Writer) *Clock {
	c := &Clock{ctx: ctx, start: start, shown: start, budget: budget, bar: cli.NewProgress(stderr)}
	c.bar.StartTime("measuring", budget)
	return c
}

// Clear takes the bar away.
func (c *Clock) Clear() { c.bar.Clear() }

// RepeatOf is how long a repeat may take of so many things that are measured.
func (c *Clock) RepeatOf(things int) time.Duration {
	return min(maxRepeat, c.budget/time.Duration(8*things))
}

// Tick moves the bar, or says that the measurement was interrupted.
func (c *Clock) Tick() error {
	now := time.Now()
	c.bar.Add(int64(now.Sub(c.shown)))
	c.shown = now
	if c.ctx.Err() != nil {
		return cli.ErrInterrupted
	}
	return nil
}

// Rounds does rounds until the next could end after the time, but one at least.
func (c *Clock) Rounds(round func() error) error {
	var longest time.Duration
	for first := true; first || c.Took()+longest <= c.budget; first = false {
		begun := time.Now()
		if err := round(); err != nil {
			return err
		}
		longest = max(longest, time.Since(begun))
	}
	return nil
}

// Took is the time since the start.
func (c *Clock) Took() time.Duration { return time.Since(c.start) }
