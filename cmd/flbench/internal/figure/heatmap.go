package figure

import (
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// HeatMap is a table of values, drawn as cells whose darkness goes with the value.
type HeatMap struct {
	Title, X, Y   string
	Columns, Rows []string    // their names, rows from the top
	Values        [][]float64 // by row
	Text          func(v float64) string
	Linear        bool // shades go with the values, not with their logarithms where they span more than a factor of 100
}

// Plot returns the heat map as a plot.
func (h *HeatMap) Plot() *plot.Plot {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = h.Title, h.X, h.Y
	down := make([]string, len(h.Rows))
	for i, name := range h.Rows {
		down[len(down)-1-i] = name
	}
	p.NominalX(h.Columns...)
	p.NominalY(down...)
	p.X.Min, p.X.Max = -0.5, float64(len(h.Columns))-0.5
	p.Y.Min, p.Y.Max = -0.5, float64(len(h.Rows))-0.5
	p.X.Padding, p.Y.Padding = 0, 0
	p.Add(cells{h})
	return p
}

// cells draws them.
type cells struct{ *HeatMap }

func (c cells) Plot(canvas draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&canvas)
	shade := c.Shades()
	for i, row := range c.Values {
		for k, v := range row {
			left, right := x(float64(k)-0.5), x(float64(k)+0.5)
			at := float64(len(c.Values) - 1 - i)
			bottom, top := y(at-0.5), y(at+0.5)
			s := shade(v)
			canvas.FillPolygon(Blue(s), []vg.Point{{X: left, Y: bottom}, {X: right, Y: bottom}, {X: right, Y: top}, {X: left, Y: top}})
			style := text.Style{
				Color: color.Black, Font: font.From(plot.DefaultFont, 9), Handler: plot.DefaultTextHandler,
				XAlign: text.XCenter, YAlign: text.YCenter,
			}
			if s > 0.55 {
				style.Color = color.White
			}
			canvas.FillText(style, vg.Point{X: (left + right) / 2, Y: (bottom + top) / 2}, c.Text(v))
		}
	}
}

// Shades returns what maps the values to shades from 0, for the least of them, to 1.
func (h *HeatMap) Shades() func(v float64) float64 {
	least, most := math.Inf(1), math.Inf(-1)
	for _, row := range h.Values {
		for _, v := range row {
			if math.Abs(v) <= math.MaxFloat64 {
				least, most = min(least, v), max(most, v)
			}
		}
	}
	scale := func(v float64) float64 { return v }
	if !h.Linear && least > 0 && most/least > 100 {
		scale = math.Log
	}
	return func(v float64) float64 {
		switch {
		case v != v || !(most > least):
			return 0
		case v >= most:
			return 1
		case v <= least:
			return 0
		}
		return (scale(v) - scale(least)) / (scale(most) - scale(least))
	}
}

// Blue is a colour for a shade from 0 to 1: from white to dark blue.
func Blue(shade float64) color.Color {
	mix := func(light, dark float64) uint8 { return uint8(math.Round(light + shade*(dark-light))) }
	return color.RGBA{mix(0xf7, 0x08), mix(0xfb, 0x30), mix(0xff, 0x6b), 0xff}
}
