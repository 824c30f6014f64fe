package array

import (
	"encoding/binary"
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
	var load loader[float32]
	switch a.dtype {
	case Float16:
		load = loadFloat16
	case BFloat16:
		load = loadBFloat16
	case Float32:
		if a.native() {
			return direct[float32](a, from, to), nil
		}
		load = copyBytes
	case Float64:
		load = loadFloat64
	default:
		return nil, a.WrongDType("float16, bfloat16, float32 or float64")
	}
	dst = grow(dst, to-from)
	return dst, a.guard(func() { fill(a, dst, from, to, load) })
}

// Halves returns the elements [from, to) of an array of float16 or bfloat16 as they are in
// memory of the file, to be read only; false where they are not so, or are of another type.
func (a *Array) Halves(from, to int) ([]uint16, bool) {
	if a.dtype != Float16 && a.dtype != BFloat16 || !a.native() {
		return nil, false
	}
	return direct[uint16](a, from, to), true
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
	err = a.guard(func() {
		if fill(a, dst, from, to, intLoaders[a.dtype]) {
			return
		}
		for i := from; i < to && bad < 0; i++ {
			if v, ok := integer(a.dtype, a.bits(a.place(i))); !ok || v != int64(int32(v)) {
				bad = i
			}
		}
	})
	return dst, bad, err
}

// Uint8s returns the elements [from, to), row-major, of an array of bool or uint8, as
// Float32s does. Those of bool are 0 and 1, whatever the file has for true.
func (a *Array) Uint8s(dst []uint8, from, to int) (s []uint8, err error) {
	load := loader[uint8](copyBytes[uint8])
	switch a.dtype {
	case Uint8:
		if a.native() {
			return direct[uint8](a, from, to), nil
		}
	case Bool:
		load = loadBool[uint8]
		if a.native() {
			s = direct[uint8](a, from, to)
			plain := false
			if err = a.guard(func() { plain = areBits(s) }); plain || err != nil {
				return s, err
			}
		}
	default:
		return nil, a.WrongDType("bool or uint8")
	}
	dst = grow(dst, to-from)
	return dst, a.guard(func() { fill(a, dst, from, to, load) })
}

// Float64s returns the elements [from, to), row-major, of any array, as Float32s does.
// Integers beyond 2⁵³ are rounded.
func (a *Array) Float64s(dst []float64, from, to int) ([]float64, error) {
	if a.dtype == Float64 && a.native() {
		return direct[float64](a, from, to), nil
	}
	dst = grow(dst, to-from)
	size := a.dtype.Size()
	load := func(dst []float64, src []byte) bool {
		for i := range dst {
			dst[i] = number64(a.dtype, nativeBits(src[i*size:], size))
		}
		return true
	}
	return dst, a.guard(func() { fill(a, dst, from, to, load) })
}

// At returns element i of the view, row-major, as text for a message.
func (a *Array) At(i int) (s string) {
	err := a.guard(func() { s = text(a.dtype, a.bits(a.place(i))) })
	if err != nil {
		return "unreadable"
	}
	return s
}

// bits returns the element at a place of the data.
func (a *Array) bits(at int) uint64 {
	size := a.dtype.Size()
	v := nativeBits(a.data[at*size:], size)
	if a.swapped {
		v = bits.ReverseBytes64(v) >> (64 - 8*size)
	}
	return v
}

// nativeBits returns the first element of size bytes.
func nativeBits(p []byte, size int) uint64 {
	switch size {
	case 1:
		return uint64(p[0])
	case 2:
		return uint64(binary.NativeEndian.Uint16(p))
	case 4:
		return uint64(binary.NativeEndian.Uint32(p))
	}
	return binary.NativeEndian.Uint64(p)
}

// integer returns the value of an element of an integer type or bool; false for a uint64
// beyond int64.
func integer(dtype DType, v uint64) (int64, bool) {
	switch {
	case dtype == Bool:
		return int64(min(v, 1)), true
	case dtype <= Int64:
		shift := 64 - 8*dtype.Size()
		return int64(v<<shift) >> shift, true
	}
	return int64(v), int64(v) >= 0
}

// number64 returns the value of an element of any type.
func number64(dtype DType, v uint64) float64 {
	switch dtype {
	case Float16:
		return float64(float16(uint16(v)))
	case BFloat16:
		return float64(math.Float32frombits(uint32(v) << 16))
	case Float32:
		return float64(math.Float32frombits(uint32(v)))
	case Float64:
		return math.Float64frombits(v)
	}
	if i, ok := integer(dtype, v); ok {
		return float64(i)
	}
	return float64(v)
}

// text spells an element as Python does, but for the digits of floats.
func text(dtype DType, v uint64) string {
	switch {
	case dtype == Bool && v != 0:
		return "True"
	case dtype == Bool:
		return "False"
	case dtype == Float64:
		return strconv.FormatFloat(number64(dtype, v), 'g', -1, 64)
	case dtype.IsFloat():
		return strconv.FormatFloat(number64(dtype, v), 'g', -1, 32)
	}
	if i, ok := integer(dtype, v); ok {
		return strconv.FormatInt(i, 10)
	}
	return strconv.FormatUint(v, 10)
}
