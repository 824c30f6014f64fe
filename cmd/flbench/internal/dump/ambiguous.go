package dump

import (
	"math"
	"slices"
	"unsafe"

	"github.com/flengine/flengine/cmd/flbench/internal/array"
)

// settle tells by the labels' values what they are, where nothing else does.
func (d *Dump) settle() error {
	switch d.kind {
	case either:
		return d.settleClasses()
	case softOrHard:
		return d.settleSoft()
	}
	return nil
}

// settleClasses tells class indices from binary labels: a negative one that is not said to
// be ignored makes class indices. That takes a look at the labels up to the first of these.
func (d *Dump) settleClasses() error {
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

// settleSoft tells soft targets from labels of 0 and 1: one between makes them soft. That
// takes a look at the labels up to the first of these.
func (d *Dump) settleSoft() error {
	d.kind = perScore
	const part = 1 << 14
	var s Scratch
	return array.Guard(func() error {
		for n, from := d.Scores(), 0; from < n && d.kind == perScore; from += part {
			to := min(from+part, n)
			if err := d.labels.Fault(from, to); err != nil {
				return err
			}
			between := false
			if d.labelHead.dtype == array.Float64 {
				s.doubles = grow(s.doubles, part)
				values, err := d.labels.Float64s(s.doubles, from, to)
				if err != nil {
					return err
				}
				between = anyBetween(values)
			} else {
				values, err := floats(d.labels, &s.floats, from, to)
				if err != nil {
					return err
				}
				between = anyBetween(values)
			}
			if between {
				d.kind = soft
			}
		}
		return nil
	}, d.labels)
}

// anyBetween tells whether a value, most of which are 0, is above 0 and below 1.
func anyBetween[T float32 | float64](values []T) bool {
	part := zeroBytes / int(unsafe.Sizeof(*new(T)))
	for i := 0; i < len(values); {
		if len(values)-i >= part && zero(unsafe.Pointer(&values[i])) {
			i += part
			continue
		}
		for end := min(i+part, len(values)); i < end; i++ {
			if v := values[i]; v > 0 && v < 1 {
				return true
			}
		}
	}
	return false
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
