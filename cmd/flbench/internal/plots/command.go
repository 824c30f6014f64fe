// Package plots is flbench's plot: pictures of losses, and of what they make of a detector's
// scores.
package plots

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/figure"
)

// New returns the command.
func New() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "plot",
		Short: "Draw losses, and what they make of a detector's scores",
		Long: `plot draws pictures: in the terminal, or, with --output, as SVG, PNG or PDF. The numbers behind
each are printed with --json or --format csv.`,
		Example: `  flbench plot curves
  flbench plot gradients --loss asl --gammaneg 2,4 -o gradients.svg
  flbench plot share --json testdata/detector-logits/nanodet/astronaut
  flbench plot calibration -o calibration.pdf testdata/detector-logits/handtrack/astronaut`,
	}
	cli.Group(cmd, "plot what?")
	cmd.AddCommand(newCurves(), newGradients(), newShare(), newCalibration())
	return cmd
}

// output are the flags that say what is printed, and drawn to which file.
type output struct {
	path   string
	format cli.FormatFlags

	picture figure.File
}

// formats are what --format takes.
var formats = []string{"figure", "json", "csv"}

func (o *output) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVarP(&o.path, "output", "o", "", "draw to `FILE`, whose name ends in .svg, .png or .pdf, and not in the terminal")
	o.format.Add(cmd, formats)
	cli.CompleteFiles(cmd, []string{"output"}, figure.Formats...)
}

// check refuses flags that do not go together, and a file that cannot be written.
func (o *output) check(cmd *cobra.Command) (err error) {
	if err := o.format.Check(cmd); err != nil {
		return err
	}
	if cmd.Flags().Changed("output") {
		o.picture, err = figure.Check("output", o.path)
	}
	return err
}

// checkLines refuses more losses than there are colours, where they are to be drawn.
func (o *output) checkLines(grid *cli.Grid) error {
	if n := len(grid.Losses); n > len(figure.Colors) && (o.format.Name == "figure" || o.picture.Given()) {
		return cli.Usagef("%d losses in a picture: want %d at most, or, without --output, --format json or csv", n, len(figure.Colors))
	}
	return nil
}

// result is what a command has to show.
type result interface {
	// text is the words of the figure, and the terminal's picture if there is no file.
	text(width int, picture, colors bool) string
	charts() []*figure.Chart
	csv(record func(...string))
}

// The size of a picture's chart.
const (
	chartWidth  = 14 * vg.Centimeter
	chartHeight = 10 * vg.Centimeter
)

// show draws and prints a result, whose JSON is r itself.
func (o *output) show(w io.Writer, r result) error {
	if o.picture.Given() {
		var plots []*plot.Plot
		for _, c := range r.charts() {
			p, err := c.Plot()
			if err != nil {
				return fmt.Errorf("drawing %s: %w", o.path, err)
			}
			plots = append(plots, p)
		}
		if err := o.picture.Write(len(plots), chartWidth, chartHeight, plots...); err != nil {
			return err
		}
	}
	switch o.format.Name {
	case "json":
		return cli.WriteJSON(w, r)
	case "csv":
		var text bytes.Buffer
		c := csv.NewWriter(&text)
		r.csv(func(fields ...string) { _ = c.Write(fields) })
		c.Flush()
		return cli.Print(w, text.String())
	}
	return cli.Print(w, r.text(cli.Width(w), !o.picture.Given(), cli.Colored(w)))
}

// rows is how high pictures in the terminal are.
const rows = 20

// drawn are charts in the terminal, one above the other.
func drawn(charts []*figure.Chart, width int, colors bool) (text string) {
	for i, c := range charts {
		if i > 0 {
			text += "\n"
		}
		text += c.Text(width, rows, colors)
	}
	return text
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
