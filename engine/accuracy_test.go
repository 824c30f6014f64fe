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

// exactProbLoss is exactLoss for a probability, with the clamps that [Batch]
// documents.
func exactProbLoss(l Loss, p float64, foreground bool) (loss, gradient float64) {
	pt, q, ce, w, sign := 1-p, p, -math.Log1p(-p), float64(l.NegWeight), 1.0
	if foreground {
		pt, q, ce, w, sign = p, 1-p, -math.Log(p), float64(l.PosWeight), -1
	}
	ce = min(ce, 100)
	ratio := 1.0
	if q > 0 {
		ratio = ce / q
	}
	g := float64(l.Gamma)
	w *= math.Pow(q, g)
	return w * ce, sign * w * (1/max(pt, float64(float32(1e-12))) + g*ratio)
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
	return fmt.Sprintf("%.3f ULP at %g, label %d: %.9g, exactly %.9g", w.ulps, w.x, label, w.got, w.want)
}

// ulps returns the error in units of the last place of want, or, where want is
// below floor, 0 if the error is at most floor and infinity if not.
func ulps(got float32, want, floor float64) float64 {
	diff := math.Abs(float64(got) - want)
	if a := math.Abs(want); a < floor {
		if diff <= floor {
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
	testAccuracy(t, Bounds(), func(e *Engine, part, parts uint64) (loss, slope worst, err error) {
		return sweep(e, part, parts, 1<<32, 0x1p-126, exactLoss, func(x []float32, y []uint8) Batch { return Batch{Logits: x, Labels: y} })
	})
}

// TestProbAccuracy does so for all probabilities, −0 aside. Where (1 − p_t)^γ is
// below 2⁻¹²⁶, the gradient is 1 + γ times that.
func TestProbAccuracy(t *testing.T) {
	testAccuracy(t, ProbBounds(), func(e *Engine, part, parts uint64) (loss, slope worst, err error) {
		return sweep(e, part, parts, 0x3f800001, (1+float64(e.loss.Gamma))*0x1p-126, exactProbLoss, func(x []float32, y []uint8) Batch { return Batch{Probs: x, Labels: y} })
	})
}

func testAccuracy(t *testing.T, bounds []Bound, sweep func(e *Engine, part, parts uint64) (loss, slope worst, err error)) {
	for _, b := range bounds {
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

// sweep measures one part of the bit patterns below end.
func sweep(e *Engine, part, parts, end uint64, slopeFloor float64, exact func(l Loss, x float64, foreground bool) (loss, gradient float64), batch func(x []float32, y []uint8) Batch) (loss, slope worst, err error) {
	const n = 1 << 14
	x, dst, grad := make([]float32, 0, n), make([]float32, n), make([]float32, n)
	y := [2][]uint8{make([]uint8, n), make([]uint8, n)}
	for i := range n {
		y[1][i] = 1
	}
	flush := func() error {
		for label := range y {
			n := len(x)
			if _, err := e.LossesAndGradients(dst[:n], grad[:n], batch(x, y[label][:n])); err != nil {
				return err
			}
			for i, x := range x {
				wantLoss, wantSlope := exact(e.loss, float64(x), label == 1)
				l := worst{ulps(dst[i], wantLoss, 0x1p-126), float64(x), label == 1, float64(dst[i]), wantLoss}
				s := worst{ulps(grad[i], wantSlope, slopeFloor), float64(x), label == 1, float64(grad[i]), wantSlope}
				if math.Signbit(float64(dst[i])) || dst[i] != dst[i] || grad[i] != grad[i] {
					return fmt.Errorf("score %g, label %d: loss %g, gradient %g", x, label, dst[i], grad[i])
				}
				loss.add(l)
				slope.add(s)
			}
		}
		x = x[:0]
		return nil
	}
	step := uint64(stride)
	if testing.Short() {
		step *= 16
	}
	for bits := part * step; bits < end; bits += parts * step {
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
