package figure

import (
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Chart is lines in a field with two axes.
type Chart struct {
	Title, X, Y string
	Lines       []Line
	XRange      Range // zero: what the lines span
	YRange      Range // likewise; of a logarithmic axis above 0
	LogY        bool
	LegendLeft  bool // and not on the right
}

// Range is an axis from its start to its end.
type Range struct{ From, To float64 }

// Line is one of a chart's lines. Those with the same Color belong together: the legend has the
// first of them.
type Line struct {
	Name   string
	Color  int // of Colors
	Dashed bool
	Dots   bool // at its points
	Points plotter.XYs
}

// ranges returns the ranges of both axes, neither of them empty.
func (c *Chart) ranges() (x, y Range) {
	span := func(r Range, of func(plotter.XY) float64, log bool) Range {
		if r != (Range{}) {
			return r
		}
		r = Range{math.Inf(1), math.Inf(-1)}
		for _, l := range c.Lines {
			for _, p := range l.Points {
				if v := of(p); math.Abs(v) <= math.MaxFloat64 && (!log || v > 0) {
					r.From, r.To = min(r.From, v), max(r.To, v)
				}
			}
		}
		switch {
		case r.From > r.To:
			return Range{1, 10}
		case log:
			return Range{r.From / 2, r.To * 2}
		case r.From == r.To:
			return Range{r.From - 1, r.To + 1}
		}
		return r
	}
	return span(c.XRange, func(p plotter.XY) float64 { return p.X }, false),
		span(c.YRange, func(p plotter.XY) float64 { return p.Y }, c.LogY)
}

// parts are a line without the points that cannot be drawn: what is between them.
func (c *Chart) parts(l *Line) (parts []plotter.XYs) {
	open := false
	for _, p := range l.Points {
		drawn := math.Abs(p.X) <= math.MaxFloat64 && math.Abs(p.Y) <= math.MaxFloat64 && (!c.LogY || p.Y > 0)
		if drawn && !open {
			parts = append(parts, nil)
		}
		if drawn {
			parts[len(parts)-1] = append(parts[len(parts)-1], p)
		}
		open = drawn
	}
	return parts
}

// parted returns points in parts of the axes.
func (c *Chart) parted(points plotter.XYs, x, y Range) plotter.XYs {
	at := make(plotter.XYs, len(points))
	for i, p := range points {
		from, to, v := y.From, y.To, p.Y
		if c.LogY {
			from, to, v = math.Log(from), math.Log(to), math.Log(v)
		}
		at[i] = plotter.XY{X: (p.X - x.From) / (x.To - x.From), Y: (v - from) / (to - from)}
	}
	return at
}

// tolerance is how far a picture's lines may be from their points, in parts of an axis.
const tolerance = 1. / 4000

// thinned are the points of a line without those that nobody would miss (Douglas and Peucker
// 1973), which keeps files small.
func (c *Chart) thinned(points plotter.XYs, x, y Range) plotter.XYs {
	at := c.parted(points, x, y)
	var kept plotter.XYs
	var keep func(from, to int) // what is between two points that are kept
	keep = func(from, to int) {
		a, b := at[from], at[to]
		length := math.Hypot(b.X-a.X, b.Y-a.Y)
		most, far := tolerance, -1
		for i := from + 1; i < to; i++ {
			distance := math.Hypot(at[i].X-a.X, at[i].Y-a.Y)
			if length > 0 {
				distance = math.Abs((b.X-a.X)*(at[i].Y-a.Y)-(b.Y-a.Y)*(at[i].X-a.X)) / length
			}
			if distance > most {
				most, far = distance, i
			}
		}
		if far >= 0 {
			keep(from, far)
			kept = append(kept, points[far])
			keep(far, to)
		}
	}
	kept = append(kept, points[0])
	keep(0, len(points)-1)
	return append(kept, points[len(points)-1])
}

// Plot returns the chart as a plot.
func (c *Chart) Plot() (*plot.Plot, error) {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = c.Title, c.X, c.Y
	x, y := c.ranges()
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = x.From, x.To, y.From, y.To
	p.X.Tick.Marker, p.Y.Tick.Marker = evenTicks{}, c.yTicks()
	if c.LogY {
		p.Y.Scale = plot.LogScale{}
	}
	p.Legend.Top, p.Legend.Left = true, c.LegendLeft
	p.Legend.XOffs, p.Legend.YOffs = -vg.Millimeter, -vg.Millimeter
	if c.LegendLeft {
		p.Legend.XOffs = vg.Millimeter
	}
	p.Legend.Padding = vg.Millimeter / 2
	p.Add(plotter.NewGrid())
	listed := map[int]bool{}
	for i := range c.Lines {
		l := &c.Lines[i]
		style := draw.LineStyle{Color: Colors[l.Color%len(Colors)], Width: vg.Points(1.5)}
		if l.Dashed {
			style.Dashes = []vg.Length{vg.Points(4), vg.Points(3)}
		}
		glyph := draw.GlyphStyle{Color: style.Color, Radius: vg.Points(2.5), Shape: draw.CircleGlyph{}}
		for _, points := range c.parts(l) {
			line, err := plotter.NewLine(c.thinned(points, x, y))
			if err != nil {
				return nil, err
			}
			line.LineStyle = style
			p.Add(line)
			if l.Dots {
				dots, err := plotter.NewScatter(points)
				if err != nil {
					return nil, err
				}
				dots.GlyphStyle = glyph
				p.Add(dots)
			}
		}
		if l.Name != "" && !listed[l.Color] {
			listed[l.Color] = true
			p.Legend.Add(l.Name, &plotter.Line{LineStyle: style})
		}
	}
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = x.From, x.To, y.From, y.To // which Add widens
	return p, nil
}

// yTicks are those of the axis to the left.
func (c *Chart) yTicks() plot.Ticker {
	if c.LogY {
		return plot.LogTicks{Prec: -1}
	}
	return evenTicks{}
}

// evenTicks are four to nine round numbers.
type evenTicks struct{}

func (evenTicks) Ticks(low, high float64) (ticks []plot.Tick) {
	decade := math.Pow(10, math.Floor(math.Log10((high-low)/4)))
	step := decade
	for _, factor := range []float64{2, 5} {
		if factor*decade <= (high-low)/4 {
			step = factor * decade
		}
	}
	first := math.Ceil(low/step-1e-9) + 0 // not −0
	for i := first; i*step <= high+1e-9*step && i < first+20; i++ {
		ticks = append(ticks, plot.Tick{Value: i * step, Label: strconv.FormatFloat(i*step, 'g', 6, 64)})
	}
	return ticks
}
