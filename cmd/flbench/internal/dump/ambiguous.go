package dump

import (
	"math"
	"slices"

	"github.com/flengine/flengine/cmd/flbench/internal/array"
)

// settle tells class indices from binary labels by their values, where nothing else
// does: a negative one that is not said to be ignored makes class indices. That takes a
// look at the labels up to the first of these.
func (d *Dump) settle() error {
	if d.kind != either {
		return nil
	}
	d.settled = true
	if d.rows == 0 {
		d.kind = classes // of none
		return nil
	}
	const part = 1 << 14
	buffer := make([]int32, min(part, d.rows))
	err := array.Guard(func() error {
		for from := 0; from < d.rows; from += part {
			to := min(from+part, d.rows)
			if err := d.labels.Fault(from, to); err != nil {
				return err
			}
			values, bad, err := d.labels.Int32s(buffer, from, to)
			if err != nil {
				return err
			}
			if bad >= 0 {
				values = values[:bad-from]
				d.kind = classes // and wrong ones, which their batch will show
			}
			for _, v := range values {
				if v < 0 && !slices.Contains(d.set.Ignored, v) {
					d.kind = classes
				}
			}
			if d.kind == classes {
				return nil
			}
		}
		return d.ambiguous()
	}, d.labels)
	if err != nil {
		return err
	}
	return d.checkFlags()
}

// badClass returns a value that is no class, background or ignored, to stand for one
// that no int32 can hold.
func (d *Dump) badClass() int32 {
	bad := int32(math.MinInt32)
	for bad == d.set.background() || slices.Contains(d.set.ignored(), bad) {
		bad++
	}
	return bad
}
