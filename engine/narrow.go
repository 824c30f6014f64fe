package engine

import (
	"github.com/flengine/flengine/asm"
	"github.com/flengine/flengine/engine/internal/kernel"
)

// narrowTile is what the kernel makes labels of classes in.
type narrowTile struct {
	labels  [kernel.Block + 2*asm.MaxClassColumns]uint8 // of whole rows
	columns int                                         // what places are of
	places  [asm.MaxClassColumns]asm.ClassPlace
	call    asm.ClassCall
}

// narrowName tells whether the kernel may take what background or ignored is called.
func narrowName(class int32) bool { return class >= -asm.MaxClass && class <= asm.MaxClass }

// narrow tells whether the kernel takes the classes of n scores: not of fewer than two groups of
// rows, which are as quick without, nor of many columns, as it takes background like any class.
func (j *job) narrow(n int) bool {
	return j.classes.narrow && j.NumClasses <= asm.MaxClassColumns && n >= 2*kernel.Group*j.NumClasses
}

// expand is expandLabels by the kernel. It is not ok if a class is bad.
func (t *narrowTile) expand(j *job, from, n int) (y []uint8, c counts, ok bool) {
	columns, first, anchor := j.NumClasses, (j.FirstColumn+from)%j.NumClasses, j.anchorOf(from)
	if t.columns != columns {
		asm.MakeClassPlaces(&t.places, columns)
		t.columns = columns
	}
	classes := j.Classes[anchor : j.anchorOf(from+n-1)+1]
	labels := t.labels[:len(classes)*columns]
	whole := len(classes) &^ (kernel.Group - 1)
	t.call = asm.ClassCall{
		N: whole, Columns: columns, Places: &t.places[0], Classes: &classes[0], Labels: &labels[0],
		Background: int8(j.classes.background), Ignored: int8(j.classes.ignored[0]),
	}
	j.kernels.LabelClasses(&t.call)
	t.call.Classes = nil // forget the batch
	c, _, err := j.expandRows(labels[whole*columns:], (anchor+whole)*columns-j.FirstColumn, &j.classes)
	c.positive += t.call.Positive
	c.ignored += t.call.IgnoredRows * columns
	// Of the first row and of the last one other blocks may have a part.
	for _, part := range [...][]uint8{labels[:first], labels[first+n:]} {
		for _, l := range part {
			switch l {
			case 1:
				c.positive--
			case IgnoredLabel:
				c.ignored--
			}
		}
	}
	return labels[first:][:n], c, t.call.Invalid == 0 && err == nil
}
