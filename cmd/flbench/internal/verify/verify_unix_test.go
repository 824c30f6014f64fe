//go:build unix

package verify

import (
	"bytes"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
)

// TestVerifySignal: the command heeds an interrupt amid a sweep of hours.
func TestVerifySignal(t *testing.T) {
	all, err := subjects()
	if err != nil {
		t.Fatal(err)
	}
	quick, endless := all[0], all[0]
	quick.patterns = blockSize
	endless.name = "endless"
	begin := endless.newChecker
	endless.newChecker = func() checker {
		p, err := os.FindProcess(os.Getpid())
		if err == nil {
			err = p.Signal(syscall.SIGINT)
		}
		if err != nil {
			t.Error(err)
		}
		return begin()
	}
	cmd := verifyOf(quick, endless)
	var stdout, stderr bytes.Buffer
	begun := time.Now()
	code := cli.Execute(t.Context(), cmd, []string{"--exhaustive", "--workers", "1"}, &stdout, &stderr)
	if code != 1 || stderr.String() != "flbench: verify: interrupted; not verified: logits.endless\n" || !strings.Contains(stdout.String(), "cross-entropy") {
		t.Errorf("exit code %d after %v, stderr %q, stdout %s", code, time.Since(begun), &stderr, &stdout)
	}
}
