package dump

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/flengine/flengine/cmd/flbench/internal/array"
	"github.com/flengine/flengine/cmd/flbench/internal/outfile"
)

const (
	classesFile  = "classes.txt"
	anchorsFile  = "anchors.npy"
	anchorsArray = "anchors"
	maxClasses   = 1 << 24 // bytes of the file of names
)

// beside is what lies beside an input and gives its rows and columns a meaning. What is
// not there, or does not fit, is left out: a note says why.
type beside struct {
	classes []string     // of the columns, or none
	boxes   *array.Array // four numbers for each anchor, or nil
	anchors int          // boxes
	file    *array.File  // of the boxes, if it is none of the input's
	notes   []string
}

// Class returns the name of a column, by classes.txt in the input's folder or the one
// above, or "". Line n names column n−1.
func (d *Dump) Class(column int) string {
	if names := d.context().classes; column < len(names) {
		return names[column]
	}
	return ""
}

// Box returns the anchor box of a row, or nil: by anchors.npy in the input's folder or
// the one above, or an archive's array anchors, of shape (A, 4).
func (d *Dump) Box(row int) (box []float32) {
	b := d.context()
	if b.boxes == nil {
		return nil
	}
	at := row % b.anchors * 4
	err := array.Guard(func() error {
		four, err := b.boxes.Float32s(nil, at, at+4)
		box = slices.Clone(four)
		return err
	}, b.boxes)
	if err != nil {
		return nil
	}
	return box
}

// Picture returns the path of the input's picture, "" if there is none: image.png, image.jpg or
// image.jpeg in its folder, or a file of the input's own name with one of these endings.
func (d *Dump) Picture() string {
	stem := filepath.Join(d.source.Path, "image")
	switch {
	case d.source.logits == standardInput:
		return ""
	case d.source.form != folder:
		stem = strings.TrimSuffix(d.source.logits, filepath.Ext(d.source.logits))
	}
	for _, ending := range []string{".png", ".jpg", ".jpeg"} {
		if info, err := os.Stat(stem + ending); err == nil && info.Mode().IsRegular() {
			return stem + ending
		}
	}
	return ""
}

// context loads what lies beside the input when it is first asked for.
func (d *Dump) context() *beside {
	d.besideOnce.Do(func() {
		b := &d.beside
		if err := b.loadClasses(d); err != nil {
			b.notes = append(b.notes, err.Error())
		}
		if err := b.loadBoxes(d); err != nil {
			b.boxes = nil
			// Without the input's path, many inputs' can be told as one.
			b.notes = append(b.notes, strings.TrimPrefix(err.Error(), d.source.Path+": "))
		}
	})
	return &d.beside
}

// find returns the path of a file beside the input, or "".
func (d *Dump) find(name string) string {
	dir := d.source.Path
	switch {
	case d.source.logits == standardInput:
		return ""
	case d.source.form != folder:
		dir = filepath.Dir(d.source.logits)
	}
	if path := near(dir, name); exists(path) {
		return path
	}
	return ""
}

func (b *beside) loadClasses(d *Dump) error {
	path := d.find(classesFile)
	if path == "" {
		return nil
	}
	text, err := readText(path)
	if err != nil {
		return fmt.Errorf("%s: %w: classes are not named", path, err)
	}
	names := strings.Split(strings.TrimRight(text, "\r\n"), "\n")
	for i := range names {
		names[i] = strings.TrimSpace(names[i])
	}
	if len(names) != d.columns {
		return fmt.Errorf("%s: %d lines, want %d, one a class: classes are not named", path, len(names), d.columns)
	}
	b.classes = names
	return nil
}

func readText(path string) (string, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return "", outfile.Cause(err)
	case !info.Mode().IsRegular(): // a pipe could wait for ever
		return "", errors.New("not a regular file")
	}
	file, err := os.Open(path)
	if err != nil {
		return "", outfile.Cause(err)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxClasses+1))
	switch {
	case err != nil:
		return "", outfile.Cause(err)
	case len(text) > maxClasses:
		return "", fmt.Errorf("more than %d bytes", maxClasses)
	}
	return string(text), nil
}

func (b *beside) loadBoxes(d *Dump) (err error) {
	if d.source.form == archive && slices.Contains(d.files[0].Names(), anchorsArray) {
		b.boxes, err = d.files[0].Array(anchorsArray)
	} else {
		path := d.find(anchorsFile)
		if path == "" {
			return nil
		}
		if b.file, err = array.Open(path); err == nil {
			b.boxes, err = b.file.Array("")
		}
	}
	const without = "anchors are shown without boxes"
	if err != nil {
		return fmt.Errorf("%w: %s", err, without)
	}
	// One image's boxes may serve each of a batch.
	shape, anchors := b.boxes.Shape(), d.grid.anchors()
	image := anchors
	if len(anchors) > 1 {
		image = anchors[1:]
	}
	last := len(shape) - 1
	switch {
	case !b.boxes.DType().IsFloat():
		return fmt.Errorf("%w: %s", b.boxes.WrongDType("a float type"), without)
	case last < 1 || shape[last] != 4 || !merges(anchors, shape[:last]) && !merges(image, shape[:last]):
		return fmt.Errorf("%w: %s", b.boxes.WrongShape(array.ShapeText(append(slices.Clone(image), 4))), without)
	}
	if b.anchors = b.boxes.Len() / 4; b.anchors == 0 {
		b.boxes = nil
	}
	return nil
}

// exists tells whether a name stands for anything.
func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
