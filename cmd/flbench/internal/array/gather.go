package array

import (
	"encoding/binary"
	"math"
	"math/bits"
	"sync"
	"unsafe"
)

// A loader converts elements that lie one after the other, in this machine's byte order
// and of any alignment; it returns false if one did not fit. There are as many elements
// in src as dst has.
type loader[T any] func(dst []T, src []byte) bool

const (
	// tileColumns is how many columns a transposition reads at a time, tileSize how many
	// elements: of float32, 8 runs of 4 cache lines.
	tileColumns, tileSize = 8, 512
	blockBytes            = 4096
)

// scratch is what a call of fill works with.
type scratch struct {
	block [blockBytes / 8]uint64 // elements on their way to a loader
	tile  [tileSize]uint64       // elements on their way from one
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// fill puts the elements [from, to) of the view in dst. It returns false if one did not
// fit.
func fill[T any](a *Array, dst []T, from, to int, load loader[T]) bool {
	s := scratches.Get().(*scratch)
	defer scratches.Put(s)
	ok := true
	rows, columns, transposed := a.plane()
	inner := a.flat[len(a.flat)-1]
	for from < to {
		if transposed && from%columns.size == 0 {
			// Whole rows, up to where the plane ends.
			row := from / columns.size
			if n := min(rows.size-row%rows.size, to/columns.size-row); n > 0 {
				ok = transpose(a, dst[:n*columns.size], a.place(from), columns, load, s) && ok
				dst, from = dst[n*columns.size:], from+n*columns.size
				continue
			}
		}
		n := min(inner.size-from%inner.size, to-from)
		ok = run(a, dst[:n], a.place(from), inner.stride, load, s) && ok
		dst, from = dst[n:], from+n
	}
	return ok
}

// plane returns the two innermost axes of a view whose elements lie one after the other
// not along the innermost but along the one before it: a transposed matrix, or many.
func (a *Array) plane() (rows, columns axis, transposed bool) {
	n := len(a.flat)
	if n < 2 || a.flat[n-1].stride == 1 {
		return axis{}, axis{}, false
	}
	return a.flat[n-2], a.flat[n-1], a.flat[n-2].stride == 1
}

// run puts the elements at a place and strides from it in dst.
func run[T any](a *Array, dst []T, at, stride int, load loader[T], s *scratch) bool {
	size := a.dtype.Size()
	if stride == 1 && !a.swapped {
		return load(dst, a.data[at*size:(at+len(dst))*size])
	}
	block, ok := unsafe.Slice((*byte)(unsafe.Pointer(&s.block)), blockBytes), true
	for len(dst) > 0 {
		n := min(len(dst), blockBytes/size)
		if b := block[:n*size]; stride == 1 {
			swap(b, a.data[at*size:(at+n)*size], size)
		} else {
			gather(b, a.data[at*size:], size, stride)
			if a.swapped {
				swap(b, b, size)
			}
		}
		ok = load(dst[:n], block[:n*size]) && ok
		dst, at = dst[n:], at+n*stride
	}
	return ok
}

// transpose puts whole rows of a transposed matrix in dst, whose first element is at a
// place. It reads along its columns, where the elements lie one after the other, some of
// as many columns at a time as make the writes half a cache line.
func transpose[T any](a *Array, dst []T, at int, columns axis, load loader[T], s *scratch) bool {
	tile, ok := unsafe.Slice((*T)(unsafe.Pointer(&s.tile)), tileSize), true
	c := columns.size
	most := tileSize / min(tileColumns, c)
	for len(dst) > 0 {
		n := min(len(dst)/c, most)
		for k := 0; k < c; {
			wide := tileColumns
			for wide > c-k {
				wide /= 2
			}
			for i := range wide {
				ok = run(a, tile[i*n:][:n], at+(k+i)*columns.stride, 1, load, s) && ok
			}
			writeTile(dst[k:], tile[:wide*n], n, c)
			k += wide
		}
		dst, at = dst[n*c:], at+n
	}
	return ok
}

// writeTile writes a tile of n rows, whose columns lie one after the other, to rows that
// are c elements apart.
func writeTile[T any](dst, tile []T, n, c int) {
	switch len(tile) / n {
	case 8:
		t0, t1, t2, t3 := tile[:n], tile[n:][:n], tile[2*n:][:n], tile[3*n:][:n]
		t4, t5, t6, t7 := tile[4*n:][:n], tile[5*n:][:n], tile[6*n:][:n], tile[7*n:][:n]
		for r := range t0 {
			d := (*[8]T)(dst[r*c : r*c+8 : r*c+8])
			d[0], d[1], d[2], d[3] = t0[r], t1[r], t2[r], t3[r]
			d[4], d[5], d[6], d[7] = t4[r], t5[r], t6[r], t7[r]
		}
	case 4:
		t0, t1, t2, t3 := tile[:n], tile[n:][:n], tile[2*n:][:n], tile[3*n:][:n]
		for r := range t0 {
			d := (*[4]T)(dst[r*c : r*c+4 : r*c+4])
			d[0], d[1], d[2], d[3] = t0[r], t1[r], t2[r], t3[r]
		}
	case 2:
		t0, t1 := tile[:n], tile[n:][:n]
		for r := range t0 {
			d := (*[2]T)(dst[r*c : r*c+2 : r*c+2])
			d[0], d[1] = t0[r], t1[r]
		}
	default:
		for r, v := range tile {
			dst[r*c] = v
		}
	}
}

// gather copies elements of size bytes that are stride elements apart.
func gather(dst, src []byte, size, stride int) {
	order, step := binary.NativeEndian, stride*size
	switch at := 0; size {
	case 1:
		for i := range dst {
			dst[i] = src[at]
			at += step
		}
	case 2:
		for ; len(dst) >= 2; dst = dst[2:] {
			order.PutUint16(dst, order.Uint16(src[at:]))
			at += step
		}
	case 4:
		for ; len(dst) >= 4; dst = dst[4:] {
			order.PutUint32(dst, order.Uint32(src[at:]))
			at += step
		}
	default:
		for ; len(dst) >= 8; dst = dst[8:] {
			order.PutUint64(dst, order.Uint64(src[at:]))
			at += step
		}
	}
}

// swap copies elements of size bytes, the bytes of each in the other order. It takes 8
// bytes at a time: those all in the other order, the elements are too.
func swap(dst, src []byte, size int) {
	order, i, n := binary.NativeEndian, 0, len(dst)&^7
	switch size {
	case 2:
		for ; i < n; i += 8 {
			const low = 0x00ff00ff00ff00ff
			v := order.Uint64(src[i : i+8 : i+8])
			order.PutUint64(dst[i:i+8:i+8], v>>8&low|v&low<<8)
		}
		for ; i < len(dst); i += 2 {
			order.PutUint16(dst[i:], bits.ReverseBytes16(order.Uint16(src[i:])))
		}
	case 4:
		for ; i < n; i += 8 {
			v := bits.ReverseBytes64(order.Uint64(src[i : i+8 : i+8]))
			order.PutUint64(dst[i:i+8:i+8], bits.RotateLeft64(v, 32))
		}
		if i < len(dst) {
			order.PutUint32(dst[i:], bits.ReverseBytes32(order.Uint32(src[i:])))
		}
	case 8:
		for ; i < n; i += 8 {
			order.PutUint64(dst[i:i+8:i+8], bits.ReverseBytes64(order.Uint64(src[i:i+8:i+8])))
		}
	}
}

// copyBytes loads elements as they are.
func copyBytes[T number](dst []T, src []byte) bool {
	copy(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(dst))), len(src)), src)
	return true
}

// loadFloat16 widens half-precision numbers, exactly.
func loadFloat16(dst []float32, src []byte) bool {
	order, i := binary.NativeEndian, 0
	for n := fours(len(dst)); i < n; i += 4 {
		d, v := (*[4]float32)(dst[i:i+4:i+4]), order.Uint64(src[2*i:2*i+8:2*i+8])
		// One less, the exponents of zeros, subnormals, infinities and NaNs are 30 or
		// 31; adding 2 makes those, and no others, 32 or more.
		const exponents, one, two, over = 0x7c007c007c007c00, 0x0400040004000400, 0x0800080008000800, 0x8000800080008000
		if ((((v&exponents)|over)-one)&exponents+two)&over != 0 {
			for k := range d {
				d[k] = float16(uint16(v >> (16 * k)))
			}
			continue
		}
		d[0], d[1] = normal16(uint16(v)), normal16(uint16(v>>16))
		d[2], d[3] = normal16(uint16(v>>32)), normal16(uint16(v>>48))
	}
	for ; i < len(dst); i++ {
		dst[i] = float16(order.Uint16(src[2*i:]))
	}
	return true
}

// fours returns how many of n elements of 2 bytes are loaded 4 at a time: 8 bytes, the
// first element in the lowest bits.
func fours(n int) int {
	if bigHost {
		return 0
	}
	return n &^ 3
}

// normal16 widens a half-precision number whose exponent is neither the least nor the
// greatest: moved into place it is 112 too small.
func normal16(h uint16) float32 {
	return math.Float32frombits(uint32(int32(int16(h)))<<13&0x8fffe000 + 112<<23)
}

// float16 widens any half-precision number.
func float16(h uint16) float32 {
	sign, fraction := uint32(h&0x8000)<<16, uint32(h&0x3ff)<<13
	switch h & 0x7c00 {
	case 0: // the fraction of a number that is a little above the least normal one
		return math.Float32frombits(sign | math.Float32bits(math.Float32frombits(113<<23|fraction)-0x1p-14))
	case 0x7c00:
		return math.Float32frombits(sign | 0x7f800000 | fraction)
	}
	return normal16(h)
}

// loadBFloat16 widens bfloat16, the first half of a float32.
func loadBFloat16(dst []float32, src []byte) bool {
	order, i := binary.NativeEndian, 0
	for n := fours(len(dst)); i < n; i += 4 {
		d, v := (*[4]float32)(dst[i:i+4:i+4]), order.Uint64(src[2*i:2*i+8:2*i+8])
		const high = 0xffff0000
		d[0], d[1] = math.Float32frombits(uint32(v)<<16), math.Float32frombits(uint32(v)&high)
		d[2], d[3] = math.Float32frombits(uint32(v>>16)&high), math.Float32frombits(uint32(v>>32)&high)
	}
	for ; i < len(dst); i++ {
		dst[i] = math.Float32frombits(uint32(order.Uint16(src[2*i:])) << 16)
	}
	return true
}

// loadFloat64 rounds to the nearest float32, to even in a tie.
func loadFloat64(dst []float32, src []byte) bool {
	order, i := binary.NativeEndian, 0
	for ; i+4 <= len(dst); i += 4 {
		d, s := (*[4]float32)(dst[i:i+4:i+4]), (*[32]byte)(src[8*i:8*i+32:8*i+32])
		d[0] = float32(math.Float64frombits(order.Uint64(s[:])))
		d[1] = float32(math.Float64frombits(order.Uint64(s[8:])))
		d[2] = float32(math.Float64frombits(order.Uint64(s[16:])))
		d[3] = float32(math.Float64frombits(order.Uint64(s[24:])))
	}
	for ; i < len(dst); i++ {
		dst[i] = float32(math.Float64frombits(order.Uint64(src[8*i:])))
	}
	return true
}

// intLoaders are those of the dtypes that Int32s reads.
var intLoaders = [...]loader[int32]{
	Bool: loadBool[int32],
	Int8: func(dst []int32, src []byte) bool {
		for i, v := range src[:len(dst)] {
			dst[i] = int32(int8(v))
		}
		return true
	},
	Uint8: func(dst []int32, src []byte) bool {
		for i, v := range src[:len(dst)] {
			dst[i] = int32(v)
		}
		return true
	},
	Int16:  func(dst []int32, src []byte) bool { return loadNarrow(dst, src, 1<<15) },
	Uint16: func(dst []int32, src []byte) bool { return loadNarrow(dst, src, 0) },
	Int32:  copyBytes[int32],
	Uint32: func(dst []int32, src []byte) bool {
		copyBytes(dst, src)
		all := int32(0)
		for _, v := range dst {
			all |= v
		}
		return all >= 0
	},
	Int64:  func(dst []int32, src []byte) bool { return loadWide(dst, src, 1<<31, 32) },
	Uint64: func(dst []int32, src []byte) bool { return loadWide(dst, src, 0, 31) },
}

// loadNarrow loads 2-byte integers, whose bit of the sign is given, if they have one.
func loadNarrow(dst []int32, src []byte, sign uint16) bool {
	order, i := binary.NativeEndian, 0
	for n := fours(len(dst)); i < n; i += 4 {
		d, v := (*[4]int32)(dst[i:i+4:i+4]), order.Uint64(src[2*i:2*i+8:2*i+8])
		d[0], d[1] = int32(uint16(v)^sign)-int32(sign), int32(uint16(v>>16)^sign)-int32(sign)
		d[2], d[3] = int32(uint16(v>>32)^sign)-int32(sign), int32(uint16(v>>48)^sign)-int32(sign)
	}
	for ; i < len(dst); i++ {
		dst[i] = int32(order.Uint16(src[2*i:])^sign) - int32(sign)
	}
	return true
}

// loadWide loads 8-byte integers. One fits if nothing is left of it, moved up by a bias,
// beyond some bits.
func loadWide(dst []int32, src []byte, bias uint64, bits int) bool {
	order, all, i := binary.NativeEndian, uint64(0), 0
	for ; i+4 <= len(dst); i += 4 {
		d, s := (*[4]int32)(dst[i:i+4:i+4]), (*[32]byte)(src[8*i:8*i+32:8*i+32])
		v, w, x, y := order.Uint64(s[:]), order.Uint64(s[8:]), order.Uint64(s[16:]), order.Uint64(s[24:])
		all |= (v + bias) | (w + bias) | (x + bias) | (y + bias)
		d[0], d[1], d[2], d[3] = int32(v), int32(w), int32(x), int32(y)
	}
	for ; i < len(dst); i++ {
		v := order.Uint64(src[8*i:])
		all |= v + bias
		dst[i] = int32(v)
	}
	return all>>bits == 0
}

// loadBool loads 1 for what is not 0.
func loadBool[T uint8 | int32](dst []T, src []byte) bool {
	for i, v := range src[:len(dst)] {
		dst[i] = T(min(v, 1))
	}
	return true
}

// areBits tells whether all of p are 0 or 1.
func areBits(p []byte) bool {
	all := uint64(0)
	for len(p) >= 32 {
		s := (*[32]byte)(p)
		all |= binary.NativeEndian.Uint64(s[:]) | binary.NativeEndian.Uint64(s[8:]) | binary.NativeEndian.Uint64(s[16:]) | binary.NativeEndian.Uint64(s[24:])
		p = p[32:]
	}
	for _, v := range p {
		all |= uint64(v)
	}
	return all&^0x0101010101010101 == 0
}
