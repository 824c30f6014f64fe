package cluster

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

var (
	anchors = flag.Int("anchors", 100_000, "rows of 80 scores in the data")
	shards  = flag.Int("shards", 10, "files in the data")
)

const (
	root = "../../../.." // of the repository
	docs = "../../docs"
)

// folder is where programs and data are, for all tests.
var folder string

func TestMain(m *testing.M) {
	if name := filepath.Base(os.Args[0]); name == standIn {
		os.Exit(killOnce())
	}
	flag.Parse()
	os.Exit(func() int {
		var err error
		if folder, err = os.MkdirTemp("", "flengine-cluster-"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(folder)
		interrupt := make(chan os.Signal, 1)
		signal.Notify(interrupt, os.Interrupt, syscall.SIGTERM)
		ended := make(chan int)
		go func() { ended <- m.Run() }()
		select {
		case code := <-ended:
			atEnd()
			return code
		case <-interrupt:
			groups.Range(func(pid, _ any) bool { return killGroup(pid.(int)) })
			return 130
		}
	}())
}

// groups are the process groups that run, by their first process: a terminal's interrupt does not
// reach them.
var groups sync.Map

// startGroup starts a process in a group of its own.
func startGroup(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	groups.Store(cmd.Process.Pid, true)
}

// killGroup ends what is left of a group. It returns true.
func killGroup(pid int) bool {
	groups.Delete(pid)
	syscall.Kill(-pid, syscall.SIGKILL)
	return true
}

// What make cluster adds: something after the tests, and a look at the memory of a process and
// those it starts, until the result is asked for.
var (
	atEnd       = func() {}
	watchMemory = func(pid int) (most func() int64) { return func() int64 { return 0 } }
)

// program builds a command of the root module once, and returns its path.
func program(t *testing.T, name, pkg string) string {
	t.Helper()
	return build(t, name, root, pkg)
}

var builds sync.Map // of name: func() error

func build(t *testing.T, name, dir, pkg string) string {
	t.Helper()
	path := filepath.Join(folder, name)
	once, _ := builds.LoadOrStore(name, sync.OnceValue(func() error {
		cmd := exec.Command("go", "build", "-o", path, pkg)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("go build %s: %v\n%s", pkg, err, out)
		}
		return nil
	}))
	if err := once.(func() error)(); err != nil {
		t.Fatal(err)
	}
	return path
}

func flbench(t *testing.T) string {
	t.Helper()
	return program(t, "flbench", "./cmd/flbench")
}

var data sync.Map // of folder: func() error

// images returns the folders of the data, the last of which has a NaN if nan is true.
func images(t *testing.T, nan bool) []string {
	t.Helper()
	return generated(t, *shards, nan)
}

// whole is a folder with all scores of the data in one file.
func whole(t *testing.T, nan bool) string {
	t.Helper()
	return generated(t, 1, nan)[0]
}

func generated(t *testing.T, shards int, nan bool) []string {
	t.Helper()
	make := program(t, "shards", "./cmd/flbench/internal/shards")
	dir := filepath.Join(folder, fmt.Sprintf("data-%d%s", shards, map[bool]string{true: "-with-nan"}[nan]))
	once, _ := data.LoadOrStore(dir, sync.OnceValue(func() error {
		out, err := exec.Command(make, "-anchors", strconv.Itoa(*anchors), "-shards", strconv.Itoa(shards), fmt.Sprintf("-nan=%v", nan), dir).CombinedOutput()
		if err != nil {
			return fmt.Errorf("shards: %v\n%s", err, out)
		}
		return nil
	}))
	if err := once.(func() error)(); err != nil {
		t.Fatal(err)
	}
	paths, err := filepath.Glob(filepath.Join(dir, "shard-*"))
	if err != nil || len(paths) != shards {
		t.Fatalf("%s: %d shards, %v: want %d", dir, len(paths), err, shards)
	}
	return paths
}

// lastNaN is the image that has the NaN.
func lastNaN(t *testing.T) string {
	t.Helper()
	return images(t, true)[*shards-1]
}

// nanPlace is where the NaN of an image is: its file, and its element as in "[3, 7]".
func nanPlace(t *testing.T, image string) (file, element string) {
	t.Helper()
	file = filepath.Join(image, "logits.npy")
	done := run(t, exec.Command(flbench(t), "eval", image))
	element, found := strings.CutPrefix(done.stderr, "flbench: "+file+": ")
	element, _, ends := strings.Cut(element, " is NaN")
	if done.code == 0 || !found || !ends {
		t.Fatalf("flbench eval: exit code %d, stderr %q: want a refusal that names the NaN's place", done.code, done.stderr)
	}
	return file, element
}

// work returns a folder to run a recipe in, with images.txt, which lists paths.
func work(t *testing.T, paths []string) string {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "images.txt"), strings.Join(paths, "\n")+"\n")
	return dir
}

// command is a program that runs in dir and finds flbench on its PATH.
func command(t *testing.T, dir, name string, args ...string) *exec.Cmd {
	t.Helper()
	if name == "flbench" {
		name = flbench(t)
	}
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(flbench(t))+":"+os.Getenv("PATH"))
	return cmd
}

// recipe is a script of the documents, run in dir.
func recipe(t *testing.T, dir, name string, args ...string) *exec.Cmd {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(docs, name))
	if err != nil {
		t.Fatal(err)
	}
	return command(t, dir, path, args...)
}

// outcome is how a program ended.
type outcome struct {
	stdout, stderr string
	code           int
	state          *os.ProcessState
	wall           time.Duration
	memory         int64 // the most that all processes had at a time, if that was looked at
}

// limit ends what hangs.
const limit = 5 * time.Minute

func run(t *testing.T, cmd *exec.Cmd) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = 10 * time.Second // for what a killed process has left behind
	begin := time.Now()
	startGroup(t, cmd)
	memory := watchMemory(cmd.Process.Pid)
	watch := time.AfterFunc(limit, func() { killGroup(cmd.Process.Pid) })
	err := cmd.Wait()
	wall := time.Since(begin)
	killGroup(cmd.Process.Pid) // what it has left behind
	if !watch.Stop() {
		t.Fatalf("%s: killed after %v; stderr %q", cmd, limit, stderr.String())
	}
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s: %v; stderr %q", cmd, err, stderr.String())
	}
	return outcome{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode(), cmd.ProcessState, wall, memory()}
}

// total is the run's exact total: the key exact of total in JSON like that of flbench eval.
func (o outcome) total(t *testing.T) string {
	t.Helper()
	if o.code != 0 {
		t.Fatalf("exit code %d, stderr %q", o.code, o.stderr)
	}
	var report struct{ Total struct{ Exact string } }
	if err := json.Unmarshal([]byte(o.stdout), &report); err != nil || report.Total.Exact == "" {
		t.Fatalf("no exact total in %q: %v", o.stdout, err)
	}
	return report.Total.Exact
}

// failed reports a run that did not fail, or that did and has printed a total.
func (o outcome) failed(t *testing.T) {
	t.Helper()
	if o.code == 0 || strings.Contains(o.stdout, "total") {
		t.Errorf("exit code %d, stdout %q: want a failure and no total", o.code, o.stdout)
	}
}

// namesNaN reports a run that did not fail for the NaN in an image, the last one.
func (o outcome) namesNaN(t *testing.T, image string) {
	t.Helper()
	o.failed(t)
	file, element := nanPlace(t, image)
	for _, want := range []string{file, element + " is NaN"} {
		if !strings.Contains(o.stderr, want) {
			t.Errorf("stderr %q: want %q", o.stderr, want)
		}
	}
}

// alone is the exact total of all images by one flbench.
func alone(t *testing.T) string {
	t.Helper()
	dir := work(t, images(t, false))
	return run(t, command(t, dir, "flbench", "eval", "--json", "--from", "images.txt")).total(t)
}

// same reports an exact total that is not want.
func same(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("exact total %s, want %s, that of flbench alone", got, want)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
