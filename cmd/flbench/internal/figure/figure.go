// Package figure makes pictures of plots, and writes them to files of the kind that their names
// say.
package figure

import (
	"bytes"
	"fmt"
	"image/color"
	"path/filepath"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/outfile"
)

// Formats are the kinds of files, as in names of files.
var Formats = []string{"svg", "png", "pdf"}

// Format returns the kind of file that a name asks for.
func Format(name string) (string, error) {
	format := strings.ToLower(strings.TrimPrefix(filepath.Ext(name), "."))
	if !slices.Contains(Formats, format) {
		return "", fmt.Errorf("%q: want a name that ends in .%s", name, strings.Join(Formats[:len(Formats)-1], ", .")+" or ."+Formats[len(Formats)-1])
	}
	return format, nil
}

// File is a picture's file, "" for none, that a flag names.
type File struct {
	flag, path, format string
}

// Check returns the file that a flag names, before the work that leads to its picture: or why
// that cannot be written.
func Check(flag, path string) (File, error) {
	format, err := Format(path)
	if err != nil {
		return File{}, cli.Usagef("--%s: %w", flag, err)
	}
	f := File{flag, path, format}
	return f, f.explain(outfile.Check(path))
}

// Given tells whether there is a file.
func (f File) Given() bool { return f.path != "" }

// Path returns its name.
func (f File) Path() string { return f.path }

// Write draws plots side by side, in rows of so many, each of the given size, and writes the
// picture.
func (f File) Write(columns int, width, height vg.Length, plots ...*plot.Plot) error {
	picture, err := Draw(f.format, columns, width, height, plots...)
	if err != nil {
		return fmt.Errorf("drawing %s: %w", f.path, err)
	}
	return f.explain(outfile.Write(f.path, picture))
}

func (f File) explain(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("--%s %s: %w", f.flag, f.path, err)
}

// Draw returns the content of such a file.
func Draw(format string, columns int, width, height vg.Length, plots ...*plot.Plot) ([]byte, error) {
	rows := (len(plots) + columns - 1) / columns
	canvas, err := draw.NewFormattedCanvas(width*vg.Length(columns), height*vg.Length(rows), format)
	if err != nil {
		return nil, err
	}
	page := draw.New(canvas)
	page.FillPolygon(color.White, []vg.Point{page.Min, {X: page.Max.X, Y: page.Min.Y}, page.Max, {X: page.Min.X, Y: page.Max.Y}})
	tiles := draw.Tiles{Rows: rows, Cols: columns, PadX: vg.Millimeter, PadY: vg.Millimeter}
	for i, p := range plots {
		p.Draw(tiles.At(page, i%columns, i/columns))
	}
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// Colors are those of lines and points, which the colour-blind tell apart (Okabe and Ito 2008).
var Colors = []color.Color{
	color.RGBA{0x00, 0x72, 0xb2, 0xff}, color.RGBA{0xd5, 0x5e, 0x00, 0xff}, color.RGBA{0x00, 0x9e, 0x73, 0xff},
	color.RGBA{0xe6, 0x9f, 0x00, 0xff}, color.RGBA{0xcc, 0x79, 0xa7, 0xff}, color.RGBA{0x56, 0xb4, 0xe9, 0xff},
	color.RGBA{0x00, 0x00, 0x00, 0xff},
}
