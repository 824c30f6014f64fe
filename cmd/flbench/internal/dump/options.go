// Package dump finds out what an input of eval is: which files, which layout, which
// kind of labels. It gives the scores and labels in batches for the engine, and turns
// the engine's errors about a batch into ones about the file and its element.
//
// Files are what people save from Python. Where one can mean two things, it is refused
// with the flag for each: a wrong guess would be a wrong number without a word.
package dump

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/flengine/flengine/engine"
)

// Options say what the inputs are. The zero Options are the defaults of all flags.
type Options struct {
	Logits, Labels       string  // a pair of files in place of PATHs
	From                 string  // a file of PATHs
	Layout               string  // "ac", "nac", "ca", "nca" or "chw"; "": the last axis is that of the classes
	Columns              string  // Python's slice of the axis of the classes; "": all
	Targets              string  // "binary", "class" or "soft"; "": what the labels' dtype, shape and values say
	Probs                bool    // the scores are probabilities
	Background           *int32  // what class indices call background; nil: engine.Background
	Ignored              []int32 // what labels call ignored; none: as documented
	Weights              string  // a file, or an array, with a weight per anchor
	LogitsKey, LabelsKey string  // arrays of .npz and .safetensors files; "": "logits", "labels"

	// Rows is the loss, of no flag here, if it is one of rows: each row has a class, a column,
	// and none is background. "": it is one of scores.
	Rows string
}

// UsageError is an error in how flags were used, not in the files.
type UsageError struct{ Err error }

func (e UsageError) Error() string { return e.Err.Error() }

// Unwrap returns what is wrong.
func (e UsageError) Unwrap() error { return e.Err }

func usagef(format string, args ...any) error { return UsageError{fmt.Errorf(format, args...)} }

// AddFlags adds the flags that set the options.
func (o *Options) AddFlags(flags *pflag.FlagSet) {
	for _, f := range []struct {
		text        *string
		name, usage string
	}{
		{&o.Logits, "logits", "evaluate the scores in `FILE` instead of PATHs; with --labels"},
		{&o.Labels, "labels", "take the labels from `FILE`; with --logits"},
		{&o.From, "from", "take more PATHs from `FILE`, one a line or NUL-terminated; - is standard input"},
		{&o.Layout, "layout", "the scores' `AXES`: ac or nac, or, with the classes before the anchors, ca, nca or chw (default by shape: ac, nac)"},
		{&o.Columns, "columns", "use these classes only: a `SLICE` as in Python, such as 4: to leave out four box coordinates"},
		{&o.Targets, "targets", "the `KIND` of labels: binary (0 background, 1 foreground), class (0 is column 0) or soft (floats from 0 to 1)"},
		{&o.Weights, "weights", "weight the anchors by `FILE`: in each folder, or an array of each .npz or .safetensors file"},
		{&o.LogitsKey, "logits-key", "the scores' `NAME` in .npz and .safetensors files (default logits)"},
		{&o.LabelsKey, "labels-key", "the labels' `NAME` in .npz and .safetensors files (default labels)"},
	} {
		flags.Var((*textFlag)(f.text), f.name, f.usage)
	}
	flags.BoolVar(&o.Probs, "probs", false, "the scores are probabilities, after the sigmoid")
	flags.Var(&classFlag{&o.Background}, "background", "the `CLASS` that stands for background (default -1)")
	flags.Var(&classesFlag{&o.Ignored}, "ignored", "a `CLASS` that stands for ignored; may be repeated (default -2)")
}

// textFlag is a flag that may be left out, but not be empty, as a variable of the shell is
// by mistake.
type textFlag string

func (f *textFlag) Type() string   { return "string" }
func (f *textFlag) String() string { return string(*f) }

func (f *textFlag) Set(text string) error {
	if text == "" {
		return errors.New("is empty: leave it out, or say what")
	}
	*f = textFlag(text)
	return nil
}

// classFlag is a flag with a class, nil if not given.
type classFlag struct{ class **int32 }

func (f *classFlag) Type() string { return "class" }

func (f *classFlag) String() string {
	if f.class == nil || *f.class == nil {
		return ""
	}
	return strconv.Itoa(int(**f.class))
}

func (f *classFlag) Set(text string) error {
	class, err := parseClass(text)
	if err == nil {
		*f.class = &class
	}
	return err
}

// classesFlag is a flag with classes, which may be repeated.
type classesFlag struct{ classes *[]int32 }

func (f *classesFlag) Type() string { return "classes" }

func (f *classesFlag) String() string {
	if f.classes == nil {
		return ""
	}
	return join(*f.classes, ",")
}

func (f *classesFlag) Set(text string) error {
	for part := range strings.SplitSeq(text, ",") {
		class, err := parseClass(part)
		if err != nil {
			return err
		}
		*f.classes = append(*f.classes, class)
	}
	return nil
}

func parseClass(text string) (int32, error) {
	class, err := strconv.ParseInt(strings.TrimSpace(text), 10, 32)
	if err != nil {
		return 0, fmt.Errorf("want a whole number from %d to %d", math.MinInt32, math.MaxInt32)
	}
	return int32(class), nil
}

func join(classes []int32, between string) string {
	words := make([]string, len(classes))
	for i, class := range classes {
		words[i] = strconv.Itoa(int(class))
	}
	return strings.Join(words, between)
}

// settings are checked options. They do not change.
type settings struct {
	Options
	columns slice
}

// check refuses options that contradict each other, whatever the files.
func (o *Options) check() (*settings, error) {
	s := &settings{Options: *o}
	var err error
	if s.columns, err = parseSlice(o.Columns); err != nil {
		return nil, usagef("--columns=%s: %w", o.Columns, err)
	}
	switch o.Layout {
	case "", "ac", "nac", "ca", "nca", "chw":
	default:
		return nil, usagef("--layout=%s: want ac, nac, ca, nca or chw", o.Layout)
	}
	switch {
	case o.Rows != "" && o.Probs:
		return nil, usagef("--probs beside --loss %s: want logits, of which it takes the softmax, such as the logarithms of probabilities", o.Rows)
	case o.Rows != "" && (o.Targets == "binary" || o.Targets == "soft"):
		return nil, usagef("--targets=%s beside --loss %s: want a class for each anchor, without --targets", o.Targets, o.Rows)
	}
	switch o.Targets {
	case "", "class":
	case "binary", "soft":
		if o.Background != nil {
			return nil, usagef("--background beside --targets=%s: want it with class indices only, of %[1]s labels 0 is background", o.Targets)
		}
	default:
		return nil, usagef("--targets=%s: want binary, class or soft", o.Targets)
	}
	// Whether --ignored takes background's default away, only the labels tell: see
	// Dump.checkFlags.
	if o.Background != nil && s.clash() {
		return nil, usagef("--background=%d also stands for ignored: want another, or another --ignored", *o.Background)
	}
	return s, nil
}

// background is what class indices call background.
func (s *settings) background() int32 {
	if s.Background != nil {
		return *s.Background
	}
	return engine.Background
}

// clash tells whether one of the classes that stand for ignored also stands for background.
func (s *settings) clash() bool {
	return (s.Rows == "" || s.Background != nil) && slices.Contains(s.ignored(), s.background())
}

// ignored is what class indices call ignored.
func (s *settings) ignored() []int32 {
	if len(s.Ignored) > 0 {
		return s.Ignored
	}
	return []int32{engine.IgnoredClass}
}

// engine returns the engine's options for class indices.
func (s *settings) engine() (opts []engine.Option) {
	if s.Background != nil {
		opts = append(opts, engine.WithBackground(*s.Background))
	}
	if len(s.Ignored) > 0 {
		opts = append(opts, engine.WithIgnored(s.Ignored...))
	}
	return opts
}

// slice is a slice of Python's: a bound that is not there is that end of the axis.
type slice struct{ from, to *int }

// parseSlice reads FROM:TO, either of which may be missing, or count from the end.
func parseSlice(text string) (s slice, err error) {
	if text == "" {
		return s, nil
	}
	from, to, colon := strings.Cut(text, ":")
	if !colon {
		return s, errors.New("want a slice, FROM:TO, such as 4: or :80")
	}
	if strings.Contains(to, ":") {
		return s, errors.New("want FROM:TO, without a step")
	}
	for _, b := range []struct {
		text string
		at   **int
	}{{from, &s.from}, {to, &s.to}} {
		b.text = strings.TrimSpace(b.text)
		if b.text == "" {
			continue
		}
		n, err := strconv.Atoi(b.text)
		if err != nil {
			return s, fmt.Errorf("%q: want a whole number", b.text)
		}
		*b.at = &n
	}
	return s, nil
}

// of returns the places [from, to) of an axis of n. Bounds beyond the axis, which Python
// would cut, are an error: they are meant for another file.
func (s slice) of(n int) (from, to int, err error) {
	bound := func(b *int, missing int) int {
		switch {
		case b == nil:
			return missing
		case *b < -n || *b > n:
			err = fmt.Errorf("%d is beyond %d classes, want 0 to %d, or -1 to -%d from the end", *b, n, n, n)
			return missing
		case *b < 0:
			return *b + n
		}
		return *b
	}
	from, to = bound(s.from, 0), bound(s.to, n)
	if err == nil && from >= to {
		err = fmt.Errorf("leaves none of %d classes, want at least one", n)
	}
	return from, to, err
}
