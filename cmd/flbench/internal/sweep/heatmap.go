package sweep

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"gonum.org/v1/plot/vg"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/figure"
)

// picture returns the heat map of what is shown: the first of two parameters down, the last
// across.
func (r *report) picture() *figure.HeatMap {
	m := measures[slices.Index(measureNames(), r.show)]
	across := r.grid.Axes[len(r.grid.Axes)-1]
	h := &figure.HeatMap{
		Title: r.Results[0].Loss.Family().Title + ": " + m.title,
		X:     across.Symbol, Text: m.text, Linear: m.share, Rows: []string{""},
	}
	for _, v := range across.Values {
		h.Columns = append(h.Columns, cli.Short(float32(v)))
	}
	if len(r.grid.Axes) == 2 {
		down := r.grid.Axes[0]
		h.Y, h.Rows = down.Symbol, nil
		for _, v := range down.Values {
			h.Rows = append(h.Rows, cli.Short(float32(v)))
		}
	}
	for i := range r.Results {
		if i%len(h.Columns) == 0 {
			h.Values = append(h.Values, nil)
		}
		row := &h.Values[len(h.Values)-1]
		*row = append(*row, m.of(&r.Results[i]))
	}
	return h
}

// draw writes the heat map to a file.
func (r *report) draw(f figure.File) error {
	h := r.picture()
	width := 3*vg.Centimeter + vg.Length(len(h.Columns))*2*vg.Centimeter
	height := 3*vg.Centimeter + vg.Length(len(h.Rows))*vg.Centimeter
	return f.Write(1, max(width, 12*vg.Centimeter), height, h.Plot())
}

// shades are what stands for a cell's colour where there are none.
var shades = []rune(" ░▒▓█")

// heatMap is the heat map as text.
func (r *report) heatMap(colors bool) string {
	h := r.picture()
	shade := h.Shades()
	width := 0
	for _, row := range h.Values {
		for _, v := range row {
			width = max(width, utf8.RuneCountInString(h.Text(v)))
		}
	}
	for _, name := range h.Columns {
		width = max(width, len(name))
	}
	margin := utf8.RuneCountInString(h.Y)
	for _, name := range h.Rows {
		margin = max(margin, len(name))
	}
	var b strings.Builder
	corner := ""
	if h.Y != "" {
		corner = h.Y + " "
	}
	fmt.Fprintf(&b, "%s\n\n%*s%s →\n%*s", h.Title, margin+2, "", h.X, margin+1, corner)
	for _, name := range h.Columns {
		fmt.Fprintf(&b, " %*s  ", width, name)
	}
	b.WriteString("\n")
	for i, row := range h.Values {
		fmt.Fprintf(&b, "%*s ", margin, h.Rows[i])
		for _, v := range row {
			s := shade(v)
			if colors {
				red, green, blue, _ := figure.Blue(s).RGBA()
				ink := 30 // black
				if s > 0.55 {
					ink = 97 // white
				}
				fmt.Fprintf(&b, "\x1b[%d;48;2;%d;%d;%dm %*s  \x1b[0m", ink, red>>8, green>>8, blue>>8, width, h.Text(v))
				continue
			}
			fmt.Fprintf(&b, " %*s %c", width, h.Text(v), shades[min(int(s*float64(len(shades))), len(shades)-1)])
		}
		b.WriteString("\n")
	}
	return b.String()
}
