package dump

import (
	"archive/zip"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestBeside: names and boxes are those beside the input or in the folder above, if they
// fit.
func TestBeside(t *testing.T) {
	box := func(n int) []byte {
		boxes := make([]float32, 4*n)
		for i := range boxes {
			boxes[i] = float32(i)
		}
		return npy(boxes, n, 4)
	}
	x, y := npy(make([]float32, 12), 6, 2), npy(make([]int32, 6), 6)
	batch, many := npy(make([]float32, 12), 2, 3, 2), npy(make([]int32, 6), 2, 3)
	for _, c := range []struct {
		name  string
		files map[string][]byte
		class string
		box   []float32 // of row 4
		notes []string
	}{
		{"nothing", map[string][]byte{"logits.npy": x, "labels.npy": y}, "", nil, nil},
		{"beside", map[string][]byte{"logits.npy": x, "labels.npy": y, "classes.txt": []byte("cat\ndog\n"), "anchors.npy": box(6)}, "dog", []float32{16, 17, 18, 19}, nil},
		{"above", map[string][]byte{"logits.npy": x, "labels.npy": y, "../classes.txt": []byte("cat\r\nsea lion"), "../anchors.npy": box(6)}, "sea lion", []float32{16, 17, 18, 19}, nil},
		{"both", map[string][]byte{"logits.npy": x, "labels.npy": y, "classes.txt": []byte("a\nb"), "../classes.txt": []byte("c\nd")}, "b", nil, nil},
		{"an image's boxes for a batch", map[string][]byte{"logits.npy": batch, "labels.npy": many, "anchors.npy": box(3)}, "", []float32{4, 5, 6, 7}, nil},
		{"boxes of all", map[string][]byte{"logits.npy": batch, "labels.npy": many, "anchors.npy": box(6)}, "", []float32{16, 17, 18, 19}, nil},
		{"misfits", map[string][]byte{"logits.npy": x, "labels.npy": y, "classes.txt": []byte("a\nb\nc\n"), "anchors.npy": box(5)}, "", nil,
			[]string{"classes.txt: 3 lines, want 2, one a class: classes are not named", "anchors.npy: shape (5, 4), want (6, 4): anchors are shown without boxes"}},
		{"integers", map[string][]byte{"logits.npy": x, "labels.npy": y, "anchors.npy": npy(make([]int32, 24), 6, 4)}, "", nil,
			[]string{"anchors.npy: dtype int32, want a float type: anchors are shown without boxes"}},
		{"no array", map[string][]byte{"logits.npy": x, "labels.npy": y, "anchors.npy": []byte("x")}, "", nil, []string{"anchors.npy: "}},
		{"no boxes", map[string][]byte{"logits.npy": npy([]float32{}, 0, 2), "labels.npy": npy([]int32{}, 0), "anchors.npy": box(0)}, "", nil, nil},
	} {
		inner := map[string][]byte{}
		for name, data := range c.files {
			inner[filepath.Join("image", name)] = data
		}
		dir := filepath.Join(write(t, inner), "image")
		d := open(t, new(Options), dir)
		if notes := d.Notes(); len(notes) > 0 {
			t.Errorf("%s: notes before anything was asked: %q", c.name, notes)
		}
		if got := d.Class(1); got != c.class {
			t.Errorf("%s: class %q, want %q", c.name, got, c.class)
		}
		if got := d.Box(4); !slices.Equal(got, c.box) {
			t.Errorf("%s: box %v, want %v", c.name, got, c.box)
		}
		notes := d.Notes()
		for i, want := range c.notes {
			if i >= len(notes) || !strings.HasPrefix(notes[i], filepath.Join(dir, want)) {
				t.Errorf("%s: notes %q, want %q", c.name, notes, c.notes)
			}
		}
		if len(notes) != len(c.notes) {
			t.Errorf("%s: notes %q, want %q", c.name, notes, c.notes)
		}
	}
}

// TestBesideNotes: what is wrong in many archives reads the same of each, so that it can be
// told once.
func TestBesideNotes(t *testing.T) {
	files := map[string][]byte{}
	for _, name := range []string{"1.npz", "2.npz"} {
		files[name] = rawNPZ(t, zip.Store, npy(make([]float32, 12), 6, 2), npy(make([]int32, 6), 6), npy(make([]float32, 8), 2, 4))
	}
	dir := write(t, files)
	for name := range files {
		d := open(t, new(Options), filepath.Join(dir, name))
		d.Box(0)
		if want := []string{"anchors: shape (2, 4), want (6, 4): anchors are shown without boxes"}; !slices.Equal(d.Notes(), want) {
			t.Errorf("%s: notes %q, want %q", name, d.Notes(), want)
		}
	}
}
