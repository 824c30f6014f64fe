// Package hardest is flbench's hardest: it lists the scores with the largest losses over any
// number of dumps, and marks them for hard-example mining.
package hardest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/dump"
	"github.com/flengine/flengine/cmd/flbench/internal/stream"
	"github.com/flengine/flengine/engine"
)

// maxTop bounds the scores that are listed: 36 bytes each, 52 with a box.
const maxTop = 1 << 25

// flags are hardest's flags.
type flags struct {
	stream.Flags
	loss      cli.LossFlags
	top       int
	among     string
	threshold float64
	out       outputs
	format    cli.FormatFlags
}

// kinds are what --among takes: the lists that it makes.
var kinds = []struct {
	name  string
	lists []kind
}{
	{"all", []kind{{"hardest", "hardest scores", engine.AllScores}}},
	{"positives", []kind{{"hardest_positives", "hardest positives", engine.PositiveScores}}},
	{"negatives", []kind{{"hardest_negatives", "hardest negatives", engine.NegativeScores}}},
	{"apart", []kind{
		{"hardest_positives", "hardest positives", engine.PositiveScores},
		{"hardest_negatives", "hardest negatives", engine.NegativeScores},
	}},
}

// kind is one list: its key in JSON, its title, and the scores that it takes.
type kind struct {
	key, title string
	among      engine.Among
}

func kindNames() (names []string) {
	for _, k := range kinds {
		names = append(names, k.name)
	}
	return names
}

// New returns the command.
func New() *cobra.Command {
	var f flags
	cmd := f.Command("hardest PATH... | --logits FILE --labels FILE", "List the scores with the largest losses over dumps", f.run)
	cmd.Long, cmd.Example = long, example
	flags := cmd.Flags()
	f.loss.AddChoice(cmd)
	f.AddEngine(cmd)
	flags.IntVar(&f.top, "top", 20, "list the `K` hardest scores")
	flags.StringVar(&f.among, "among", "all", "list which `SCORES`: "+cli.OrList(kindNames())+" (positives and negatives, K of each)")
	flags.Float64Var(&f.threshold, "threshold", 0, "list losses from `LOSS` on only")
	flags.StringVar(&f.out.mask, "mask-out", "", "write a mask of the scores listed, of a softmax of the anchors, to the .npy `FILE`; for one input")
	flags.StringVar(&f.out.index, "index-out", "", "write their indices, hardest first, to the .npy `FILE`; for one input")
	f.format.Add(cmd, cli.FormatNames(formats))
	cli.CompleteNames(cmd, "among", kindNames())
	cli.CompleteFiles(cmd, []string{"mask-out", "index-out"}, "npy")
	return cmd
}

func (f *flags) run(cmd *cobra.Command, paths []string) error {
	loss, err := f.check(cmd)
	if err != nil {
		return err
	}
	sources, err := f.Sources(paths)
	if err != nil {
		return err
	}
	if err := f.out.check(cmd, sources); err != nil {
		return err
	}
	ctx, stop := cli.Interruptible(cmd.Context())
	defer stop()
	s := &search{
		Flags: &f.Flags, loss: loss, top: f.top, threshold: float32(f.threshold),
		kinds: kinds[slices.Index(kindNames(), f.among)].lists,
	}
	r, err := s.run(ctx, sources, cli.NewProgress(cmd.ErrOrStderr()))
	switch {
	case errors.Is(err, context.Canceled):
		return cli.ErrInterrupted
	case err != nil:
		return err
	}
	if err := f.out.write(r); err != nil {
		return err
	}
	stop() // a signal ends the printing at once
	cli.PrintRemarks(cmd.ErrOrStderr(), r.Warnings, r.Notes)
	return cli.PrintAs(cmd.OutOrStdout(), r, formats, f.format.Name)
}

// check refuses flags that do not go together, and returns the loss.
func (f *flags) check(cmd *cobra.Command) (engine.Loss, error) {
	if err := f.format.Check(cmd); err != nil {
		return engine.Loss{}, err
	}
	loss, err := f.loss.Chosen(cmd.Flags())
	switch {
	case err != nil:
		return loss, err
	case f.top < 1 || f.top > maxTop:
		return loss, cli.Usagef("--top is %d: want 1 to %d", f.top, maxTop)
	case !(f.threshold >= 0):
		return loss, cli.Usagef("--threshold is %g: want a loss, 0 or more", f.threshold)
	case !slices.Contains(kindNames(), f.among):
		return loss, cli.Usagef("--among is %q: want %s", f.among, cli.OrList(kindNames()))
	case loss.Family().Rows && f.among != "all" && f.among != "positives":
		return loss, cli.Usagef("--among %s beside --loss %s: every anchor has a class under a softmax, want --among all", f.among, loss)
	case loss.Family().Rows:
		f.Inputs.Rows = loss.String()
	}
	return loss, f.Check()
}

// check refuses outputs that several inputs would share, or that are one of the inputs, each
// other, or what is printed to.
func (o *outputs) check(cmd *cobra.Command, sources []dump.Source) error {
	var names []string
	for _, out := range []struct{ flag, path string }{{"mask-out", o.mask}, {"index-out", o.index}} {
		switch {
		case !cmd.Flags().Changed(out.flag):
			continue
		case out.path == "":
			return cli.Usagef("--%s is empty: want a file name", out.flag)
		case len(sources) > 1:
			return cli.Usagef("--%s with %d inputs: want exactly one", out.flag, len(sources))
		}
		names = append(names, out.path)
		for _, in := range sources[0].Files() {
			if stream.SameFile(out.path, in) {
				return cli.Usagef("--%s %s is the input %s: want another file", out.flag, out.path, in)
			}
		}
		if err := stream.CheckOutput(out.flag, out.path, cmd.OutOrStdout(), cmd.ErrOrStderr(), os.Stdout, os.Stderr); err != nil {
			return err
		}
	}
	if len(names) == 2 && stream.SameFile(names[0], names[1]) {
		return cli.Usagef("--mask-out and --index-out are both %s: want two files", names[0])
	}
	return nil
}

var long = fmt.Sprintf(`hardest lists the scores with the largest losses over any number of inputs, hardest
first: label errors are among them, and what a detector has yet to learn. It reads all inputs
once, in memory for the scores that it lists (at most %d, of which each takes 36 bytes, 52 with
a box); a file may be larger than memory.

The PATHs, and the flags that say what they are, are those of eval, whose help has more on
them. A score is listed with its PATH, its row (anchor) and column (class), the logit or
probability, its label or soft target, and its loss; with the class's name where classes.txt, and
the anchor's box where anchors.npy lies in PATH or the folder above. Ignored scores, and those
of weight 0, are left out. Of equal losses those of the first PATH, row and column come first.

--among positives and negatives list these alone, apart both; --threshold leaves out what
is easier. For hard-example mining (OHEM), --mask-out writes an .npy file of bool in the shape of
the scores, classes last, which is true for those listed, and --index-out one of int64, their
indices in the flattened scores, hardest first; of a softmax both are of anchors.

With --json the result is one object with the keys loss (name and parameters), kernel, workers,
inputs (how many), scores, positives, ignored, hardest (with --among positives
hardest_positives, negatives hardest_negatives, apart both), warnings and notes. Each score has the
keys path, row, column, logit (with --probs: prob), label (of soft targets: target), loss, and class
and box where they are known. --format jsonl prints a line for each score, --format csv the same
in columns.

The losses are
%s.

Nothing is printed or written if any of the input is bad.`, maxTop, cli.LossesHelp(cli.AllFamilies()))

var example = strings.TrimPrefix(`
  # The 20 hardest scores of five photos
  flbench hardest testdata/detector-logits/*/*/

  # The five hardest positives and the five hardest negatives, under cross-entropy
  flbench hardest --loss ce --top 5 --among apart testdata/detector-logits/nanodet/astronaut

  # A mask of the 300 hardest negatives, for numpy.load
  flbench hardest --top 300 --among negatives --mask-out mask.npy testdata/detector-logits/nanodet/astronaut

  # All losses of 1 and more of the images that a file lists, for a spreadsheet
  flbench hardest --top 1000000 --threshold 1 --format csv --from images.txt`, "\n")
