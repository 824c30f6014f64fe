package plots

import (
	"iter"
	"math"
)

// histogram has a cell for all float32s that begin with the same bits: the sign, the exponent,
// and the first so many of the mantissa, so that a cell's width is at most 2^−fine of its
// values. It has memory for exponents that occur.
type histogram[C any] struct {
	fine   uint
	chunks [512][]C // by sign and exponent
}

// at returns the cell of a float32's bits, and the others of these.
func (h *histogram[C]) at(bits uint32) (cell *C, low uint32) {
	chunk := h.chunks[bits>>23]
	if chunk == nil {
		chunk = make([]C, 1<<h.fine)
		h.chunks[bits>>23] = chunk
	}
	rest := 23 - h.fine
	return &chunk[bits&(1<<23-1)>>rest], bits & (1<<rest - 1)
}

// merge adds cells of another histogram to those of this one.
func (h *histogram[C]) merge(o *histogram[C], add func(to, from *C)) {
	for i, chunk := range o.chunks {
		for k := range chunk {
			cell, _ := h.at(uint32(i)<<23 | uint32(k)<<(23-h.fine))
			add(cell, &chunk[k])
		}
	}
}

// cells are those that there is memory for, by rising values, with the bits that they begin
// with.
func (h *histogram[C]) cells() iter.Seq2[uint32, *C] {
	return func(yield func(uint32, *C) bool) {
		for i := range 512 {
			negative := i < 256
			at := i - 256
			if negative {
				at = 511 - i
			}
			chunk := h.chunks[at]
			for k := range chunk {
				if negative {
					k = len(chunk) - 1 - k
				}
				if !yield(uint32(at)<<23|uint32(k)<<(23-h.fine), &chunk[k]) {
					return
				}
			}
		}
	}
}

// unit is the distance of float32s with these first bits.
func unit(bits uint32) float64 { return math.Ldexp(1, max(int(bits>>23&255), 1)-150) }
