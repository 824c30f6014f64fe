package array

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"unsafe"
)

// number is what the elements of native arrays are read as.
type number interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | float32 | float64
}

// direct returns the elements [from, to) of a native array as they are in memory.
func direct[T number](a *Array, from, to int) []T {
	if from == to {
		return []T{}
	}
	start := unsafe.Pointer(unsafe.SliceData(a.data))
	return unsafe.Slice((*T)(start), len(a.data)/a.dtype.Size())[a.base+from : a.base+to]
}

// grow returns s with n elements, of any value.
func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// Float32s returns the elements [from, to), row-major, of an array of floats: float16
// and bfloat16 widened exactly, float64 rounded to nearest even. It returns memory of
// the file where it can (see Direct), to be read only, and else dst, grown as needed.
func (a *Array) Float32s(dst []float32, from, to int) ([]float32, error) {
	if !a.dtype.IsFloat() {
		return nil, a.WrongDType("float16, bfloat16, float32 or float64")
	}
	if a.Direct() {
		return direct[float32](a, from, to), nil
	}
	dst = grow(dst, to-from)
	err := a.guard(func() {
		var get func(at int) float32
		switch a.dtype {
		case Float16:
			get = func(at int) float32 { return float16(uint16(a.bits(at))) }
		case BFloat16:
			get = func(at int) float32 { return math.Float32frombits(uint32(a.bits(at)) << 16) }
		case Float32:
			get = func(at int) float32 { return math.Float32frombits(uint32(a.bits(at))) }
		default:
			get = func(at int) float32 { return float32(math.Float64frombits(a.bits(at))) }
		}
		fill(a, dst, from, to, get)
	})
	return dst, err
}

// Int32s returns the elements [from, to), row-major, of an array of integers or bool,
// as Float32s does. bad is the index of the first element that is no int32, −1 where all
// are; then the elements are not to be used.
func (a *Array) Int32s(dst []int32, from, to int) (s []int32, bad int, err error) {
	if a.dtype.IsFloat() {
		return nil, -1, a.WrongDType("an integer or bool")
	}
	if a.dtype == Int32 && a.native() {
		return direct[int32](a, from, to), -1, nil
	}
	dst, bad = grow(dst, to-from), -1
	i := from
	err = a.guard(func() {
		fill(a, dst, from, to, func(at int) int32 {
			v, ok := a.integer(at)
			if ok = ok && int64(int32(v)) == v; !ok && bad < 0 {
				bad = i
			}
			i++
			return int32(v)
		})
	})
	return dst, bad, err
}

// Uint8s returns the elements [from, to), row-major, of an array of bool or uint8, as
// Float32s does.
func (a *Array) Uint8s(dst []uint8, from, to int) ([]uint8, error) {
	if a.dtype != Bool && a.dtype != Uint8 {
		return nil, a.WrongDType("bool or uint8")
	}
	if a.native() {
		return direct[uint8](a, from, to), nil
	}
	dst = grow(dst, to-from)
	err := a.guard(func() {
		fill(a, dst, from, to, func(at int) uint8 { return a.data[at] })
	})
	return dst, err
}

// Float64s returns the elements [from, to), row-major, of any array, as Float32s does.
// Integers beyond 2⁵³ are rounded.
func (a *Array) Float64s(dst []float64, from, to int) ([]float64, error) {
	if a.dtype == Float64 && a.native() {
		return direct[float64](a, from, to), nil
	}
	dst = grow(dst, to-from)
	err := a.guard(func() { fill(a, dst, from, to, a.float) })
	return dst, err
}

// At returns element i of the view, row-major, as text for a message.
func (a *Array) At(i int) (text string) {
	err := a.guard(func() { text = a.text(a.place(i)) })
	if err != nil {
		return "unreadable"
	}
	return text
}

// fill puts the elements [from, to) in dst.
func fill[T any](a *Array, dst []T, from, to int, get func(at int) T) {
	k := 0
	a.runs(from, to, func(at, n, stride int) {
		for range n {
			dst[k] = get(at)
			at += stride
			k++
		}
	})
}

// bits returns the element at a place of the data.
func (a *Array) bits(at int) uint64 {
	size := a.dtype.Size()
	p := a.data[at*size:]
	var v uint64
	switch size {
	case 1:
		return uint64(p[0])
	case 2:
		v = uint64(binary.NativeEndian.Uint16(p))
	case 4:
		v = uint64(binary.NativeEndian.Uint32(p))
	default:
		v = binary.NativeEndian.Uint64(p)
	}
	if a.swapped {
		v = bits.ReverseBytes64(v) >> (64 - 8*size)
	}
	return v
}

// integer returns an element of an integer type or bool; false for a uint64 beyond int64.
func (a *Array) integer(at int) (int64, bool) {
	v := a.bits(at)
	switch {
	case a.dtype == Bool:
		return int64(min(v, 1)), true
	case a.dtype <= Int64:
		shift := 64 - 8*a.dtype.Size()
		return int64(v<<shift) >> shift, true
	}
	return int64(v), int64(v) >= 0
}

// float returns an element of any type.
func (a *Array) float(at int) float64 {
	v := a.bits(at)
	switch a.dtype {
	case Float16:
		return float64(float16(uint16(v)))
	case BFloat16:
		return float64(math.Float32frombits(uint32(v) << 16))
	case Float32:
		return float64(math.Float32frombits(uint32(v)))
	case Float64:
		return math.Float64frombits(v)
	}
	if i, ok := a.integer(at); ok {
		return float64(i)
	}
	return float64(v)
}

// text spells an element as Python does, but for the digits of floats.
func (a *Array) text(at int) string {
	switch {
	case a.dtype == Bool:
		return map[bool]string{false: "False", true: "True"}[a.bits(at) != 0]
	case a.dtype == Float64:
		return strconv.FormatFloat(a.float(at), 'g', -1, 64)
	case a.dtype.IsFloat():
		return strconv.FormatFloat(a.float(at), 'g', -1, 32)
	}
	if i, ok := a.integer(at); ok {
		return strconv.FormatInt(i, 10)
	}
	return fmt.Sprint(a.bits(at))
}

// float16 widens a half-precision number, exactly.
func float16(h uint16) float32 {
	sign, rest := uint32(h&0x8000)<<16, uint32(h&0x7fff)
	// Moved into place, the exponent is 112 too small; a multiplication puts that
	// right, and normalises what was subnormal. Infinities and NaNs want the most.
	if rest >= 0x7c00 {
		return math.Float32frombits(sign | 0x7f800000 | rest<<13)
	}
	return math.Float32frombits(sign | math.Float32bits(math.Float32frombits(rest<<13)*0x1p112))
}
