package engine

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

// softmaxRow is a row's loss by its definition in float64, and what its gradients are sums of:
// their magnitudes, per score.
func softmaxRow(x []float64, class int, w []float64, gamma, smoothing float64) (loss float64, scale []float64) {
	columns := float64(len(x))
	top := x[0]
	for _, x := range x {
		top = max(top, x)
	}
	sum, others := 0.0, 0.0
	for j, x := range x {
		e := math.Exp(x - top)
		sum += e
		if j != class {
			others += e
		}
	}
	lse := top + math.Log(sum)
	ce := lse - x[class]
	if x[class] == top {
		ce = math.Log1p(others / math.Exp(x[class]-top))
	}
	q, pt := others/sum, math.Exp(x[class]-top)/sum
	power := math.Pow(q, gamma)
	loss = (1 - smoothing) * w[class] * power * ce
	all := 0.0
	for j, x := range x {
		all += w[j]
		if smoothing > 0 {
			loss += smoothing / columns * w[j] * (lse - x)
		}
	}
	// The slope of w·q^γ·ce by ce, which is q times itself over q for the others.
	slope := (1 - smoothing) * w[class] * power * (1 + gamma*pt*ratio(ce, q))
	for j, x := range x {
		p := math.Exp(x-top) / sum
		s := slope * p
		if j == class {
			s = slope * q
		}
		if smoothing > 0 {
			s += smoothing / columns * (all*p + w[j])
		}
		scale = append(scale, s)
	}
	return loss, scale
}

// ratio is ce/q, 1 in the limit.
func ratio(ce, q float64) float64 { return (Terms{CE: ce, Q: q}).Ratio() }

// testGoldenSoftmax: PyTorch's cross_entropy with weights, smoothing and ignored rows; kornia's
// focal loss, whose α is 1−α for class 0 and α for others, and MMCV's, whose α is a factor of
// all. All three are class weights here.
func testGoldenSoftmax(t *testing.T, g *goldenCase) {
	classes := g.classes("classes")
	gamma, smoothing := g.param("gamma", 0), g.param("label_smoothing", 0)
	l := SoftmaxCrossEntropy()
	if gamma != 0 {
		l = SoftmaxFocal(float32(gamma))
	}
	if smoothing != 0 {
		l = l.Smoothed(float32(smoothing))
	}
	ignored := int32(g.param("ignore_index", -100))
	options := []Option{WithIgnored(ignored)}
	c := scoreCase{goldenCase: g}
	c.scores()
	b := c.batch
	b.Targets, b.Classes, b.NumClasses = nil, classes, int(g.param("C", 0))
	columns := b.NumClasses

	weights := g.floats("class_weight")
	alpha := float32(g.param("alpha", -1))
	w := make([]float64, columns)
	if weights == nil && alpha >= 0 {
		weights = make([]float32, columns)
		for j := range weights {
			weights[j] = 1
		}
	}
	for j := range w {
		w[j] = 1
		if weights == nil {
			continue
		}
		if alpha >= 0 {
			factor := alpha
			if j == 0 && strings.HasPrefix(g.Name, "sfmfocal_kornia") {
				factor = 1 - alpha
			}
			weights[j] *= factor
		}
		w[j] = float64(weights[j])
	}
	if weights != nil {
		options = append(options, WithClassWeights(weights))
	}
	bound := boundOf(t, RowBounds(), l)
	lossULP, gradULP := bound.LossULP+1.5, bound.GradientULP+1.5 // ½ each for a weight, its product and 1−ε
	floor := float64(columns+1) * 0x1p-126
	for _, kernel := range Kernels() {
		e := must(New(l, append(options, WithKernel(kernel))...))
		dst, grad := make([]float32, len(classes)), make([]float32, len(classes)*columns)
		r := must(e.LossesAndGradients(dst, grad, b))
		for i, class := range classes {
			row := grad[i*columns:][:columns]
			wantLoss, wantGrad := g.arrays["loss_exact"][i], g.arrays["grad_exact"][i*columns:][:columns]
			what := fmt.Sprintf("%s, %v, row %d: ", kernel, l, i)
			if class == ignored {
				for _, v := range append([]float32{dst[i]}, row...) {
					if v != 0 {
						t.Errorf("%signored, but has %g", what, v)
					}
				}
				continue
			}
			x := make([]float64, columns)
			for j := range x {
				x[j] = c.logit(i*columns + j)
			}
			loss, scale := softmaxRow(x, int(class), w, gamma, smoothing)
			near(t, what+"the loss", dst[i], wantLoss, wantLoss, lossULP, floor)
			if math.Abs(loss-wantLoss) > 1e-9*wantLoss+0x1p-126 {
				t.Errorf("%sits formula has the loss %g, want %g", what, loss, wantLoss)
			}
			for j, got := range row {
				what := fmt.Sprintf("%sthe gradient of score %d, %g,", what, j, x[j])
				near(t, what, got, wantGrad[j], scale[j], gradULP, 2*floor)
				if columns > 21 { // the rest is enough
					continue
				}
				at := x[j]
				moved := func(d float64) float64 {
					x[j] = at + d
					loss, _ := softmaxRow(x, int(class), w, gamma, smoothing)
					x[j] = at
					return loss
				}
				const h = 0x1p-6
				slope := (8*(moved(h)-moved(-h)) - (moved(2*h) - moved(-2*h))) / (12 * h)
				if math.Abs(float64(got)-slope) > 3e-6*scale[j]+1e-11*loss+2*floor {
					t.Errorf("%s is %g, differences of the loss are %g", what, got, slope)
				}
			}
		}
		if want := g.arrays["loss_mean_exact"]; want != nil {
			// PyTorch's mean of no row is NaN, ours 0.
			if mean := want[0]; math.IsNaN(mean) {
				if r.WeightedMean() != 0 || r.Sum() != 0 {
					t.Errorf("%s: the mean of ignored rows is %g", kernel, r.WeightedMean())
				}
			} else if math.Abs(r.WeightedMean()-mean) > 1e-6*mean {
				t.Errorf("%s: the weighted mean is %g, want %g", kernel, r.WeightedMean(), mean)
			}
		}
	}
}
