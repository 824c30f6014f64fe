package engine

import (
	"fmt"
	"testing"
	"time"
)

// BenchmarkWeights reports, turn by turn in one run, how batches with weights compare with
// the same without, for focal loss, γ = 2: of 2^20 scores, and of 2^16, which stay in L2.
func BenchmarkWeights(b *testing.B) {
	const most = 1 << 20
	x, labels := easyBatch(most)
	ignored := append([]uint8(nil), labels...)
	weights, grad := make([]float32, most), make([]float32, most)
	for i := range weights {
		weights[i] = 0.5 + float32(i%64)/64
		if i/80%50 == 0 {
			ignored[i] = IgnoredLabel
		}
	}
	for _, kernel := range Kernels() {
		for _, size := range []int{1 << 16, most} {
			for _, c := range []struct {
				name                                  string
				columns                               int
				ofAnchors, ofScores, ofAll, ofClasses bool
				labels                                []uint8
			}{
				{"Weights", 1, true, false, false, false, labels},
				{"Weights", 4, true, false, false, false, labels},
				{"Weights", 80, true, false, false, false, labels},
				{"Weights, 1 in 50 ignored", 80, true, false, false, false, ignored},
				{"ScoreWeights", 80, false, true, false, false, labels},
				{"ScoreWeights, 1 in 50 ignored", 80, false, true, false, false, ignored},
				{"both", 1, true, true, false, false, labels},
				{"both", 4, true, true, false, false, labels},
				{"both", 80, true, true, false, false, labels},
				{"column weights", 80, false, false, true, false, labels},
				{"class weights", 80, false, false, false, true, labels},
			} {
				n := size / c.columns * c.columns
				plain := Batch{Logits: x[:n], Labels: c.labels[:n], NumClasses: c.columns}
				weighed, opts := plain, []Option{WithKernel(kernel), WithWorkers(1)}
				if c.ofAnchors {
					weighed.Weights = weights[:n/c.columns]
				}
				if c.ofScores {
					weighed.ScoreWeights = weights[:n]
				}
				one := must(New(Focal(0.25, 2), opts...))
				if c.ofAll {
					opts = append(opts, WithColumnWeights(weights[:c.columns]))
				}
				if c.ofClasses {
					opts = append(opts, WithClassWeights(weights[:c.columns]))
				}
				e := must(New(Focal(0.25, 2), opts...))
				for _, op := range []struct {
					name string
					run  func(*Engine, Batch) (Result, error)
				}{
					{"sum", (*Engine).Sum},
					{"gradients", func(e *Engine, b Batch) (Result, error) { return e.Gradients(grad[:n], b) }},
				} {
					b.Run(fmt.Sprintf("%s/%d/%d/%s/%s", kernel, size, c.columns, c.name, op.name), func(b *testing.B) {
						least := [2]time.Duration{time.Hour, time.Hour}
						for range b.N {
							start := time.Now()
							must(op.run(one, plain))
							between := time.Now()
							must(op.run(e, weighed))
							least[0], least[1] = min(least[0], between.Sub(start)), min(least[1], time.Since(between))
						}
						b.ReportMetric(float64(least[1].Nanoseconds())/float64(n), "ns/score")
						b.ReportMetric(float64(least[1])/float64(least[0]), "×unweighed")
					})
				}
			}
		}
	}
}
