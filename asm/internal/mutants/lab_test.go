package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

func output(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v", args, err)
	}
	return strings.TrimSpace(string(out))
}

// TestLab tries mutants of a repository of its own, and leaves it as it was.
func TestLab(t *testing.T) {
	const engine = `package engine

const size = 2 * 3

func sum(a []int) (s int) {
	for i := 0; i < len(a); i++ {
		s += a[i]
	}
	return s
}

func log() { println("summed") }

func sixth(n int) int { return n / size }
`
	root := write(t, map[string]string{
		"go.mod":           "module example.com/m\n\ngo 1.26\n",
		".gitignore":       "ignored.go\n",
		"engine/sum.go":    engine,
		"engine/s_test.go": "package engine\n\nimport \"testing\"\n\nfunc TestSum(t *testing.T) {\n\tlog()\n\tif sum([]int{1, 2}) != 3 {\n\t\tt.Fatal()\n\t}\n}\n\nfunc TestSixth(t *testing.T) {\n\tif sixth(12) != 2 {\n\t\tt.Fatal()\n\t}\n}\n",
		"generic/g.go":     "package generic\n",
		"asm/a.go":         "package asm\n\nfunc F() int { return 1 }\n",
		"asm/x/x.go":       "package x\n\nimport \"example.com/m/asm\"\n\nvar V = asm.F()\n",
		"asm/x/x_test.go":  "package x\n\nimport \"testing\"\n\nfunc TestV(t *testing.T) {\n\tif V != 1 {\n\t\tpanic(V)\n\t}\n}\n",
		"ignored.go":       "this is no Go\n",
	})
	output(t, root, "git", "init", "-q")
	output(t, root, "git", "add", "-A")
	if err := os.Remove(filepath.Join(root, ".gitignore")); err != nil { // so much for a clean tree
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, ".gitignore"), []byte("ignored.go\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	tr, err := copyTree(t.Context(), root, filepath.Join(t.TempDir(), "w"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(tr.dir, "ignored.go")); !os.IsNotExist(err) {
		t.Errorf("an ignored file was copied: %v", err)
	}
	var run []string
	if output(t, root, "go", "env", "GOHOSTARCH") != runtime.GOARCH {
		run = []string{emulators[runtime.GOARCH]}
	}
	l := newLab(runtime.GOARCH, run, output(t, root, "go", "env", "GOCACHE"), io.Discard)
	l.more = 3 * time.Second
	l.flags = nil // one folder does, and the standard library is built already
	if err := l.prepare(t.Context(), tr); err != nil {
		t.Fatal(err)
	}
	var pkgs []string
	for _, s := range l.suites {
		pkgs = append(pkgs, s.pkg)
	}
	if slices.Sort(pkgs); !slices.Equal(pkgs, []string{"asm/x", "engine"}) {
		t.Errorf("suites %v", pkgs)
	}
	list, err := sources(tr.dir, runtime.GOARCH)
	if err != nil {
		t.Fatal(err)
	}
	for edit, want := range map[string]struct {
		fate fate
		test string
	}{
		"s += a[i] ⇒ s -= a[i]": {killed, "engine.TestSum"},
		"for i := 0; i < len(a); i++ { ⇒ for i := 0; i <= len(a); i++ {": {killed, "engine.TestSum"},
		"for i := 0; i < len(a); i++ { ⇒ for i := 0; i < len(a); {":      {timedOut, "engine.TestSum"},
		"return s ⇒ (nothing)":                                  {unbuilt, ""},
		`func log() { println("summed") } ⇒ func log() { }`:     {survived, ""},
		"const size = 2 * 3 ⇒ const size = 2 / 3":               {unbuilt, ""}, // division by zero
		"const size = 2 * 3 ⇒ const size = 2 * 4":               {killed, "engine.TestSixth"},
		"func F() int { return 1 } ⇒ func F() int { return 2 }": {killed, "asm/x.TestV"},
	} {
		found := false
		for _, s := range list {
			for _, m := range s.mutants {
				if m.String() != edit {
					continue
				}
				found = true
				fate, test, err := l.try(t.Context(), tr, s, m)
				if fate != want.fate || test != want.test || err != nil {
					t.Errorf("%s: %v by %q, %v; want %v by %q", m, fate, test, err, want.fate, want.test)
				}
			}
		}
		if !found {
			t.Errorf("no mutant %s", edit)
		}
	}
	// An edit that comes to the same code.
	for _, s := range list {
		if s.path != "engine/sum.go" {
			continue
		}
		at := strings.Index(engine, "2 * 3")
		if fate, _, err := l.try(t.Context(), tr, s, mutant{file: s.path, from: at, to: at + 5, text: "3 * 2"}); fate != unchanged || err != nil {
			t.Errorf("3 * 2 for 2 * 3: %v, %v", fate, err)
		}
		// What noticed often goes first.
		if l.suitesFor(s)[0].pkg != "engine" || len(l.suitesFor(s)) != 1 {
			t.Error("the suites of engine/sum.go are others than engine")
		}
	}
	if err := l.confirm(t.Context(), []*tree{tr, tr}); err != nil {
		t.Error(err)
	}
	// A tree that is not what it was makes the results void.
	if err := os.WriteFile(filepath.Join(tr.dir, "asm/a.go"), []byte("package asm\n\nfunc F() int { return 3 }\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := l.confirm(t.Context(), []*tree{tr}); err == nil || !strings.Contains(err.Error(), "the results say nothing") {
		t.Errorf("of a changed tree: %v", err)
	}
	l.suites = nil
	if err := l.prepare(t.Context(), tr); err == nil || !strings.Contains(err.Error(), "asm/x without a mutant: TestV") {
		t.Errorf("of a tree whose tests fail: %v", err)
	}
}

// TestTidy: what mutants left in the cache goes, what was there stays.
func TestTidy(t *testing.T) {
	dir := write(t, map[string]string{"00/old-a": "", "ff/old-d": "", "README": ""})
	l := &lab{cache: dir, keep: map[string]bool{}}
	if err := l.cached(func(name string) { l.keep[name] = true }); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "ff/new-d"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := l.tidy(); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"00/old-a": true, "ff/old-d": true, "README": true, "ff/new-d": false} {
		if _, err := os.Stat(filepath.Join(dir, name)); (err == nil) != want {
			t.Errorf("%s is there: %v, want %v", name, err == nil, want)
		}
	}
}

func TestWatcher(t *testing.T) {
	var w watcher
	for _, part := range []string{
		"=== RUN   TestA\n--- PASS: TestA (1.5", "0s)\n=== RUN   TestB\n=== RUN   TestB/sub\n    --- PASS: TestB/other (0.00s)\n", "    b_test.go:1: wrong\n",
		"--- FAIL: TestB (0.25s)\n    --- FAIL: TestB/sub (0.00s)\n--- FAIL: TestC (0.00s)\nFAIL\n",
	} {
		if n, err := w.Write([]byte(part)); n != len(part) || err != nil {
			t.Fatal(n, err)
		}
	}
	if want := []string{"    b_test.go:1: wrong", "    --- FAIL: TestB/sub (0.00s)", "FAIL"}; !slices.Equal(w.tail, want) {
		t.Errorf("output %q, want %q", w.tail, want)
	}
	if w.test() != "TestB" || w.elapsed["TestA"] != 1500*time.Millisecond || w.elapsed["TestB"] != 250*time.Millisecond {
		t.Errorf("%s failed, of %v", w.test(), w.elapsed)
	}
	// A test that does not get to say that it failed.
	w = watcher{}
	w.Write([]byte("=== RUN   TestD/sub/more\nSIGSEGV: segmentation violation\n"))
	if w.test() != "TestD" || len(w.tail) != 1 {
		t.Errorf("%s failed, output %q", w.test(), w.tail)
	}
}

func TestGrouped(t *testing.T) {
	ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
	got := grouped(map[string]time.Duration{"slow": ms(900), "b": ms(10), "a": ms(10), "c": ms(300), "d": ms(200)})
	if len(got) != 2 || !slices.Equal(got[0], []string{"a", "b", "d"}) || !slices.Equal(got[1], []string{"c", "slow"}) {
		t.Errorf("groups %v", got)
	}
	if got := grouped(map[string]time.Duration{"slow": ms(900)}); len(got) != 1 || got[0][0] != "slow" {
		t.Errorf("groups %v", got)
	}
}

func TestCommand(t *testing.T) {
	for _, c := range []struct {
		args   string
		code   int
		stdout string
		stderr string
	}{
		{"-files engine/parallel.go -match GOMAXPROCS -list", 0, "GOMAXPROCS(1)", ""},
		{"-goarch arm64 -files asm -list", 0, "⇒", ""},
		{"-kernels", 0, "generic\n", ""},
		{"-files nowhere -list", 2, "", "no mutants are asked for"},
		{"-files [ -list", 2, "", "syntax error in pattern"},
		{"-match [ -list", 2, "", "missing closing"},
		{"-seed x", 2, "", `-seed "x": want a number`},
		{"-n 0", 2, "", "want at least 1"},
		{"-workers 0", 2, "", "want at least 1"},
		{"more", 2, "", `unexpected argument "more"`},
		{"-goarch s390x -files generic", 2, "", "want -exec too"},
		{"-bad", 2, "", "not defined: -bad"},
		{"-h", 0, "", "mutants per file"},
	} {
		var stdout, stderr bytes.Buffer
		code := command(t.Context(), strings.Fields(c.args), &stdout, &stderr)
		if code != c.code || !strings.Contains(stdout.String(), c.stdout) || !strings.Contains(stderr.String(), c.stderr) {
			t.Errorf("mutants %s: exit code %d, want %d\n%.300s\n%s", c.args, code, c.code, &stdout, &stderr)
		}
		if c.code != 0 && stdout.Len() > 0 {
			t.Errorf("mutants %s: both fails and prints %.100s", c.args, &stdout)
		}
	}
}
