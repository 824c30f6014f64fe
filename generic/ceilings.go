package generic

import (
	"math"
	"sync/atomic"

	"github.com/flengine/flengine/asm"
)

// The ceilings measure what a machine does at most: loops of one kind of operation in
// independent chains, which do nothing else. Each of the functions with Peak in its
// name does some number of operations per turn, and returns how many that were in all;
// turns is at least 1. Here they are what Go makes of scalars; chains start at different
// values, as those that are equal throughout are one to the compiler.
//
// Of Read, Update and Copy, slices have a multiple of CeilingGroup elements, at least
// one such group, and dst as many as src.

// CeilingGroup is what the ceilings of memory take as a unit: 256 bytes.
const CeilingGroup = 64

// discard keeps the compiler from leaving out what nobody uses.
var discard atomic.Uint64

// FMAPeak does fused multiply-adds, of float64, as Go has no others.
func FMAPeak(turns int) (ops int) {
	a, b, c, d, e, f, g, h := 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8
	for range turns {
		a, b, c, d = math.FMA(a, 0.5, 1), math.FMA(b, 0.5, 1), math.FMA(c, 0.5, 1), math.FMA(d, 0.5, 1)
		e, f, g, h = math.FMA(e, 0.5, 1), math.FMA(f, 0.5, 1), math.FMA(g, 0.5, 1), math.FMA(h, 0.5, 1)
	}
	discard.Store(math.Float64bits(a + b + c + d + e + f + g + h))
	return 8 * turns
}

// AddPeak does additions and subtractions.
func AddPeak(turns int) (ops int) {
	a, b, c, d, e, f, g, h := float32(1), float32(2), float32(3), float32(4), float32(5), float32(6), float32(7), float32(8)
	for range turns {
		a, b, c, d, e, f, g, h = a+1, b+1, c+1, d+1, e+1, f+1, g+1, h+1
		a, b, c, d, e, f, g, h = a-0.5, b-0.5, c-0.5, d-0.5, e-0.5, f-0.5, g-0.5, h-0.5
	}
	discard.Store(uint64(math.Float32bits(a + b + c + d + e + f + g + h)))
	return 16 * turns
}

// FMAAddPeak does as many additions as fused multiply-adds.
func FMAAddPeak(turns int) (ops int) {
	a, b, c, d := 0.1, 0.2, 0.3, 0.4
	e, f, g, h := float32(1), float32(2), float32(3), float32(4)
	for range turns {
		a, b, c, d = math.FMA(a, 0.5, 1), math.FMA(b, 0.5, 1), math.FMA(c, 0.5, 1), math.FMA(d, 0.5, 1)
		e, f, g, h = e+1, f+1, g+1, h+1
	}
	discard.Store(math.Float64bits(a+b+c+d) + uint64(math.Float32bits(e+f+g+h)))
	return 8 * turns
}

// IntegerPeak does integer additions and exclusive ors.
func IntegerPeak(turns int) (ops int) {
	a, b, c, d, e, f, g, h := uint32(1), uint32(2), uint32(3), uint32(4), uint32(5), uint32(6), uint32(7), uint32(8)
	v := uint32(discard.Load()) | 1 // which the compiler does not know
	for range turns {
		a, b, c, d, e, f, g, h = a+v, b^v, c+v, d^v, e+v, f^v, g+v, h^v
	}
	discard.Store(uint64(a + b + c + d + e + f + g + h))
	return 8 * turns
}

// DivPeak does divisions.
func DivPeak(turns int) (ops int) {
	const v = asm.PeakDividend
	a, b, c, d, e, f, g, h := float32(1.1), float32(1.2), float32(1.3), float32(1.4), float32(1.5), float32(1.6), float32(1.7), float32(1.8)
	for range turns {
		a, b, c, d, e, f, g, h = v/a, v/b, v/c, v/d, v/e, v/f, v/g, v/h
	}
	discard.Store(uint64(math.Float32bits(a + b + c + d + e + f + g + h)))
	return 8 * turns
}

// Read loads x, so many times over.
func Read(x []float32, passes int) {
	var bits uint32
	for range passes {
		for at := 0; at < len(x); at += 8 {
			for _, v := range (*[8]float32)(x[at:]) {
				bits |= math.Float32bits(v)
			}
		}
	}
	discard.Store(uint64(bits))
}

// Update loads and stores x. Here it changes the sign, so that something is stored.
func Update(x []float32, passes int) {
	for range passes {
		for i := range x {
			x[i] = -x[i]
		}
	}
}

// Copy copies src to dst.
func Copy(dst, src []float32, passes int) {
	for range passes {
		copy(dst, src)
	}
}
