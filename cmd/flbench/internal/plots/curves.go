package plots

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"gonum.org/v1/plot/plotter"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/figure"
	"github.com/flengine/flengine/engine"
)

// gridFlags are flags for losses of scores: those of the paper's figures by default.
func gridFlags() cli.GridFlags {
	return cli.GridFlags{Families: engine.Families(), Defaults: map[string]map[string]string{"focal": {"gamma": "0,0.5,1,2,5"}}}
}

// curvesFlags are those of curves and gradients.
type curvesFlags struct {
	output
	grid      cli.GridFlags
	gradients bool
}

func newCurves() *cobra.Command {
	f := &curvesFlags{grid: gridFlags()}
	cmd := &cobra.Command{
		Use:   "curves",
		Short: "Draw losses against p_t, as figure 1 of the focal loss paper",
		Long: fmt.Sprintf(`curves draws a loss against p_t, the predicted probability of the true label, for the values of
its parameters that --gamma and the like name: focal loss with γ 0, 0.5, 1, 2 and 5 without
any, which is figure 1 of Lin et al. 2017. The values are those that the engine returns, of
logits from −5 to 5.

Foreground and background are weighted alike, unless --alpha is given. Where they have different
losses, that of the background is dashed.
%s`, f.help()),
		Example: `  flbench plot curves
  flbench plot curves --gamma 0:3:1 --alpha 0.25 -o curves.svg
  flbench plot curves --loss asl --margin 0,0.05,0.2 --json`,
	}
	return f.command(cmd)
}

func newGradients() *cobra.Command {
	f := &curvesFlags{grid: gridFlags(), gradients: true}
	cmd := &cobra.Command{
		Use:   "gradients",
		Short: "Draw the gradients of losses against the logit",
		Long: fmt.Sprintf(`gradients draws the derivative of a loss by the logit against the logit, from −8 to 8, for the
values of its parameters that --gamma and the like name: focal loss with γ 0, 0.5, 1, 2 and 5
without any. That of the foreground, label 1, is drawn through, that of the background, label 0,
is dashed. The values are those that the engine returns.

Foreground and background are weighted alike, unless --alpha is given.
%s`, f.help()),
		Example: `  flbench plot gradients
  flbench plot gradients --loss qfl --beta 1,2 -o gradients.png
  flbench plot gradients --gamma 2 --format csv`,
	}
	return f.command(cmd)
}

// help is the end of both helps.
func (f *curvesFlags) help() string {
	return fmt.Sprintf(`
With --json the result is one object with the key lines, a list with the keys loss (name and
parameters), label, and, of each point, logits, p_t and values; CSV has a line for each point.

The losses are
%s.`, f.grid.LossesHelp())
}

func (f *curvesFlags) command(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().SortFlags = false
	f.grid.Add(cmd)
	f.output.add(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		grid, err := f.grid.Grid(cmd)
		if err != nil {
			return err
		}
		if err := f.check(cmd); err != nil {
			return err
		}
		if err := f.checkLines(grid); err != nil {
			return err
		}
		r, err := newCurvesReport(grid, cmd.Flags().Changed, f.gradients)
		if err != nil {
			return err
		}
		return f.show(cmd.OutOrStdout(), r)
	}
	return cmd
}

// curvesReport is what curves and gradients print. Its JSON form is documented in their help.
type curvesReport struct {
	Lines []curve `json:"lines"`

	family    engine.Family
	gradients bool
}

// curve is a loss, or its gradient, of scores with the same label.
type curve struct {
	Loss   cli.LossInfo  `json:"loss"`
	Label  uint8         `json:"label"`
	Logits []cli.Float32 `json:"logits"`
	Pt     []cli.Float   `json:"p_t"`
	Values []cli.Float32 `json:"values"`

	name  string // by the parameters that vary
	color int
}

// newCurvesReport evaluates the losses of a grid, without the weights that no flag gives.
func newCurvesReport(grid *cli.Grid, given func(flag string) bool, gradients bool) (*curvesReport, error) {
	r := &curvesReport{family: grid.Losses[0].Family(), gradients: gradients}
	for i, loss := range grid.Losses {
		for _, p := range r.family.Parameters {
			if p.Weight && !given(p.Name) {
				loss = loss.Weighted(1, 1)
			}
		}
		labels := []uint8{1, 0}
		if pos, neg := loss.Weights(); !gradients && loss.Definition() != nil && pos == neg {
			labels = labels[:1] // both have the same
		}
		for _, label := range labels {
			c := curve{Loss: cli.LossInfo{Loss: loss}, Label: label, name: lossName(grid, i), color: i}
			if err := c.evaluate(gradients); err != nil {
				return nil, err
			}
			r.Lines = append(r.Lines, c)
		}
	}
	return r, nil
}

// lossName is a loss's name among those of a grid: the parameters that vary.
func lossName(grid *cli.Grid, i int) string {
	loss := grid.Losses[i]
	var parts []string
	for _, a := range grid.Axes {
		v, _ := loss.Parameter(a.Name)
		parts = append(parts, a.Symbol+" = "+cli.Short(v))
	}
	if parts == nil {
		return loss.Family().Title
	}
	return strings.Join(parts, ", ")
}

// evaluate sets the points of a curve.
func (c *curve) evaluate(gradients bool) error {
	e, err := engine.New(c.Loss.Loss, engine.WithWorkers(1))
	if err != nil {
		return err
	}
	end := 50 // tenths
	if gradients {
		end = 80
	}
	var logits []float32
	for i := -end; i <= end; i++ {
		logits = append(logits, float32(i)/10)
	}
	if !gradients && c.Label == 0 {
		slices.Reverse(logits) // so that p_t rises
	}
	b := engine.Batch{Logits: logits, Labels: make([]uint8, len(logits))}
	for i := range b.Labels {
		b.Labels[i] = c.Label
	}
	values := make([]float32, len(logits))
	if gradients {
		_, err = e.Gradients(values, b)
	} else {
		_, err = e.Losses(values, b)
	}
	for i, x := range logits {
		signed := float64(x)
		if c.Label == 0 {
			signed = -signed
		}
		c.Logits = append(c.Logits, cli.Float32(x))
		c.Pt = append(c.Pt, cli.Float(1/(1+math.Exp(-signed))))
		c.Values = append(c.Values, cli.Float32(values[i]))
	}
	return err
}

func (r *curvesReport) charts() []*figure.Chart {
	c := &figure.Chart{Title: r.family.Title, X: "p_t", Y: "loss", XRange: figure.Range{From: 0, To: 1}}
	if r.gradients {
		c.Title, c.X, c.Y = r.family.Title+" by the logit", "logit", "gradient"
		c.XRange, c.LegendLeft = figure.Range{}, true
	}
	if slices.ContainsFunc(r.Lines, func(l curve) bool { return l.Label == 0 }) {
		c.Title += "; background dashed"
	}
	for _, l := range r.Lines {
		line := figure.Line{Name: l.name, Color: l.color, Dashed: l.Label == 0}
		for i, v := range l.Values {
			x := float64(l.Pt[i])
			if r.gradients {
				x = float64(l.Logits[i])
			}
			line.Points = append(line.Points, plotter.XY{X: x, Y: float64(v)})
		}
		c.Lines = append(c.Lines, line)
	}
	return []*figure.Chart{c}
}

func (r *curvesReport) text(width int, picture, colors bool) string {
	if !picture {
		return ""
	}
	return drawn(r.charts(), width, colors)
}

func (r *curvesReport) csv(record func(...string)) {
	record("loss", "label", "logit", "p_t", "value")
	for _, l := range r.Lines {
		for i := range l.Values {
			record(l.Loss.Loss.String(), strconv.Itoa(int(l.Label)), cli.Short(l.Logits[i]), number(float64(l.Pt[i])), cli.Short(l.Values[i]))
		}
	}
}
