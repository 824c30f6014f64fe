package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
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

// suite is the tests of a package.
type suite struct {
	pkg    string          // its folder, from the root
	dirs   map[string]bool // folders of all that it is built from
	code   [sha256.Size]byte
	groups []group // the quick tests, then the slow ones
}

// group is some tests of a package and how long they take.
type group struct {
	pattern string // for -test.run
	time    time.Duration
}

func (s *suite) time() (t time.Duration) {
	for _, g := range s.groups {
		t += g.time
	}
	return t
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

// quick is how long all the tests of a suite's first group take together.
const quick = 400 * time.Millisecond

// untested are packages whose tests count or compare and do not tell right from wrong.
var untested = regexp.MustCompile(`(^|/)(roofline|peers|asm/internal)(/|$)`)

func newLab(goarch string, run []string, cache string) *lab {
	l := &lab{exec: run, flags: []string{"-trimpath"}, cache: cache, more: limitMore, kills: map[[2]string]int{}}
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

// command runs a program in a folder, for a limited time. The error is that of ctx if
// it was interrupted.
func (l *lab) command(ctx context.Context, limit time.Duration, dir string, out io.Writer, args ...string) error {
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cmd := exec.CommandContext(limited, args[0], args[1:]...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = dir, l.env, out, out, 5*time.Second
	alone(cmd)
	err := cmd.Run()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if limited.Err() != nil {
		return fmt.Errorf("%s: %w after %v", args[0], limited.Err(), limit)
	}
	return err
}

// goCommand runs the go command in a tree and returns what it printed.
func (l *lab) goCommand(ctx context.Context, t *tree, args ...string) (string, error) {
	var out bytes.Buffer
	err := l.command(ctx, limitBuild, t.dir, &out, append([]string{"go"}, args...)...)
	return out.String(), err
}

// build builds a suite's tests and returns the program and its hash. Without debugging
// information, build id and paths, equal code gives equal programs.
func (l *lab) build(ctx context.Context, t *tree, s *suite) (program string, code [sha256.Size]byte, out string, err error) {
	program = filepath.Join(t.dir, "..", filepath.Base(t.dir)+"."+strings.ReplaceAll(s.pkg, "/", "-")+".test")
	args := slices.Concat([]string{"test", "-c", "-vet=off", "-ldflags=-w -buildid=", "-o", program}, l.flags, []string{"./" + s.pkg})
	out, err = l.goCommand(ctx, t, args...)
	if err != nil {
		return "", code, out, err
	}
	b, err := os.ReadFile(program)
	return program, sha256.Sum256(b), out, err
}

// test runs some of a suite's tests and returns what they print.
func (l *lab) test(ctx context.Context, limit time.Duration, t *tree, s *suite, program, pattern string, watch *watcher) error {
	args := append(slices.Clone(l.exec), program, "-test.short", "-test.failfast", "-test.v", "-test.timeout=0", "-test.run="+pattern)
	return l.command(ctx, limit, filepath.Join(t.dir, filepath.FromSlash(s.pkg)), watch, bounded(strconv.Itoa(limitKiB), args)...)
}

// watcher follows the output of tests that run.
type watcher struct {
	rest    []byte
	last    string // the test that began last
	failed  string // the first that failed
	tail    []string
	elapsed map[string]time.Duration
}

var ended = regexp.MustCompile(`^--- (PASS|FAIL|SKIP): (\S+) \((\d+\.\d+)s\)`)

// Write takes output, line by line.
func (w *watcher) Write(p []byte) (int, error) {
	w.rest = append(w.rest, p...)
	for {
		line, rest, found := bytes.Cut(w.rest, []byte("\n"))
		if !found {
			return len(p), nil
		}
		w.rest = rest
		w.line(string(line))
	}
}

func (w *watcher) line(line string) {
	if name, ok := strings.CutPrefix(line, "=== RUN   "); ok {
		w.last, _, _ = strings.Cut(name, "/")
		return
	}
	if m := ended.FindStringSubmatch(line); m != nil {
		if m[1] == "FAIL" && w.failed == "" {
			w.failed = m[2]
		}
		if seconds, err := strconv.ParseFloat(m[3], 64); err == nil {
			if w.elapsed == nil {
				w.elapsed = map[string]time.Duration{}
			}
			w.elapsed[m[2]] = time.Duration(seconds * float64(time.Second))
		}
		return
	}
	if w.tail = append(w.tail, line); len(w.tail) > 20 {
		w.tail = w.tail[1:]
	}
}

// test returns the name of the test at fault.
func (w *watcher) test() string {
	if w.failed != "" {
		return w.failed
	}
	return w.last
}

// prepare finds the suites, runs them in a tree without a mutant, and notes how long
// they take.
func (l *lab) prepare(ctx context.Context, t *tree) error {
	args := []string{"list", "-f", "{{if or .TestGoFiles .XTestGoFiles}}{{.Dir}}{{end}}"}
	for _, r := range roots {
		args = append(args, "./"+r+"/...")
	}
	out, err := l.goCommand(ctx, t, args...)
	if err != nil {
		return fmt.Errorf("go list: %w\n%s", err, out)
	}
	for dir := range strings.Lines(out) {
		pkg, err := t.rel(dir)
		if err != nil {
			return err
		}
		if untested.MatchString(pkg) {
			continue
		}
		s := &suite{pkg: pkg, dirs: map[string]bool{}}
		out, err := l.goCommand(ctx, t, "list", "-deps", "-test", "-f", "{{.Dir}}", "./"+pkg)
		if err != nil {
			return fmt.Errorf("go list: %w\n%s", err, out)
		}
		for dir := range strings.Lines(out) {
			if d, err := t.rel(dir); err == nil {
				s.dirs[d] = true
			}
		}
		l.suites = append(l.suites, s)
		if err := l.measure(ctx, t, s); err != nil {
			return err
		}
	}
	slices.SortStableFunc(l.suites, func(a, b *suite) int { return cmp.Compare(a.time(), b.time()) })
	if out, err := l.vet(ctx, t, slices.Collect(l.assemblyDirs())); err != nil {
		return fmt.Errorf("go vet of the tree without a mutant: %w\n%s", err, out)
	}
	l.keep = map[string]bool{}
	return l.cached(func(name string) { l.keep[name] = true })
}

// rel returns a folder's path from the tree's root, with slashes.
func (t *tree) rel(dir string) (string, error) {
	r, err := filepath.Rel(t.dir, strings.TrimSpace(dir))
	if err == nil && !filepath.IsLocal(r) {
		err = errors.New(dir + " is outside of the repository")
	}
	return filepath.ToSlash(r), err
}

// measure builds and runs a suite without a mutant, and groups its tests.
func (l *lab) measure(ctx context.Context, t *tree, s *suite) error {
	program, code, out, err := l.build(ctx, t, s)
	if err != nil {
		return fmt.Errorf("%s without a mutant: %w\n%s", s.pkg, err, out)
	}
	s.code = code
	all, err := l.passes(ctx, t, s, program, ".")
	if err != nil {
		return err
	}
	for _, tests := range grouped(all.elapsed) {
		pattern := "^(" + strings.Join(tests, "|") + ")$"
		start := time.Now()
		if _, err := l.passes(ctx, t, s, program, pattern); err != nil {
			return err
		}
		s.groups = append(s.groups, group{pattern, time.Since(start)})
	}
	return nil
}

// passes runs tests that must pass.
func (l *lab) passes(ctx context.Context, t *tree, s *suite, program, pattern string) (*watcher, error) {
	var w watcher
	if err := l.test(ctx, time.Hour, t, s, program, pattern, &w); err != nil {
		return nil, fmt.Errorf("%s without a mutant: %s: %w\n%s", s.pkg, w.test(), err, strings.Join(w.tail, "\n"))
	}
	if len(w.elapsed) == 0 {
		return nil, fmt.Errorf("%s: no tests match %s", s.pkg, pattern)
	}
	return &w, nil
}

// grouped parts tests into those that take a moment together, and the others.
func grouped(elapsed map[string]time.Duration) [][]string {
	var all []string
	for name := range elapsed {
		all = append(all, name)
	}
	slices.SortFunc(all, func(a, b string) int {
		if d := elapsed[a] - elapsed[b]; d != 0 {
			return int(d / time.Millisecond)
		}
		return strings.Compare(a, b)
	})
	var total time.Duration
	n := 0
	for n < len(all) && total+elapsed[all[n]] <= quick {
		total += elapsed[all[n]]
		n++
	}
	groups := [][]string{all[:n], all[n:]}
	return slices.DeleteFunc(groups, func(g []string) bool { return len(g) == 0 })
}

// assemblyDirs are the folders under asm that the suites are built from.
func (l *lab) assemblyDirs() func(func(string) bool) {
	return func(yield func(string) bool) {
		seen := map[string]bool{}
		for _, s := range l.suites {
			for d := range s.dirs {
				if (d == "asm" || strings.HasPrefix(d, "asm/")) && !seen[d] {
					seen[d] = true
					if !yield(d) {
						return
					}
				}
			}
		}
	}
}

// vet checks packages as the go command does, the assembly's arguments among it.
func (l *lab) vet(ctx context.Context, t *tree, dirs []string) (string, error) {
	args := []string{"vet"}
	for _, d := range dirs {
		args = append(args, "./"+d)
	}
	return l.goCommand(ctx, t, args...)
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
	if _, err := l.vet(ctx, t, s.dirs()); errors.As(err, &exit) {
		return killed, "go vet", nil
	} else if err != nil {
		return 0, "", err
	}
	return survived, "", nil
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
		program, code, _, err := l.build(ctx, t, suite)
		if errors.As(err, &exit) { // once more, lest a machine in need counts as a mutant
			program, code, _, err = l.build(ctx, t, suite)
		}
		switch {
		case errors.As(err, &exit):
			return unbuilt, "", nil
		case err != nil:
			return 0, "", err
		case code == suite.code:
			continue
		}
		f = survived
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
