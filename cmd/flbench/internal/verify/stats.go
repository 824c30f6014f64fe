package verify

import (
	"bytes"
	"cmp"
	"math"
	"unsafe"
)

// histogramTo are the upper ends of the histogram's bins, in ULP; the last bin has
// none. They are powers of two: see errorStats.histogram.
var histogramTo = [...]float64{0.5, 1, 2, 4, 8, 16}

const bins = len(histogramTo) + 1

// errorStats is the error of one output over a sweep.
type errorStats struct {
	max       float64
	x         float32 // where it is largest
	y         float32 // of targets, the target there
	got       float32
	want      float64
	sum       float64 // of the errors, a multiple of sumUnit
	count     int64
	exponents [2][1 << 11]int64 // of the predecessors of the errors: two, as adding to
	// the same number again takes a while
	bad int64 // special values and signs that are wrong

	differing int64   // inputs on which the bits of a kernel are not generic's
	differsAt float32 // the first of them
	differs   string  // the kernel
}

// sumUnit is what a block's sum of errors is rounded to: sums of up to 2³⁷ ULP are
// exact then, and do not depend on which worker took which block.
const sumUnit = 0x1p-16

const (
	signBit  = 1 << 63
	expBits  = 0x7ff << 52
	infBits  = 0x7ff << 52
	leastExp = (1023 - 126) << 52 // the exponents of float32, as float64 has them
	mostExp  = (1023 + 127) << 52
	inf32    = 0x7f800000
)

// measure adds the errors of a block in units in the last place of the exact
// value: 2^(E−23), where that is 2^E·1.m. E is at least −126, so that subnormal
// results count in units of the smallest float32, and at most 127. Where the exact
// value is below floor, the error is 0 up to an absolute error of floor, and
// infinite beyond.
//
// The fields of float64 stand for Frexp, Ldexp and a search for the bin, each of
// which would take longer than all that is here.
func (m *errorStats) measure(x, got []float32, want []float64, floor float64) {
	var (
		sum   float64
		top   = m.max
		none  int64 // errors of 0
		least = math.Float64bits(floor)
	)
	want, x = want[:len(got)], x[:len(got)]
	if m.count == 0 && len(got) > 0 {
		m.x, m.got, m.want = x[0], got[0], want[0]
	}
	for i, g := range got {
		w := want[i]
		gb, wb := math.Float32bits(g), math.Float64bits(w)
		a := wb &^ signBit
		// |g|, widened: float64(g) would wait for the last value's, on amd64.
		v := math.Float64frombits(uint64(gb&^(1<<31))<<29) * 0x1p896
		diff := math.Abs(v - math.Float64frombits(a))
		var u float64
		switch {
		case gb&inf32 == inf32 || a >= infBits || gb>>31 != uint32(wb>>63):
			u = m.special(g, w)
		case diff == 0, a < least && diff <= floor: // most of the saturated scores
			none++
			continue
		case a < least:
			u = math.Inf(1)
		default:
			exp := min(max(a&expBits, leastExp), mostExp)
			u = diff * math.Float64frombits((2*1023+23)<<52-exp)
		}
		if u > top {
			top = u
			m.max, m.x, m.got, m.want = u, x[i], g, w
		}
		sum += u
		m.exponents[i&1][(math.Float64bits(u)-1)>>52&0x7ff]++
	}
	m.sum += math.Round(sum/sumUnit) * sumUnit
	m.count += int64(len(got))
	m.exponents[0][0] += none
}

// histogram returns the number of errors in each bin. u ≤ 2^k is bits(u) − 1 <
// bits(2^k): the exponent of the predecessor tells the bin. That of 0 is −1, or the
// last in 11 bits.
func (m *errorStats) histogram() (h [bins]int64) {
	for _, exponents := range m.exponents {
		for e, n := range exponents {
			if e == 1<<11-1 {
				e = 0
			}
			h[min(max(e-(1023-2), 0), bins-1)] += n
		}
	}
	return h
}

// special returns the error where a value is infinite or NaN, or where the signs
// differ, those of zeros included. It counts what is wrong whatever the bound. An
// infinite result stands for 2¹²⁸ and all beyond.
func (m *errorStats) special(got float32, want float64) float64 {
	switch g := float64(got); {
	case want != want && got != got:
		return 0
	case want != want || got != got || math.Signbit(g) != math.Signbit(want):
	case !math.IsInf(g, 0): // but want is
	case math.Abs(want) >= 0x1p128:
		return 0
	default:
		return (0x1p128 - math.Abs(want)) / 0x1p104
	}
	m.bad++
	return math.Inf(1)
}

// compare counts where a kernel's bits are not those of generic; NaN is NaN.
func (m *errorStats) compare(kernel string, x, got, generic []float32) {
	if bytes.Equal(raw(got), raw(generic)) {
		return
	}
	for i, g := range got {
		if r := generic[i]; math.Float32bits(g) != math.Float32bits(r) && (g == g || r == r) {
			if m.differing == 0 {
				m.differsAt, m.differs = x[i], kernel
			}
			m.differing++
		}
	}
}

// raw is the memory of x.
func raw(x []float32) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(x))), 4*len(x))
}

// before tells whether a's worst input comes before b's.
func before(a, b *errorStats) bool {
	return cmp.Or(cmp.Compare(math.Float32bits(a.x), math.Float32bits(b.x)), cmp.Compare(math.Float32bits(a.y), math.Float32bits(b.y))) < 0
}

// merge adds o. Of equal errors the smaller bit pattern of x is kept, so that the
// result does not depend on the workers.
func (m *errorStats) merge(o *errorStats) {
	if o.count == 0 {
		return
	}
	if m.count == 0 || o.max > m.max || o.max == m.max && before(o, m) {
		m.max, m.x, m.y, m.got, m.want = o.max, o.x, o.y, o.got, o.want
	}
	if o.differing > 0 && (m.differing == 0 || math.Float32bits(o.differsAt) < math.Float32bits(m.differsAt)) {
		m.differsAt, m.differs = o.differsAt, o.differs
	}
	m.sum += o.sum
	m.count += o.count
	m.bad += o.bad
	m.differing += o.differing
	for i := range m.exponents {
		for e, n := range o.exponents[i] {
			m.exponents[i][e] += n
		}
	}
}
