package generic

import "math"

// WidenF16 sets dst to the float16 values src, exactly. A NaN may have any payload. The
// lengths are one multiple of Group, at most Block.
func WidenF16(dst []float32, src []uint16) {
	src = src[:len(dst)]
	for i := range dst {
		h := src[i]
		sign, m := uint32(h>>15)<<31, uint32(h&0x7fff)
		bits := m<<13 + (127-15)<<23 // the exponents' biases are 127 and 15
		switch {
		case m >= 0x7c00: // ∞ or NaN
			bits = m<<13 | 0x7f800000
		case m < 0x0400: // subnormal, or 0
			bits = math.Float32bits(float32(m) * 0x1p-24)
		}
		dst[i] = math.Float32frombits(sign | bits)
	}
}

// WidenBF16 is WidenF16 for bfloat16 values, the high halves of float32 ones.
func WidenBF16(dst []float32, src []uint16) {
	src = src[:len(dst)]
	for i := range dst {
		dst[i] = math.Float32frombits(uint32(src[i]) << 16)
	}
}
