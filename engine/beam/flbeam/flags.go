package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/options/jobopts"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/flengine/flengine/engine"
	flbeam "github.com/flengine/flengine/engine/beam"
	"github.com/flengine/flengine/engine/beam/internal/object"
)

// flags are the command's.
type flags struct {
	logits, labels, key string
	losses              string
	top, spanBlocks     int
	probs               bool
	targets             string
	background          string
	ignored             []int32
	json, verbose       bool
	runner, results     string
	pipeline            []string
}

// add adds them, and those of Beam.
func (f *flags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&f.logits, "logits", "", "evaluate the .npy files that the `GLOB` stands for, instead of PATHs; with --labels")
	flags.StringVar(&f.labels, "labels", "", "their labels: a `TEMPLATE` in which stars stand for what those of --logits do, or one file")
	flags.StringVar(&f.key, "key", "path", "count under: path, folder (its name), all, or the first group of a regular `EXPRESSION` in the logits' path")
	flags.StringVar(&f.losses, "losses", "focal", "the losses, all from one reading: a `LIST` such as 'ce,focal,focal(alpha=0.5,gamma=1.5)'")
	flags.IntVar(&f.top, "top", 0, "list the `K` hardest scores of each key, and of all")
	flags.IntVar(&f.spanBlocks, "span-blocks", 256, "evaluate `N` blocks of 4096 scores at once")
	flags.StringVar(&f.targets, "targets", "", "the `KIND` of labels: binary (0 background, 1 foreground), class (0 is column 0) or soft (floats from 0 to 1)")
	flags.BoolVar(&f.probs, "probs", false, "the scores are probabilities, after the sigmoid")
	flags.StringVar(&f.background, "background", "", "the `CLASS` that stands for background (default -1)")
	flags.Int32SliceVar(&f.ignored, "ignored", nil, "a `CLASS` that stands for ignored; may be repeated (default -2)")
	flags.BoolVar(&f.json, "json", false, "print JSON")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "print what Beam logs on stderr")
	flags.StringVar(&f.runner, "runner", "prism", "run on `NAME`: prism, in this process, or universal, the job service at --endpoint")
	flags.StringVar(&f.results, "results", "", "have the last step write the results to the `NAME` of a file or object, which is read here (default a temporary file, for workers on this machine)")
	flags.StringArrayVar(&f.pipeline, "pipeline-option", nil, "hand `NAME=VALUE` to the runner; may be repeated")
	flag.VisitAll(func(g *flag.Flag) {
		if flags.Lookup(g.Name) == nil {
			addGo(flags, g)
		}
	})
}

// shown are the flags of Beam that the help has; the others are taken, too.
var shown = map[string]string{
	"endpoint":           "the job service's `HOST:PORT`, for universal",
	"environment_type":   "where workers run: LOOPBACK (in this process; default), EXTERNAL, PROCESS or DOCKER",
	"environment_config": "what that needs: a worker pool's address, a command in JSON, or an image",
	"worker_binary":      "the `FILE` that workers run (default this one)",
	"job_name":           "the job's `NAME`",
	"parallelism":        "how many workers Flink has",
	"experiments":        "the runner's experiments, with commas between",
}

// addGo adds a flag of package flag, which has to know that it was set: Beam asks there.
func addGo(flags *pflag.FlagSet, g *flag.Flag) {
	usage, known := shown[g.Name]
	if !known {
		usage = g.Usage
	}
	added := flags.VarPF(goFlag{g}, g.Name, "", usage)
	added.Hidden = !known
	if b, ok := g.Value.(interface{ IsBoolFlag() bool }); ok && b.IsBoolFlag() {
		added.NoOptDefVal = "true"
	}
}

// goFlag is a flag of package flag.
type goFlag struct{ *flag.Flag }

func (f goFlag) Type() string          { return "text" }
func (f goFlag) String() string        { return f.DefValue }
func (f goFlag) Set(text string) error { return flag.Set(f.Name, text) }

// options checks the flags on what to evaluate.
func (f *flags) options() (o flbeam.Options, err error) {
	o = flbeam.Options{Top: f.top, SpanBlocks: f.spanBlocks, Probs: f.probs, Targets: f.targets, Ignored: f.ignored}
	for _, text := range splitList(f.losses) {
		l, err := parseLoss(text)
		if err != nil {
			return o, usagef("--losses: %w", err)
		}
		if slices.Contains(o.Losses, l) {
			return o, usagef("--losses: %s twice: want it once", l)
		}
		o.Losses = append(o.Losses, l)
	}
	if f.background != "" {
		class, err := strconv.ParseInt(f.background, 10, 32)
		if err != nil {
			return o, usagef("--background: %q: want a whole number", f.background)
		}
		b := int32(class)
		o.Background = &b
	}
	switch {
	case f.spanBlocks < 1:
		return o, usagef("--span-blocks is %d: want 1 or more", f.spanBlocks)
	case f.top < 0:
		return o, usagef("--top is %d: want 0 or more", f.top)
	}
	return o, nil
}

// parseLoss reads a loss as engine.ParseLoss does, or, as flbench's commands, the name of its
// family followed by a number for the parameter that tells its losses apart: focal1.5.
func parseLoss(text string) (engine.Loss, error) {
	for _, f := range append(engine.Families(), engine.RowFamilies()...) {
		number, ok := strings.CutPrefix(text, f.Name)
		if _, err := strconv.ParseFloat(number, 64); ok && err == nil && f.ShortParameter != "" {
			return engine.ParseLoss(f.Name + "(" + f.ShortParameter + "=" + number + ")")
		}
	}
	return engine.ParseLoss(text)
}

// splitList splits a list at commas that are not in parentheses.
func splitList(text string) (parts []string) {
	depth, start := 0, 0
	for i, c := range text {
		switch c {
		case '(':
			depth++
		case ')':
			depth--
		case ',':
			if depth == 0 {
				parts, start = append(parts, text[start:i]), i+1
			}
		}
	}
	return append(parts, text[start:])
}

// allKey is what the key of --key=all is called.
const allKey = "all"

// globs returns those that the arguments stand for.
func (f *flags) globs(paths []string) (globs []flbeam.Glob, err error) {
	pairs := f.logits != "" || f.labels != ""
	switch {
	case pairs && len(paths) > 0:
		return nil, usagef("PATHs beside --logits and --labels: want one or the other")
	case pairs && (f.logits == "" || f.labels == ""):
		return nil, usagef("want both --logits and --labels")
	case !pairs && len(paths) == 0:
		return nil, usagef("want PATHs, or --logits and --labels")
	}
	key := ""
	switch f.key {
	case "":
		return nil, usagef("--key is empty: want path, folder, all or a regular expression")
	case "path":
		if !pairs {
			key = `(?s)^(.*)/logits\.npy$`
		}
	case "folder":
		key = `([^/]+)/[^/]*$`
	case allKey:
		key = `^()`
	default:
		if _, err := regexp.Compile(f.key); err != nil {
			return nil, usagef("--key: %q is no regular expression: %w", f.key, err)
		}
		key = f.key
	}
	if pairs {
		return []flbeam.Glob{{Logits: f.logits, Labels: f.labels, Key: key}}, nil
	}
	for _, p := range paths {
		if p == "" {
			return nil, usagef("an empty PATH: want a folder with logits.npy and labels.npy")
		}
		p, options := p, ""
		if at := strings.LastIndexByte(p, '?'); at >= 0 && strings.Contains(p, "://") {
			p, options = p[:at], p[at:]
		}
		if strings.HasSuffix(p, ".npy") || strings.HasSuffix(p, ".npz") || strings.HasSuffix(p, ".safetensors") {
			return nil, fmt.Errorf("%s: want a folder with logits.npy and labels.npy, or --logits and --labels; 'flbench eval --partial' takes archives", p)
		}
		if !strings.Contains(p, "://") {
			if info, err := os.Stat(p); err == nil && !info.IsDir() {
				return nil, fmt.Errorf("%s: want a folder with logits.npy and labels.npy, or --logits and --labels", p)
			}
			p = strings.TrimSuffix(p, "/")
		}
		p = strings.TrimRight(p, "/")
		globs = append(globs, flbeam.Glob{Logits: p + "/logits.npy" + options, Labels: p + "/labels.npy" + options, Key: key})
	}
	return globs, nil
}

// prepare sets Beam's options, and says where the results go, and whether that is temporary.
func (f *flags) prepare(ctx context.Context, given func(flag string) bool) (results string, cleanup func(), err error) {
	cleanup = func() {}
	switch {
	case f.runner != "prism" && f.runner != "universal":
		return "", cleanup, usagef("--runner is %q: want prism, or universal for a job service at --endpoint, such as Flink's or Spark's", f.runner)
	case f.runner == "universal" && !given("endpoint"):
		return "", cleanup, usagef("--runner universal: want --endpoint, the address of a job service")
	case f.runner == "prism" && given("endpoint"):
		return "", cleanup, usagef("--endpoint beside --runner prism, which is in this process: want --runner universal")
	case given("results") && f.results == "":
		return "", cleanup, usagef("--results is empty: want the name of a file or object")
	case *jobopts.Async:
		return "", cleanup, usagef("--async: the results are read when the job has ended, want no --async")
	}
	if *jobopts.EnvironmentType == "" {
		if err := flag.Set("environment_type", "LOOPBACK"); err != nil {
			return "", cleanup, err
		}
	}
	if *jobopts.WorkerBinary == "" && !jobopts.IsLoopback() { // where Beam would compile one
		self, err := os.Executable()
		if err == nil {
			err = flag.Set("worker_binary", self)
		}
		if err != nil {
			return "", cleanup, fmt.Errorf("this program's file, for workers: %w", err)
		}
	}
	for _, option := range f.pipeline {
		name, value, ok := strings.Cut(option, "=")
		if !ok || name == "" {
			return "", cleanup, usagef("--pipeline-option: %q: want NAME=VALUE", option)
		}
		beam.PipelineOptions.Set(name, value)
	}
	if f.results != "" {
		var store object.Store
		defer store.Close()
		return f.results, cleanup, store.Free(ctx, f.results)
	}
	if !jobopts.IsLoopback() {
		return "", cleanup, usagef("--environment_type %s: want --results, where its workers can write and this process can read", *jobopts.EnvironmentType)
	}
	folder, err := os.MkdirTemp("", "flbeam-")
	if err != nil {
		return "", cleanup, err
	}
	return filepath.Join(folder, "results"), func() { _ = os.RemoveAll(folder) }, nil
}
