package main

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"
)

// trial is a mutant and what became of it.
type trial struct {
	mutant
	fate    fate
	test    string // that noticed first
	reason  string // why it survives, if explained
	seconds float64
}

// progress is how far a file is.
type progress struct {
	*source
	order     []mutant // to try
	next      int
	want      int // mutants that count
	counted   int
	running   int
	unchanged int // trials that gave the same code
	trials    []trial
}

// dead tells whether edit after edit leaves all tests the same code: none is built from
// the file.
func (p *progress) dead() bool { return p.counted == 0 && p.unchanged >= deadAfter }

const deadAfter = 10

// campaign tries mutants of files with several workers.
type campaign struct {
	try       func(context.Context, *tree, *source, mutant) (f fate, test string, err error)
	tidy      func() error
	files     []*progress
	explained []explanation
	log       io.Writer
	verbose   bool

	mu     sync.Mutex
	freed  *sync.Cond // a mutant was tried
	turn   int        // the file to go on with
	err    error
	start  time.Time
	logged time.Time
	done   int // trials
}

// run tries mutants until all files have had enough, something fails, or ctx ends.
func (c *campaign) run(ctx context.Context, trees []*tree) error {
	c.freed = sync.NewCond(&c.mu)
	c.start = time.Now()
	c.logged = c.start
	stop := context.AfterFunc(ctx, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.freed.Broadcast()
	})
	defer stop()
	var wg sync.WaitGroup
	for _, t := range trees {
		wg.Go(func() { c.work(ctx, t) })
	}
	wg.Wait()
	return c.err
}

func (c *campaign) work(ctx context.Context, t *tree) {
	for {
		p, m := c.take(ctx)
		if p == nil {
			return
		}
		begin := time.Now()
		f, test, err := c.try(ctx, t, p.source, m)
		tidy := c.put(ctx, p, trial{m, f, test, "", time.Since(begin).Seconds()}, err)
		if tidy {
			c.fail(c.tidy())
		}
	}
}

// take returns the next mutant of the next file, which waits where those that run may
// be enough, if they compile: so it depends on the order of the mutants alone which of
// them are tried. It returns nil when there is nothing more to do.
func (c *campaign) take(ctx context.Context) (*progress, mutant) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for ctx.Err() == nil && c.err == nil {
		waits := false
		for range c.files {
			p := c.files[c.turn]
			c.turn = (c.turn + 1) % len(c.files)
			switch {
			case p.next == len(p.order) || p.counted == p.want || p.dead():
			case p.counted+p.running < p.want:
				m := p.order[p.next]
				p.next++
				p.running++
				return p, m
			default:
				waits = true
			}
		}
		if !waits {
			break
		}
		c.freed.Wait()
	}
	return nil, mutant{}
}

// fail ends the campaign if there is an error.
func (c *campaign) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = err
	}
}

// put notes what became of a mutant, and tells whether it is time to tidy.
func (c *campaign) put(ctx context.Context, p *progress, t trial, err error) (tidy bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	defer c.freed.Broadcast()
	p.running--
	if ctx.Err() != nil {
		return false // what was interrupted says nothing
	}
	if err != nil {
		if c.err == nil {
			c.err = fmt.Errorf("%s: %s: %w", t.place(), t.mutant, err)
		}
		return false
	}
	c.done++
	if t.fate.counts() {
		p.counted++
	}
	if t.fate == unchanged {
		p.unchanged++
	}
	if t.fate == survived {
		t.reason = explain(c.explained, t.mutant)
	}
	p.trials = append(p.trials, t)
	c.report(t)
	return c.done%tidyAfter == 0
}

// report says on the log what became of a mutant, and how far the campaign is.
func (c *campaign) report(t trial) {
	if c.verbose || t.fate == survived && t.reason == "" {
		fmt.Fprintf(c.log, "%s: %s: %s: %s\n", t.place(), t.op, t.mutant, outcome(t))
	}
	if time.Since(c.logged) < 15*time.Second {
		return
	}
	c.logged = time.Now()
	counted, want := 0, 0
	for _, p := range c.files {
		counted += p.counted
		want += min(p.want, p.counted+len(p.order)-p.next+p.running)
	}
	each := time.Since(c.start).Seconds() / float64(c.done)
	per := time.Since(c.start) / time.Duration(max(counted, 1))
	fmt.Fprintf(c.log, "%d of at most %d mutants, %.2f s per trial, at most %v left\n", counted, want, each,
		(time.Duration(want-counted) * per).Round(time.Second))
}

// outcome is a fate with the test behind it, or the reason.
func outcome(t trial) string {
	s := t.fate.String()
	if t.test != "" {
		s += " by " + t.test
	}
	if t.reason != "" {
		s += ", explained: " + t.reason
	}
	return fmt.Sprintf("%s (%.1f s)", s, t.seconds)
}
