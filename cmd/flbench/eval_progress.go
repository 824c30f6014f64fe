package main

import (
	"io"
	"os"
	"runtime"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// patience is how long work may take before a progress bar shows.
const patience = time.Second

// progress is a bar on a terminal. Its methods take a nil progress for none.
type progress struct {
	w     io.Writer
	begun time.Time
	done  int64 // bytes of logits
	bar   *progressbar.ProgressBar
}

// newProgress returns a progress for w if that is a terminal, or else nil.
func newProgress(w io.Writer) *progress {
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return &progress{w: w}
	}
	return nil
}

// start begins the work on so many scores.
func (p *progress) start(scores int64) {
	if p == nil {
		return
	}
	p.begun = time.Now()
	p.bar = progressbar.NewOptions64(4*scores,
		progressbar.OptionSetWriter(p.w),
		progressbar.OptionSetDescription("evaluating"),
		progressbar.OptionShowBytes(true),
		progressbar.OptionShowTotalBytes(true),
		progressbar.OptionShowCount(),
		progressbar.OptionFullWidth(),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionUseANSICodes(runtime.GOOS == "windows"), // which it cannot clear without
	)
	p.bar.StartWithoutRender()
}

// add reports scores as done.
func (p *progress) add(scores int) {
	if p == nil {
		return
	}
	p.done += 4 * int64(scores)
	if time.Since(p.begun) > patience {
		// A bar that cannot be drawn is no reason to fail.
		_ = p.bar.Set64(p.done)
	}
}

// clear leaves the terminal's line empty.
func (p *progress) clear() {
	if p != nil {
		_ = p.bar.Clear()
	}
}
