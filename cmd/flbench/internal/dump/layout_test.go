package dump

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flengine/flengine/engine"
)

// TestSlice holds slices against Python's, which cuts what lies beyond the axis: that is
// refused here.
func TestSlice(t *testing.T) {
	for _, c := range []struct {
		text     string
		n        int
		from, to int
		want     string
	}{
		{"", 3, 0, 3, ""}, {":", 3, 0, 3, ""}, {"1:", 3, 1, 3, ""}, {":2", 3, 0, 2, ""}, {"-1:", 3, 2, 3, ""}, {":-1", 3, 0, 2, ""},
		{"-3:-1", 3, 0, 2, ""}, {" 1 : 2 ", 3, 1, 2, ""}, {"+1:", 3, 1, 3, ""}, {"0:3", 3, 0, 3, ""},
		{"3:", 3, 0, 0, "leaves none of 3 classes, want at least one"}, {":0", 3, 0, 0, "leaves none of 3 classes, want at least one"},
		{"2:1", 3, 0, 0, "leaves none of 3 classes, want at least one"},
		{":4", 3, 0, 0, "4 is beyond 3 classes, want 0 to 3, or -1 to -3 from the end"},
		{"-4:", 3, 0, 0, "-4 is beyond 3 classes, want 0 to 3, or -1 to -3 from the end"},
	} {
		s, err := parseSlice(c.text)
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		from, to, err := s.of(c.n)
		switch {
		case c.want == "" && (err != nil || from != c.from || to != c.to):
			t.Errorf("%q of %d: [%d, %d), %v, want [%d, %d)", c.text, c.n, from, to, err, c.from, c.to)
		case c.want != "" && (err == nil || err.Error() != c.want):
			t.Errorf("%q of %d: %v, want %s", c.text, c.n, err, c.want)
		}
	}
}

func TestMerges(t *testing.T) {
	for _, c := range []struct {
		anchors, shape []int
		want           bool
	}{
		{[]int{6}, []int{6}, true}, {[]int{6}, []int{6, 1}, true}, {[]int{6}, []int{1, 6}, true}, {[]int{1, 6}, []int{6}, true},
		{[]int{2, 3}, []int{6}, true}, {[]int{2, 3}, []int{2, 3, 1}, true}, {[]int{2, 3, 4}, []int{2, 12}, true}, {[]int{2, 3, 4}, []int{6, 4}, true},
		{[]int{2, 1, 3}, []int{6}, true}, {[]int{1}, []int{1}, true}, {[]int{1, 1}, []int{1}, true}, {nil, []int{1}, true},
		{[]int{6}, []int{2, 3}, false}, {[]int{2, 3}, []int{3, 2}, false}, {[]int{6}, []int{5}, false}, {[]int{6}, []int{7}, false},
		{[]int{6}, []int{12}, false}, {[]int{2, 3, 4}, []int{8, 3}, false}, {[]int{6}, []int{}, false}, {[]int{6}, []int{0}, false},
		{[]int{1}, []int{}, false}, {[]int{0}, []int{0}, true}, {[]int{2, 0}, []int{0}, true}, {[]int{0}, []int{1}, false},
	} {
		if got := merges(c.anchors, c.shape); got != c.want {
			t.Errorf("merges(%v, %v) is %v", c.anchors, c.shape, got)
		}
	}
}

// layouts are ways to save 2 images of 3 × 4 anchors and 5 classes, with 2 boxes'
// coordinates more where there are columns to leave out.
var layouts = []struct {
	shape []int
	axis  int
	args  []string
}{
	{[]int{24, 5}, 1, nil},
	{[]int{2, 12, 5}, 2, []string{"--layout=nac"}},
	{[]int{2, 3, 4, 5}, 3, nil},
	{[]int{5, 24}, 0, []string{"--layout=ca"}},
	{[]int{2, 5, 12}, 1, []string{"--layout=nca"}},
	{[]int{2, 5, 3, 4}, 1, []string{"--layout=nca"}},
	{[]int{5, 2, 12}, 0, []string{"--layout=chw"}},
	{[]int{24, 7}, 1, []string{"--columns=2:"}},
	{[]int{7, 24}, 0, []string{"--layout=ca", "--columns=:5"}},
	{[]int{2, 7, 12}, 1, []string{"--layout=nca", "--columns=1:6"}},
	{[]int{2, 7, 3, 4}, 1, []string{"--layout=nca", "--columns=-6:-1"}},
	{[]int{7, 2, 12}, 0, []string{"--layout=chw", "--columns=2:"}},
}

// TestLocate puts a fault at any place of a file, in all layouts, and wants it named by
// that place, whatever the batches.
func TestLocate(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, l := range layouts {
		o := options(t, l.args...)
		n := product(l.shape)
		for range 6 {
			bad := rng.IntN(n)
			place, first, end := placeOf(bad, l.shape), 0, l.shape[l.axis]
			if o.Columns != "" {
				s, err := parseSlice(o.Columns)
				if err != nil {
					t.Fatal(err)
				}
				first, end, _ = s.of(l.shape[l.axis])
			}
			left := place[l.axis] < first || place[l.axis] >= end
			text := strings.ReplaceAll(fmt.Sprint(place), " ", ", ")

			scores := make([]float32, n)
			scores[bad] = float32(math.NaN())
			none := make([]int32, 24)
			for i := range none {
				none[i] = -1
			}
			dir := write(t, map[string][]byte{"logits.npy": npy(scores, l.shape...), "labels.npy": npy(none, 24)})
			want := filepath.Join(dir, "logits.npy") + ": " + text + " is NaN: want a number"
			if left {
				want = ""
			}
			wantError(t, o, dir, want)

			labels := make([]float64, n)
			labels[bad] = 1.5
			dir = write(t, map[string][]byte{"logits.npy": npy(make([]float32, n), l.shape...), "labels.npy": npy(labels, l.shape...)})
			want = filepath.Join(dir, "labels.npy") + ": " + text + " is 1.5: want 0 to 1, or -1 for ignored"
			if left {
				want = ""
			}
			wantError(t, o, dir, want)

			// The same among soft targets.
			labels[rng.IntN(n)] = 0.25
			if labels[bad] == 1.5 {
				dir = write(t, map[string][]byte{"logits.npy": npy(make([]float32, n), l.shape...), "labels.npy": npy(labels, l.shape...)})
				if !left {
					want = filepath.Join(dir, "labels.npy") + ": " + text + " is 1.5: want 0 to 1, or -1 for ignored"
				}
				wantError(t, o, dir, want)
			}

			// The classes of the anchors, and labels with the classes last.
			row := rng.IntN(24)
			none[row] = 5
			weights := make([]float32, 24)
			dir = write(t, map[string][]byte{"logits.npy": npy(make([]float32, n), l.shape...), "labels.npy": npy(none, 2, 12, 1), "w.npy": npy(weights, 24)})
			if len(l.shape) > 2 {
				wantError(t, o, dir, fmt.Sprintf("%s: [%d, %d, 0] is 5: want a class in [0, 5), -1 for background, or -2 for ignored; --background=5 says that it stands for background, as in Detectron2",
					filepath.Join(dir, "labels.npy"), row/12, row%12))
			}
			none[row] = -1
			weights[row] = -1
			dir = write(t, map[string][]byte{"logits.npy": npy(make([]float32, n), l.shape...), "labels.npy": npy(none, 24), "w.npy": npy(weights, 24, 1)})
			weighted := *o
			weighted.Weights = "w.npy"
			wantError(t, &weighted, dir, fmt.Sprintf("%s: [%d, 0] is -1: want a finite weight ≥ 0", filepath.Join(dir, "w.npy"), row))
		}
	}
}

// placeOf returns NumPy's index of element i of a shape.
func placeOf(i int, shape []int) []int {
	place := make([]int, len(shape))
	for k := len(shape) - 1; k >= 0; k-- {
		place[k] = i % shape[k]
		i /= shape[k]
	}
	return place
}

func wantError(t *testing.T, o *Options, path, want string) {
	t.Helper()
	_, err := evaluate(o, path)
	if want == "" && err == nil {
		return
	}
	if err == nil || err.Error() != want {
		t.Fatalf("%v: %v, want %s", o, err, want)
	}
}

// TestLayouts holds the scores, labels and weights of batches of all layouts against what
// was saved, for any cut between scores.
func TestLayouts(t *testing.T) {
	for _, l := range layouts {
		o := options(t, l.args...)
		o.Weights = "weights.npy"
		// A score tells its row and column, a label of a score too.
		n, full := product(l.shape), l.shape[l.axis]
		scores, hot := make([]float32, n), make([]uint8, n)
		first, end := 0, full
		if o.Columns != "" {
			s, _ := parseSlice(o.Columns)
			first, end, _ = s.of(full)
		}
		row := func(place []int) (row int) {
			for k, i := range place {
				if k != l.axis {
					row = row*l.shape[k] + i
				}
			}
			return row
		}
		for i := range scores {
			place := placeOf(i, l.shape)
			row, column := row(place), place[l.axis]-first
			scores[i] = float32(100*row + column)
			if column == row%5 && row%3 == 0 {
				hot[i] = 1
			}
			if row%7 == 6 {
				hot[i] = 255
			}
		}
		index, weights := make([]int64, 24), make([]float64, 24)
		for row := range index {
			weights[row] = float64(row)
			switch {
			case row%7 == 6:
				index[row] = -2
			case row%3 == 0:
				index[row] = int64(row % 5)
			default:
				index[row] = -1
			}
		}
		if end-first != 5 {
			t.Fatalf("%v: columns [%d, %d)", l, first, end)
		}
		for name, labels := range map[string][]byte{"per score": npy(hot, l.shape...), "class indices": npy(index, 24)} {
			dir := write(t, map[string][]byte{"logits.npy": npy(scores, l.shape...), "labels.npy": labels, "weights.npy": npy(weights, 24)})
			d := open(t, o, dir)
			if d.Scores() != 120 || d.Columns() != 5 || d.rows != 24 || product(d.Shape()) != 120 || d.Shape()[len(d.Shape())-1] != 5 {
				t.Errorf("%v: %d scores, %d rows, %d columns, shape %v", l, d.Scores(), d.rows, d.Columns(), d.Shape())
			}
			var s Scratch
			for from := range 120 {
				for to := from; to <= 120; to += 7 {
					if err := checkBatch(d, from, to, &s); err != nil {
						t.Fatalf("%v, %s, [%d, %d): %v", l, name, from, to, err)
					}
				}
			}
		}
	}
}

// TestOneClass: with one class it does not matter where labels have the axis of the classes.
func TestOneClass(t *testing.T) {
	for columns, scores := range map[string][]byte{
		":":  npy([]float32{1, 2, 3, 4, 5, 6}, 2, 1, 3),
		"1:": npy([]float32{9, 9, 9, 1, 2, 3, 9, 9, 9, 4, 5, 6}, 2, 2, 3),
	} {
		for _, shape := range [][]int{{2, 3}, {2, 3, 1}, {2, 1, 3}, {6, 1}} {
			labels := []uint8{0, 1, 0, 255, 0, 1}
			d := open(t, options(t, "--layout=nca", "--columns="+columns),
				write(t, map[string][]byte{"logits.npy": scores, "labels.npy": npy(labels, shape...)}))
			b, err := d.Batch(0, 6, new(Scratch))
			if err != nil || !slices.Equal(b.Labels, labels) || !slices.Equal(b.Logits, []float32{1, 2, 3, 4, 5, 6}) {
				t.Errorf("--columns=%s, labels of shape %v: %v %v, %v", columns, shape, b.Logits, b.Labels, err)
			}
		}
	}
}

// checkBatch compares a batch with what TestLayouts saved.
func checkBatch(d *Dump, from, to int, s *Scratch) error {
	b, err := d.Batch(from, to, s)
	if err != nil {
		return err
	}
	if b, err = b.OneHot(make([]uint8, to-from), d.Options()...); err != nil {
		return err
	}
	if len(b.Logits) != to-from || len(b.Labels) != to-from {
		return fmt.Errorf("%d scores, %d labels", len(b.Logits), len(b.Labels))
	}
	for i, x := range b.Logits {
		row, column := (from+i)/5, (from+i)%5
		want := uint8(0)
		switch {
		case row%7 == 6:
			want = engine.IgnoredLabel
		case column == row%5 && row%3 == 0:
			want = 1
		}
		if x != float32(100*row+column) || b.Labels[i] != want {
			return fmt.Errorf("score %d is %v with label %d, want %d", i, x, b.Labels[i], want)
		}
		if w := b.Weights[row-from/5]; w != float32(row) {
			return fmt.Errorf("row %d has weight %v", row, w)
		}
	}
	if e, err := engine.New(engine.Focal(0.25, 2), engine.WithWorkers(1)); err != nil {
		return err
	} else if _, err := e.Sum(b); err != nil {
		return errors.Join(errors.New("the engine refuses it"), err)
	}
	return nil
}
