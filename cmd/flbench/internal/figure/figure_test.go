package figure

import (
	"bytes"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"
)

func TestFormat(t *testing.T) {
	for name, want := range map[string]string{"a.svg": "svg", "b/c.PNG": "png", "a.b.pdf": "pdf"} {
		if got, err := Format(name); err != nil || got != want {
			t.Errorf("%s: %q, %v, want %s", name, got, err, want)
		}
	}
	for _, name := range []string{"", "svg", "a.gif", "a.svg.gz"} {
		if _, err := Format(name); err == nil || !strings.Contains(err.Error(), "want a name that ends in .svg, .png or .pdf") {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func testMap() *HeatMap {
	return &HeatMap{
		Title: "title", X: "across", Y: "down", Columns: []string{"one", "two"}, Rows: []string{"first", "second", "third"},
		Values: [][]float64{{1, 10}, {100, 1000}, {math.NaN(), math.Inf(1)}}, Text: func(v float64) string { return "v" },
	}
}

// TestFile writes a heat map in each format; what cannot be written is known before.
func TestFile(t *testing.T) {
	dir := t.TempDir()
	for format, magic := range map[string]string{"svg": "<?xml", "png": "\x89PNG", "pdf": "%PDF"} {
		path := filepath.Join(dir, "map."+format)
		f, err := Check("plot", path)
		if err != nil || !f.Given() || f.Path() != path {
			t.Fatal(f, err)
		}
		if err := f.Write(1, 10*vg.Centimeter, 8*vg.Centimeter, testMap().Plot()); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(path)
		if err != nil || !strings.HasPrefix(string(b), magic) {
			t.Errorf("%s: %v, %.20q", path, err, b)
		}
		if format == "svg" {
			for _, want := range []string{"title", "across", "down", "one", "second"} {
				if !strings.Contains(string(b), want) {
					t.Errorf("the map has no %q", want)
				}
			}
			if strings.Contains(string(b), "NaN") {
				t.Error("a coordinate is no number")
			}
		}
	}
	if _, err := Check("plot", filepath.Join(dir, "none", "map.svg")); err == nil || !strings.Contains(err.Error(), "--plot "+dir) {
		t.Errorf("a folder that is not there: %v", err)
	}
	if (File{}).Given() {
		t.Error("no file is given")
	}
	if _, err := Draw("bmp", 1, vg.Centimeter, vg.Centimeter, testMap().Plot()); err == nil {
		t.Error("drew a bmp")
	}
}

// TestHeatMapCells: rows go down, columns across, and the greatest value is the darkest.
func TestHeatMapCells(t *testing.T) {
	h := testMap()
	h.Text = func(float64) string { return "" }
	b, err := Draw("png", 1, 10*vg.Centimeter, 10*vg.Centimeter, h.Plot())
	if err != nil {
		t.Fatal(err)
	}
	m, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	size := m.Bounds().Size()
	at := func(x, y float64) color.Color {
		r, g, b, _ := m.At(int(x*float64(size.X)), int(y*float64(size.Y))).RGBA()
		return color.RGBA{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8), 0xff}
	}
	// 1 above, 1000 below it to the right: of a third each, by logarithms.
	if got := at(0.4, 0.25); got != Blue(0) {
		t.Errorf("the first cell is %v, want %v", got, Blue(0))
	}
	if got := at(0.8, 0.45); got != Blue(1) {
		t.Errorf("the greatest cell is %v, want %v", got, Blue(1))
	}
}

func TestShades(t *testing.T) {
	h := testMap()
	for _, c := range []struct {
		linear  bool
		v, want float64
	}{{false, 1, 0}, {false, 1000, 1}, {false, 10, 1. / 3}, {true, 500.5, 0.5}, {true, math.NaN(), 0}, {true, math.Inf(1), 1}, {true, -5, 0}} {
		if h.Linear = c.linear; math.Abs(h.Shades()(c.v)-c.want) > 1e-12 {
			t.Errorf("linear %t: the shade of %v is %v, want %v", c.linear, c.v, h.Shades()(c.v), c.want)
		}
	}
	if s := (&HeatMap{Values: [][]float64{{3, 3}}}).Shades(); s(3) != 0 {
		t.Errorf("of equal values %v", s(3))
	}
}
