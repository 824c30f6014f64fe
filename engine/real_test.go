package engine

import (
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// photo is one photograph's detector outputs, with its counts and totals from an
// independent computation in float64 with an exact sum.
type photo struct {
	name      string
	columns   int
	scores    int64
	positives int64
	ignored   int64 // anchors
	ce, focal float64
	logits    []float32
	classes   []int32
}

var photos = []photo{
	{name: "nanodet/astronaut", columns: 80, scores: 282480, positives: 11, ignored: 18, ce: 1849.614568900, focal: 2.698440404},
	{name: "nanodet/coffee", columns: 80, scores: 278640, positives: 11, ignored: 66, ce: 1215.724304738, focal: 3.798932581},
	{name: "handtrack/astronaut", columns: 7, scores: 89229, positives: 16, ignored: 57, ce: 245.681304995, focal: 14.402756388},
	{name: "handtrack/chelsea", columns: 7, scores: 89628, ce: 164.243771765, focal: 0.078460262},
	{name: "handtrack/coffee", columns: 7, scores: 89628, ce: 157.735979677, focal: 0.448283739},
}

// npyData returns the bytes after the header of a version 1.0 .npy file.
func npyData(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b[10+int(binary.LittleEndian.Uint16(b[8:])):]
}

// load reads the photo's logits and classes.
func (p photo) load(t testing.TB) photo {
	t.Helper()
	dir := filepath.Join("..", "testdata", "detector-logits", filepath.FromSlash(p.name))
	x, c := npyData(t, filepath.Join(dir, "logits.npy")), npyData(t, filepath.Join(dir, "labels.npy"))
	for i := 0; i < len(x); i += 4 {
		p.logits = append(p.logits, math.Float32frombits(binary.LittleEndian.Uint32(x[i:])))
	}
	for i := 0; i < len(c); i += 4 {
		p.classes = append(p.classes, int32(binary.LittleEndian.Uint32(c[i:])))
	}
	return p
}

// part is the photo without all but some rows around the first that is not background.
func (p photo) part() photo {
	rows := 5000 / p.columns
	first := max(rows/2, slices.IndexFunc(p.classes, func(c int32) bool { return c >= 0 })) - rows/2
	p.logits, p.classes = p.logits[first*p.columns:][:rows*p.columns], p.classes[first:][:rows]
	return p
}

func (p photo) batch() Batch {
	return Batch{Logits: p.logits, Classes: p.classes, NumClasses: p.columns}
}

// oneHot returns the labels that the photo's classes stand for.
func (p photo) oneHot() []uint8 {
	y := make([]uint8, len(p.logits))
	for a, c := range p.classes {
		row := y[a*p.columns:][:p.columns]
		switch {
		case c >= 0:
			row[c] = 1
		case c == -2:
			for i := range row {
				row[i] = 255
			}
		}
	}
	return y
}

// TestRealLogits compares with the totals of an independent computation, and the
// forms of the labels with each other.
func TestRealLogits(t *testing.T) {
	for _, p := range photos {
		p := p.load(t)
		for _, name := range sampled() {
			for _, c := range []struct {
				loss Loss
				want float64
			}{{CrossEntropy(), p.ce}, {Focal(0.25, 2), p.focal}} {
				e := must(New(c.loss, WithKernel(name), WithWorkers(1)))
				r, err := e.Sum(p.batch())
				if err != nil {
					t.Fatal(err)
				}
				if r.Scores != p.scores || r.Positives != p.positives || r.Ignored != p.ignored*int64(p.columns) {
					t.Errorf("%s: %d scores, %d positives, %d ignored, want %d, %d, %d", p.name,
						r.Scores, r.Positives, r.Ignored, p.scores, p.positives, p.ignored*int64(p.columns))
				}
				if math.Abs(r.Sum()-c.want) > 0x1p-23*c.want {
					t.Errorf("%s, %s, %v: sum %.9f, want %.9f", name, p.name, c.loss, r.Sum(), c.want)
				}
				if labels, err := e.Sum(Batch{Logits: p.logits, Labels: p.oneHot(), NumClasses: p.columns}); err != nil || labels != r {
					t.Errorf("%s, %s: labels give %v, %v, classes %v", name, p.name, labels, err, r)
				}
			}
		}
	}
}
