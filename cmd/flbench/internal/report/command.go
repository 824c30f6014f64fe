// Package report is flbench's report: one HTML page on dumps of a detector's scores, which needs
// nothing beside it.
package report

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/outfile"
	"github.com/flengine/flengine/cmd/flbench/internal/stream"
)

// flags are report's flags.
type flags struct {
	stream.Flags
	loss      cli.LossFlags
	top       int
	output    string
	noMeasure bool
}

// maxTop is how many scores a page lists at most.
const maxTop = 1000

// New returns the command.
func New() *cobra.Command {
	var f flags
	cmd := f.Command("report PATH... -o FILE", "Write an HTML page on dumps: shares, sweep, images, hardest anchors", f.run)
	cmd.Long, cmd.Example = long, example
	flags := cmd.Flags()
	f.loss.AddChoice(cmd)
	f.AddEngine(cmd)
	flags.IntVar(&f.top, "top", 10, "list the `K` hardest positives and negatives")
	flags.StringVarP(&f.output, "output", "o", "", "write the page to `FILE`; - is standard output")
	flags.BoolVar(&f.noMeasure, "no-measure", false, "leave out what this machine can do, so that a page can be made again")
	cli.CompleteFiles(cmd, []string{"output"}, "html")
	return cmd
}

func (f *flags) run(cmd *cobra.Command, paths []string) error {
	loss, err := f.loss.Chosen(cmd.Flags())
	switch {
	case err != nil:
		return err
	case f.top < 0 || f.top > maxTop:
		return cli.Usagef("--top is %d: want 0 to %d", f.top, maxTop)
	case f.output == "":
		return cli.Usagef("no output: want --output FILE, or - for standard output")
	}
	if err := f.Check(); err != nil {
		return err
	}
	if loss.Family().Rows {
		f.Inputs.Rows = loss.String()
	}
	sources, err := f.Sources(paths)
	if err != nil {
		return err
	}
	toFile := f.output != "-"
	if toFile {
		for _, s := range sources {
			for _, in := range s.Files() {
				if stream.SameFile(f.output, in) {
					return cli.Usagef("--output %s is the input %s: want another file", f.output, in)
				}
			}
		}
		if err := outfile.Check(f.output); err != nil {
			return fmt.Errorf("--output %s: %w", f.output, err)
		}
	}
	ctx, stop := cli.Interruptible(cmd.Context())
	defer stop()
	c := &collection{Flags: &f.Flags, loss: loss, top: f.top}
	p := cli.NewProgress(cmd.ErrOrStderr())
	err = c.collect(ctx, sources, p)
	if err == nil && !f.noMeasure {
		err = c.measure(ctx)
	}
	switch {
	case errors.Is(err, context.Canceled):
		return cli.ErrInterrupted
	case err != nil:
		return err
	}
	page, err := c.page().html()
	if err != nil {
		return err
	}
	cli.PrintRemarks(cmd.ErrOrStderr(), c.warnings, c.notes)
	if !toFile {
		return cli.Print(cmd.OutOrStdout(), string(page))
	}
	if err := outfile.Write(f.output, page); err != nil {
		return fmt.Errorf("--output %s: %w", f.output, err)
	}
	return nil
}

var long = fmt.Sprintf(`report writes one HTML page on a detector's raw scores: what the inputs are, how rare the
positives are and of which classes, which part of cross-entropy and of the chosen loss easy
negatives make up, what other parameters would do, the images with the largest loss, the hardest
positives and negatives, and what is known of the loss's errors and of this machine's speed.
The hardest anchors are drawn where an image lies beside the logits: image.png or image.jpg in
the folder, or a file named like the .npz or .safetensors one; and anchors.npy gives the boxes.

The page needs no network and no other file. It is light or dark as the reader's system is, fits
phones and paper, and has a table behind every figure.

The PATHs, and the flags that say what they are, are those of eval, whose help has more on them.
Files may be larger than memory. With --no-measure the same inputs give the same page.

The losses are
%s.

Nothing is written if any of the input is bad.`, cli.LossesHelp(cli.AllFamilies()))

const example = `  # A page on five photos
  flbench report -o report.html testdata/detector-logits/*/*/

  # On cross-entropy, with the 50 hardest of each kind, of the images that a file lists
  flbench report --loss ce --top 50 -o report.html --from images.txt`

// grid is what a family's page sweeps over: the values of two parameters, the first down.
type grid struct {
	down, across axis
}

type axis struct {
	name   string
	values []float32
}

// grids are those of the families that have one.
var grids = map[string]grid{
	"focal":    {axis{"alpha", []float32{0.1, 0.25, 0.5, 0.75, 0.9}}, axis{"gamma", []float32{0, 0.5, 1, 2, 5}}},
	"vfl":      {axis{"alpha", []float32{0.25, 0.5, 0.75, 1}}, axis{"gamma", []float32{0, 1, 2, 3}}},
	"heatmap":  {axis{"alpha", []float32{0, 1, 2, 3}}, axis{"beta", []float32{0, 2, 4, 6}}},
	"asl":      {axis{"gammapos", []float32{0, 1, 2}}, axis{"gammaneg", []float32{0, 2, 4, 6}}},
	"balanced": {axis{}, axis{"alpha", []float32{0.1, 0.25, 0.5, 0.75, 0.9}}},
	"qfl":      {axis{}, axis{"beta", []float32{1, 1.5, 2, 2.5, 3}}},
}

// parameterNames are those of a family.
func (g grid) names() []string {
	return slices.DeleteFunc([]string{g.down.name, g.across.name}, func(name string) bool { return name == "" })
}
