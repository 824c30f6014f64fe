package dump

import (
	"slices"

	"github.com/flengine/flengine/cmd/flbench/internal/array"
)

const (
	boxColumns = 4
	// boxed is above all logits of a detector, and below most coordinates in pixels.
	boxed = 30
	// boxRows is how many rows are looked at.
	boxRows = 64
)

// looksBoxed tells whether four columns seem to hold the coordinates of boxes.
func (d *Dump) looksBoxed() bool {
	if d.columns <= boxColumns {
		return false
	}
	rows := min(d.rows, boxRows)
	var four [boxColumns]float32
	for _, column := range []int{0, d.columns - boxColumns} {
		large := 0
		for k := range rows {
			row := int(int64(k) * int64(d.rows) / int64(rows))
			at := row*d.columns + column
			x, err := d.scores.Float32s(four[:], at, at+boxColumns)
			if err != nil {
				return false // closing the input tells
			}
			if err := array.Guard(func() error {
				if slices.Max(x) > boxed {
					large++
				}
				return nil
			}, d.scores); err != nil {
				return false
			}
		}
		if 2*large > rows {
			return true
		}
	}
	return false
}
