package plots

import (
	"fmt"
	"math"
	"strconv"

	"github.com/spf13/cobra"
	"gonum.org/v1/plot/plotter"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/figure"
	"github.com/flengine/flengine/cmd/flbench/internal/stream"
	"github.com/flengine/flengine/engine"
)

// calibrationFlags are calibration's flags.
type calibrationFlags struct {
	stream.Flags
	output
	bins int
	mass bool
}

const maxBins = 1000

func newCalibration() *cobra.Command {
	var f calibrationFlags
	cmd := f.Command("calibration PATH... | --logits FILE --labels FILE", "Draw how often scores of a probability are positive, and find the temperature", f.run)
	cmd.Long = `calibration is a reliability diagram: the scores of dumps in bins by their probability, and what
part of each bin is positive. It finds the temperature T for which the mean cross-entropy of
sigmoid(logit/T) over all scores is least (Guo et al. 2017, arXiv:1706.04599), and shows the
diagram, that loss (NLL), and the expected calibration error (ECE: how far bins are from what
they predict, weighted by their scores) without and with it. T is 0 if the loss falls all the
way down to there, as it does where all scores are on the right side of p = ½, "Infinity" if it
falls all the way up, and 1 if all are alike.

The PATHs, and the flags that say what they are, are those of eval, whose help has more on them.
Anchors' weights are those of scores. Soft targets y count as y of a positive. A probability, with
--probs, is its logit ln(p/(1 − p)), at most 100 and at least −100.

Logits are counted in steps of 0.1 % of their value, with the mean and the variance of each, so
that files are read once, and memory does not grow with them. T and NLL are right to many digits
more; bins end at the nearest step.

With --json the result is one object with the keys kernel, workers, inputs (how many), scores,
positives, ignored, warnings, notes, temperature, before and after. The last two have the keys
nll, ece and bins, a list with the keys from and to (probabilities), scores (how many, or their
weight), predicted (the mean probability) and positive (the part that is); only bins that have
scores are there. CSV has a line for each bin.`
	cmd.Example = `  flbench plot calibration testdata/detector-logits/nanodet/*/
  flbench plot calibration --equal-mass -o calibration.svg testdata/detector-logits/handtrack/astronaut
  flbench plot calibration --bins 10 --json testdata/detector-logits/handtrack/coffee`
	flags := cmd.Flags()
	flags.IntVar(&f.bins, "bins", 15, "sort the scores into `N` bins")
	flags.BoolVar(&f.mass, "equal-mass", false, "bins have equal numbers of scores, not equal widths")
	f.AddEngine(cmd)
	f.output.add(cmd)
	return cmd
}

func (f *calibrationFlags) run(cmd *cobra.Command, paths []string) error {
	if f.bins < 1 || f.bins > maxBins {
		return cli.Usagef("--bins is %d: want 1 to %d", f.bins, maxBins)
	}
	if err := f.Check(); err != nil {
		return err
	}
	if err := f.check(cmd); err != nil {
		return err
	}
	sources, err := f.Sources(paths)
	if err != nil {
		return err
	}
	var all []*logits // of each worker
	s, err := pass(cmd, &f.Flags, "calibrating", []engine.Loss{engine.CrossEntropy()}, sources, func() look {
		own := newLogits()
		all = append(all, own)
		var memory labels
		return func(e []*engine.Engine, s *shard) (engine.Result, error) {
			r, err := e[0].Sum(s.batch) // which says what is wrong with it
			if err != nil {
				return r, err
			}
			return r, own.addShard(s, &memory)
		}
	})
	if err != nil {
		return err
	}
	total := newLogits()
	for _, own := range all {
		total.merge(own)
	}
	r := newCalibrationReport(s, total, f.bins, f.mass)
	cli.PrintRemarks(cmd.ErrOrStderr(), r.Warnings, r.Notes)
	return f.show(cmd.OutOrStdout(), r)
}

// addShard adds scores that the engine has taken.
func (l *logits) addShard(s *shard, memory *labels) error {
	labels, err := memory.of(s, func(y float32) bool { return y > 0 })
	if err != nil {
		return err
	}
	b := s.batch
	x, err := s.in.Floats(b, s.from, s.to, s.scratch)
	if err != nil {
		return err
	}
	weight, row, column := 1., 0, b.FirstColumn
	for i, v := range x {
		if b.Weights != nil {
			weight = float64(b.Weights[row])
			if column++; column == max(b.NumClasses, 1) {
				row, column = row+1, 0
			}
		}
		label := labels[i]
		if label == engine.IgnoredLabel || weight == 0 {
			continue
		}
		if b.Probs != nil {
			v = logit(v)
		}
		if b.Targets == nil || b.Targets[i] == float32(label) {
			l.add(int(label), v, weight)
			continue
		}
		y := float64(b.Targets[i])
		l.add(0, v, weight*(1-y))
		l.add(1, v, weight*y)
	}
	return nil
}

// logit is that of a probability, up to where the engine's loss ends.
func logit(p float32) float32 {
	v := float64(p)
	return float32(min(max(math.Log(v)-math.Log1p(-v), -100), 100))
}

// calibrationReport is what calibration prints. Its JSON form is documented in its help.
type calibrationReport struct {
	seen
	Temperature cli.Float   `json:"temperature"`
	Before      reliability `json:"before"`
	After       reliability `json:"after"`
}

// reliability is how good probabilities are.
type reliability struct {
	NLL  cli.Float `json:"nll"`
	ECE  cli.Float `json:"ece"`
	Bins []bin     `json:"bins"`
}

// bin is some of the scores.
type bin struct {
	From      cli.Float `json:"from"`
	To        cli.Float `json:"to"`
	Scores    cli.Float `json:"scores"`
	Predicted cli.Float `json:"predicted"`
	Positive  cli.Float `json:"positive"`
}

func newCalibrationReport(s *seen, l *logits, bins int, mass bool) *calibrationReport {
	d := l.distribution()
	beta := d.inverseTemperature()
	return &calibrationReport{
		seen: *s, Temperature: cli.Float(1 / beta),
		Before: d.reliability(1, bins, mass), After: d.reliability(beta, bins, mass),
	}
}

// group is the scores of a cell, of both labels.
type group struct{ weight, predicted, positive float64 }

// groups are those by rising logits, with the probabilities sigmoid(β·x).
func (d *distribution) groups(beta float64) (all []group) {
	next := [2]int{}
	for next[0] < len(d[0]) || next[1] < len(d[1]) {
		cell := math.MaxInt
		for side := range d {
			if next[side] < len(d[side]) {
				cell = min(cell, d[side][next[side]].cell)
			}
		}
		var g group
		for side := range d {
			if next[side] == len(d[side]) || d[side][next[side]].cell != cell {
				continue
			}
			s := d[side][next[side]]
			next[side]++
			g.weight += s.weight
			g.predicted += s.sum(func(x float64) float64 { return sigmoid(scaled(beta, x)) })
			g.positive += s.weight * float64(side)
		}
		all = append(all, g)
	}
	return all
}

// reliability sorts the scores into bins by sigmoid(β·x).
func (d *distribution) reliability(beta float64, n int, mass bool) reliability {
	r := reliability{NLL: cli.Float(d.loss(beta)), Bins: []bin{}}
	all, before := d.weight(), 0.
	bins := make([]bin, n)
	for _, g := range d.groups(beta) {
		p := g.predicted / g.weight
		at := p
		if mass {
			at = before / all
			before += g.weight
		}
		b := &bins[min(int(at*float64(n)), n-1)]
		if b.Scores == 0 {
			b.From = cli.Float(p)
		}
		b.To = cli.Float(p)
		b.Scores += cli.Float(g.weight)
		b.Predicted += cli.Float(g.predicted)
		b.Positive += cli.Float(g.positive)
	}
	for k, b := range bins {
		if b.Scores == 0 {
			continue
		}
		r.ECE += cli.Float(math.Abs(float64(b.Predicted-b.Positive)) / all)
		b.Predicted /= b.Scores
		b.Positive /= b.Scores
		if !mass {
			b.From, b.To = cli.Float(float64(k)/float64(n)), cli.Float(float64(k+1)/float64(n))
		}
		r.Bins = append(r.Bins, b)
	}
	return r
}

func (r *calibrationReport) charts() []*figure.Chart {
	unit := figure.Range{From: 0, To: 1}
	diagram := &figure.Chart{
		Title: "reliability", X: "predicted probability", Y: "part that is positive", XRange: unit, YRange: unit, LegendLeft: true,
		Lines: []figure.Line{{Name: "perfect", Color: 6, Dashed: true, Points: plotter.XYs{{X: 0, Y: 0}, {X: 1, Y: 1}}}},
	}
	counts := &figure.Chart{Title: "scores in a bin", X: "predicted probability", Y: "scores", XRange: unit, LogY: true}
	for i, of := range r.both() {
		name := "T = " + short(of.temperature)
		line := figure.Line{Name: name, Color: i, Dots: true}
		number := line
		for _, b := range of.Bins {
			line.Points = append(line.Points, plotter.XY{X: float64(b.Predicted), Y: float64(b.Positive)})
			number.Points = append(number.Points, plotter.XY{X: float64(b.Predicted), Y: float64(b.Scores)})
		}
		diagram.Lines, counts.Lines = append(diagram.Lines, line), append(counts.Lines, number)
	}
	return []*figure.Chart{diagram, counts}
}

// temperate is the reliability with a temperature.
type temperate struct {
	*reliability
	name        string
	temperature float64
}

func (r *calibrationReport) both() []temperate {
	return []temperate{{&r.Before, "before", 1}, {&r.After, "after", float64(r.Temperature)}}
}

func short(v float64) string { return strconv.FormatFloat(v, 'g', 6, 64) }

func (r *calibrationReport) text(width int, picture, colors bool) string {
	text := "calibration; " + r.seen.String() + "\n\n"
	t := cli.NewTable("lrrr", "", "T", "NLL", "ECE")
	for _, of := range r.both() {
		t.Row(of.name, short(of.temperature), short(float64(of.NLL)), short(float64(of.ECE)))
	}
	text += t.String()
	for _, of := range r.both() {
		t := cli.NewTable("rrrr", "bin of T = "+short(of.temperature), "scores", "predicted", "positive")
		for _, b := range of.Bins {
			t.Row(fmt.Sprintf("%.4g–%.4g", float64(b.From), float64(b.To)), number(float64(b.Scores)),
				fmt.Sprintf("%.4g", float64(b.Predicted)), fmt.Sprintf("%.4g", float64(b.Positive)))
		}
		text += "\n" + t.String()
	}
	if picture {
		text += "\n" + drawn(r.charts()[:1], width, colors) // the table has the rest
	}
	return text
}

func (r *calibrationReport) csv(record func(...string)) {
	record("temperature", "from", "to", "scores", "predicted", "positive")
	for _, of := range r.both() {
		for _, b := range of.Bins {
			record(number(of.temperature), number(float64(b.From)), number(float64(b.To)), number(float64(b.Scores)),
				number(float64(b.Predicted)), number(float64(b.Positive)))
		}
	}
}
