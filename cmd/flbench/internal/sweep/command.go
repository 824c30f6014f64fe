// Package sweep is flbench's sweep: it evaluates losses with many parameters over dumps of a
// detector's scores, in one pass.
package sweep

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/figure"
	"github.com/flengine/flengine/cmd/flbench/internal/stream"
)

// flags are sweep's flags.
type flags struct {
	stream.Flags
	grid   cli.GridFlags
	format cli.FormatFlags
	plot   string
	show   string
}

// New returns the command.
func New() *cobra.Command {
	var f flags
	cmd := f.Command("sweep PATH... | --logits FILE --labels FILE", "Evaluate a loss with many parameters over dumps, in one pass", f.run)
	cmd.Long, cmd.Example = long, example
	flags := cmd.Flags()
	f.grid.Add(cmd)
	f.AddEngine(cmd)
	flags.StringVar(&f.show, "show", "per_positive", "what maps are of: `KEY` is "+cli.OrList(measureNames()))
	flags.StringVar(&f.plot, "plot", "", "draw a map, too: the `FILE`'s name ends in .svg, .png or .pdf")
	f.format.Add(cmd, cli.FormatNames(formats))
	cli.CompleteNames(cmd, "show", measureNames())
	cli.CompleteFiles(cmd, []string{"plot"}, figure.Formats...)
	return cmd
}

func (f *flags) run(cmd *cobra.Command, paths []string) error {
	grid, err := f.check(cmd)
	if err != nil {
		return err
	}
	var picture figure.File
	if cmd.Flags().Changed("plot") {
		if picture, err = figure.Check("plot", f.plot); err != nil {
			return err
		}
	}
	sources, err := f.Sources(paths)
	if err != nil {
		return err
	}
	ctx, stop := cli.Interruptible(cmd.Context())
	defer stop()
	r, err := evaluate(ctx, &f.Flags, grid, sources, cli.NewProgress(cmd.ErrOrStderr()))
	switch {
	case errors.Is(err, context.Canceled):
		return cli.ErrInterrupted
	case err != nil:
		return err
	}
	stop() // a signal ends the printing at once
	r.show, r.colors = f.show, cli.Colored(cmd.OutOrStdout())
	cli.PrintRemarks(cmd.ErrOrStderr(), r.Warnings, r.Notes)
	if picture.Given() {
		if err := r.draw(picture); err != nil {
			return err
		}
	}
	return cli.PrintAs(cmd.OutOrStdout(), r, formats, f.format.Name)
}

// check refuses flags that do not go together, and returns the losses.
func (f *flags) check(cmd *cobra.Command) (*cli.Grid, error) {
	given := cmd.Flags().Changed
	if err := f.format.Check(cmd); err != nil {
		return nil, err
	}
	grid, err := f.grid.Grid(cmd)
	switch {
	case err != nil:
		return nil, err
	case !slices.Contains(measureNames(), f.show):
		return nil, cli.Usagef("--show is %q: want %s", f.show, cli.OrList(measureNames()))
	case given("show") && f.format.Name != "map" && !given("plot"):
		return nil, cli.Usagef("--show without a map: want --format map, or --plot")
	case (f.format.Name == "map" || given("plot")) && len(grid.Axes) > 2:
		return nil, cli.Usagef("a map has two axes at most: want values of one or two of the %d parameters", len(grid.Axes))
	}
	rows := grid.Losses[0].Family().Rows
	switch {
	case rows && f.show == "easy_negatives_loss_share" && (f.format.Name == "map" || given("plot")):
		return nil, cli.Usagef("--show %s: losses of a softmax have no easy negatives", f.show)
	case rows:
		f.Inputs.Rows = grid.Losses[0].String()
	}
	return grid, f.Check()
}

var long = fmt.Sprintf(`sweep evaluates the losses of a grid of parameters over a detector's raw scores: all
combinations of the values that --alpha, --gamma and the like name, such as
--gamma 0,0.5,1,2,5 or, from 0 to 5 in steps of 0.5, --gamma 0:5:0.5. Without any, it is
focal loss with α 0.1, 0.25, 0.5, 0.75, 0.9 and γ 0, 0.5, 1, 2, 5. Scores are read once, and 25
losses take a fifth of the time of 25 evaluations; those of targets and of softmax are evaluated
one by one while the scores are in the cache.

The PATHs, and the flags that say what they are, are those of eval, whose help has more on
them. For each loss it prints the sum over all PATHs, its mean over the entries scored, the sum
per positive (at least one), and the share that easy negatives have: background with p_t > 0.9.
All are what 'flbench eval' prints of that loss alone, to the last bit.

--format map prints a heat map of one or two parameters, of what --show names; --plot draws it.
With --json the result is one object with the keys kernel, workers, inputs (how many), scores,
positives, ignored, easy_negatives_entries_share (not of a softmax), parameters (the names of
those that vary), results, warnings and notes. Each of the results has the keys loss (name and
parameters), sum, mean, per_positive and easy_negatives_loss_share.

The losses are
%s.

Nothing is printed or drawn if any of the input is bad.`, new(cli.GridFlags).LossesHelp())

const example = `  # Which α and γ leave the easy negatives how much of the loss?
  flbench sweep --format map --show easy_negatives_loss_share testdata/detector-logits/*/*/

  # Focal loss with α 0.25 and eleven γ, for a spreadsheet
  flbench sweep --alpha 0.25 --gamma 0:5:0.5 --format csv testdata/detector-logits/nanodet/astronaut

  # A picture of the loss per positive
  flbench sweep --plot sweep.svg testdata/detector-logits/handtrack/astronaut`
