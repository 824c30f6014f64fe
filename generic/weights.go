package generic

import (
	"math"
	"unsafe"

	"github.com/flengine/flengine/asm"
)

// The passes over weights. The lengths of their arguments are equal multiples of Group, at most
// Block, but where another is said.

// SpreadWeights sets dst, of any length, to the weights of rows of so many columns, in each row
// that of w; of the first row the first columns, fewer than there are, are skipped. w has no
// weights past those that dst takes.
func SpreadWeights(dst, w []float32, columns, skip int) {
	for i := range dst {
		dst[i] = w[(i+skip)/columns]
	}
}

// MultiplyWeights sets dst, which may be a or b, to a·b, and returns the bits that any factor
// has. b is as many as there are in a.
func MultiplyWeights(dst, a []float32, b *float32) (bits uint32) {
	for i, w := range unsafe.Slice(b, len(a)) {
		bits |= math.Float32bits(a[i]) | math.Float32bits(w)
		dst[i] = a[i] * w
	}
	return bits
}

// PickPositives sets dst to c where the label y is 1, to 1 where it is 0 or 255. There are as
// many labels.
func PickPositives(dst, c []float32, y *uint8) {
	for i, y := range unsafe.Slice(y, len(dst)) {
		if dst[i] = 1; y == 1 {
			dst[i] = c[i]
		}
	}
}

// SumWeights adds the lane sums of the canonical sum of the weights w, 0 where the label y is
// 255, to lanes, and returns the greatest bits of any weight.
func SumWeights(w []float32, y []uint8, lanes *[8]float64) (most uint32) {
	for at := 0; at < len(w); at += Group {
		g := *(*group)(w[at:])
		for i, y := range y[at : at+Group] {
			if most = max(most, math.Float32bits(g[i])); y == 255 {
				g[i] = 0
			}
		}
		reduce(&g, lanes)
	}
	return most
}

// sumWeights adds what the weights of a group come to.
func sumWeights(w []float32, to *asm.WeightSums) {
	g := (*group)(w)
	reduce(g, &to.Lanes)
	for _, w := range g {
		to.Bits[0] |= math.Float32bits(w)
	}
}
