package generic

import (
	"unsafe"

	"github.com/flengine/flengine/asm"
)

// LabelClasses sets the labels of rows to what their classes say: of background all 0, of
// ignored rows 255, else 1 in the class's column and 0 elsewhere. Background and ignored count
// before a column of the same number.
func LabelClasses(c *asm.ClassCall) {
	c.Positive, c.IgnoredRows, c.Invalid = 0, 0, 0
	background, ignored := int32(c.Background), int32(c.Ignored)
	labels := unsafe.Slice(c.Labels, c.N*c.Columns)
	clear(labels)
	for i, class := range unsafe.Slice(c.Classes, c.N) {
		row := labels[i*c.Columns:][:c.Columns]
		switch {
		case class == background:
		case class == ignored:
			for k := range row {
				row[k] = 255
			}
			c.IgnoredRows++
		case uint(class) < uint(len(row)):
			row[class] = 1
			c.Positive++
		default:
			c.Invalid++
		}
	}
}
