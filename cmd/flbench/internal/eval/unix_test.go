//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package eval

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"
	"unsafe"

	"github.com/flengine/flengine/cmd/flbench/internal/dump"
	"github.com/flengine/flengine/cmd/flbench/internal/outcome"
	"github.com/flengine/flengine/cmd/flbench/internal/stream"
	"github.com/flengine/flengine/engine"
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
			images := must(stream.Check(t.Context(), []dump.Source{source}, false))
			r := must(newRun(newTestEvaluator(3), images, 3, nil))
			must(images[0].Input())
			if err := os.Truncate(cut, rows/2); err != nil {
				t.Fatal(err)
			}
			err := r.work(t.Context(), 3)
			if err == nil || !strings.HasPrefix(err.Error(), cut+": ") {
				t.Errorf("%s cut, labels %s: error %v", cut, kind.dtype, err)
			}
			stream.CloseAll(images)
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

// withStdout makes a file the process's standard output for a test.
func withStdout(t *testing.T, file *os.File) {
	before := os.Stdout
	t.Cleanup(func() { os.Stdout = before })
	os.Stdout = file
}

// TestEvalOutputIsStdout: a report is not replaced by an output that is the same file by
// another name, nor the other way round.
func TestEvalOutputIsStdout(t *testing.T) {
	dir := folder(t, array{[]int{2}, []float32{1, -3}}.file(), array{[]int{2}, []int32{-1, 0}}.file())
	away := t.TempDir()
	report := must(os.Create(filepath.Join(away, "res.json")))
	defer report.Close()
	withStdout(t, report)
	link, hard := filepath.Join(away, "link"), filepath.Join(away, "hard")
	if err := os.Symlink("res.json", link); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(report.Name(), hard); err != nil {
		t.Fatal(err)
	}
	for _, flag := range []string{"--losses-out", "--gradients-out", "--partial"} {
		for _, path := range []string{report.Name(), link, hard, filepath.Join(away, ".", "res.json")} {
			var stderr bytes.Buffer
			code := flbench([]string{"eval", flag, path, dir}, report, &stderr)
			if want := fmt.Sprintf("flbench: %s %s is where standard output goes: want another file\n", flag, path); code != 2 || !strings.HasPrefix(stderr.String(), want) {
				t.Errorf("%s %s: exit code %d, stderr %q, want %q", flag, path, code, &stderr, want)
			}
		}
	}
	if info := must(os.Stat(report.Name())); info.Size() != 0 || !os.SameFile(info, must(report.Stat())) {
		t.Errorf("the report's file has %d bytes, or is another", info.Size())
	}
	wantFiles(t, away, "hard", "link", "res.json")
}

// TestEvalOutputDevice: an output that is no regular file is refused.
func TestEvalOutputDevice(t *testing.T) {
	dir := folder(t, array{[]int{1}, []float32{2}}.file(), array{[]int{1}, []int32{-1}}.file())
	for _, path := range []string{"/dev/stdout", "/dev/null"} {
		stdout, stderr, code := command("eval", "--losses-out", path, dir)
		if code == 0 || stdout != "" || !strings.Contains(stderr, path) {
			t.Errorf("%s: exit code %d, stdout %q, stderr %q", path, code, stdout, stderr)
		}
	}
}

// TestEvalOverwritten: a file that gets other content of the same size while it is
// evaluated is an error.
func TestEvalOverwritten(t *testing.T) {
	s := newSample(1, 400, 5)
	for _, name := range []string{"logits.npy", "labels.npy"} {
		dir := folder(t, s.logitsFile(), s.classesFile())
		path := filepath.Join(dir, name)
		content := must(os.ReadFile(path))
		r := must(newRun(newTestEvaluator(1), imagesOf(t, dir), 1, nil))
		must(r.images[0].Input())
		write(t, path, content)
		if err := os.Chtimes(path, time.Time{}, time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if err := r.work(t.Context(), 1); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// TestEvalGrown: so is one that has become another between the look at its header and the
// evaluation.
func TestEvalGrown(t *testing.T) {
	s, longer := newSample(1, 400, 5), newSample(1, 401, 5)
	dir := folder(t, s.logitsFile(), s.classesFile())
	r := must(newRun(newTestEvaluator(1), imagesOf(t, dir), 1, nil))
	write(t, filepath.Join(dir, "logits.npy"), longer.logitsFile())
	write(t, filepath.Join(dir, "labels.npy"), longer.classesFile())
	if err := r.work(t.Context(), 1); err == nil || err.Error() != dir+": it has 2005 scores and had 2000, want files that stay as they are" {
		t.Errorf("error %v", err)
	}
	other := newSample(1, 500, 4)
	dir = folder(t, s.logitsFile(), s.classesFile())
	r = must(newRun(newTestEvaluator(1), imagesOf(t, dir), 1, nil))
	write(t, filepath.Join(dir, "logits.npy"), other.logitsFile())
	write(t, filepath.Join(dir, "labels.npy"), other.classesFile())
	if err := r.work(t.Context(), 1); err == nil || err.Error() != dir+": it has 4 columns and had 5, want files that stay as they are" {
		t.Errorf("error %v", err)
	}
}

// TestEvalSignalWhilePrinting: what ends a program by default ends it while nobody reads
// what it prints.
func TestEvalSignalWhilePrinting(t *testing.T) {
	if path := os.Getenv("FLBENCH_TEST_PRINT"); path != "" {
		os.Exit(flbench([]string{"eval", "--json", "--top", "100000", path}, os.Stdout, os.Stderr))
	}
	// If these tests were started to ignore it, the program is not: of a signal that is
	// handled it has the default.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGTERM)
	defer signal.Reset(syscall.SIGTERM)
	s := newSample(1, 20000, 5)
	again := append(strings.Fields(os.Getenv("FLENGINE_EMULATOR")), os.Args[0], "-test.run=^TestEvalSignalWhilePrinting$")
	cmd := exec.Command(again[0], again[1:]...)
	cmd.Env = append(os.Environ(), "FLBENCH_TEST_PRINT="+folder(t, s.logitsFile(), s.classesFile()))
	stdout := must(cmd.StdoutPipe())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill() }()
	must(io.ReadFull(stdout, make([]byte, 1000))) // it prints, more than the pipe holds
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() { ended <- cmd.Wait() }()
	select {
	case <-ended:
		if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !status.Signaled() || status.Signal() != syscall.SIGTERM {
			t.Errorf("ended with %v", cmd.ProcessState)
		}
	case <-time.After(time.Minute):
		t.Error("still there a minute after SIGTERM")
	}
}

// TestEvalOddPaths: bytes of a path that act on a terminal, or are no UTF-8, are told apart
// and harm nobody.
func TestEvalOddPaths(t *testing.T) {
	s := newSample(1, 4, 5)
	from, away := folder(t, s.logitsFile(), s.classesFile()), t.TempDir()
	var odd []string
	for _, name := range []string{"a\x1b[31mb\n", "c\xff", "c\xfe"} {
		path := filepath.Join(away, name)
		if err := os.Mkdir(path, 0o777); err != nil {
			continue // some file systems have no such names
		}
		for _, file := range []string{"logits.npy", "labels.npy"} {
			write(t, filepath.Join(path, file), must(os.ReadFile(filepath.Join(from, file))))
		}
		odd = append(odd, path)
	}
	if len(odd) == 0 {
		t.Fatal("no folder of an odd name could be made")
	}
	plain := func(text string) bool {
		return utf8.ValidString(text) && !strings.ContainsFunc(text, func(c rune) bool { return c != '\n' && !strconv.IsPrint(c) })
	}
	if table := eval(t, append([]string{"--top", "1"}, odd...)...); !plain(table) {
		t.Errorf("the table has %q", table)
	}
	text := eval(t, append([]string{"--json"}, odd...)...)
	if !plain(text) {
		t.Errorf("JSON has %q", text)
	}
	paths := regexp.MustCompile(`"path": (".*")`).FindAllStringSubmatch(text, -1)
	for i, path := range odd {
		if got := surrogateEscaped(t, paths[i][1]); got != path {
			t.Errorf("path %s stands for %q, want %q", paths[i][1], got, path)
		}
	}
	for _, path := range odd {
		for _, args := range [][]string{
			{filepath.Join(path, "none")}, {filepath.Join(path, "logits.npy")},
			{"--losses-out", filepath.Join(path, "labels.npy"), path}, {"--losses-out", filepath.Join(path, "none", "l.npy"), path},
			{"--logits", path, "--labels", path}, {"--from", path}, {"--logits", path, path}, {"--loss", path, path}, {"--sort", path, path},
		} {
			stdout, stderr, code := command(append([]string{"eval"}, args...)...)
			if code == 0 || stdout != "" || !plain(stderr) {
				t.Errorf("eval %q: exit code %d, stdout %q, stderr %q", args, code, stdout, stderr)
			}
		}
	}
}

// surrogateEscaped is what Python's os.fsencode makes of a JSON string.
func surrogateEscaped(t *testing.T, text string) string {
	t.Helper()
	bytes := regexp.MustCompile(`\\udc[89a-f][0-9a-f]`).ReplaceAllStringFunc(text, func(escape string) string {
		return `\u00` + escape[4:] // Latin-1 for now
	})
	var path string
	if err := json.Unmarshal([]byte(bytes), &path); err != nil {
		t.Fatal(err)
	}
	var b []byte
	for _, c := range path {
		b = append(b, byte(c))
	}
	return string(b)
}

// TestEvalTopLimit: what --top may keep is limited before it takes memory.
func TestEvalTopLimit(t *testing.T) {
	if size := unsafe.Sizeof(engine.Score{}); size > 24 { // 16 where int has 32 bits
		t.Errorf("a kept score takes %d bytes, want at most 24 for the 36 that the help tells", size)
	}
	dir := t.TempDir()
	const rows = outcome.MaxKept/2 + 1
	sparse(t, filepath.Join(dir, "logits.npy"), "<f4", fmt.Sprintf("(%d, 1)", rows), 4*rows)
	sparse(t, filepath.Join(dir, "labels.npy"), "|u1", fmt.Sprintf("(%d, 1)", rows), rows)
	stdout, stderr, code := command("eval", "--top", "20000000", dir, dir)
	want := "flbench: --top is 20000000: the inputs have more than 33554432 such scores, want no more to be kept\n"
	if code != 2 || stdout != "" || !strings.HasPrefix(stderr, want) {
		t.Errorf("exit code %d, stdout %q, stderr %q, want %q", code, stdout, stderr, want)
	}
}
