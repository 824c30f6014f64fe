package engine

import (
	"fmt"
	"math"
	"runtime"
	"sync"
	"testing"
)

// stride of the accuracy sweep over the bit patterns of all float32 logits;
// flbench verify goes further.
const stride = 2003

// exactLoss returns the loss and its gradient by the logit in float64, accurate
// to far below a float32 ULP.
func exactLoss(l Loss, x float64, foreground bool) (loss, gradient float64) {
	u, w, sign := x, float64(l.NegWeight), 1.0
	if foreground {
		u, w, sign = -x, float64(l.PosWeight), -1
	}
	e := math.Exp(-math.Abs(u))
	log := math.Log1p(e)
	sp, spNeg := math.Max(u, 0)+log, math.Max(-u, 0)+log // −ln p_t, −ln(1 − p_t)
	q, pt := 1/(1+e), e/(1+e)
	if u < 0 {
		q, pt = pt, q
	}
	g := float64(l.Gamma)
	w *= math.Exp(-g * spNeg)
	return w * sp, sign * w * (q + g*pt*sp)
}

// worst is the largest error seen and where.
type worst struct {
	ulps, x    float64
	foreground bool
	got, want  float64
}

func (w *worst) add(o worst) {
	if o.ulps > w.ulps {
		*w = o
	}
}

func (w worst) String() string {
	label := 0
	if w.foreground {
		label = 1
	}
	return fmt.Sprintf("%.3f ULP at x = %g, label %d: %.9g, exactly %.9g", w.ulps, w.x, label, w.got, w.want)
}

// ulps returns the error in units of the last place of want, or, where want is
// below 2⁻¹²⁶, 0 if the error is at most 2⁻¹²⁶ and infinity if not.
func ulps(got float32, want float64) float64 {
	diff := math.Abs(float64(got) - want)
	if a := math.Abs(want); a < 0x1p-126 {
		if diff <= 0x1p-126 {
			return 0
		}
		return math.Inf(1)
	}
	_, exp := math.Frexp(want)
	return diff / math.Ldexp(1, exp-24)
}

// TestAccuracy measures the error over a stride of all logits, and checks that
// no value is missing, no loss is −0 and nothing is NaN. Kernels agree bit for
// bit, so the fastest stands for all.
func TestAccuracy(t *testing.T) {
	for _, b := range Bounds() {
		t.Run(b.Name, func(t *testing.T) {
			e := must(New(b.Loss, WithWorkers(1)))
			var mu sync.Mutex
			var loss, slope worst
			var wg sync.WaitGroup
			parts := uint64(runtime.GOMAXPROCS(0))
			for part := range parts {
				wg.Go(func() {
					l, s, err := sweep(e, part, parts)
					mu.Lock()
					defer mu.Unlock()
					loss.add(l)
					slope.add(s)
					if err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			t.Logf("loss     %v", loss)
			t.Logf("gradient %v", slope)
			if loss.ulps > b.LossULP {
				t.Errorf("loss beyond its bound of %g ULP: %v", b.LossULP, loss)
			}
			if slope.ulps > b.GradientULP {
				t.Errorf("gradient beyond its bound of %g ULP: %v", b.GradientULP, slope)
			}
		})
	}
}

// sweep measures one part of the bit patterns.
func sweep(e *Engine, part, parts uint64) (loss, slope worst, err error) {
	const n = 1 << 14
	x, dst, grad := make([]float32, 0, n), make([]float32, n), make([]float32, n)
	y := [2][]uint8{make([]uint8, n), make([]uint8, n)}
	for i := range n {
		y[1][i] = 1
	}
	flush := func() error {
		for label := range y {
			n := len(x)
			if _, err := e.LossesAndGradients(dst[:n], grad[:n], Batch{Logits: x, Labels: y[label][:n]}); err != nil {
				return err
			}
			for i, x := range x {
				wantLoss, wantSlope := exactLoss(e.loss, float64(x), label == 1)
				l := worst{ulps(dst[i], wantLoss), float64(x), label == 1, float64(dst[i]), wantLoss}
				s := worst{ulps(grad[i], wantSlope), float64(x), label == 1, float64(grad[i]), wantSlope}
				if math.Signbit(float64(dst[i])) || dst[i] != dst[i] || grad[i] != grad[i] {
					return fmt.Errorf("logit %g, label %d: loss %g, gradient %g", x, label, dst[i], grad[i])
				}
				loss.add(l)
				slope.add(s)
			}
		}
		x = x[:0]
		return nil
	}
	for bits := part * stride; bits < 1<<32; bits += parts * stride {
		v := math.Float32frombits(uint32(bits))
		if v-v != 0 {
			continue
		}
		if x = append(x, v); len(x) == n {
			if err := flush(); err != nil {
				return loss, slope, err
			}
		}
	}
	return loss, slope, flush()
}
