package generic

import (
	"math"
	"sync"
	"unsafe"

	"github.com/flengine/flengine/asm"
)

// Logarithms of probabilities are in three parts, −ln t = −k·ln2 + h − g: k the exponent of t,
// which comes as 2²³·k, h = ln c of a table, and g = ln(1 + f), f = c·t/2^k − 1.

// lnParts is −ln of t + low, which are scaled by asm.ProbScale, in its parts.
func lnParts(t, low float32) (g, h, k float32) {
	b := math.Float32bits(t) - asm.LnSplit
	j := b >> 20 & 7
	b &= asm.ExpMask
	c := math.Float32frombits(asm.LnRecip[j] - b)
	return lnPoly.at(fma32(c, low, fma32(c, t, -1))), asm.LnTable[j], float32(int32(b))
}

// addLn2 is −k·ln2 + d in two parts.
func addLn2(d, k float32) (s, low float32) {
	m := float32(k * asm.Ln2ByExpHi) // exact
	s = m + d
	return s, fma32(k, asm.Ln2ByExpLo, d-(s-m))
}

// lnEntry is what c/2^k, h and k make. All of it depends on the upper bits of t alone, and the
// passes over groups look it up.
type lnEntry struct {
	c        float64 // c/2^k
	low      float64 // −k·ln2 = high + low
	high, h  float32
	highAndH float32 // −k·ln2 + h, rounded once
}

// lnEntryOf is for t of either sign; anything if it is not finite.
func lnEntryOf(t float32) *lnEntry { return &lnEntries[(math.Float32bits(t)-asm.LnSplit)>>20&2047] }

// lnEntries are made where they are first wanted, as whoever has assembly never does.
var lnEntries *[2048]lnEntry

var makeLnEntries = sync.OnceFunc(func() {
	t := new([2048]lnEntry)
	for i := range t {
		b := (uint32(i+1)<<20-1+asm.LnSplit)&^(1<<31) - asm.LnSplit // of the last t
		j := b >> 20 & 7
		b &= asm.ExpMask
		k, h := float32(int32(b)), asm.LnTable[j]
		t[i] = lnEntry{
			c:        float64(math.Float32frombits(asm.LnRecip[j] - b)),
			low:      float64(k) * asm.Ln2ByExpLo,
			high:     k * asm.Ln2ByExpHi,
			h:        h,
			highAndH: float32(float64(k)*asm.Ln2ByExp + float64(h)), // exact in float64
		}
	}
	lnEntries = t
})

// side is how a score's t is taken: as one + scale·x, which is scaled by asm.ProbScale.
type side struct{ one, scale float32 }

// trueSides have p_t, falseSides 1 − p_t, by label & 3.
var (
	itself, complement = side{0, asm.ProbScale}, side{asm.ProbScale, -asm.ProbScale}

	trueSides  = [4]side{complement, itself, complement, complement}
	falseSides = [4]side{itself, complement, itself, itself}
)

// reduce sets f and entry of the logarithm of a score's t, which is evaluated without the
// rounding of 1 − x: what t lost of it goes into f. The sums are exact in float64: where
// something is lost, f is −x where c is 1, else x is above 1/32.
func (s *side) reduce(x float32) (f float64, e *lnEntry) {
	x = float32(x * s.scale)
	t := s.one + x
	low := (s.one - t) + x
	e = lnEntryOf(t)
	r := float32(e.c*float64(t) - 1)
	return float64(float32(e.c*float64(low) + float64(r))), e
}

// crossEntropy sets ce to min(−ln p_t, 100), and all of it to NaN if any of x is
// no probability.
func crossEntropy(ce, x *group, y *[Group]uint8) {
	var f wide
	var v group
	var hard [Group]uint8
	n := easyCrossEntropy(ce, x, y, &hard)
	top := uint32(0)
	for k, i := range hard[:n] {
		i &= Group - 1
		x := x[i]
		var e *lnEntry
		f[k], e = trueSides[y[i]&3].reduce(x)
		v[k] = e.highAndH
		top = max(top, math.Float32bits(x+0)) // −0 counts as 0
	}
	lnPoly.add(v[:n], -1, f[:n])
	for k, i := range hard[:n] {
		ce[i&(Group-1)] = atMost(v[k], asm.MaxCE)
	}
	if top > 0x3f800000 {
		for i := range ce {
			ce[i] = float32(math.NaN())
		}
	}
}

// easyCrossEntropy sets ce of easy scores, which most are: those of no positive, from 2⁻¹⁷ to
// 1/32. Their k and h are 0 and c is 1, so that f is −x, exactly, and the sums of the polynomial
// are between powers of 2 that are known. The others are listed, without branches that would
// mispredict.
func easyCrossEntropy(ce, x *group, y *[Group]uint8, hard *[Group]uint8) (n int) {
	const (
		least, most = 0x37000000, 0x3d000000 // the bits of 2⁻¹⁷ and 1/32

		// Added to a value from 1/2 to 1, and from 1/4 to 1/2, these round it to float32.
		half, quarter = 0x1.8p28, 0x1.8p27
	)
	_, _, _, _ = ce[0], x[0], y[0], hard[0]     // so that loops check nothing
	bits := (*[Group]uint32)(unsafe.Pointer(x)) // to be loaded as such
	for i := range Group {
		b, xx := bits[i], float64(x[i]*x[i])
		xd := float64(x[i])
		hi := (asm.G3*xd + (quarter - asm.G2)) - quarter
		d := (hi*xx + (asm.G1*xd + (half - asm.G0))) - half
		v := d*xx + xd
		ce[i] = float32(v)
		hard[n&(Group-1)] = uint8(i)
		switch {
		case tie(v):
			n++
		default:
			if (b|uint32(y[i])<<31)-least > most-least {
				n++
			}
		}
	}
	return n
}

// probPower sets q to (1 − p_t)^γ; 0 for p_t = 1.
func probPower(q, x *group, y *[Group]uint8, p *asm.Params) {
	var f wide
	var s, low group
	var entries [Group]*lnEntry
	for i, x := range x {
		f[i], entries[i] = falseSides[y[i]&3].reduce(x)
	}
	lnSum(&s, &low, &f, &entries)
	expProduct(q, &s, &low, p)
}

// lnSum sets s + low to −k·ln2 + h − g. Where k is not 0, h − g is 0 or at least 2⁻²⁵, so that
// the sum of the low parts is exact in float64.
func lnSum(s, low *group, f *wide, entries *[Group]*lnEntry) {
	for i, e := range entries {
		s[i] = e.h
	}
	lnPoly.add(s[:], -1, f[:])
	for i, e := range entries {
		d := s[i]
		s[i] = e.high + d
		low[i] = float32(e.low + float64(d-(s[i]-e.high)))
	}
}
