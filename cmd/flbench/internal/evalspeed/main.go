//go:build linux

// Evalspeed measures what flbench eval delivers of the engine: on one large file,
// in the page cache and not, against a program that maps the file, calls
// engine.Sum once and unmaps it; and on many images, against one file with the
// same scores.
//
//	make evalspeed
//	make evalspeed ARGS='-gib 1 -repeats 7'
//	make evalspeed ARGS='-images 10000 -check'
//
// Every figure is the wall time of a whole process, from before fork to after
// wait. Runs alternate, so that all see the same phases of a shared machine, and
// medians are compared. Targets are printed beside the ratios; missing one is no error.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

const usage = `Measures flbench eval on a large file, or on many images.

usage: evalspeed [flags]

  evalspeed -gib 1 -only warm,memory
  evalspeed -images 10000 -form npz -check

flags:
`

func main() {
	if len(os.Args) > 1 && os.Args[1] == childCommand {
		os.Exit(child(os.Args[2:], os.Stdout, os.Stderr))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := command(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// parts are what is measured of a large file.
var parts = []string{"warm", "cold", "memory"}

// settings are what the flags say.
type settings struct {
	flbench, dir string
	keep         bool
	gib          float64
	labels       []string
	only         []string
	repeats, cpu int
	images       int
	form         string
	check        bool

	self string    // this program, whose children are the references
	log  io.Writer // for people
}

// command is main with its arguments; it returns the exit code.
func command(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	s := settings{log: stderr}
	f := flag.NewFlagSet("evalspeed", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.Usage = func() {
		fmt.Fprint(stderr, usage)
		f.PrintDefaults()
	}
	f.StringVar(&s.flbench, "flbench", "", "measure the command at `PATH` (default: built from ./cmd/flbench)")
	f.StringVar(&s.dir, "dir", "", "`folder` for the data, on a disk if cold reading is of interest (default: the system's for temporary files)")
	f.BoolVar(&s.keep, "keep", false, "leave the data there")
	f.Float64Var(&s.gib, "gib", 4, "size of the logits' file in `GiB`")
	labels := f.String("labels", "classes,labels", "`forms` of the labels, with commas: classes (int32 per anchor), labels (uint8 per score)")
	only := f.String("only", strings.Join(parts, ","), "`parts` to measure, with commas")
	f.IntVar(&s.repeats, "repeats", 5, "runs of each kind")
	f.IntVar(&s.cpu, "cpu", 1, "the CPU of runs with one worker; -1: any")
	f.IntVar(&s.images, "images", 0, "measure this many images of 75,000 scores instead of one large file")
	f.StringVar(&s.form, "form", "npz", "what an image is: npz (one file) or folders (logits.npy and labels.npy)")
	f.BoolVar(&s.check, "check", false, "with -images: compare the hardest images with NumPy's, in python3")
	switch err := f.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	fail := func(code int, err error) int {
		fmt.Fprintln(stderr, "evalspeed:", err)
		return code
	}
	if f.NArg() > 0 {
		return fail(2, fmt.Errorf("unexpected argument %q: want flags only", f.Arg(0)))
	}
	var err error
	if s.labels, err = parseList("-labels", *labels, []string{"classes", "labels"}); err == nil {
		s.only, err = parseList("-only", *only, parts)
	}
	switch {
	case err != nil:
	case !(s.gib > 0 && s.gib <= 1024):
		err = fmt.Errorf("-gib %v: want more than 0 and at most 1024", s.gib)
	case s.repeats < 1:
		err = fmt.Errorf("-repeats %d: want 1 or more", s.repeats)
	case s.images < 0:
		err = fmt.Errorf("-images %d: want 1 or more, or 0 for a large file", s.images)
	case s.form != "npz" && s.form != "folders":
		err = fmt.Errorf("-form %q: want npz or folders", s.form)
	case s.check && s.images == 0:
		err = errors.New("-check without -images: want both")
	}
	if err != nil {
		return fail(2, err)
	}
	if err := s.run(ctx, stdout); err != nil {
		return fail(1, err)
	}
	return 0
}

// parseList returns the words of a list with commas, each of which is known.
func parseList(flag, list string, known []string) ([]string, error) {
	words := strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
	if len(words) == 0 {
		return nil, fmt.Errorf("%s is empty: want one or more of %s", flag, strings.Join(known, ", "))
	}
	for _, w := range words {
		if !slices.Contains(known, w) {
			return nil, fmt.Errorf("%s: unknown %q: want one or more of %s", flag, w, strings.Join(known, ", "))
		}
	}
	return words, nil
}

// executable returns the path of this program, which is a reference, too. It is a variable
// for tests.
var executable = os.Executable

// run makes the data, measures, prints, and removes the data.
func (s *settings) run(ctx context.Context, stdout io.Writer) (err error) {
	if s.self == "" {
		if s.self, err = executable(); err != nil {
			return err
		}
	}
	if s.dir == "" {
		s.dir = os.TempDir()
	}
	dir, err := os.MkdirTemp(s.dir, "flbench-evalspeed-")
	if err != nil {
		return err
	}
	if s.keep {
		defer func() { fmt.Fprintln(s.log, "evalspeed: the data are in", dir) }()
	} else {
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	if s.flbench == "" {
		s.flbench = filepath.Join(dir, "flbench")
		s.say("building flbench")
		build := exec.CommandContext(ctx, "go", "build", "-o", s.flbench, "github.com/flengine/flengine/cmd/flbench")
		if out, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("building flbench: %w, want -flbench or the repository as the working directory: %s", err, out)
		}
	} else if s.flbench, err = filepath.Abs(s.flbench); err != nil {
		return err
	}
	if s.images > 0 {
		return s.manyImages(ctx, dir, stdout)
	}
	return s.largeFile(ctx, dir, stdout)
}

// say tells a person who waits what is going on.
func (s *settings) say(format string, args ...any) {
	fmt.Fprintf(s.log, "evalspeed: "+format+"\n", args...)
}
