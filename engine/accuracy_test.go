package engine

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"

	"github.com/flengine/flengine/asm"
)

// stride of the accuracy sweep over the bit patterns of all float32 logits;
// flbench verify goes further.
const stride uint64 = 2003

// reference returns a loss and its gradient by the score in float64, accurate to far below a
// float32 ULP.
type reference func(x float64, foreground bool) (loss, gradient float64)

// exactLoss is the reference for logits.
func exactLoss(l Loss) reference {
	define := l.Definition()
	pos, neg := l.Weights()
	return func(x float64, foreground bool) (loss, gradient float64) {
		u, w, sign := x, float64(neg), 1.0
		if foreground {
			u, w, sign = -x, float64(pos), -1
		}
		e := math.Exp(-math.Abs(u))
		q, pt := 1/(1+e), e/(1+e)
		if u < 0 {
			q, pt = pt, q
		}
		ce := math.Max(u, 0) + math.Log1p(e)
		f, byCE, byQ := define(Terms{ce, pt, q})
		return w * f, sign * w * (byCE*q + byQ*q*pt)
	}
}

// exactProbLoss is the reference for probabilities, with the clamps that [Batch] documents.
func exactProbLoss(l Loss) reference {
	define := l.Definition()
	pos, neg := l.Weights()
	return func(p float64, foreground bool) (loss, gradient float64) {
		pt, q, ce, w, sign := 1-p, p, -math.Log1p(-p), float64(neg), 1.0
		if foreground {
			pt, q, ce, w, sign = p, 1-p, -math.Log(p), float64(pos), -1
		}
		ce = min(ce, 100)
		f, byCE, byQ := define(Terms{ce, pt, q})
		return w * f, sign * w * (byCE/max(pt, float64(float32(1e-12))) + byQ)
	}
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

// A form says what the scores are.
type form struct {
	name  string
	input asm.Input
	list  func() []Bound
	end   uint64 // the bit patterns of float32 below that are scores, but for infinities and NaN
	exact func(Loss) reference
	batch func(x []float32, y []uint8) Batch
}

var (
	fromLogits = form{"logits", asm.Logits, Bounds, 1 << 32, exactLoss, func(x []float32, y []uint8) Batch { return Batch{Logits: x, Labels: y} }}
	fromProbs  = form{"probabilities", asm.Probs, ProbBounds, 0x3f800001, exactProbLoss, func(x []float32, y []uint8) Batch { return Batch{Probs: x, Labels: y} }}
)

// TestAccuracy measures the error over a stride of all logits, and checks that
// no value is missing, no loss is −0 and nothing is NaN, of every kernel. Package kernel
// compares them with generic: here it shows which of them is wrong.
func TestAccuracy(t *testing.T) { testAccuracy(t, fromLogits, Bounds(), stride) }

// TestProbAccuracy does so for all probabilities, −0 aside.
func TestProbAccuracy(t *testing.T) { testAccuracy(t, fromProbs, ProbBounds(), stride) }

// TestLargeGamma: what [Bound] says of γ beyond 5.
func TestLargeGamma(t *testing.T) {
	var logits, probs []Bound
	for _, gamma := range []float32{5.5, 7, 10, 20, 45, 100} {
		b := Bound{
			Name: fmt.Sprintf("focal, γ = %g", gamma), Loss: Focal(0.25, gamma),
			LossULP: 1.5*float64(gamma) + 2, GradientULP: 1.5*float64(gamma) + 2, LossFloor: 0x1p-126, GradientFloor: (1 + float64(gamma)) * 0x1p-126,
		}
		logits = append(logits, b)
		b.LossULP, b.GradientULP = float64(gamma)/3+4, float64(gamma)/3+4
		probs = append(probs, b)
	}
	testAccuracy(t, fromLogits, logits, 4*stride)
	testAccuracy(t, fromProbs, probs, 4*stride)
}

// measured are what is measured of each set, in the order of accuracy: all that its kernels
// of one formula return.
var measured = [...]struct {
	what   string
	kernel asm.Output
}{{"loss", asm.Loss}, {"loss", asm.Gradient}, {"gradient", asm.Gradient}}

// accuracy is the worst of the outputs.
type accuracy [len(measured)]worst

func testAccuracy(t *testing.T, f form, bounds []Bound, stride uint64) {
	for _, b := range bounds {
		t.Run(f.name+"/"+b.Name, func(t *testing.T) {
			var engines []*Engine
			for _, name := range Kernels() {
				engines = append(engines, must(New(b.Loss, WithKernel(name), WithWorkers(1))))
			}
			var mu sync.Mutex
			all := make([]accuracy, len(engines))
			var wg sync.WaitGroup
			parts := uint64(runtime.GOMAXPROCS(0))
			for part := range parts {
				wg.Go(func() {
					of, err := sweep(engines, b, f, part, parts, stride)
					mu.Lock()
					defer mu.Unlock()
					for i, of := range of {
						for k, w := range of {
							all[i][k].add(w)
						}
					}
					if err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			for i, e := range engines {
				for k, w := range all[i] {
					what, bound := measured[k].what, b.LossULP
					if what == "gradient" {
						bound = b.GradientULP
					}
					name := e.Kernel() + "/" + asm.KernelOf(e.formula, f.input, measured[k].kernel).String()
					t.Logf("%s: %-8s %v", name, what, w)
					if w.ulps > bound {
						t.Errorf("%s: %s beyond its bound of %g ULP: %v", name, what, bound, w)
					}
				}
			}
		})
	}
}

// sweep measures one part of every stride-th score on the first engine, and an eighth of
// that on the others.
func sweep(engines []*Engine, b Bound, f form, part, parts, step uint64) ([]accuracy, error) {
	exact := f.exact(b.Loss)
	const n = 1 << 11
	x, dst, grad, value := make([]float32, 0, n), make([]float32, n), make([]float32, n), make([]float32, n)
	y := [2][]uint8{make([]uint8, n), make([]uint8, n)}
	for i := range n {
		y[1][i] = 1
	}
	var wantLoss, wantSlope [n]float64
	all := make([]accuracy, len(engines))
	turn := 0
	flush := func() error {
		n := len(x)
		for label := range y {
			for i, x := range x {
				wantLoss[i], wantSlope[i] = exact(float64(x), label == 1)
			}
			for k, e := range engines {
				if k > 0 && turn%8 != 0 {
					break
				}
				batch := f.batch(x, y[label][:n])
				_, err := e.LossesAndGradients(dst[:n], grad[:n], batch)
				if err == nil {
					_, err = e.Losses(value[:n], batch)
				}
				if err != nil {
					return fmt.Errorf("%s: %w", e.Kernel(), err)
				}
				for i, x := range x {
					if math.Signbit(float64(dst[i])) || math.Signbit(float64(value[i])) || dst[i] != dst[i] || value[i] != value[i] || grad[i] != grad[i] {
						return fmt.Errorf("%s: score %g, label %d: loss %g, with the gradient %g, gradient %g", e.Kernel(), x, label, value[i], dst[i], grad[i])
					}
					all[k][0].add(worst{ulps(value[i], wantLoss[i], b.LossFloor), float64(x), label == 1, float64(value[i]), wantLoss[i]})
					all[k][1].add(worst{ulps(dst[i], wantLoss[i], b.LossFloor), float64(x), label == 1, float64(dst[i]), wantLoss[i]})
					all[k][2].add(worst{ulps(grad[i], wantSlope[i], b.GradientFloor), float64(x), label == 1, float64(grad[i]), wantSlope[i]})
				}
			}
		}
		x = x[:0]
		turn++
		return nil
	}
	if testing.Short() {
		step *= 16
	}
	for bits := part * step; bits < f.end; bits += parts * step {
		v := math.Float32frombits(uint32(bits))
		if v-v != 0 {
			continue
		}
		if x = append(x, v); len(x) == n {
			if err := flush(); err != nil {
				return all, err
			}
		}
	}
	return all, flush()
}

// TestWeightedAccuracy: what [Bound] says of weights other than those of the list.
func TestWeightedAccuracy(t *testing.T) {
	n := fewer(1<<12, 1<<11)
	rng := rand.New(rand.NewPCG(13, 126))
	for _, f := range []form{fromLogits, fromProbs} {
		for _, b := range f.list() {
			one := f.exact(b.Loss.Weighted(1, 1))
			var worstLoss, worstSlope float64 // relative to the bound
			for range fewer(6, 1) {
				for range 8 {
					// Products from 2⁻¹²⁰ on; that of the weights in the middle is near 1.
					scale := float32(math.Exp2(float64(rng.IntN(216) - 108)))
					weight := (1 + rng.Float32()) * float32(math.Exp2(float64(rng.IntN(12)-6)))
					of, in := scale*(1+rng.Float32()), weight
					if rng.IntN(4) == 0 {
						of = 1.3
					}
					e := must(New(b.Loss.Weighted(of, of), WithWorkers(1)))
					x, y, w := make([]float32, n), make([]uint8, n), make([]float32, n)
					for i := range x {
						for x[i] = nan; x[i] != x[i] || x[i]-x[i] != 0; {
							x[i] = math.Float32frombits(uint32(rng.Uint64() % f.end))
						}
						if i%2 == 0 && f.end == 1<<32 { // near the floor, and where most scores are
							x[i] = (rng.Float32() - 0.5) * 200
						}
						y[i], w[i] = uint8(rng.IntN(2)), in
					}
					batch := f.batch(x, y)
					batch.Weights = w
					dst, grad := make([]float32, n), make([]float32, n)
					must(e.LossesAndGradients(dst, grad, batch))
					for i, x := range x {
						loss, slope := one(float64(x), y[i] == 1)
						product := float64(of) * float64(in)
						check := func(what string, got float32, exact, bound, floor float64, worst *float64) {
							t.Helper()
							want := product * exact
							off := math.Abs(float64(got) - want)
							switch limit := (bound + 1) * 0x1p-23 * math.Abs(want); {
							case math.Abs(want) > math.MaxFloat32:
							case math.Abs(exact) >= floor && math.Abs(want) >= floor:
								*worst = max(*worst, off/limit)
								if !(off <= limit) {
									t.Fatalf("%s, weights %g and %g, %s at %g, label %d: %g, exactly %g: %g of the bound", b.Loss, of, in, what, x, y[i], got, want, off/limit)
								}
							case !(off <= floor*max(1, product)):
								t.Fatalf("%s, weights %g and %g, %s at %g, label %d: %g, exactly %g, off by more than the floor", b.Loss, of, in, what, x, y[i], got, want)
							}
						}
						check("loss", dst[i], loss, b.LossULP, b.LossFloor, &worstLoss)
						check("gradient", grad[i], slope, b.GradientULP, b.GradientFloor, &worstSlope)
					}
				}
			}
			t.Logf("%s from %s: at worst %.2f of the bound of losses, %.2f of gradients", b.Name, f.name, worstLoss, worstSlope)
		}
	}
}

// TestFloorIsOfWeightOne: a loss above 2⁻¹²⁶ may be off by more than its bound if it is
// below that without its weight; and a product of weights that underflows takes the loss
// with it.
func TestFloorIsOfWeightOne(t *testing.T) {
	at := func(l Loss, x float32, y uint8, w float32) float64 {
		dst := make([]float32, 1)
		must(must(New(l)).Losses(dst, Batch{Logits: []float32{x}, Labels: []uint8{y}, Weights: []float32{w}}))
		return float64(dst[0])
	}
	for _, x := range []float32{-87.4998, -87.6, -88, -90} {
		one, _ := exactLoss(CrossEntropy())(float64(x), false)
		got, want := at(CrossEntropy().Weighted(1.3, 1.3), x, 0, 1), float64(float32(1.3))*one
		if one >= 0x1p-126 || math.Abs(got-want) > 1.3*0x1p-126 {
			t.Errorf("logit %g: %g, exactly %g, and %g with weight 1", x, got, want, one)
		}
	}
	for _, c := range []struct {
		of, in float32
		want   float64 // of the logit −1e30, label 1
		zero   bool
	}{{1e-30, 1e-30, 1e-30, true}, {1e-18, 1e-18, 1e-6, false}} {
		if got := at(CrossEntropy().Weighted(c.of, 0), -1e30, 1, c.in); c.zero && got != 0 || !c.zero && math.Abs(got-c.want) > 1e-6*c.want {
			t.Errorf("weights %g and %g: %g, exactly %g", c.of, c.in, got, c.want)
		}
	}
}
