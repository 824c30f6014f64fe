package vecmath

import (
	"encoding/binary"
	"math"
	"testing"
)

// FuzzKernels compares all kernels, and each function with float64.
func FuzzKernels(f *testing.F) {
	f.Add([]byte{}, float32(2))
	f.Add([]byte("\x00\x00\x80\x3f\x00\x00\x80\xbf\x00\x00\x80\x7f"), float32(-3))
	f.Add(make([]byte, 4*33), float32(0.5))
	f.Fuzz(func(t *testing.T, raw []byte, y float32) {
		x := make([]float32, len(raw)/4)
		for i := range x {
			x[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
		}
		want, got := make([]float32, len(x)), make([]float32, len(x))
		for _, f := range functions(y) {
			for k, set := range sets() {
				f.call(set, got, x)
				if k == 0 {
					copy(want, got)
				}
				for i := range got {
					if !same(got[i], want[i]) {
						t.Fatalf("%s: %s of %g = %g, want %g", set.Name, f.name, x[i], got[i], want[i])
					}
					if math.Abs(float64(y)) > 1e5 && f.bound == "Pow" {
						continue // math.Pow's own error grows with y
					}
					if u := ulps(got[i], f.reference(float64(x[i]))); !(u <= bounds[f.bound]) {
						t.Fatalf("%s: %s of %g = %g is off by %g ULP", set.Name, f.name, x[i], got[i], u)
					}
				}
			}
		}
	})
}
