package measure

import "math"

// narrowed returns logits in 16 bits.
func narrowed(logits []float32, narrow func(float32) uint16) []uint16 {
	half := make([]uint16, len(logits))
	for i, x := range logits {
		half[i] = narrow(x)
	}
	return half
}

// narrowF16 rounds to the nearest float16, of two to the even one; |x| is below 65520.
func narrowF16(x float32) uint16 {
	const (
		least = 0x1p-14 // normal one
		bias  = 127 - 15
	)
	sign := uint16(math.Float32bits(x)>>16) & 0x8000
	x = float32(math.Abs(float64(x)))
	if x < least {
		return sign | uint16(math.RoundToEven(float64(x)*0x1p24))
	}
	bits := math.Float32bits(x)
	return sign | uint16((bits+0xFFF+bits>>13&1)>>13-bias<<10)
}

// narrowBF16 rounds likewise to the nearest bfloat16.
func narrowBF16(x float32) uint16 {
	bits := math.Float32bits(x)
	return uint16((bits + 0x7FFF + bits>>16&1) >> 16)
}
