package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

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

// quick is how long all the tests of a suite's first group take together.
const quick = 400 * time.Millisecond

// untested are packages whose tests count or compare and do not tell right from wrong.
var untested = regexp.MustCompile(`(^|/)(roofline|peers|work|asm/internal)(/|$)`)

// prepare finds the suites, runs them in a tree without a mutant, and notes how long
// they take.
func (l *lab) prepare(ctx context.Context, t *tree) error {
	args := []string{"list", "-f", "{{if or .TestGoFiles .XTestGoFiles}}{{.Dir}}{{end}}"}
	for _, r := range roots {
		args = append(args, "./"+r+"/...")
	}
	out, err := l.goCommand(ctx, t, args...)
	if err != nil {
		return err
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
			return err
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
		fmt.Fprintf(l.log, "tests of %s: %.1f s\n", s.pkg, s.time().Seconds())
	}
	slices.SortStableFunc(l.suites, func(a, b *suite) int { return cmp.Compare(a.time(), b.time()) })
	if err := l.vet(ctx, t, slices.Collect(l.assemblyDirs())); err != nil {
		return fmt.Errorf("without a mutant: %w", err)
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
	program, code, err := l.build(ctx, t, s)
	if err != nil {
		return fmt.Errorf("%s without a mutant: %w", s.pkg, err)
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

// kernels returns the kernels that programs of the architecture can run here.
func (l *lab) kernels(ctx context.Context, t *tree) ([]string, error) {
	program := filepath.Join(t.dir, "..", "kernels")
	if _, err := l.goCommand(ctx, t, "build", "-o", program, "./asm/internal/mutants"); err != nil {
		return nil, err
	}
	var out, said strings.Builder
	if err := l.command(ctx, t.dir, &out, &said, append(slices.Clone(l.exec), program, "-kernels")...); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", strings.Join(l.exec, " "), err, said.String())
	}
	return strings.Fields(out.String()), nil
}

// confirm checks that the trees are what they were, and pass their tests as they did:
// else not the mutants were at fault.
func (l *lab) confirm(ctx context.Context, trees []*tree) error {
	errs := make([]error, len(trees))
	var wg sync.WaitGroup
	for i, t := range trees {
		wg.Go(func() {
			for _, s := range l.suites {
				program, code, err := l.build(ctx, t, s)
				if err == nil && code != s.code {
					err = errors.New("the code is not what it was")
				}
				if err == nil && i == 0 {
					_, err = l.passes(ctx, t, s, program, ".")
				}
				if err != nil {
					errs[i] = fmt.Errorf("the results say nothing, as after them %s fails without a mutant: %w", s.pkg, err)
					return
				}
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}
