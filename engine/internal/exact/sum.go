// Package exact adds non-negative float64 values without rounding.
//
// Floating-point addition is not associative, so a plain sum depends on the
// order of the values and on how they were split into batches or threads. A
// [Sum] holds the exact total instead and is rounded once, when it is read:
// the result depends on the values alone.
package exact

import (
	"cmp"
	"fmt"
	"math"
	"math/bits"
)

const (
	// limbCount is the size of the fixed-point number in 64-bit limbs: 2176
	// bits, of which one float64 reaches the low 2098 (2^-1074 to 2^1023). The
	// 78 bits above take more than 2^63 additions of MaxFloat64.
	limbCount = 34

	fracBits = 52 // stored bits of a float64 significand
	expInf   = 1<<11 - 1
)

// Sum is the exact sum of non-negative float64 values, as a fixed-point number
// whose last bit is 2^-1074. The zero value is the empty sum.
//
// The representation is canonical: two Sums of the same value are equal under
// ==, whatever the order and grouping of the additions that made them.
type Sum struct {
	Limbs [limbCount]uint64 // least significant first; all zero if Inf
	Inf   bool
}

// Add adds v, which must be in [0, +Inf]; -0 counts as 0. An infinite v makes
// the sum +Inf for good. Add panics if v is negative or NaN.
func (s *Sum) Add(v float64) {
	b := math.Float64bits(v)
	// exp includes the sign bit, so one comparison finds all unusual values.
	exp := b >> fracBits
	if exp >= expInf || s.Inf {
		s.addUnusual(v)
		return
	}
	m := b & (1<<fracBits - 1)
	if exp != 0 {
		// A normal value has a hidden bit; the smallest normal exponent has
		// the weight of the subnormals.
		m |= 1 << fracBits
		exp--
	}
	// v is m shifted left by exp ≤ 2045, which spans at most limbs 31 and 32.
	// The %32 changes nothing but spares the bounds checks, and two right
	// shifts below 64 the test that one shift by up to 64 needs.
	i, off := exp/64%32, exp%64
	var carry uint64
	s.Limbs[i], carry = bits.Add64(s.Limbs[i], m<<off, 0)
	s.Limbs[i+1], carry = bits.Add64(s.Limbs[i+1], m>>1>>(63-off), carry)
	if carry != 0 {
		s.carryInto(i + 2)
	}
}

// carryInto adds one to limb i and ripples the carry up from there.
func (s *Sum) carryInto(i uint64) {
	for ; i < limbCount; i++ {
		if s.Limbs[i]++; s.Limbs[i] != 0 {
			return
		}
	}
	s.saturate()
}

// addUnusual is Add for a v that is -0, negative, +Inf or NaN, or for an
// infinite sum.
func (s *Sum) addUnusual(v float64) {
	switch {
	case v == 0:
	case v > 0:
		s.saturate()
	default:
		panic(fmt.Sprintf("exact: Sum.Add(%v): want a value in [0, +Inf]", v))
	}
}

// Merge adds the values summed in o, exactly. o may be s itself.
func (s *Sum) Merge(o *Sum) {
	if s.Inf {
		return
	}
	if o.Inf {
		s.saturate()
		return
	}
	var carry uint64
	for i := range s.Limbs {
		s.Limbs[i], carry = bits.Add64(s.Limbs[i], o.Limbs[i], carry)
	}
	if carry != 0 {
		s.saturate()
	}
}

// saturate makes the sum +Inf. Without negative values, whether a total
// exceeds the limbs does not depend on the order, so neither does saturation.
func (s *Sum) saturate() { *s = Sum{Inf: true} }

// IsInf reports whether an infinite value was added, or the sum is beyond all that
// a Sum can hold.
func (s *Sum) IsInf() bool { return s.Inf }

// Compare returns -1, 0 or +1: whether s is below, equal to or above o.
func (s *Sum) Compare(o *Sum) int {
	switch {
	case s.Inf && o.Inf:
		return 0
	case s.Inf:
		return +1
	case o.Inf:
		return -1
	}
	for i := limbCount - 1; i >= 0; i-- {
		if c := cmp.Compare(s.Limbs[i], o.Limbs[i]); c != 0 {
			return c
		}
	}
	return 0
}

// IsMultiple reports whether s is a whole number of 2^exp; exp is -1074 to 1023.
// Zero and +Inf are.
func (s *Sum) IsMultiple(exp int) bool { return !s.anyBelow(exp + 1074) }

// Float64 returns the float64 nearest to the sum, ties to even, in [0, +Inf].
// It is +Inf if an infinite value was added, or if the sum is at least half a
// unit in the last place above MaxFloat64.
func (s *Sum) Float64() float64 {
	if s.Inf {
		return math.Inf(1)
	}
	top := limbCount - 1
	for top > 0 && s.Limbs[top] == 0 {
		top--
	}
	length := 64*top + bits.Len64(s.Limbs[top])
	if length <= fracBits+1 {
		// At most 53 bits of 2^-1074: exact, and the limb has float64's own
		// encoding, as a subnormal or with the smallest normal exponent.
		return math.Float64frombits(s.Limbs[0])
	}
	drop := length - (fracBits + 1) // low bits to round away
	if drop > expInf-2 {
		return math.Inf(1)
	}
	m := s.window(drop)
	if s.bit(drop-1) && (m&1 != 0 || s.anyBelow(drop-1)) {
		m++
	}
	// The hidden bit of m raises the exponent from drop to drop+1, and a carry
	// out of the rounding raises it once more, up to that of +Inf.
	return math.Float64frombits(uint64(drop)<<fracBits + m)
}

// window returns the 64 bits from bit n up, n < 64·(limbCount-1).
func (s *Sum) window(n int) uint64 {
	i, off := n/64, n%64
	return s.Limbs[i]>>off | s.Limbs[i+1]<<(64-off)
}

// bit reports whether bit n is set.
func (s *Sum) bit(n int) bool { return s.Limbs[n/64]>>(n%64)&1 != 0 }

// anyBelow reports whether any bit below bit n is set.
func (s *Sum) anyBelow(n int) bool {
	for _, limb := range s.Limbs[:n/64] {
		if limb != 0 {
			return true
		}
	}
	return s.Limbs[n/64]&(1<<(n%64)-1) != 0
}
