package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// fate is what became of a mutant.
type fate int

const (
	survived  fate = iota
	killed         // a test failed
	timedOut       // a test did not end: killed, too
	unbuilt        // it does not compile, and is no mutant
	unchanged      // it compiles to the same code, and is none either
)

// String names the fate, as in JSON.
func (f fate) String() string {
	return [...]string{"survived", "killed", "timed out", "not compiled", "same code"}[f]
}

// counts tells whether the fate is that of a mutant at all.
func (f fate) counts() bool { return f <= timedOut }

// MarshalText writes it as String does.
func (f fate) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// lab is what all workers use: how tests are built and run, and which there are.
type lab struct {
	log    io.Writer
	exec   []string // what runs a program of the architecture
	env    []string
	flags  []string      // of builds
	cache  string        // the go command's
	more   time.Duration // limitMore
	mu     sync.RWMutex
	keep   map[string]bool // cached files of the tree as it is
	suites []*suite        // those that take least first

	killsMu sync.Mutex
	kills   map[[2]string]int // by file and package
}

// Limits: tests may take so many times as long as without a mutant, and more, as the
// machine may be busy with something else; so may a build; and a program may take so much
// memory. The cache is tidied after so many mutants, each of which leaves megabytes there.
const (
	limitTimes = 6
	limitMore  = 10 * time.Second
	limitBuild = 5 * time.Minute
	limitKiB   = 6 << 20
	tidyAfter  = 50
)

func newLab(goarch string, run []string, cache string, log io.Writer) *lab {
	l := &lab{log: log, exec: run, flags: []string{"-trimpath"}, cache: cache, more: limitMore, kills: map[[2]string]int{}}
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); name != "FLENGINE_KERNEL" && name != "GOFLAGS" {
			l.env = append(l.env, v)
		}
	}
	l.env = append(l.env, "GOARCH="+goarch, "GOCACHE="+cache, "GOMEMLIMIT=3GiB", "GOTRACEBACK=single")
	if goarch == "amd64" && len(run) > 0 && os.Getenv("QEMU_CPU") == "" {
		l.env = append(l.env, "QEMU_CPU=max") // which has AVX2
	}
	return l
}

// command runs a program in a folder. The error is that of ctx if that was the end of it.
func (l *lab) command(ctx context.Context, dir string, stdout, stderr io.Writer, args ...string) error {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = dir, l.env, stdout, stderr, 5*time.Second
	alone(cmd)
	if err := cmd.Run(); ctx.Err() == nil {
		return err
	}
	return ctx.Err()
}

// goCommand runs the go command in a tree and returns what it printed; what it said
// besides is in the error.
func (l *lab) goCommand(ctx context.Context, t *tree, args ...string) (string, error) {
	limited, cancel := context.WithTimeout(ctx, limitBuild)
	defer cancel()
	var out, said bytes.Buffer
	err := l.command(limited, t.dir, &out, &said, append([]string{"go"}, args...)...)
	if err != nil {
		err = fmt.Errorf("go %s: %w\n%s%s", args[0], err, &out, &said)
	}
	return out.String(), err
}

// build builds a suite's tests and returns the program and its hash. Without debugging
// information, build id and paths, equal code gives equal programs.
func (l *lab) build(ctx context.Context, t *tree, s *suite) (program string, code [sha256.Size]byte, err error) {
	program = filepath.Join(t.dir, "..", filepath.Base(t.dir)+"."+strings.ReplaceAll(s.pkg, "/", "-")+".test")
	args := slices.Concat([]string{"test", "-c", "-vet=off", "-ldflags=-w -buildid=", "-o", program}, l.flags, []string{"./" + s.pkg})
	if _, err = l.goCommand(ctx, t, args...); err != nil {
		return "", code, err
	}
	b, err := os.ReadFile(program)
	return program, sha256.Sum256(b), err
}

// test runs some of a suite's tests and shows watch what they print. The error is
// context.DeadlineExceeded if they do not end in time.
func (l *lab) test(ctx context.Context, limit time.Duration, t *tree, s *suite, program, pattern string, watch *watcher) error {
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	args := append(slices.Clone(l.exec), program, "-test.short", "-test.failfast", "-test.v", "-test.timeout=0", "-test.run="+pattern)
	return l.command(limited, filepath.Join(t.dir, filepath.FromSlash(s.pkg)), watch, watch, bounded(strconv.Itoa(limitKiB), args)...)
}

// vet checks packages as the go command does, the assembly's arguments among it.
func (l *lab) vet(ctx context.Context, t *tree, dirs []string) error {
	args := []string{"vet"}
	for _, d := range dirs {
		args = append(args, "./"+d)
	}
	_, err := l.goCommand(ctx, t, args...)
	return err
}

// try puts a mutant into the tree, runs the tests that may notice, cheap ones first,
// and takes it out again. It tells which test was the first to notice.
func (l *lab) try(ctx context.Context, t *tree, s *source, m mutant) (f fate, test string, err error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if err := t.write(s, m.apply(s.src), m.op+" "+strconv.Itoa(m.from)+" "+m.text); err != nil {
		return 0, "", err
	}
	defer func() {
		if e := t.write(s, s.src, ""); err == nil {
			err = e
		}
	}()
	f, test, err = l.suitesOn(ctx, t, s)
	var exit *exec.ExitError
	if err != nil || f != survived || filepath.Ext(s.path) == ".go" {
		return f, test, err
	}
	if err = l.vet(ctx, t, s.dirs()); errors.As(err, &exit) {
		return killed, "go vet", nil
	}
	return survived, "", err
}

// suitesFor returns the suites that a source is part of, those first that noticed most
// of its mutants so far.
func (l *lab) suitesFor(s *source) (suites []*suite) {
	for _, suite := range l.suites {
		if slices.ContainsFunc(s.dirs(), func(d string) bool { return suite.dirs[d] }) {
			suites = append(suites, suite)
		}
	}
	l.killsMu.Lock()
	defer l.killsMu.Unlock()
	slices.SortStableFunc(suites, func(a, b *suite) int {
		return l.kills[[2]string{s.path, b.pkg}] - l.kills[[2]string{s.path, a.pkg}]
	})
	return suites
}

func (l *lab) killed(s *source, by *suite) {
	l.killsMu.Lock()
	defer l.killsMu.Unlock()
	l.kills[[2]string{s.path, by.pkg}]++
}

// suitesOn builds and runs the suites until one notices.
func (l *lab) suitesOn(ctx context.Context, t *tree, s *source) (fate, string, error) {
	f := unchanged
	for _, suite := range l.suitesFor(s) {
		var exit *exec.ExitError
		program, code, err := l.build(ctx, t, suite)
		if err != nil { // once more: a machine short of memory must not count as a mutant
			program, code, err = l.build(ctx, t, suite)
		}
		switch {
		case errors.As(err, &exit):
			return unbuilt, "", nil
		case err != nil:
			return 0, "", err
		case code != suite.code:
			f = survived
		case path.Dir(s.path) != suite.pkg: // a package's own tests may read its sources
			continue
		}
		for _, g := range suite.groups {
			var w watcher
			err := l.test(ctx, limitTimes*g.time+l.more, t, suite, program, g.pattern, &w)
			switch {
			case errors.Is(err, context.DeadlineExceeded):
				l.killed(s, suite)
				return timedOut, suite.pkg + "." + w.test(), nil
			case errors.As(err, &exit):
				l.killed(s, suite)
				return killed, suite.pkg + "." + w.test(), nil
			case err != nil:
				return 0, "", err
			}
		}
	}
	return f, "", nil
}

// cached calls f with the files of the cache.
func (l *lab) cached(f func(name string)) error {
	dirs, err := os.ReadDir(l.cache)
	if err != nil {
		return err
	}
	for _, d := range dirs {
		if !d.IsDir() || len(d.Name()) != 2 {
			continue
		}
		files, err := os.ReadDir(filepath.Join(l.cache, d.Name()))
		if err != nil {
			return err
		}
		for _, file := range files {
			f(filepath.Join(l.cache, d.Name(), file.Name()))
		}
	}
	return nil
}

// tidy removes from the cache what mutants left there, once no worker builds.
func (l *lab) tidy() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cached(func(name string) {
		if !l.keep[name] {
			os.Remove(name)
		}
	})
}
