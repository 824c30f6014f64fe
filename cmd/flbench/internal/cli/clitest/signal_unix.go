//go:build unix

package clitest

import (
	"bytes"
	"context"
	"os"
	"os/signal"
	"syscall"
	"testing"
	"time"
)

// Interrupted runs a command that would take for ever, and sends SIGINT as soon as ready
// says so, or again until it ends.
func (c Command) Interrupted(t *testing.T, stderr *os.File, ready func() bool, args ...string) (code int, stdout string) {
	t.Helper()
	// A signal that comes before the command heeds it must not end the test.
	ignored := make(chan os.Signal, 1)
	signal.Notify(ignored, syscall.SIGINT)
	defer signal.Stop(ignored)
	var out bytes.Buffer
	ended := make(chan int)
	go func() { ended <- c.RunTo(context.Background(), &out, stderr, args...) }()
	for {
		select {
		case code := <-ended:
			return code, out.String()
		case <-time.After(20 * time.Millisecond):
			if !ready() {
				continue
			}
			if err := syscall.Kill(os.Getpid(), syscall.SIGINT); err != nil {
				t.Fatal(err)
			}
		}
	}
}
