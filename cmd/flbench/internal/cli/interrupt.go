package cli

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
)

// ErrInterrupted is the failure of a command that a signal ended.
var ErrInterrupted = errors.New("interrupted")

// Interruptible returns a context that SIGINT, SIGTERM and a terminal's end
// cancel, unless the program was started to ignore them, as by nohup. The second
// signal ends the program at once.
func Interruptible(ctx context.Context) (context.Context, func()) {
	var heeded []os.Signal
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(s) {
			heeded = append(heeded, s)
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	if len(heeded) == 0 { // which would stand for all signals
		return ctx, cancel
	}
	ctx, stop := signal.NotifyContext(ctx, heeded...)
	context.AfterFunc(ctx, stop)
	return ctx, func() { stop(); cancel() }
}
