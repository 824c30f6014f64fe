package abi

import (
	"math"
	"unsafe"

	"github.com/flengine/flengine/generic"
)

// sizes are those of elements in bytes, by type.
var sizes = [typeCount]int{Float32: 4, Float16: 2, BFloat16: 2, Float64: 8, Uint8: 1, Int32: 4, Int64: 8}

// names are those of types in flengine.h.
var names = [typeCount]string{"FL_FLOAT32", "FL_FLOAT16", "FL_BFLOAT16", "FL_FLOAT64", "FL_UINT8", "FL_INT32", "FL_INT64"}

func isFloat(kind int32) bool { return kind >= Float32 && kind <= Float64 }

// array is a matrix in the caller's memory.
type array struct {
	base        unsafe.Pointer
	kind        int32 // the type of its elements
	columns     int   // of those in memory: what is evenly spaced is one row
	step        int   // bytes from column to column
	rowStep     int   // and from row to row
	first, past uintptr
}

// contiguous tells whether each of n elements follows the one before it.
func (a *array) contiguous(n int) bool {
	return n == 0 || a.columns == n && a.step == sizes[a.kind]
}

// slice returns the elements of a contiguous array, n of them.
func slice[T any](base unsafe.Pointer, n int) []T {
	if n == 0 {
		return nil
	}
	return unsafe.Slice((*T)(base), n)
}

// runs calls f for the parts of rows that the elements [from, to) lie in: from is the index of the
// first one among these.
func (a *array) runs(from, to int, f func(p unsafe.Pointer, from, n int)) {
	for at := from; at < to; {
		row, column := at/a.columns, at%a.columns
		n := min(a.columns-column, to-at)
		f(unsafe.Add(a.base, row*a.rowStep+column*a.step), at-from, n)
		at += n
	}
}

// each sets dst to what f makes of n elements.
func each[D, S any](dst []D, p unsafe.Pointer, step int, f func(S) D) {
	for i := range dst {
		dst[i] = f(*(*S)(unsafe.Add(p, i*step)))
	}
}

// same copies elements as they are.
func same[T any](dst []T, p unsafe.Pointer, step int) {
	if step == int(unsafe.Sizeof(*new(T))) {
		copy(dst, unsafe.Slice((*T)(p), len(dst)))
		return
	}
	for i := range dst {
		dst[i] = *(*T)(unsafe.Add(p, i*step))
	}
}

// integers sets dst to integers of another type, and to bad where they are out of its range.
func integers[D, S uint8 | int32 | int64](dst []D, p unsafe.Pointer, step int, bad D) {
	for i := range dst {
		v := *(*S)(unsafe.Add(p, i*step))
		d := D(v)
		if S(d) != v || (d < 0) != (v < 0) {
			d = bad
		}
		dst[i] = d
	}
}

// floats sets dst to the elements [from, from + len(dst)) of an array of floats.
func (a *array) floats(dst []float32, from int) {
	a.runs(from, from+len(dst), func(p unsafe.Pointer, at, n int) {
		part := dst[at : at+n]
		switch a.kind {
		case Float32:
			same(part, p, a.step)
		case Float16:
			if a.step == 2 {
				generic.WidenF16(part, unsafe.Slice((*uint16)(p), n))
				return
			}
			each(part, p, a.step, widenF16)
		case BFloat16:
			if a.step == 2 {
				generic.WidenBF16(part, unsafe.Slice((*uint16)(p), n))
				return
			}
			each(part, p, a.step, widenBF16)
		case Float64:
			for i := range part {
				part[i] = float32(*(*float64)(unsafe.Add(p, i*a.step)))
			}
		}
	})
}

func widenF16(h uint16) float32 {
	var x [1]float32
	generic.WidenF16(x[:], []uint16{h})
	return x[0]
}

func widenBF16(h uint16) float32 { return math.Float32frombits(uint32(h) << 16) }

// halves sets dst to the elements of an array of float16 or bfloat16, as they are.
func (a *array) halves(dst []uint16, from int) {
	a.runs(from, from+len(dst), func(p unsafe.Pointer, at, n int) { same(dst[at:at+n], p, a.step) })
}

// badLabel is no label.
const badLabel = 2

// bytes sets dst to labels.
func (a *array) bytes(dst []uint8, from int) {
	a.runs(from, from+len(dst), func(p unsafe.Pointer, at, n int) {
		part := dst[at : at+n]
		switch a.kind {
		case Uint8:
			same(part, p, a.step)
		case Int32:
			integers[uint8, int32](part, p, a.step, badLabel)
		case Int64:
			integers[uint8, int64](part, p, a.step, badLabel)
		}
	})
}

// classes sets dst to the classes of a vector, and to bad where they are no int32.
func (a *array) classes(dst []int32, from int, bad int32) {
	p := unsafe.Add(a.base, from*a.step)
	switch a.kind {
	case Uint8:
		integers[int32, uint8](dst, p, a.step, bad)
	case Int32:
		same(dst, p, a.step)
	case Int64:
		integers[int32, int64](dst, p, a.step, bad)
	}
}

// at returns an element.
func (a *array) at(i int) float64 {
	p := unsafe.Add(a.base, i/a.columns*a.rowStep+i%a.columns*a.step)
	switch a.kind {
	case Uint8:
		return float64(*(*uint8)(p))
	case Int32:
		return float64(*(*int32)(p))
	case Int64:
		return float64(*(*int64)(p))
	case Float64:
		return *(*float64)(p)
	}
	one := array{base: p, kind: a.kind, columns: 1, step: sizes[a.kind]}
	var x [1]float32
	one.floats(x[:], 0)
	return float64(x[0])
}

// store writes floats to an output of another type, from its element at on.
func store(base unsafe.Pointer, kind int32, at int, src []float32) {
	if len(src) == 0 {
		return
	}
	p := unsafe.Add(base, at*sizes[kind])
	switch kind {
	case Float32:
		copy(unsafe.Slice((*float32)(p), len(src)), src)
	case Float16:
		dst := unsafe.Slice((*uint16)(p), len(src))
		for i, x := range src {
			dst[i] = narrowF16(x)
		}
	case BFloat16:
		dst := unsafe.Slice((*uint16)(p), len(src))
		for i, x := range src {
			dst[i] = narrowBF16(x)
		}
	case Float64:
		dst := unsafe.Slice((*float64)(p), len(src))
		for i, x := range src {
			dst[i] = float64(x)
		}
	}
}

// narrowF16 rounds to the nearest float16, of two to the even one, and to ∞ from 65520 on.
func narrowF16(x float32) uint16 {
	const bias = 127 - 15
	bits := math.Float32bits(x)
	sign, bits := uint16(bits>>16)&0x8000, bits&0x7FFFFFFF
	switch {
	case bits > 0x7F800000:
		return sign | 0x7E00 // NaN
	case bits >= 0x477FF000: // 65520
		return sign | 0x7C00
	case bits < 0x33000000: // 2⁻²⁵, which is half the least
		return sign
	case bits >= 0x38800000: // 2⁻¹⁴, the least normal one
		return sign | uint16((bits+0xFFF+bits>>13&1)>>13-bias<<10)
	}
	m := bits&0x7FFFFF | 0x800000
	shift := 126 - bits>>23 // m·2^−shift is the multiple of 2⁻²⁴
	m += 1<<(shift-1) - 1 + m>>shift&1
	return sign | uint16(m>>shift)
}

// narrowBF16 rounds likewise to the nearest bfloat16.
func narrowBF16(x float32) uint16 {
	bits := math.Float32bits(x)
	if bits&0x7FFFFFFF > 0x7F800000 {
		return uint16(bits>>16) | 0x40 // a NaN stays one
	}
	return uint16((bits + 0x7FFF + bits>>16&1) >> 16)
}
