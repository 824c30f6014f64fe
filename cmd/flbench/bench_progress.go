package main

import (
	"io"
	"os"
	"runtime"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// benchProgress shows how much of the time has passed, on a terminal, and only
// once a second is over. It has no colours.
type benchProgress struct {
	start  time.Time
	budget time.Duration
	to     io.Writer
	bar    *progressbar.ProgressBar // nil until shown
}

// newBenchProgress returns nil, which shows nothing, if the writer is no
// terminal.
func newBenchProgress(start time.Time, budget time.Duration, to io.Writer) *benchProgress {
	if f, ok := to.(*os.File); !ok || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	return &benchProgress{start: start, budget: budget, to: to}
}

// update is called between measurements. Failing to show is no failure.
func (p *benchProgress) update() {
	if p == nil || time.Since(p.start) < time.Second {
		return
	}
	if p.bar == nil {
		p.bar = progressbar.NewOptions64(p.budget.Milliseconds()+1,
			progressbar.OptionSetWriter(p.to),
			progressbar.OptionSetDescription("measuring"),
			progressbar.OptionSetWidth(30),
			progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionSetPredictTime(false),
			progressbar.OptionSetElapsedTime(false),
			progressbar.OptionClearOnFinish(),
			progressbar.OptionUseANSICodes(runtime.GOOS == "windows")) // which it cannot clear without
	}
	// Never the maximum: the bar would take that as its end.
	_ = p.bar.Set64(min(time.Since(p.start), p.budget).Milliseconds())
}

func (p *benchProgress) done() {
	if p != nil && p.bar != nil {
		_ = p.bar.Finish()
	}
}
