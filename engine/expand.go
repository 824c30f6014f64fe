package engine

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/flengine/flengine/engine/internal/kernel"
)

// counts of the labels of a block.
type counts struct{ positive, ignored int }

// expandLabels returns the labels of the block of n scores that begins at from,
// their counts, and, if one of them is bad, the error and how many scores
// precede it; else n.
func (t *tile) expandLabels(j *job, from, n int) ([]uint8, counts, int, error) {
	switch {
	case j.Classes == nil:
		y := j.Labels[from : from+n]
		c, invalid := j.countLabels(y)
		if invalid == 0 {
			return y, c, n, nil
		}
		if i := badLabel(y); i >= 0 {
			return y, c, i, &InputError{Field: "Labels", Index: from + i, Value: float64(y[i]), Reason: fmt.Sprintf("want 0, 1, or %d for ignored", IgnoredLabel)}
		}
		return y, c, 0, j.miscounted(from, t.labels[:copy(t.labels[:], y)])
	case j.narrow(n):
		if y, c, ok := t.narrow.expand(j, from, n); ok {
			return y, c, n, nil
		}
		y := t.labels[:n]
		_, good, err := j.expandRows(y, from, &j.classes)
		if err == nil {
			good, err = 0, t.misclassified(j, from, n)
		}
		return y, counts{}, good, err
	}
	y := t.labels[:n]
	c, good, err := j.expandRows(y, from, &j.classes)
	return y, c, good, err
}

// OneHot returns the batch with Labels in place of Classes, for what needs the label of
// each score; the engine does not. labels, of one element per score, is where they go. Of
// the options, [WithBackground] and [WithIgnored] count, as in [New]. A batch with Labels
// is returned as it is. On an error, an [*InputError] about the first bad class or what is
// wrong with the whole, labels holds unspecified values.
func (b Batch) OneHot(labels []uint8, opts ...Option) (Batch, error) {
	o := optionsOf(opts)
	c, err := o.conventions()
	if err != nil {
		return b, err
	}
	checked := b
	if err := checked.check(&outputs{}, 0); err != nil || b.Classes == nil {
		return b, err
	}
	if n := b.size(); len(labels) != n {
		return b, wholeError("labels", float64(len(labels)), "has length %d: want %d, one per score", len(labels), n)
	}
	if _, _, err := checked.expandRows(labels, 0, &c); err != nil {
		return b, err
	}
	b.Labels, b.Classes = labels, nil
	return b, nil
}

// countLabels counts the labels of a block. If any is none, invalid is greater than 0.
func (j *job) countLabels(y []uint8) (c counts, invalid int) {
	whole := len(y) &^ (kernel.Group - 1)
	if whole > 0 {
		c.positive, c.ignored, invalid = j.kernels.CountLabels(y[:whole])
	}
	for y = y[whole:]; len(y) > 0; y = y[1:] {
		for len(y) > 8 && binary.LittleEndian.Uint64(y) == 0 {
			y = y[8:]
		}
		switch y[0] {
		case 0:
		case 1:
			c.positive++
		case IgnoredLabel:
			c.ignored++
		default:
			invalid++
		}
	}
	return c, invalid
}

// badLabel returns the index of the first label that is none, or −1.
func badLabel(y []uint8) int {
	for i, l := range y {
		if l > 1 && l != IgnoredLabel {
			return i
		}
	}
	return -1
}

// expandRows sets y to the labels of the scores that begin at from, and returns their
// counts, and, if a class is bad, the error and how many scores precede it; else all.
// The labels are mostly zeros, with a one for a positive anchor and a row of
// IgnoredLabel for an ignored one.
func (b *Batch) expandRows(y []uint8, from int, names *conventions) (c counts, good int, err error) {
	clear(y)
	n, columns := len(y), b.NumClasses
	if n == 0 {
		return c, 0, nil // and there may be no row
	}
	background := names.background
	a := b.anchorOf(from)
	// Row a takes the scores [at, at+columns) of y; the first row may have begun before
	// it, the last may go on after it.
	for at := a*columns - b.FirstColumn - from; at < n; at += columns {
		class := b.Classes[a]
		switch {
		case class == background:
		case names.ignores(class):
			c.ignored += ignoreRow(y, at, columns)
		case uint(class) < uint(columns):
			if i := at + int(class); i >= 0 && i < n {
				y[i] = 1
				c.positive++
			}
		default:
			return c, max(at, 0), b.badClass(a, names)
		}
		a++
	}
	return c, n, nil
}

// ignoreRow labels a row from at on, of which y may have a part, and returns how many scores
// that has.
func ignoreRow(y []uint8, at, columns int) (n int) {
	row := y[max(at, 0):min(at+columns, len(y))]
	for n < len(row) {
		n += copy(row[n:], ignoredRow[:])
	}
	return n
}

var ignoredRow = [128]uint8([]uint8(strings.Repeat("\xff", 128)))
