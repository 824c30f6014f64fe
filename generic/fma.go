package generic

import "math"

// fma32 is the float32 fused multiply-add x·y + z, rounded once.
func fma32(x, y, z float32) float32 {
	s := float64(x)*float64(y) + float64(z) // the product is exact
	if tie(s) || !(math.Abs(s) >= 0x1p-126) {
		return fmaOdd(x, y, z)
	}
	return float32(s)
}

// fmaOdd is fma32. It rounds the float64 sum to odd, after which the rounding to float32 is
// that of the exact value, also where the result is subnormal (Boldo and Melquiond,
// "Emulation of FMA and correctly rounded sums", 2008).
func fmaOdd(x, y, z float32) float32 {
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

// Most of the time of an emulated FMA goes into float32 and back, so the passes over a group
// hold float32 values as float64. Of x, y, z held so, round(x*y + z) is fma32(x, y, z), and
// round(x*y) the rounded product, if the result does not overflow, is not subnormal or is exact,
// and the float64 sum is not half-way between two float32. That last is what tie tells: the
// exact value may lie on either side. It is rare where products have many bits. A pass asks it
// of all that it rounds in one place, and takes a score with a tie again by the operations in
// float32. Sums that are exact in float64 need no such question if they are converted.

// wide is a group of float32 values, held as float64.
type wide = [Group]float64

// round is s rounded to float32, if that is no tie.
func round(s float64) float64 {
	return math.Float64frombits((math.Float64bits(s) + 1<<28) &^ (1<<29 - 1))
}

// tie tells whether s is half-way between two float32, if those are not subnormal.
func tie(s float64) bool { return uint32(math.Float64bits(s)+1<<28)&(1<<29-1) == 0 }
