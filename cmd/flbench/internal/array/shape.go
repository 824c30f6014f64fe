package array

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// maxDims is NumPy's own limit.
const maxDims = 64

// Elements returns the number of elements of a shape whose elements take item
// bytes. As in NumPy a shape may not overflow even if it also has a zero.
func Elements(shape []int, item int) (int, error) {
	if len(shape) > maxDims {
		return 0, fmt.Errorf("shape has %d dimensions, want at most %d", len(shape), maxDims)
	}
	size, zero := item, false
	for _, d := range shape {
		switch {
		case d < 0:
			return 0, fmt.Errorf("shape %s has a negative dimension, want 0 or more", ShapeText(shape))
		case d == 0:
			zero = true
		case size > math.MaxInt/d:
			return 0, fmt.Errorf("shape %s is too large, want at most %d bytes of data", ShapeText(shape), math.MaxInt)
		default:
			size *= d
		}
	}
	if zero {
		return 0, nil
	}
	return size / item, nil
}

// ShapeText spells a shape as Python does: (), (3,) or (3, 80).
func ShapeText(shape []int) string {
	parts := make([]string, len(shape))
	for i, d := range shape {
		parts[i] = strconv.Itoa(d)
	}
	text := strings.Join(parts, ", ")
	if len(shape) == 1 {
		text += ","
	}
	return "(" + text + ")"
}
