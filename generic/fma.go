package generic

import "math"

// fma32 is the float32 fused multiply-add x·y + z, rounded once.
//
// It rounds the float64 sum to odd, after which the rounding to float32 is that
// of the exact value, also where the result is subnormal (Boldo and Melquiond,
// "Emulation of FMA and correctly rounded sums", 2008).
func fma32(x, y, z float32) float32 {
	p, c := float64(x)*float64(y), float64(z) // exact
	s := p + c
	t := s - p
	err := (p - (s - t)) + (c - t) // TwoSum: s + err = p + c exactly
	if bits := math.Float64bits(s); err != 0 && bits&1 == 0 && !math.IsInf(s, 0) && s == s {
		if (err > 0) == (s > 0) {
			bits++
		} else {
			bits--
		}
		s = math.Float64frombits(bits)
	}
	return float32(s)
}

// sum is p + c, such that float32(sum(x*y, z)) is fma32(x, y, z) for float32
// x, y, z, given that the result is not subnormal or is exact. A first rounding
// to float64 disturbs the second one only where it falls half-way between two
// float32; there, sum moves off the middle to the side of the exact value. It
// is small enough to be inlined.
func sum(p, c float64) float64 {
	if math.Float64bits(p+c)<<35 == 1<<63 {
		return offMiddle(p, c)
	}
	return p + c
}

func offMiddle(p, c float64) float64 {
	s := p + c
	t := s - p
	switch err := (p - (s - t)) + (c - t); {
	case err > 0:
		return math.Nextafter(s, math.Inf(1))
	case err < 0:
		return math.Nextafter(s, math.Inf(-1))
	}
	return s
}
