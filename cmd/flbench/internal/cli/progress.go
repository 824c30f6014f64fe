package cli

import (
	"io"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// patience is how long work may take before a bar shows.
const patience = time.Second

// Progress is a bar on a terminal. Its methods take a nil Progress for none, and may be called
// at the same time once it has started.
type Progress struct {
	w     io.Writer
	mu    sync.Mutex
	begun time.Time
	total int64
	done  int64
	bar   *progressbar.ProgressBar
}

// NewProgress returns a Progress for w if that is a terminal, or else nil.
func NewProgress(w io.Writer) *Progress {
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return &Progress{w: w}
	}
	return nil
}

// StartBytes begins work on so many bytes, which are shown with the time left.
func (p *Progress) StartBytes(what string, total int64) {
	p.start(what, total,
		progressbar.OptionShowBytes(true),
		progressbar.OptionShowTotalBytes(true),
		progressbar.OptionShowCount(),
		progressbar.OptionFullWidth())
}

// StartTime begins work that takes so long, as Add will report.
func (p *Progress) StartTime(what string, total time.Duration) {
	p.start(what, int64(total),
		progressbar.OptionSetWidth(30),
		progressbar.OptionSetPredictTime(false),
		progressbar.OptionSetElapsedTime(false))
}

// StartWork begins work of so many units of no name, shown in % with the time left.
func (p *Progress) StartWork(what string, total int64) {
	p.start(what, total, progressbar.OptionSetWidth(30), progressbar.OptionSetPredictTime(true))
}

// Describe says what is worked on.
func (p *Progress) Describe(what string) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bar.Describe(what)
}

func (p *Progress) start(what string, total int64, options ...progressbar.Option) {
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

// Add reports more work as done.
func (p *Progress) Add(n int64) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done += n
	if time.Since(p.begun) > patience {
		// A bar that cannot be drawn is no reason to fail. At its end it would
		// print a line of its own, which Clear is there for.
		_ = p.bar.Set64(min(p.done, p.total-1))
	}
}

// Clear leaves the terminal's line empty.
func (p *Progress) Clear() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.bar.Clear()
}
