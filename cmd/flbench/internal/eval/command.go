// Package eval is flbench's eval: it evaluates a loss over dumps of a detector's scores, and
// reports on each and on all of them.
package eval

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/dump"
	"github.com/flengine/flengine/cmd/flbench/internal/outcome"
	"github.com/flengine/flengine/cmd/flbench/internal/stream"
	"github.com/flengine/flengine/engine"
)

// flags are eval's flags.
type flags struct {
	stream.Flags
	loss    cli.LossFlags
	several []string // of --losses
	top     int
	outputs outputs
	order   outcome.Arrangement
	max     bool
	ranged  string
	partial string
	format  cli.FormatFlags
}

// New returns the command.
func New() *cobra.Command {
	var f flags
	cmd := f.Command("eval PATH... | --logits FILE --labels FILE", "Evaluate a loss over dumps of a detector's scores", f.run)
	cmd.Long, cmd.Example = long, example
	flags := cmd.Flags()
	f.loss.AddChoice(cmd)
	flags.StringSliceVar(&f.several, "losses", nil, "`NAMES` of several losses, evaluated in one reading of the files, in place of --loss, as in ce,focal2,'focal(pos=1,neg=1)'")
	f.AddEngine(cmd)
	flags.IntVar(&f.top, "top", 0, "list the `K` hardest scores of each PATH, and of all")
	flags.BoolVar(&f.max, "max", false, "tell the largest loss of each PATH too")
	f.order.Add(cmd)
	flags.StringVar(&f.outputs.losses, "losses-out", "", "write each score's loss to the .npy `FILE`, of a softmax each anchor's; classes come last; for one input")
	flags.StringVar(&f.outputs.gradients, "gradients-out", "", "write each score's gradient to the .npy `FILE`; classes come last; for one input")
	flags.StringVar(&f.ranged, "range", "", "evaluate the `I/N`th of N ranges of the one PATH's scores alone: 1/4, 2/4, 3/4, 4/4")
	flags.StringVar(&f.partial, "partial", "", "write what each PATH came to, for flbench merge, as a line to `FILE`, - for standard output, in place of the report")
	f.format.Add(cmd, cli.FormatNames(outcome.Formats))
	cli.CompleteFiles(cmd, []string{"losses-out", "gradients-out"}, "npy")
	cli.CompleteFiles(cmd, []string{"partial"}, "jsonl")
	return cmd
}

func (f *flags) run(cmd *cobra.Command, paths []string) error {
	e, err := f.evaluator(cmd)
	if err != nil {
		return err
	}
	e.weighted = f.Inputs.Weights != ""
	if e.rows() {
		f.Inputs.Rows = e.losses[0].String()
	} else if loss, found := e.noProbs(); f.Inputs.Probs && found {
		return cli.Usagef("--probs beside --loss %s: want logits, the scores before the sigmoid, which it is from", loss)
	}
	sources, err := f.sources(cmd, paths, e)
	if err != nil {
		return err
	}
	ctx, stop := cli.Interruptible(cmd.Context())
	defer stop()
	out, err := e.run(ctx, sources, cli.NewProgress(cmd.ErrOrStderr()))
	switch {
	case errors.Is(err, context.Canceled):
		return cli.ErrInterrupted
	case err != nil:
		return err
	}
	// All is done but the printing, which a signal ends at once, even where a pager does
	// not read on.
	stop()
	if out.lines != nil {
		return out.lines.print(cmd.OutOrStdout())
	}
	rep := out.report
	rep.Arrange(f.order.Sort, f.order.Limit)
	cli.PrintRemarks(cmd.ErrOrStderr(), rep.Warnings, rep.Notes)
	return cli.PrintAs(cmd.OutOrStdout(), rep, outcome.Formats, f.format.Name)
}

// evaluator checks the flags on the losses, on how to evaluate them, and on the report.
func (f *flags) evaluator(cmd *cobra.Command) (*evaluator, error) {
	losses, err := f.losses(cmd)
	given := cmd.Flags().Changed
	for _, check := range []func(*cobra.Command) error{f.format.Check, f.order.Check} {
		if err := check(cmd); err != nil {
			return nil, err
		}
	}
	switch {
	case err != nil:
		return nil, err
	case f.top < 0:
		return nil, cli.Usagef("--top is %d: want 0 or more", f.top)
	case f.format.Name == "csv" && f.top > 0:
		return nil, cli.Usagef("--top with --format csv: its lines have no lists, want another format")
	}
	for _, out := range []struct{ flag, path string }{{"losses-out", f.outputs.losses}, {"gradients-out", f.outputs.gradients}, {"partial", f.partial}} {
		if given(out.flag) && out.path == "" {
			return nil, cli.Usagef("--%s is empty: want a file name", out.flag)
		}
	}
	for _, flag := range []string{"sort", "limit", "format", "json", "losses-out", "gradients-out"} {
		if f.partial != "" && given(flag) {
			return nil, cli.Usagef("--%s beside --partial, whose lines are for flbench merge: want one or the other", flag)
		}
	}
	p := part{1, 1}
	if given("range") {
		if p, err = parseRange(f.ranged); err != nil {
			return nil, err
		}
	}
	if err := f.Check(); err != nil {
		return nil, err
	}
	return &evaluator{losses: losses, flags: f.Flags, top: f.top, max: f.max || f.order.Sort == "max", outputs: f.outputs, part: p, partial: f.partial}, nil
}

// losses returns those to evaluate.
func (f *flags) losses(cmd *cobra.Command) ([]engine.Loss, error) {
	if !cmd.Flags().Changed("losses") {
		loss, err := f.loss.Chosen(cmd.Flags())
		return []engine.Loss{loss}, err
	}
	if flag := f.loss.Given(cmd.Flags()); flag != "" {
		return nil, cli.Usagef("--%s beside --losses: want each loss in that, with its parameters, as in 'focal(alpha=0.5,gamma=1)'", flag)
	}
	specs, err := cli.ParseLosses(f.several)
	if err != nil {
		return nil, err
	}
	var losses []engine.Loss
	for _, s := range specs {
		if s.Family().Rows != specs[0].Family().Rows {
			return nil, cli.Usagef("--losses: %s and %s, one of which is of rows and one of scores: want losses of one kind", specs[0].Name, s.Name)
		}
		losses = append(losses, s.Loss)
	}
	return losses, nil
}

// sources returns the inputs, none of which is to be overwritten.
func (f *flags) sources(cmd *cobra.Command, paths []string, e *evaluator) ([]dump.Source, error) {
	sources, err := f.Sources(paths)
	if err != nil {
		return nil, err
	}
	if cmd.Flags().Changed("range") && len(sources) > 1 {
		return nil, cli.Usagef("--range with %d inputs: want exactly one", len(sources))
	}
	printed := []io.Writer{os.Stdout, os.Stderr, cmd.OutOrStdout(), cmd.ErrOrStderr()}
	if err := f.checkPartial(sources, printed...); err != nil {
		return nil, err
	}
	return sources, f.outputs.check(sources, len(e.losses), e.part, printed...)
}
