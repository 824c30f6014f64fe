// Package roofplot draws rooflines: what a machine can do at most, by how much work
// there is for each byte, and where kernels are below that.
package roofplot

import (
	"fmt"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Panel is one roofline.
type Panel struct {
	Title  string
	Peaks  []Ceiling // operations per nanosecond
	Slopes []Ceiling // bytes per nanosecond
	Points []Point
}

// Ceiling is a limit, with what to write at its line. A dashed one is of secondary
// interest.
type Ceiling struct {
	Label  string
	Rate   float64
	Dashed bool
}

// Point is a measurement. Points of one Color or Shape have that name in the legend;
// hollow ones are named by Hollow.
type Point struct {
	Color, Shape string
	Hollow       string  // empty for a filled one
	Work         float64 // operations
	Bytes        float64
	Time         float64 // nanoseconds
}

// The size of a panel.
const (
	Width  = 17 * vg.Centimeter
	Height = 13 * vg.Centimeter
)

// Plots returns the panels' plots.
func Plots(panels []Panel) (plots []*plot.Plot, err error) {
	for _, panel := range panels {
		p, err := panel.plot()
		if err != nil {
			return nil, err
		}
		plots = append(plots, p)
	}
	return plots, nil
}

var (
	lineColor = color.Gray{0x50}
	colors    = []color.Color{
		color.RGBA{0x1f, 0x77, 0xb4, 0xff}, color.RGBA{0xd6, 0x27, 0x28, 0xff}, color.RGBA{0x2c, 0xa0, 0x2c, 0xff},
		color.RGBA{0xff, 0x7f, 0x0e, 0xff}, color.RGBA{0x94, 0x67, 0xbd, 0xff}, color.RGBA{0x8c, 0x56, 0x4b, 0xff},
		color.RGBA{0xe3, 0x77, 0xc2, 0xff}, color.RGBA{0x17, 0xbe, 0xcf, 0xff},
	}
	filled = []draw.GlyphDrawer{draw.CircleGlyph{}, draw.BoxGlyph{}, draw.PyramidGlyph{}, draw.CrossGlyph{}}
	hollow = []draw.GlyphDrawer{draw.RingGlyph{}, draw.SquareGlyph{}, draw.TriangleGlyph{}, draw.PlusGlyph{}}
)

// plot makes the picture of a panel; both of its axes are logarithmic.
func (panel Panel) plot() (*plot.Plot, error) {
	p := plot.New()
	p.Title.Text = panel.Title
	p.X.Label.Text = "vector operations per byte"
	p.Y.Label.Text = "vector operations per nanosecond"
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	p.X.Tick.Marker, p.Y.Tick.Marker = logTicks{}, logTicks{}
	p.Legend.XOffs, p.Legend.YOffs = -vg.Millimeter, vg.Millimeter
	p.Legend.Padding = vg.Millimeter / 2

	least, most := math.Inf(1), math.Inf(-1) // intensities
	low, top := math.Inf(1), math.Inf(-1)    // rates
	for _, q := range panel.Points {
		least, most = min(least, q.Work/q.Bytes), max(most, q.Work/q.Bytes)
		low, top = min(low, q.Work/q.Time), max(top, q.Work/q.Time)
	}
	if len(panel.Points) == 0 {
		least, most = 1, 1
	}
	peak := math.Inf(1) // where slopes end
	if len(panel.Peaks) > 0 {
		peak = 0
	}
	for _, c := range panel.Peaks {
		low, top, peak = min(low, c.Rate), max(top, c.Rate), max(peak, c.Rate)
	}
	p.X.Min, p.X.Max = least/20, most*8
	for _, c := range panel.Slopes {
		p.X.Min = min(p.X.Min, max(least/1000, peak/c.Rate/2)) // where the slope ends
		if len(panel.Points) == 0 {
			low = min(low, c.Rate*least)
		}
		top = max(top, min(peak, c.Rate*p.X.Max))
	}
	p.Y.Min, p.Y.Max = low/4, top*3 // room for labels above

	for _, c := range panel.Peaks {
		if err := ceiling(p, c, plotter.XYs{{X: p.X.Min, Y: c.Rate}, {X: p.X.Max, Y: c.Rate}}, true); err != nil {
			return nil, err
		}
	}
	for _, c := range panel.Slopes {
		from := max(p.X.Min, p.Y.Min/c.Rate)
		to := min(p.X.Max, peak/c.Rate)
		if from < to {
			if err := ceiling(p, c, plotter.XYs{{X: from, Y: from * c.Rate}, {X: to, Y: to * c.Rate}}, false); err != nil {
				return nil, err
			}
		}
	}
	return p, panel.points(p)
}

// ceiling adds a line and its label: above the right end of one that is level; else
// upwards from the upper end, or, if it is dashed, beside the lower one.
func ceiling(p *plot.Plot, c Ceiling, ends plotter.XYs, level bool) error {
	line, err := plotter.NewLine(ends)
	if err != nil {
		return err
	}
	line.Color = lineColor
	at := ends[1:]
	if c.Dashed {
		line.Dashes = []vg.Length{vg.Points(4), vg.Points(3)}
		if !level {
			at = ends[:1]
		}
	}
	labels, err := plotter.NewLabels(plotter.XYLabels{XYs: at, Labels: []string{c.Label}})
	if err != nil {
		return err
	}
	style := &labels.TextStyle[0]
	style.Color = lineColor
	style.Font.Size = vg.Points(9)
	switch {
	case level:
		style.XAlign = draw.XRight
		labels.Offset = vg.Point{Y: vg.Points(2)}
	case c.Dashed:
		labels.Offset = vg.Point{X: vg.Points(8), Y: vg.Points(4)}
	default:
		style.Rotation, style.YAlign = math.Pi/2, draw.YCenter
		labels.Offset = vg.Point{Y: vg.Points(4)}
	}
	p.Add(line, labels)
	return nil
}

// logTicks has a label at 1, 2 and 5 of each decade, and ticks between.
type logTicks struct{}

func (logTicks) Ticks(low, high float64) []plot.Tick {
	var ticks []plot.Tick
	for decade := math.Floor(math.Log10(low)); decade <= math.Log10(high); decade++ {
		for digit := 1.; digit < 10; digit++ {
			t := plot.Tick{Value: digit * math.Pow(10, decade)}
			if t.Value < low || t.Value > high {
				continue
			}
			if digit == 1 || digit == 2 || digit == 5 {
				t.Label = fmt.Sprintf("%.4g", t.Value)
			}
			ticks = append(ticks, t)
		}
	}
	return ticks
}

// points adds the measurements, and what their looks mean.
func (panel Panel) points(p *plot.Plot) error {
	var byColor, byShape []string
	for _, q := range panel.Points {
		if !slices.Contains(byColor, q.Color) {
			byColor = append(byColor, q.Color)
		}
		if !slices.Contains(byShape, q.Shape) {
			byShape = append(byShape, q.Shape)
		}
	}
	radius := vg.Points(3.5)
	hollows := ""
	for _, q := range panel.Points {
		s, err := plotter.NewScatter(plotter.XYs{{X: q.Work / q.Bytes, Y: q.Work / q.Time}})
		if err != nil {
			return err
		}
		c, shape := slices.Index(byColor, q.Color), slices.Index(byShape, q.Shape)
		s.GlyphStyle = draw.GlyphStyle{Color: colors[c%len(colors)], Radius: radius, Shape: filled[shape%len(filled)]}
		if q.Hollow != "" {
			s.Shape, hollows = hollow[shape%len(hollow)], q.Hollow
		}
		p.Add(s)
	}
	look := func(name string, c color.Color, shape draw.GlyphDrawer) {
		p.Legend.Add(name, &plotter.Scatter{GlyphStyle: draw.GlyphStyle{Color: c, Radius: radius, Shape: shape}})
	}
	for i, name := range byColor {
		look(name, colors[i%len(colors)], draw.CircleGlyph{})
	}
	for i, name := range byShape {
		look(name, color.Black, filled[i%len(filled)])
	}
	if hollows != "" {
		look(hollows, color.Black, draw.RingGlyph{})
	}
	return nil
}
