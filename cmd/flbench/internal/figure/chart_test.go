package figure

import (
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)

func testChart() *Chart {
	c := &Chart{Title: "title", X: "across", Y: "up"}
	for color, name := range []string{"first", "second"} {
		for _, dashed := range []bool{false, true} {
			l := Line{Name: name, Color: color, Dashed: dashed, Dots: color == 1}
			for x := range 11 {
				y := float64((color + 1) * x)
				if dashed {
					y = -y
				}
				l.Points = append(l.Points, plotter.XY{X: float64(x), Y: y})
			}
			c.Lines = append(c.Lines, l)
		}
	}
	return c
}

// TestChart draws lines, of which what is no number is left out.
func TestChart(t *testing.T) {
	for _, log := range []bool{false, true} {
		c := testChart()
		c.LogY = log
		c.Lines[0].Points[3].Y = math.NaN()
		c.Lines[0].Points[5].Y = math.Inf(1)
		p, err := c.Plot()
		if err != nil {
			t.Fatal(err)
		}
		b, err := Draw("svg", 1, 10*vg.Centimeter, 10*vg.Centimeter, p)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{">title<", ">across<", ">up<", ">first<", ">second<", ">10<"} {
			if strings.Count(string(b), want) < 1 {
				t.Errorf("log %t: no %s", log, want)
			}
		}
		for _, no := range []string{"NaN", "Inf"} {
			if strings.Contains(string(b), no) {
				t.Errorf("log %t: %s in the picture", log, no)
			}
		}
		if p.X.Min != 0 || p.X.Max != 10 || log && p.Y.Min != 0.5 || !log && p.Y.Min != -20 {
			t.Errorf("log %t: x from %v to %v, y from %v to %v", log, p.X.Min, p.X.Max, p.Y.Min, p.Y.Max)
		}
		if text := c.Text(40, 8, false); strings.Contains(text, "NaN") {
			t.Errorf("log %t:\n%s", log, text)
		}
	}
}

// TestChartText: lines are where they belong, and as wide as asked for.
func TestChartText(t *testing.T) {
	c := &Chart{Title: "title", X: "x", Y: "y", Lines: []Line{{Name: "one", Points: plotter.XYs{{X: 0, Y: 0}, {X: 1, Y: 1}}}}}
	const want = `title

    y
0.8 ┤              ⢀⡠⠤⠒⠉
0.6 ┤         ⢀⡠⠤⠒⠉⠁
0.4 ┤    ⢀⣀⠤⠒⠊⠁
  0 ┤⣀⠤⠒⠊⠁
    └───────────────────
     0     0.4    0.8
              x

     one
`
	if got := c.Text(24, 4, false); got != want {
		t.Errorf("\n%s\nwant\n%s", got, want)
	}
	for _, width := range []int{1, 20, 80, 200} {
		for _, line := range strings.Split(testChart().Text(width, 12, false), "\n") {
			if n := utf8.RuneCountInString(line); n > max(width, 30) {
				t.Errorf("a line of %d characters in %d columns: %q", n, width, line)
			}
		}
	}
}

// TestChartLetters: lines are told apart without colours, and have them where that is asked for.
func TestChartLetters(t *testing.T) {
	text := testChart().Text(60, 16, false)
	if strings.Contains(text, "\x1b") || !strings.Contains(text, "a first   b second") {
		t.Error(text)
	}
	field, _, _ := strings.Cut(text, "└")
	for _, mark := range "abAB" {
		if strings.Count(strings.ReplaceAll(field, "title", ""), string(mark)) != 1 {
			t.Errorf("not one %c in\n%s", mark, text)
		}
	}
	if text := testChart().Text(60, 16, true); !strings.Contains(text, "\x1b[38;2;0;114;178ma first\x1b[0m") || !strings.Contains(text, "\x1b[38;2;213;94;0mB\x1b[0m") {
		t.Errorf("%q", text)
	}
}

// TestChartOfNothing: a chart without points is axes.
func TestChartOfNothing(t *testing.T) {
	for _, c := range []*Chart{{}, {LogY: true}, {Lines: []Line{{Name: "a"}, {Name: "b", Color: 1}}}, {Lines: []Line{{Points: plotter.XYs{{X: 1, Y: 1}}}}}} {
		p, err := c.Plot()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Draw("png", 1, 5*vg.Centimeter, 5*vg.Centimeter, p); err != nil {
			t.Error(err)
		}
		if text := c.Text(40, 5, false); !strings.Contains(text, "└──") {
			t.Error(text)
		}
	}
}

func TestEvenTicks(t *testing.T) {
	for _, c := range []struct {
		low, high float64
		want      string
	}{{0, 1, "0 0.2 0.4 0.6 0.8 1"}, {0, 5.007, "0 1 2 3 4 5"}, {-8, 8, "-8 -6 -4 -2 0 2 4 6 8"}, {-1.3, 1.3, "-1 -0.5 0 0.5 1"}, {3e-5, 9e-5, "3e-05 4e-05 5e-05 6e-05 7e-05 8e-05 9e-05"}} {
		var labels []string
		for _, tick := range (evenTicks{}).Ticks(c.low, c.high) {
			labels = append(labels, tick.Label)
		}
		if got := strings.Join(labels, " "); got != c.want {
			t.Errorf("from %v to %v: %s, want %s", c.low, c.high, got, c.want)
		}
	}
}

// TestThinned: what is left out lies on the line; corners stay.
func TestThinned(t *testing.T) {
	var curve, corner, circle plotter.XYs
	for i := range 1001 {
		x := float64(i) / 1000
		curve = append(curve, plotter.XY{X: x, Y: x * x})
		corner = append(corner, plotter.XY{X: x, Y: math.Max(0, x-0.9)})
		circle = append(circle, plotter.XY{X: math.Cos(2*math.Pi*x)/2 + 0.5, Y: math.Sin(2*math.Pi*x)/2 + 0.5})
	}
	c, unit := &Chart{}, Range{0, 1}
	for name, points := range map[string]plotter.XYs{"curve": curve, "corner": corner, "circle": circle} {
		kept := c.thinned(points, unit, unit)
		if len(kept) > 150 || kept[0] != points[0] || kept[len(kept)-1] != points[1000] {
			t.Errorf("%s: %d points", name, len(kept))
		}
		next := 0
		for _, p := range points {
			if next+1 < len(kept) && p == kept[next+1] {
				next++
			}
			a, b := kept[next], kept[min(next+1, len(kept)-1)]
			if far := math.Abs((b.X-a.X)*(p.Y-a.Y)-(b.Y-a.Y)*(p.X-a.X)) / math.Max(math.Hypot(b.X-a.X, b.Y-a.Y), 1e-9); far > 1./2000 {
				t.Errorf("%s: %v is %v away", name, p, far)
			}
		}
	}
	if kept := c.thinned(corner, unit, unit); len(kept) != 3 || kept[1] != corner[900] {
		t.Errorf("a corner is %v", kept)
	}
	if kept := c.thinned(curve[:1], unit, unit); len(kept) == 0 {
		t.Error("a point is nothing")
	}
}
