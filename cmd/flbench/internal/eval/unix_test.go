//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package eval

import (
	"bytes"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/flengine/flengine/cmd/flbench/internal/dump"
)

// sparse writes an .npy file of zeros that takes no space.
func sparse(t *testing.T, path, descr, shape string, size int64) {
	t.Helper()
	header := npyFile(descr, shape, []byte{})
	write(t, path, header)
	if err := os.Truncate(path, int64(len(header))+size); err != nil {
		t.Fatal(err)
	}
}

// TestEvalSignal interrupts an evaluation of more data than could be evaluated
// before the signal.
func TestEvalSignal(t *testing.T) {
	const rows, columns = 1 << 22, 80 // 1.3 GB
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		if signal.Ignored(sig) { // SIGINT or SIGHUP may be, when the tests run in the background
			continue
		}
		dir, out := t.TempDir(), t.TempDir()
		sparse(t, filepath.Join(dir, "logits.npy"), "<f4", fmt.Sprintf("(%d, %d)", rows, columns), rows*columns*4)
		sparse(t, filepath.Join(dir, "labels.npy"), "<i4", fmt.Sprintf("(%d,)", rows), rows*4)
		path := write(t, filepath.Join(out, "out.npy"), []byte("old"))

		var stdout, stderr bytes.Buffer
		code := make(chan int)
		go func() { code <- flbench([]string{"eval", "--losses-out", path, dir}, &stdout, &stderr) }()
		// Signals are heeded from before the temporary file is there.
		for len(must(os.ReadDir(out))) < 2 {
			select {
			case got := <-code:
				t.Fatalf("exit code %d before the signal, stderr %q", got, &stderr)
			case <-time.After(time.Millisecond):
			}
		}
		if err := syscall.Kill(os.Getpid(), sig); err != nil {
			t.Fatal(err)
		}
		if got := <-code; got != 1 || stdout.Len() > 0 || stderr.String() != "flbench: interrupted\n" {
			t.Errorf("%v: exit code %d, stdout %q, stderr %q", sig, got, &stdout, &stderr)
		}
		wantFiles(t, out, "out.npy")
		if got := must(os.ReadFile(path)); string(got) != "old" {
			t.Errorf("%v: the old file became %q", sig, got)
		}
	}
}

// TestEvalShortened: a file that is cut while it is mapped is an error, not the
// end of the program.
func TestEvalShortened(t *testing.T) {
	const rows = 1 << 20
	dir := t.TempDir()
	logits, labels := filepath.Join(dir, "logits.npy"), filepath.Join(dir, "labels.npy")
	for _, kind := range []struct {
		dtype string
		size  int64
	}{{"|u1", rows}, {"<i4", 4 * rows}, {"<i8", 8 * rows}} {
		for _, cut := range []string{logits, labels} {
			sparse(t, logits, "<f4", fmt.Sprintf("(%d, 1)", rows), 4*rows)
			sparse(t, labels, kind.dtype, fmt.Sprintf("(%d, 1)", rows), kind.size)
			source := must((&dump.Options{Targets: "binary"}).Sources([]string{dir}))[0]
			images := must(check(t.Context(), []dump.Source{source}))
			r := newRun(newTestEvaluator(3), images, nil)
			r.plain = must(r.evaluator.engines())
			must(images[0].input())
			if err := os.Truncate(cut, rows/2); err != nil {
				t.Fatal(err)
			}
			err := r.work(t.Context(), 3)
			if err == nil || !strings.HasPrefix(err.Error(), dir) {
				t.Errorf("%s cut, labels %s: error %v", cut, kind.dtype, err)
			}
			r.closeAll()
		}
	}
}

// TestEvalLinkToInput: an output that is a link to an input is the input.
func TestEvalLinkToInput(t *testing.T) {
	dir := folder(t, array{[]int{1}, []float32{1}}.file(), array{[]int{1}, []int32{0}}.file())
	away := t.TempDir()
	link, linked := filepath.Join(away, "link.npy"), filepath.Join(away, "dir")
	for name, target := range map[string]string{link: filepath.Join(dir, "labels.npy"), linked: dir} {
		if err := os.Symlink(target, name); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ args []string }{
		{[]string{"--losses-out", link, dir}},
		{[]string{"--losses-out", filepath.Join(linked, "labels.npy"), dir}},
		{[]string{"--losses-out", filepath.Join(linked, "new.npy"), "--gradients-out", filepath.Join(dir, "new.npy"), dir}},
	} {
		if stdout, stderr, code := command(append([]string{"eval"}, c.args...)...); code != 2 || stdout != "" {
			t.Errorf("eval %q: exit code %d, stdout %q, stderr %q", c.args, code, stdout, stderr)
		}
	}
	wantFiles(t, dir, "labels.npy", "logits.npy")
}
