package dump

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/flengine/flengine/engine"
)

// dumps has files as Python saves them, and what is to come of each.
const dumps = "../../../../testdata/dumps"

// options returns what flags set.
func options(t testing.TB, args ...string) *Options {
	t.Helper()
	o := new(Options)
	flags := pflag.NewFlagSet("eval", pflag.ContinueOnError)
	o.AddFlags(flags)
	if err := flags.Parse(args); err != nil {
		t.Fatalf("%q: %v", args, err)
	}
	return o
}

// outcome is what comes of inputs.
type outcome struct {
	engine.Result
	warnings, notes []string
}

// evaluate evaluates inputs by shards, whose length is no multiple of anything.
func evaluate(o *Options, paths ...string) (all outcome, err error) {
	sources, err := o.Sources(paths)
	if err != nil {
		return all, err
	}
	for _, s := range sources {
		n, err := s.Check()
		if err != nil {
			return all, err
		}
		d, err := s.Open()
		if err != nil {
			return all, err
		}
		if d.Scores() != n {
			return all, d.Locate(errors.New("Check has other scores than Open"), 0)
		}
		err = evaluateDump(d, &all)
		if closed := d.Close(); err == nil {
			err = closed
		}
		if err != nil {
			return all, err
		}
	}
	return all, nil
}

func evaluateDump(d *Dump, all *outcome) error {
	e, err := engine.New(engine.Focal(0.25, 2), append(d.Options(), engine.WithWorkers(1))...)
	if err != nil {
		return err
	}
	const shard = 1013
	var s Scratch
	var sum engine.Result
	for from := 0; from < d.Scores(); from += shard {
		to := min(from+shard, d.Scores())
		d.Advise(from, to)
		if err := d.Fault(from, to); err != nil {
			return err
		}
		b, err := d.Batch(from, to, &s)
		if err != nil {
			return err
		}
		r, err := e.Sum(b)
		if err != nil {
			return d.Locate(err, from)
		}
		sum.Merge(r)
	}
	all.Merge(sum)
	all.warnings = append(all.warnings, d.Warnings(sum)...)
	all.notes = append(all.notes, d.Notes()...)
	return nil
}

// refusals are what messages say of the cases that are refused.
var refusals = map[string][]string{
	"names both readings and the flags for each": {"--targets=binary", "--targets=class", "background", "foreground", "column 0"},
	"the same": {"--targets=binary", "--targets=class", "background", "foreground", "column 0"},
}

func TestCases(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(dumps, "cases.json"))
	if err != nil {
		t.Fatal(err)
	}
	var list struct {
		Cases []struct {
			Name        string
			Files, Args []string
			Want        *struct {
				Scores, Positives, Ignored int64
				Sum                        float64
			}
			Refuse, Warn string
		}
	}
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	if len(list.Cases) < 30 {
		t.Fatalf("%d cases", len(list.Cases))
	}
	for _, c := range list.Cases {
		t.Run(c.Name, func(t *testing.T) {
			o := options(t, c.Args...)
			var paths []string
			if len(c.Files) == 2 {
				o.Logits, o.Labels = filepath.Join(dumps, c.Files[0]), filepath.Join(dumps, c.Files[1])
			} else {
				paths = []string{filepath.Join(dumps, c.Files[0])}
			}
			got, err := evaluate(o, paths...)
			words := refusals[c.Refuse]
			switch {
			case words != nil:
				for _, w := range words {
					if err == nil || !strings.Contains(err.Error(), w) {
						t.Errorf("error %v, want one with %q", err, w)
					}
				}
				return
			case err != nil:
				t.Fatal(err)
			}
			if w := c.Want; w != nil && (got.Scores != w.Scores || got.Positives != w.Positives || got.Ignored != w.Ignored || !(math.Abs(got.Sum()/w.Sum-1) <= 1e-6)) {
				t.Errorf("%d scores, %d positive, %d ignored, sum %v, want %+v", got.Scores, got.Positives, got.Ignored, got.Sum(), *w)
			}
			if c.Warn == "" && len(got.warnings) > 0 || c.Warn != "" && !strings.Contains(strings.Join(got.warnings, "\n"), c.Warn) {
				t.Errorf("warnings %q, want %q", got.warnings, c.Warn)
			}
		})
	}
}
