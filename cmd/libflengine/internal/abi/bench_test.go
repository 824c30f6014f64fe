package abi

import (
	"testing"
	"unsafe"
)

// BenchmarkEvaluate is what a call of a hundred scores takes, but for the border.
func BenchmarkEvaluate(b *testing.B) {
	logits, labels, grad := make([]float32, 100), make([]uint8, 100), make([]float32, 100)
	loss := []byte("focal(alpha=0.25,gamma=2)\x00")
	r := Request{Size: uint64(unsafe.Sizeof(Request{})), Loss: &loss[0], Workers: 1, Rows: 100, Columns: 1,
		Scores: unsafe.Pointer(&logits[0]), Labels: unsafe.Pointer(&labels[0]), LabelsForm: Labels, LabelsType: Uint8}
	result := Result{Size: uint64(unsafe.Sizeof(Result{}))}
	for _, c := range []struct {
		name string
		out  unsafe.Pointer
	}{{"sum", nil}, {"gradients", unsafe.Pointer(&grad[0])}} {
		b.Run(c.name, func(b *testing.B) {
			r.Gradients = c.out
			b.ReportAllocs()
			for b.Loop() {
				if Evaluate(&r, &result, nil) != OK {
					b.Fatal("it failed")
				}
			}
		})
	}
}
