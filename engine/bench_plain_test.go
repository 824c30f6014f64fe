package engine

import (
	"math"
	"testing"
	"time"
)

// plainLoop is the sum of a focal loss with α = 0.25, as a plain loop over package math has it.
type plainLoop func(x []float32, y []uint8, gamma float64) float64

// BenchmarkPlain sets the sums of pure Go against plain loops over math.Exp and math.Log1p in
// float64, turn by turn: the least ns/score of each, and ours as a multiple of theirs.
func BenchmarkPlain(b *testing.B) {
	const n = 1 << 14
	x, y := easyBatch(n)
	p := make([]float32, n)
	for i, x := range x {
		p[i] = float32(1 / (1 + math.Exp(-float64(x))))
	}
	logits, probs := Batch{Logits: x, Labels: y}, Batch{Probs: p, Labels: y}
	for _, c := range []struct {
		name  string
		loss  Loss
		gamma float64
		batch Batch
		plain plainLoop
	}{
		{"ce/logits", Focal(0.25, 0), 0, logits, plainLogits},
		{"focal2/logits", Focal(0.25, 2), 2, logits, plainLogits},
		{"focal1.5/logits", Focal(0.25, 1.5), 1.5, logits, plainLogits},
		{"ce/probs", Focal(0.25, 0), 0, probs, plainProbs},
		{"focal2/probs", Focal(0.25, 2), 2, probs, plainProbs},
		{"focal1.5/probs", Focal(0.25, 1.5), 1.5, probs, plainProbs},
	} {
		b.Run(c.name, func(b *testing.B) {
			scores := x
			if c.batch.Probs != nil {
				scores = p
			}
			e := must(New(c.loss, WithKernel("generic"), WithWorkers(1)))
			ours, theirs := time.Hour, time.Hour
			for range b.N {
				start := time.Now()
				r := must(e.Sum(c.batch))
				ours = min(ours, time.Since(start))
				start = time.Now()
				plain := c.plain(scores, y, c.gamma)
				theirs = min(theirs, time.Since(start))
				if got := r.Sum(); math.Abs(got-plain) > 1e-5*plain {
					b.Fatalf("the sum is %g, a plain loop's %g", got, plain)
				}
			}
			b.ReportMetric(float64(ours)/n, "ns/ours")
			b.ReportMetric(float64(theirs)/n, "ns/plain")
			b.ReportMetric(float64(ours)/float64(theirs), "×plain")
		})
	}
}

// plainLogits sums w·q^γ·softplus(u), plainProbs −w·q^γ·ln p_t.
func plainLogits(x []float32, y []uint8, gamma float64) (sum float64) {
	for i, x := range x {
		u, w := float64(x), 0.75
		if y[i] == 1 {
			u, w = -u, 0.25
		}
		e := math.Exp(-math.Abs(u))
		l := math.Log1p(e)
		ce := max(u, 0) + l
		switch gamma {
		case 0:
			sum += w * ce
		case 2:
			q := 1 / (1 + e)
			if u < 0 {
				q *= e
			}
			sum += w * q * q * ce
		default:
			sum += w * math.Exp(-gamma*(max(-u, 0)+l)) * ce
		}
	}
	return sum
}

func plainProbs(x []float32, y []uint8, gamma float64) (sum float64) {
	for i, x := range x {
		p := float64(x)
		q, w := p, 0.75
		var ce float64
		if y[i] == 1 {
			q, w = 1-p, 0.25
			ce = -math.Log(p)
		} else {
			ce = -math.Log1p(-p)
		}
		switch gamma {
		case 0:
			sum += w * ce
		case 2:
			sum += w * q * q * ce
		default:
			sum += w * math.Exp(gamma*math.Log(q)) * ce
		}
	}
	return sum
}
