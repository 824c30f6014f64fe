package plots

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/spf13/cobra"
	"gonum.org/v1/plot/plotter"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/dump"
	"github.com/flengine/flengine/cmd/flbench/internal/figure"
	"github.com/flengine/flengine/cmd/flbench/internal/stream"
	"github.com/flengine/flengine/engine"
)

// shareFlags are share's flags.
type shareFlags struct {
	stream.Flags
	output
	grid cli.GridFlags
}

func newShare() *cobra.Command {
	f := &shareFlags{grid: gridFlags()}
	cmd := f.Command("share PATH... | --logits FILE --labels FILE", "Draw which part of the loss the easy scores make up, as figure 4 of the paper", f.run)
	cmd.Long = fmt.Sprintf(`share sorts the scores of dumps by their loss, the positive ones and the others apart, and draws
which share of the loss the easiest of them make up, for the values of its parameters that
--gamma and the like name: focal loss with γ 0, 0.5, 1, 2 and 5 without any, which is figure 4
of Lin et al. 2017. The table has the shares of the hardest.

The PATHs, and the flags that say what they are, are those of eval, whose help has more on them.
Losses are counted in steps of less than 1 %% of their value, with the exact sum of each, so that
memory does not grow with the data: every point of a curve is exact, and what is between two
lies within such a step. It does not depend on kernels and workers.

With --json the result is one object with the keys kernel, workers, inputs (how many), scores,
positives, ignored, warnings, notes and lines. Each line has the keys loss (name and parameters),
positives and negatives, which have the keys scores (how many), sum, hardest (a list of scores,
the share of these, and loss, their share of that), easiest (the shares of scores, from 0 to 1)
and loss (the shares of the loss that they make up). CSV has a line for each point.

The losses are
%s.`, f.grid.LossesHelp())
	cmd.Example = `  flbench plot share testdata/detector-logits/*/*/
  flbench plot share --gamma 0,2 -o share.svg testdata/detector-logits/nanodet/astronaut
  flbench plot share --loss asl --margin 0,0.05 --json testdata/detector-logits/nanodet/astronaut`
	f.grid.Add(cmd)
	f.AddEngine(cmd)
	f.output.add(cmd)
	return cmd
}

func (f *shareFlags) run(cmd *cobra.Command, paths []string) error {
	grid, err := f.grid.Grid(cmd)
	if err != nil {
		return err
	}
	if err := f.Check(); err != nil {
		return err
	}
	if err := f.check(cmd); err != nil {
		return err
	}
	if err := f.checkLines(grid); err != nil {
		return err
	}
	sources, err := f.Sources(paths)
	if err != nil {
		return err
	}
	r, err := newShareReport(cmd, &f.Flags, grid, sources)
	if err != nil {
		return err
	}
	cli.PrintRemarks(cmd.ErrOrStderr(), r.Warnings, r.Notes)
	return f.show(cmd.OutOrStdout(), r)
}

// lossBits is how fine losses are told apart: by less than 1 %.
const lossBits = 7

// losses are a histogram of those of some scores. The sum of a cell is that of what its losses
// begin with, and of their last bits in units: exact in any order.
type losses struct{ histogram[lossCell] }

type lossCell struct{ count, low uint64 }

// sides are the losses of negatives and of positives.
type sides [2]losses

func newSides(n int) []sides {
	s := make([]sides, n)
	for i := range s {
		for k := range s[i] {
			s[i][k].fine = lossBits
		}
	}
	return s
}

// add adds losses of scores with these labels.
func (s *sides) add(values []float32, labels []uint8) (ok bool) {
	for i, v := range values {
		label := labels[i]
		if label > 1 {
			continue
		}
		bits := math.Float32bits(v) &^ (1 << 31)
		if bits >= 0xFF<<23 {
			return false
		}
		cell, low := s[label].at(bits)
		cell.count++
		cell.low += uint64(low)
	}
	return true
}

// newShareReport sees the losses of a grid.
func newShareReport(cmd *cobra.Command, f *stream.Flags, grid *cli.Grid, sources []dump.Source) (*shareReport, error) {
	positive := func(y float32) bool { return cli.Positive(grid.Losses[0], y) }
	var all [][]sides // of each worker
	s, err := pass(cmd, f, "sorting", grid.Losses, sources, func() look {
		own := newSides(len(grid.Losses))
		all = append(all, own)
		var values []float32
		var memory labels
		return func(e []*engine.Engine, s *shard) (r engine.Result, err error) {
			n := s.to - s.from
			if cap(values) < n {
				values = make([]float32, n)
			}
			var labels []uint8
			for i := range e {
				if r, err = e[i].Losses(values[:n], s.batch); err != nil {
					return r, err
				}
				if labels == nil { // only now it is known that there are some
					if labels, err = memory.of(s, positive); err != nil {
						return r, err
					}
				}
				if !own[i].add(values[:n], labels) {
					return r, errors.New("a loss is beyond float32, of which nothing is a share: want smaller weights")
				}
			}
			return r, nil
		}
	})
	if err != nil {
		return nil, err
	}
	r := &shareReport{seen: *s, grid: grid}
	total := newSides(len(grid.Losses))
	for i, loss := range grid.Losses {
		for k := range total[i] {
			for _, own := range all {
				total[i][k].merge(&own[i][k].histogram, func(to, from *lossCell) {
					to.count += from.count
					to.low += from.low
				})
			}
		}
		r.Lines = append(r.Lines, shareLine{
			Loss: cli.LossInfo{Loss: loss}, Negatives: total[i][0].share(), Positives: total[i][1].share(), name: lossName(grid, i),
		})
	}
	return r, nil
}

// shareReport is what share prints. Its JSON form is documented in its help.
type shareReport struct {
	seen
	Lines []shareLine `json:"lines"`

	grid *cli.Grid
}

type shareLine struct {
	Loss      cli.LossInfo `json:"loss"`
	Positives share        `json:"positives"`
	Negatives share        `json:"negatives"`

	name string
}

// share is the distribution of the loss over scores.
type share struct {
	Scores  int64       `json:"scores"`
	Sum     cli.Float   `json:"sum"`
	Hardest []part      `json:"hardest"` // none if the sum is 0
	Easiest []cli.Float `json:"easiest"` // shares of the scores, from 0 on
	Loss    []cli.Float `json:"loss"`    // those of the loss that they make up
}

// part is a share of the scores, and that of the loss that they make up.
type part struct {
	Scores cli.Float `json:"scores"`
	Loss   cli.Float `json:"loss"`
}

// hardest are the parts that are told.
var hardest = []float64{0.001, 0.01, 0.1, 0.2, 0.5}

// step is how far apart the points of a curve are, in shares of scores or of the loss, at
// least: a picture shows no more.
const step = 1. / 400

// share returns the distribution.
func (l *losses) share() share {
	s := share{Hardest: []part{}, Easiest: []cli.Float{}, Loss: []cli.Float{}}
	type upTo struct {
		count uint64
		sum   float64
	}
	ends := []upTo{{}}
	for bits, c := range l.cells() {
		if c.count == 0 {
			continue
		}
		last := ends[len(ends)-1]
		sum := float64(float64(c.count)*float64(math.Float32frombits(bits))) + float64(float64(c.low)*unit(bits))
		ends = append(ends, upTo{last.count + c.count, last.sum + sum})
	}
	all := ends[len(ends)-1]
	s.Scores, s.Sum = int64(all.count), cli.Float(all.sum)
	if all.sum == 0 {
		return s
	}
	of := func(e upTo) (scores, loss float64) { return float64(e.count) / float64(all.count), e.sum / all.sum }
	x, y := math.Inf(-1), math.Inf(-1) // of the last point
	for i, e := range ends {
		scores, loss := of(e)
		far := scores-x >= step || loss-y >= step
		if i+1 < len(ends) { // before a large step is a corner
			nextScores, nextLoss := of(ends[i+1])
			far = far || nextScores-scores >= step || nextLoss-loss >= step
		}
		if !far && i+1 < len(ends) {
			continue
		}
		s.Easiest, s.Loss = append(s.Easiest, cli.Float(scores)), append(s.Loss, cli.Float(loss))
		x, y = scores, loss
	}
	for _, h := range hardest {
		at := (1 - h) * float64(all.count) // so many are easier
		i := 1
		for ; i+1 < len(ends) && float64(ends[i].count) < at; i++ {
		}
		from, to := ends[i-1], ends[i]
		some := (float64(to.count) - at) / float64(to.count-from.count)
		loss := (all.sum - to.sum + float64(some*(to.sum-from.sum))) / all.sum
		s.Hardest = append(s.Hardest, part{cli.Float(h), cli.Float(loss)})
	}
	return s
}

// sidesOf names the two halves of a line.
var sidesOf = []struct {
	name  string
	label int
	of    func(*shareLine) *share
	told  []int // of hardest, in the table
}{
	{"positives", 1, func(l *shareLine) *share { return &l.Positives }, []int{2, 3, 4}},
	{"negatives", 0, func(l *shareLine) *share { return &l.Negatives }, []int{0, 1, 2}},
}

func (r *shareReport) charts() (charts []*figure.Chart) {
	unit := figure.Range{From: 0, To: 1}
	for _, side := range sidesOf {
		c := &figure.Chart{
			Title: fmt.Sprintf("%s: %d %s", r.grid.Losses[0].Family().Title, side.of(&r.Lines[0]).Scores, side.name),
			X:     "share of the scores, easiest first", Y: "share of the loss", XRange: unit, YRange: unit, LegendLeft: true,
		}
		for i := range r.Lines {
			s := side.of(&r.Lines[i])
			line := figure.Line{Name: r.Lines[i].name, Color: i}
			for k, x := range s.Easiest {
				line.Points = append(line.Points, plotter.XY{X: float64(x), Y: float64(s.Loss[k])})
			}
			c.Lines = append(c.Lines, line)
		}
		charts = append(charts, c)
	}
	return charts
}

func (r *shareReport) text(width int, picture, colors bool) string {
	text := r.grid.Losses[0].Family().Title + "; " + r.seen.String() + "\n\n"
	align, heads := "", []string{}
	for _, a := range r.grid.Axes {
		heads = append(heads, a.Symbol)
	}
	for _, side := range sidesOf {
		heads = append(heads, side.name+"' loss")
		for i, k := range side.told {
			head := number(100*hardest[k]) + " %"
			if i == 0 {
				head = "hardest " + head
			}
			heads = append(heads, head)
		}
	}
	for range heads {
		align += "r"
	}
	t := cli.NewTable(align, heads...)
	for i := range r.Lines {
		l := &r.Lines[i]
		var cells []string
		for _, a := range r.grid.Axes {
			v, _ := l.Loss.Parameter(a.Name)
			cells = append(cells, cli.Short(v))
		}
		for _, side := range sidesOf {
			s := side.of(l)
			cells = append(cells, strconv.FormatFloat(float64(s.Sum), 'g', 5, 64))
			for _, k := range side.told {
				cell := ""
				if len(s.Hardest) > 0 {
					cell = strconv.FormatFloat(100*float64(s.Hardest[k].Loss), 'f', 2, 64) + " %"
				}
				cells = append(cells, cell)
			}
		}
		t.Row(cells...)
	}
	text += t.String()
	if picture {
		text += "\n" + drawn(r.charts(), width, colors)
	}
	return text
}

func (r *shareReport) csv(record func(...string)) {
	record("loss", "label", "easiest", "share")
	for i := range r.Lines {
		l := &r.Lines[i]
		for _, side := range sidesOf {
			s := side.of(l)
			for k, x := range s.Easiest {
				record(l.Loss.Loss.String(), strconv.Itoa(side.label), number(float64(x)), number(float64(s.Loss[k])))
			}
		}
	}
}
