//go:build unix

package roofline

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRooflineSignal: an interrupt is heeded, and no picture is left.
func TestRooflineSignal(t *testing.T) {
	dir := t.TempDir()
	stderr, err := os.Create(filepath.Join(dir, "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer stderr.Close()
	code, stdout := flbench.Interrupted(t, stderr, func() bool { return true },
		"--time", "86400", "--scores", "4096", "--workers", "1", "--losses", "ce", "--ops", "sum", "--plot", filepath.Join(dir, "a.svg"))
	message, err := os.ReadFile(stderr.Name())
	if err != nil {
		t.Fatal(err)
	}
	nothing := string(message) == "flbench: roofline: interrupted before anything was measured, and "+filepath.Join(dir, "a.svg")+" is not drawn\n" && stdout == ""
	partial := strings.HasSuffix(string(message), "flbench: roofline: interrupted; what is printed is partial, and "+filepath.Join(dir, "a.svg")+" is not drawn\n") &&
		strings.Contains(stdout, "INTERRUPTED")
	if code != 1 || !nothing && !partial {
		t.Errorf("exit code %d, stderr %q, stdout %s", code, message, stdout)
	}
	if _, err := os.Stat(filepath.Join(dir, "a.svg")); err == nil {
		t.Error("a picture is left")
	}
}
