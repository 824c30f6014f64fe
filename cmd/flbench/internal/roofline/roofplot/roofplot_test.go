package roofplot

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image/png"
	"io"
	"strings"
	"testing"

	"github.com/flengine/flengine/cmd/flbench/internal/figure"
)

func panels() []Panel {
	one := Panel{
		Title:  "avx2, 1 worker",
		Peaks:  []Ceiling{{"all 14.6", 14.6, false}, {"FMA 7.3", 7.3, true}},
		Slopes: []Ceiling{{"L1 read 220 GB/s", 220, false}, {"memory copy 28 GB/s", 28, true}, {"tape", 1e-6, false}},
		Points: []Point{
			{"ce", "sum", "", 4.4, 5, 0.5},
			{"ce", "gradients", "memory", 5, 9, 0.6},
			{"focal2", "losses", "", 5, 9, 0.6},
		},
	}
	return []Panel{one, {Title: "no points", Peaks: one.Peaks[:1], Slopes: one.Slopes[:1]}, {Title: "no ceilings", Points: one.Points}}
}

// drawn is a picture of the panels, in rows of so many.
func drawn(format string, columns int) ([]byte, error) {
	plots, err := Plots(panels())
	if err != nil {
		return nil, err
	}
	return figure.Draw(format, columns, Width, Height, plots...)
}

func TestSVG(t *testing.T) {
	b, err := drawn("svg", 2)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	elements := map[string]int{}
	for d := xml.NewDecoder(bytes.NewReader(b)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			elements[e.Name.Local]++
		case xml.CharData:
			text.Write(e)
		}
	}
	for _, want := range []string{"avx2, 1 worker", "no points", "L1 read 220", "all 14.6", "memory copy 28", "focal2", "gradients", "memory"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the picture has no %q", want)
		}
	}
	if elements["svg"] != 1 || elements["path"] < 10 {
		t.Errorf("elements %v", elements)
	}
	if strings.Contains(text.String(), "tape") {
		t.Error("a slope below the picture is in it")
	}
	if bytes.Contains(b, []byte("NaN")) || bytes.Contains(b, []byte("Inf")) {
		t.Error("a coordinate is no number")
	}
}

func TestPNG(t *testing.T) {
	b, err := drawn("png", 3)
	if err != nil {
		t.Fatal(err)
	}
	m, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if size := m.Bounds().Size(); size.X < 3*size.Y {
		t.Errorf("%v: want three panels in a row", size)
	}
}
