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
	total int64
	done  int64
	bar   *progressbar.ProgressBar
}

// newProgress returns a progress for w if that is a terminal, or else nil.
func newProgress(w io.Writer) *progress {
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return &progress{w: w}
	}
	return nil
}

// startBytes begins work on so many bytes, which are shown with the time left.
func (p *progress) startBytes(what string, total int64) {
	p.start(what, total,
		progressbar.OptionShowBytes(true),
		progressbar.OptionShowTotalBytes(true),
		progressbar.OptionShowCount(),
		progressbar.OptionFullWidth())
}

// startTime begins work that takes so long, as add will report.
func (p *progress) startTime(what string, total time.Duration) {
	p.start(what, int64(total),
		progressbar.OptionSetWidth(30),
		progressbar.OptionSetPredictTime(false),
		progressbar.OptionSetElapsedTime(false))
}

// startWork begins work of so many units of no name, shown in % with the time left.
func (p *progress) startWork(what string, total int64) {
	p.start(what, total, progressbar.OptionSetWidth(30), progressbar.OptionSetPredictTime(true))
}

// describe says what is worked on.
func (p *progress) describe(what string) {
	if p != nil {
		p.bar.Describe(what)
	}
}

func (p *progress) start(what string, total int64, options ...progressbar.Option) {
	if p == nil {
		return
	}
	p.begun, p.total = time.Now(), total
	p.bar = progressbar.NewOptions64(total, append(options,
		progressbar.OptionSetWriter(p.w),
		progressbar.OptionSetDescription(what),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionUseANSICodes(runtime.GOOS == "windows"), // which it cannot clear without
	)...)
	p.bar.StartWithoutRender()
}

// add reports more work as done.
func (p *progress) add(n int64) {
	if p == nil {
		return
	}
	p.done += n
	if time.Since(p.begun) > patience {
		// A bar that cannot be drawn is no reason to fail. At its end it would
		// print a line of its own, which clear is there for.
		_ = p.bar.Set64(min(p.done, p.total-1))
	}
}

// clear leaves the terminal's line empty.
func (p *progress) clear() {
	if p != nil {
		_ = p.bar.Clear()
	}
}
