package engine

import (
	"fmt"
	"math"
	"testing"
	"time"
)

// BenchmarkRanking sets rankings against sums, turn by turn, and reports the share of the rate of
// Sum that is left.
func BenchmarkRanking(b *testing.B) {
	x, y := easyBatch(1 << 20)
	batch := Batch{Logits: x, Labels: y}
	for _, kernel := range Kernels() {
		e := must(New(Focal(0.25, 2), WithKernel(kernel), WithWorkers(1)))
		for _, k := range []int{10, 1000, 100000} {
			b.Run(fmt.Sprintf("%s/%d", kernel, k), func(b *testing.B) {
				least := [2]float64{math.Inf(1), math.Inf(1)}
				for range b.N {
					start := time.Now()
					must(e.Sum(batch))
					middle := time.Now()
					if _, _, err := e.Hardest(k, batch); err != nil {
						b.Fatal(err)
					}
					least[0] = min(least[0], float64(middle.Sub(start)))
					least[1] = min(least[1], float64(time.Since(middle)))
				}
				b.ReportMetric(least[1]/float64(len(x)), "ns/score")
				b.ReportMetric(100*least[0]/least[1], "%rate")
			})
		}
	}
}
