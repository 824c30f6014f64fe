// Mutants breaks the kernels and the engine's arithmetic on purpose, one small edit at
// a time, and runs the tests that should notice. An edit that no test notices, a
// survivor, is a fault that could be made unseen: it wants a better test, or, if it
// changes nothing that matters, a line in explained.txt.
//
//	go run ./asm/internal/mutants -n 10 -files 'asm/avx2/*.h,engine/result.go'
//	go run ./asm/internal/mutants -files engine/tile.go -match 'wideSum' -v
//	go run ./asm/internal/mutants -goarch arm64 -files 'asm/*neon*' -n 5
//
// An edit changes an instruction or an operator for a sibling, swaps operands, takes
// another register, moves an offset, flips a low bit of a constant, deletes a statement
// or returns early. Those that do not compile, or compile to the code that was there
// before, are no mutants.
//
// Every worker edits and tests a copy of the repository, with uncommitted files, in a
// temporary folder. The exit code is 1 if there are survivors without an explanation,
// explanations without a mutant, or files whose code is in no test.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/flengine/flengine/engine"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := command(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// options are the flags.
type options struct {
	n              int
	seed           string
	all, list      bool
	verbose        bool
	files, match   string
	json           string
	workers        int
	goarch, runner string
	kernels        bool
	stdout, log    io.Writer
}

// command is main with its arguments; it returns the exit code.
func command(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o := options{stdout: stdout, log: stderr}
	f := flag.NewFlagSet("mutants", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.IntVar(&o.n, "n", 30, "mutants per file")
	f.StringVar(&o.seed, "seed", "", "`number` that chooses them (default: another each time)")
	f.BoolVar(&o.all, "all", false, "try all mutants, which takes hours")
	f.StringVar(&o.files, "files", "", "`globs` of files or folders, with commas (default: all)")
	f.StringVar(&o.match, "match", "", "only and all mutants whose \"old ⇒ new\" matches this regular `expression`")
	f.BoolVar(&o.list, "list", false, "print the mutants instead of trying them")
	f.StringVar(&o.json, "json", "", "`file` for all results as JSON")
	f.IntVar(&o.workers, "workers", runtime.NumCPU(), "mutants to try at the same time")
	f.StringVar(&o.goarch, "goarch", runtime.GOARCH, "`architecture` whose kernels are mutated")
	f.StringVar(&o.runner, "exec", "", "`command` that runs its programs (default: qemu for another architecture)")
	f.BoolVar(&o.verbose, "v", false, "say what became of every mutant")
	f.BoolVar(&o.kernels, "kernels", false, "print the kernels that this program can run, and nothing more")
	switch err := f.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	if f.NArg() > 0 {
		fmt.Fprintf(stderr, "mutants: unexpected argument %q: want flags only\n", f.Arg(0))
		return 2
	}
	bad, err := o.run(ctx)
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(stderr, "mutants: interrupted")
		return 130
	case err != nil:
		fmt.Fprintln(stderr, "mutants:", err)
		return 2
	case bad:
		return 1
	}
	return 0
}

// run does what the flags ask for, and tells whether something is wrong with the tests.
func (o *options) run(ctx context.Context) (bad bool, err error) {
	if o.kernels {
		_, err := fmt.Fprintln(o.stdout, strings.Join(engine.Kernels(), " "))
		return false, err
	}
	if o.n < 1 || o.workers < 1 {
		return false, fmt.Errorf("-n %d -workers %d: want at least 1 of each", o.n, o.workers)
	}
	match, err := regexp.Compile(o.match)
	if err != nil {
		return false, fmt.Errorf("-match: %w", err)
	}
	seed := rand.Uint64()
	if o.seed != "" {
		if seed, err = strconv.ParseUint(o.seed, 0, 64); err != nil {
			return false, fmt.Errorf("-seed %q: want a number", o.seed)
		}
	}
	explained, err := parseExplained(explainedText)
	if err != nil {
		return false, err
	}
	root, err := repository()
	if err != nil {
		return false, err
	}
	all, err := sources(root, o.goarch)
	if err != nil {
		return false, err
	}
	files, err := chosen(all, o.files)
	if err != nil {
		return false, err
	}
	c := &campaign{explained: explained, log: o.log, verbose: o.verbose}
	for _, s := range files {
		if reason := leftOut(explained, s.path); reason != "" {
			fmt.Fprintf(o.log, "%s is left out: %s\n", s.path, reason)
			continue
		}
		p := &progress{source: s, order: shuffled(s.mutants, seed), want: o.n}
		p.order = slices.DeleteFunc(p.order, func(m mutant) bool { return !match.MatchString(m.String()) })
		if o.all || o.match != "" {
			p.want = len(p.order)
		}
		if len(p.order) > 0 {
			c.files = append(c.files, p)
		}
	}
	if len(c.files) == 0 {
		return false, errors.New("no mutants are asked for; -list prints what there is")
	}
	if o.list {
		return false, o.print(c.files)
	}
	everywhere := slices.Clone(all)
	for arch := range emulators {
		if arch != o.goarch {
			more, err := sources(root, arch)
			if err != nil {
				return false, err
			}
			everywhere = append(everywhere, more...)
		}
	}
	for _, e := range stale(explained, files, everywhere) {
		fmt.Fprintf(o.log, "explained.txt:%d: no such mutant any more: %s: %s\n", e.line, e.file, e.edit)
		bad = true
	}
	survivors, err := o.try(ctx, root, c, seed)
	return bad || survivors, err
}

// repository returns the root of the module that the tool is run in.
func repository() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("no go.mod here or above: want to be run in the repository")
		}
	}
}

// chosen returns the files that match.
func chosen(all []*source, patterns string) (files []*source, err error) {
	for _, s := range all {
		ok, err := matches(patterns, s.path)
		if err != nil {
			return nil, fmt.Errorf("-files %q: %w", patterns, err)
		}
		if ok {
			files = append(files, s)
		}
	}
	return files, nil
}

// print lists mutants in the order of the files.
func (o *options) print(files []*progress) error {
	total := 0
	for _, p := range files {
		slices.SortStableFunc(p.order, func(a, b mutant) int { return cmp.Compare(a.from, b.from) })
		for _, m := range p.order {
			if _, err := fmt.Fprintf(o.stdout, "%s: %s: %s\n", m.place(), m.op, m); err != nil {
				return err
			}
		}
		total += len(p.order)
	}
	_, err := fmt.Fprintf(o.stdout, "%d mutants of %d files\n", total, len(files))
	return err
}

// emulators run programs of an architecture on another.
var emulators = map[string]string{"arm64": "qemu-aarch64-static", "amd64": "qemu-x86_64-static"}

// try runs a campaign in a temporary folder, and tells whether there are survivors.
func (o *options) try(ctx context.Context, root string, c *campaign, seed uint64) (bad bool, err error) {
	tmp, err := os.MkdirTemp("", "mutants-")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(tmp)
	runner := strings.Fields(o.runner)
	if len(runner) == 0 && o.goarch != runtime.GOARCH {
		if runner = strings.Fields(emulators[o.goarch]); len(runner) == 0 {
			return false, fmt.Errorf("-goarch %s: want -exec too", o.goarch)
		}
	}
	l := newLab(o.goarch, runner, filepath.Join(tmp, "cache"), o.log)
	c.try, c.tidy = l.try, l.tidy
	var trees []*tree
	for i := range o.workers {
		t, err := copyTree(ctx, root, filepath.Join(tmp, "w"+strconv.Itoa(i)))
		if err != nil {
			return false, err
		}
		trees = append(trees, t)
	}
	kernels, err := l.kernels(ctx, trees[0])
	if err != nil {
		return false, err
	}
	c.files = slices.DeleteFunc(c.files, func(p *progress) bool {
		set := missing(p.path, kernels)
		if set != "" {
			fmt.Fprintf(o.log, "%s is left out: this machine cannot run %s\n", p.path, set)
		}
		return set != ""
	})
	if len(c.files) == 0 {
		return false, errors.New("nothing is left to mutate")
	}
	fmt.Fprintf(o.log, "seed %d, %s, kernels %s, %d files, %d workers\n", seed, o.goarch, strings.Join(kernels, ", "), len(c.files), o.workers)
	if err := l.prepare(ctx, trees[0]); err != nil {
		return false, err
	}
	failed := c.run(ctx, trees)
	seconds := time.Since(c.start).Seconds()
	if failed == nil && ctx.Err() == nil {
		if err := l.confirm(ctx, trees); err != nil && ctx.Err() == nil {
			return false, err
		}
	}
	// What is known by now is shown, whatever the end.
	if err := writeTable(o.stdout, c.files); err != nil {
		return false, err
	}
	fmt.Fprintf(o.stdout, "\nseed %d, %s, kernels %s: %d trials in %.0f s\n", seed, o.goarch, strings.Join(kernels, ", "), c.done, seconds)
	if o.json != "" {
		f, err := os.Create(o.json)
		if err != nil {
			return false, err
		}
		err = writeJSON(f, o.goarch, kernels, seed, seconds, c.files)
		if err := errors.Join(err, f.Close()); err != nil {
			return false, err
		}
	}
	return len(survivors(c.files)) > 0 || slices.ContainsFunc(c.files, (*progress).dead), failed
}
