//go:build unix

package eval

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestEvalPartialFiles: files are told by their own names, and pipes, which have no bytes of
// before, are not.
func TestEvalPartialFiles(t *testing.T) {
	s := newSample(1, 50, 5)
	dir, away := must(filepath.EvalSymlinks(folder(t, s.logitsFile(), s.classesFile()))), t.TempDir()
	link, pipe := filepath.Join(away, "link"), filepath.Join(away, "pipe")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	for i, f := range linesOf(t, eval(t, "--partial=-", link))[0].Files {
		if want := filepath.Join(dir, []string{"logits.npy", "labels.npy"}[i]); string(f.Path) != want {
			t.Errorf("%s, want %s", f.Path, want)
		}
	}
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	go func() {
		if err := os.WriteFile(pipe, safetensors(s), 0); err != nil {
			t.Error(err)
		}
	}()
	if l := linesOf(t, eval(t, "--partial=-", pipe))[0]; string(l.Path) != pipe || len(l.Files) != 0 {
		t.Errorf("%+v", l)
	}
}

// TestEvalPartialKilled: a task that is killed while it writes, or whose disk is full, leaves no
// lines under the file's name, nor changes those of an earlier one; another try leaves all.
func TestEvalPartialKilled(t *testing.T) {
	const paths, few = 3000, 100 // the latter for who is not to be killed
	if out := os.Getenv("FLBENCH_TEST_PARTIAL"); out != "" {
		if os.Getenv("FLBENCH_TEST_FULL") != "" {
			limit := unix.Rlimit{Cur: 1 << 15, Max: 1 << 15}
			if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &limit); err != nil {
				panic(err)
			}
		}
		os.Exit(flbench([]string{"eval", "--workers=1", "--partial", out, "--from", os.Getenv("FLBENCH_TEST_LIST")}, os.Stdout, os.Stderr))
	}
	s := newSample(1, 50, 5)
	dir := t.TempDir()
	image := write(t, filepath.Join(dir, "image.npz"), npz(t, map[string][]byte{"logits": s.logitsFile(), "labels": s.classesFile()}))
	for i := range paths - 1 {
		must(0, os.Link(image, filepath.Join(dir, fmt.Sprintf("%d.npz", i))))
	}
	list := write(t, filepath.Join(t.TempDir(), "list"), []byte(dir+"\n"))
	away := t.TempDir()
	out := filepath.Join(away, "out.jsonl")
	start := func(env ...string) (cmd *exec.Cmd, stderr *strings.Builder) {
		again := append(strings.Fields(os.Getenv("FLENGINE_EMULATOR")), os.Args[0], "-test.run=^TestEvalPartialKilled$")
		cmd = exec.Command(again[0], again[1:]...)
		cmd.Env = append(os.Environ(), append(env, "FLBENCH_TEST_PARTIAL="+out, "FLBENCH_TEST_LIST="+list)...)
		stderr = new(strings.Builder)
		cmd.Stderr = stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return cmd, stderr
	}
	// written returns the size of what has no name yet, −1 if there is none.
	written := func() int64 {
		for _, e := range must(os.ReadDir(away)) {
			if info, err := e.Info(); err == nil && strings.HasSuffix(e.Name(), ".tmp") {
				return info.Size()
			}
		}
		return -1
	}
	for _, before := range []string{"", "an earlier task's"} {
		if before != "" {
			write(t, out, []byte(before))
		}
		killed := false
		for try := 0; try < 50 && !killed; try++ {
			cmd, _ := start()
			ended := make(chan error, 1)
			go func() { ended <- cmd.Wait() }()
			for done := false; !done; {
				select {
				case <-ended:
					t.Log("it was done before it was killed")
					done = true
				default:
					if n := written(); n > 0 {
						_ = cmd.Process.Kill()
						<-ended
						done, killed = true, written() > 0
					}
				}
			}
			if killed {
				text, err := os.ReadFile(out)
				if (before == "") != os.IsNotExist(err) || string(text) != before {
					t.Errorf("killed: %d bytes, %v", len(text), err)
				}
				continue
			}
			_ = os.Remove(out)
			if before != "" {
				write(t, out, []byte(before))
			}
		}
		if !killed {
			t.Fatal("no task was killed while it wrote")
		}
		cmd, stderr := start("FLBENCH_TEST_FULL=1")
		err := cmd.Wait()
		text, reading := os.ReadFile(out)
		if err == nil || !strings.HasPrefix(stderr.String(), "flbench: --partial "+out+": "+unix.EFBIG.Error()) || (before == "") != os.IsNotExist(reading) || string(text) != before {
			t.Errorf("no room: %v, stderr %q, %d bytes", err, stderr, len(text))
		}
	}
	var names strings.Builder
	for i := range few {
		fmt.Fprintln(&names, filepath.Join(dir, fmt.Sprintf("%d.npz", i)))
	}
	write(t, list, []byte(names.String()))
	cmd, stderr := start()
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v, stderr %q", err, stderr)
	}
	if n := len(linesOf(t, string(must(os.ReadFile(out))))); n != few {
		t.Errorf("%d lines of %d", n, few)
	}
	wantFiles(t, away, "out.jsonl")
}
