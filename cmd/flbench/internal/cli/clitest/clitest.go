// Package clitest runs flbench's commands in tests.
package clitest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
)

// Command makes a command of flbench, a new one for each run: flags keep what they were set
// to.
type Command func() *cobra.Command

// Run runs it as flbench's main does.
func (c Command) Run(t testing.TB, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = c.RunTo(t.Context(), &out, &errs, args...)
	return code, out.String(), errs.String()
}

// RunTo runs it with given outputs, until ctx ends.
func (c Command) RunTo(ctx context.Context, stdout, stderr io.Writer, args ...string) int {
	cmd := c()
	root := &cobra.Command{Use: "flbench"}
	root.AddCommand(cmd)
	return cli.Execute(ctx, root, append([]string{cmd.Name()}, args...), stdout, stderr)
}

// Must is a run that succeeds and says nothing on stderr. It returns stdout.
func (c Command) Must(t testing.TB, args ...string) string {
	t.Helper()
	code, stdout, stderr := c.Run(t, args...)
	if code != 0 || stderr != "" {
		t.Fatalf("%s: exit code %d, stderr %q", strings.Join(args, " "), code, stderr)
	}
	return stdout
}

// Refuses is a run that exits with 2, prints nothing on stdout, and says on stderr what is
// wrong and where to read on.
func (c Command) Refuses(t testing.TB, want string, args ...string) {
	t.Helper()
	code, stdout, stderr := c.Run(t, args...)
	if code != 2 || stdout != "" {
		t.Errorf("%s: exit code %d, stdout %q, want code 2 and nothing", strings.Join(args, " "), code, stdout)
	}
	if !strings.Contains(stderr, want) || !strings.Contains(stderr, "--help' for usage.") {
		t.Errorf("%s: stderr %q, want %q and where to find help", strings.Join(args, " "), stderr, want)
	}
}

// Full is a stdout on a full disk.
type Full struct{}

var errFull = errors.New("no space left on device")

// Write fails.
func (Full) Write([]byte) (int, error) { return 0, errFull }

// LosesOutput is a run that fails as its output is lost.
func (c Command) LosesOutput(t testing.TB, args ...string) {
	t.Helper()
	var stderr bytes.Buffer
	if code := c.RunTo(t.Context(), Full{}, &stderr, args...); code != 1 || !strings.Contains(stderr.String(), errFull.Error()) {
		t.Errorf("%s: exit code %d, stderr %q, want 1 and %q", strings.Join(args, " "), code, &stderr, errFull)
	}
}

// InRoot runs the test from the repository's root.
func InRoot(t testing.TB) {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("no go.mod above")
		}
		dir = up
	}
	t.Chdir(dir)
}
