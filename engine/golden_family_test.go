package engine

import (
	"archive/zip"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// goldenCase is what an original implementation was given, and the exact values: a case of
// testdata/golden.zip, which golden.py there writes.
type goldenCase struct {
	Name   string
	Source string
	Params map[string]any
	arrays map[string][]float64 // by name, all types: float64 holds them exactly
}

// param returns a number among the parameters, or otherwise if it has none.
func (c *goldenCase) param(name string, otherwise float64) float64 {
	if v, ok := c.Params[name].(float64); ok {
		return v
	}
	return otherwise
}

// floats returns an array as the batch takes it; nil if the case has none of that name.
func (c *goldenCase) floats(name string) []float32 {
	var v []float32
	for _, x := range c.arrays[name] {
		v = append(v, float32(x))
	}
	return v
}

// classes returns an array of classes.
func (c *goldenCase) classes(name string) []int32 {
	var v []int32
	for _, x := range c.arrays[name] {
		v = append(v, int32(x))
	}
	return v
}

// readGolden returns the cases by name.
func readGolden(t *testing.T) map[string]*goldenCase {
	t.Helper()
	archive, err := zip.OpenReader(filepath.Join("..", "testdata", "golden.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	read := func(name string) []byte {
		f, err := archive.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		return must(io.ReadAll(f))
	}
	var cases map[string]*goldenCase
	if err := json.Unmarshal(read("index.json"), &cases); err != nil {
		t.Fatal(err)
	}
	for name, c := range cases {
		c.Name, c.arrays = name, map[string][]float64{}
	}
	for _, f := range archive.File {
		folder, file := path.Split(f.Name)
		if folder == "" {
			continue
		}
		name, dtype, _ := strings.Cut(file, ".")
		cases[path.Clean(folder)].arrays[name] = unplane(t, read(f.Name), dtype)
	}
	return cases
}

// unplane returns the numbers of which raw has all first bytes, then all second bytes, and so
// on, the lowest first.
func unplane(t *testing.T, raw []byte, dtype string) []float64 {
	t.Helper()
	number, ok := map[string]func(b uint64) float64{
		"f8": math.Float64frombits,
		"f4": func(b uint64) float64 { return float64(math.Float32frombits(uint32(b))) },
		"i4": func(b uint64) float64 { return float64(int32(b)) },
		"i8": func(b uint64) float64 { return float64(int64(b)) },
		"u2": func(b uint64) float64 { return float64(b) },
	}[dtype]
	if !ok {
		t.Fatalf("dtype %s", dtype)
	}
	n := len(raw) / int(dtype[1]-'0')
	v := make([]float64, n)
	for i := range v {
		var b [8]byte
		for k := range len(raw) / max(n, 1) {
			b[k] = raw[k*n+i]
		}
		v[i] = number(binary.LittleEndian.Uint64(b[:]))
	}
	return v
}

// goldenGroups are the functions that test a case, by the longest beginning of its name.
var goldenGroups = map[string]func(t *testing.T, c *goldenCase){
	"bce":              testGoldenCE,
	"sfocal":           testGoldenFocal,
	"kornia_bfocal":    testGoldenMixture,
	"qfl":              testGoldenQuality,
	"qfl_rows":         testGoldenQualityRows,
	"vfl":              testGoldenVarifocal,
	"gaussian_logits":  testGoldenHeatmap,
	"asl":              testGoldenAsymmetric,
	"gaussian_probs":   testGoldenHeatmapProbs,
	"hess_bce":         testGoldenCE,
	"hess_sfocal":      testGoldenFocal,
	"half_f16_bce":     testGoldenCE,
	"half_bf16_bce":    testGoldenCE,
	"half_f16_sfocal":  testGoldenFocal,
	"half_bf16_sfocal": testGoldenFocal,
	"ce":               testGoldenSoftmax,
	"sfmfocal":         testGoldenSoftmax,
	"half_f16_ce":      testGoldenSoftmax,
	"half_bf16_ce":     testGoldenSoftmax,
}

// TestGoldenFamily holds all losses to the exact values of what their original implementations
// were given, within the documented bounds, on every kernel. What is another loss here says so
// in its group.
func TestGoldenFamily(t *testing.T) {
	cases := readGolden(t)
	if len(cases) < 100 {
		t.Fatalf("%d cases", len(cases))
	}
	used := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		group := ""
		for g := range goldenGroups {
			if strings.HasPrefix(name+"_", g+"_") && len(g) > len(group) {
				group = g
			}
		}
		if group == "" {
			t.Errorf("%s: there is no test for it", name)
			continue
		}
		used[group] = true
		t.Run(name, func(t *testing.T) { goldenGroups[group](t, cases[name]) })
	}
	for g := range goldenGroups {
		if !used[g] {
			t.Errorf("no case begins with %s", g)
		}
	}
}

// scoreCase is a golden case with a loss, a gradient and perhaps a second derivative per score.
type scoreCase struct {
	*goldenCase
	loss    Loss
	options []Option
	batch   Batch
	of      func(i int) (l Loss, factor float64) // the loss of a score, and what the batch multiplies it by; nil: loss, 1
	factors float64                              // how many factors other than 1 there are, ½ ULP each

	other    func(i int) bool // the original has another loss there; nil: nowhere
	otherway func(i int) bool // it has another gradient there
	rounded  float64          // how far targets are rounded before the loss

	// Where this changes, the loss has a kink, and differences across it are no gradient.
	above func(x, y float64) bool
}

// scores sets the batch's scores and targets, rows of 8.
func (c *scoreCase) scores() {
	c.batch.NumClasses = 8
	bits := func() []uint16 {
		var v []uint16
		for _, x := range c.arrays["x_bits"] {
			v = append(v, uint16(x))
		}
		return v
	}
	switch c.Params["dtype"] {
	case "f16":
		c.batch.Float16 = bits()
	case "bf16":
		c.batch.BFloat16 = bits()
	default:
		c.batch.Logits = c.floats("x")
	}
	c.batch.Targets = c.floats("y")
}

// logit returns the logit of a score.
func (c *scoreCase) logit(i int) float64 {
	switch {
	case c.batch.Float16 != nil:
		return halfValue(c.batch.Float16[i], 10)
	case c.batch.BFloat16 != nil:
		return halfValue(c.batch.BFloat16[i], 7)
	}
	return float64(c.batch.Logits[i])
}

// halfValue is a finite 16-bit number, of so many bits of mantissa, by its definition.
func halfValue(b uint16, mantissa int) float64 {
	exponentBits := 15 - mantissa
	bias := 1<<(exponentBits-1) - 1
	e, m := int(b>>mantissa)&(1<<exponentBits-1), float64(b&(1<<mantissa-1))
	v := math.Ldexp(m, 1-bias-mantissa)
	if e > 0 {
		v = math.Ldexp(m+float64(int(1)<<mantissa), e-bias-mantissa)
	}
	if b>>15 != 0 {
		return -v
	}
	return v
}

// boundOf returns the documented bounds of a loss: of its family, those of the smallest
// parameter that is at least its own, which errors grow with.
func boundOf(t *testing.T, list []Bound, l Loss) Bound {
	t.Helper()
	var best Bound
	least := math.Inf(1)
	name := l.Family().ShortParameter
	own, _ := l.Parameter(name)
	for _, b := range list {
		if v, _ := b.Loss.Parameter(name); b.Loss.Family().Name == l.Family().Name && v >= own && float64(v) < least {
			best, least = b, float64(v)
		}
	}
	if name == "" { // the largest of all
		for _, b := range list {
			if b.Loss.Family().Name == l.Family().Name {
				best.LossULP, best.GradientULP, best.HessianULP = max(best.LossULP, b.LossULP), max(best.GradientULP, b.GradientULP), max(best.HessianULP, b.HessianULP)
			}
		}
	}
	if best.Name == "" {
		t.Fatalf("%v has no documented bounds", l)
	}
	return best
}

// near checks a value: its error is at most so many ULP of scale, beyond floor.
func near(t *testing.T, what string, got float32, want, scale, ulps, floor float64) {
	t.Helper()
	if math.IsInf(scale, 1) { // not measured
		return
	}
	_, exponent := math.Frexp(scale)
	if err := math.Abs(float64(got)-want) - floor; !(err <= ulps*math.Ldexp(1, exponent-24)) {
		t.Errorf("%s is %g, want %g: %.1f ULP of %g off, the bound is %g", what, got, want, math.Ldexp(err, 24-exponent), scale, ulps)
	}
}

// check holds a case to its exact values and to differences of the loss.
func (c *scoreCase) check(t *testing.T) {
	t.Helper()
	n := len(c.batch.Targets)
	wantLoss, wantGrad, wantHess := c.arrays["loss_exact"], c.arrays["grad_exact"], c.arrays["hess_exact"]
	if n == 0 || len(wantLoss) != n || len(wantGrad) != n {
		t.Fatalf("%d targets, %d losses, %d gradients", n, len(wantLoss), len(wantGrad))
	}
	if c.of == nil {
		c.of = func(int) (Loss, float64) { return c.loss, 1 }
	}
	bound := boundOf(t, TargetBounds(), c.loss)
	slack := c.factors/2 + 0x1p-10 // that of the file's digits
	checked := 0
	for _, kernel := range Kernels() {
		e, err := New(c.loss, append(c.options, WithKernel(kernel))...)
		if err != nil {
			t.Fatal(err)
		}
		dst, grad, hess := make([]float32, n), make([]float32, n), make([]float32, n)
		must(e.LossesAndGradients(dst, grad, c.batch))
		if wantHess != nil {
			again := make([]float32, n)
			must(e.GradientsAndHessians(again, hess, c.batch))
			if !slices.Equal(again, grad) {
				t.Errorf("%s: GradientsAndHessians has other gradients", kernel)
			}
		}
		for i := range n {
			if c.batch.Targets[i] < 0 {
				continue
			}
			x, y := c.logit(i), float64(c.batch.Targets[i])
			l, factor := c.of(i)
			exact := l.Exact()
			at := exact(x, y)
			pos, neg := l.Weights()
			weight := factor * max(1, float64(pos), float64(neg))
			most := max(1, weight) * max(1, math.Abs(x))
			lossOff, gradOff := c.rounded*weight*(1+math.Abs(x)), c.rounded*weight
			what := fmt.Sprintf("%s, %v, score %d, x = %g, y = %g: ", kernel, l, i, x, y)
			if c.other == nil || !c.other(i) {
				checked++
				near(t, what+"the loss", dst[i], wantLoss[i], factor*at.LossScale, bound.LossULP+slack, most*bound.LossFloor+lossOff)
			}
			near(t, what+"the loss by its formula", dst[i], factor*at.Loss, factor*at.LossScale, bound.LossULP+slack, most*bound.LossFloor)
			if (c.other == nil || !c.other(i)) && (c.otherway == nil || !c.otherway(i)) {
				checked++
				near(t, what+"the gradient", grad[i], wantGrad[i], factor*at.GradientScale, bound.GradientULP+slack, most*bound.GradientFloor+gradOff)
			}
			if wantHess != nil {
				checked++
				near(t, what+"the second derivative", hess[i], wantHess[i], factor*at.HessianScale, bound.HessianULP+slack, most*bound.HessianFloor)
			}
			// The five-point difference, of an error of h⁴/30 times the fifth derivative.
			h := 0x1p-6
			if c.above != nil {
				h = 0x1p-9 // it is large near the kink
			}
			slope := (8*(exact(x+h, y).Loss-exact(x-h, y).Loss) - (exact(x+2*h, y).Loss - exact(x-2*h, y).Loss)) / (12 * h)
			if !math.IsInf(at.GradientScale, 1) && (c.above == nil || c.above(x-2*h, y) == c.above(x+2*h, y)) {
				if err := math.Abs(float64(grad[i]) - factor*slope); !(err <= 3e-6*factor*at.GradientScale+1e-12*factor*at.Loss+most*bound.GradientFloor) {
					t.Errorf("%sthe gradient is %g, differences of the loss are %g", what, grad[i], factor*slope)
				}
			}
		}
	}
	if checked < n/4 {
		t.Errorf("only %d values were compared", checked)
	}
}

// testGoldenCE: PyTorch's pos_weight is a weight of columns on the y term, weight one of rows.
// Keras's smoothing comes before both.
func testGoldenCE(t *testing.T, g *goldenCase) {
	c := scoreCase{goldenCase: g, loss: CrossEntropy()}
	c.scores()
	if smoothing := float32(g.param("label_smoothing", 0)); smoothing != 0 {
		c.loss = c.loss.Smoothed(smoothing)
		c.rounded = 0x1p-24 // the smoothed target, half as much, and ε
	}
	columns := g.floats("pos_weight")
	if columns != nil {
		c.options = []Option{WithClassWeights(columns)}
		c.factors++
	}
	c.batch.Weights = g.floats("row_weight")
	if c.batch.Weights != nil {
		c.factors++
	}
	c.of = func(i int) (Loss, float64) {
		l, factor := c.loss, 1.0
		if columns != nil {
			l = l.Weighted(columns[i%8], 1)
		}
		if c.batch.Weights != nil {
			factor = float64(c.batch.Weights[i/8])
		}
		return l, factor
	}
	c.check(t)
}

// goldenFocal is focal loss with the parameters of a case.
func goldenFocal(g *goldenCase) Loss {
	alpha, gamma := float32(g.param("alpha", -1)), float32(g.param("gamma", 2))
	if alpha < 0 {
		return Focal(0.25, gamma).Weighted(1, 1)
	}
	return Focal(alpha, gamma)
}

// testGoldenFocal: torchvision's soft targets, whose p_t and α are linear in y.
func testGoldenFocal(t *testing.T, g *goldenCase) {
	c := scoreCase{goldenCase: g, loss: goldenFocal(g), factors: 1}
	c.scores()
	c.check(t)
}

// testGoldenMixture: kornia's soft target is y times the loss of 1 and 1−y times that of 0,
// which is another loss than ours at a target between, and two calls of it.
func testGoldenMixture(t *testing.T, g *goldenCase) {
	l := goldenFocal(g)
	x, y := g.floats("x"), g.floats("y")
	n := len(x)
	of := make([]float32, n)
	bound := boundOf(t, TargetBounds(), l)
	differ := 0
	for _, kernel := range Kernels() {
		e := must(New(l, WithKernel(kernel)))
		var sums [2][]float64 // losses, gradients
		sums[0], sums[1] = make([]float64, n), make([]float64, n)
		var total Result
		for label := range uint8(2) {
			for i, y := range y {
				of[i] = y
				if label == 0 {
					of[i] = 1 - y
				}
			}
			dst, grad := make([]float32, n), make([]float32, n)
			total.Merge(must(e.LossesAndGradients(dst, grad, Batch{Logits: x, Labels: slices.Repeat([]uint8{label}, n), ScoreWeights: of})))
			for i := range dst {
				sums[0][i] += float64(dst[i])
				sums[1][i] += float64(grad[i])
			}
		}
		ours := make([]float32, n)
		must(e.Losses(ours, Batch{Logits: x, Targets: y}))
		sum := 0.0
		for i := range x {
			what := fmt.Sprintf("%s, score %d, x = %g, y = %g: ", kernel, i, x[i], y[i])
			wantLoss, wantGrad := g.arrays["loss_exact"][i], g.arrays["grad_exact"][i]
			// The two terms' scales, which the gradients have opposite signs of.
			one, zero := l.Exact()(float64(x[i]), 1), l.Exact()(float64(x[i]), 0)
			size := func(a, b float64) float64 { return float64(y[i])*math.Abs(a) + (1-float64(y[i]))*math.Abs(b) }
			if err := math.Abs(sums[0][i] - wantLoss); err > (bound.LossULP+2)*0x1p-23*size(one.Loss, zero.Loss)+2*bound.LossFloor {
				t.Errorf("%sthe losses of 1 and 0 add up to %g, want %g", what, sums[0][i], wantLoss)
			}
			if err := math.Abs(sums[1][i] - wantGrad); err > (bound.GradientULP+2)*0x1p-23*size(one.GradientScale, zero.GradientScale)+2*bound.GradientFloor {
				t.Errorf("%sthe gradients of 1 and 0 add up to %g, want %g", what, sums[1][i], wantGrad)
			}
			if near := math.Abs(float64(ours[i])-wantLoss) <= 1e-5*wantLoss+0x1p-120; !near {
				if y[i] == 0 || y[i] == 1 {
					t.Errorf("%sthe loss is %g, want %g", what, ours[i], wantLoss)
				}
				differ++
			}
			sum += wantLoss
		}
		if math.Abs(total.Sum()-sum) > 1e-5*sum {
			t.Errorf("%s: the merged sum is %g, want %g", kernel, total.Sum(), sum)
		}
	}
	if differ == 0 {
		t.Error("soft targets are nowhere another loss than kornia's")
	}
}

func testGoldenQuality(t *testing.T, g *goldenCase) {
	c := scoreCase{goldenCase: g, loss: QualityFocal(float32(g.param("beta", 2)))}
	c.scores()
	if g.param("beta", 2) < 2 {
		c.above = func(x, y float64) bool { return 1/(1+math.Exp(-x)) > y }
	}
	c.check(t)
}

// testGoldenQualityRows: MMDetection's targets are a class and its score; its losses are those of
// rows.
func testGoldenQualityRows(t *testing.T, g *goldenCase) {
	const columns = 8
	x, labels, scores := g.floats("x"), g.classes("label"), g.floats("score")
	y := make([]float32, len(x))
	for i, c := range labels {
		if c < columns { // else background
			y[i*columns+int(c)] = scores[i]
		}
	}
	l := QualityFocal(float32(g.param("beta", 2)))
	bound := boundOf(t, TargetBounds(), l)
	for _, kernel := range Kernels() {
		dst, grad := make([]float32, len(x)), make([]float32, len(x))
		must(must(New(l, WithKernel(kernel))).LossesAndGradients(dst, grad, Batch{Logits: x, Targets: y, NumClasses: columns}))
		for i, want := range g.arrays["loss_exact"] {
			got, most := 0.0, 0.0
			for k := i * columns; k < (i+1)*columns; k++ {
				at := l.Exact()(float64(x[k]), float64(y[k]))
				got += float64(dst[k])
				most += bound.LossULP*0x1p-23*at.LossScale + bound.LossFloor
				near(t, fmt.Sprintf("%s, the gradient of score %d, x = %g, y = %g", kernel, k, x[k], y[k]), grad[k], g.arrays["grad_exact"][k], at.GradientScale, bound.GradientULP+0x1p-10, bound.GradientFloor)
			}
			if math.Abs(got-want) > most+0x1p-36*want {
				t.Errorf("%s: the losses of row %d add up to %g, want %g", kernel, i, got, want)
			}
		}
	}
}

// testGoldenVarifocal: RT-DETR detaches the power of negatives, whose gradient is another one
// then.
func testGoldenVarifocal(t *testing.T, g *goldenCase) {
	alpha, gamma := float32(g.param("alpha", 0.75)), float32(g.param("gamma", 2))
	c := scoreCase{goldenCase: g, loss: Varifocal(alpha, gamma), factors: 1}
	if g.Params["iou_weighted"] == false {
		c.loss = VarifocalUnweighted(alpha, gamma)
	}
	c.scores()
	if strings.Contains(g.Name, "detached") {
		c.otherway = func(i int) bool { return c.batch.Targets[i] == 0 }
	}
	c.check(t)
}

// testGoldenHeatmap: CornerNet clamps p to [1e-4, 1 − 1e-4], beyond which its loss stands still.
func testGoldenHeatmap(t *testing.T, g *goldenCase) {
	c := scoreCase{goldenCase: g, loss: HeatmapFocal(float32(g.param("alpha", 2)), float32(g.param("gamma", 4)))}
	c.scores()
	clamp := math.Log((1 - g.param("clamp", 0)) / g.param("clamp", 0)) // 9.2
	c.other = func(i int) bool { return math.Abs(c.logit(i)) >= clamp }
	c.check(t)
	if r := must(must(New(c.loss)).Sum(c.batch)); r.Positives != int64(g.arrays["num_pos"][0]) {
		t.Errorf("%d positives, want %g", r.Positives, g.arrays["num_pos"][0])
	}
}

// testGoldenHeatmapProbs: MMDetection's logarithm is of p + 1e-12, which shows where p is small
// or 1; there our logarithm is at least −100.
func testGoldenHeatmapProbs(t *testing.T, g *goldenCase) {
	alpha, gamma, eps := g.param("alpha", 2), g.param("gamma", 4), g.param("eps", 0)
	l := HeatmapFocal(float32(alpha), float32(gamma))
	p, y := g.floats("x"), g.floats("y")
	bound := boundOf(t, ProbBounds(), Focal(0.25, float32(alpha)))
	checked := 0
	for _, kernel := range Kernels() {
		dst, grad := make([]float32, len(p)), make([]float32, len(p))
		must(must(New(l, WithKernel(kernel))).LossesAndGradients(dst, grad, Batch{Probs: p, Targets: y, NumClasses: 8}))
		for i, p := range p {
			what := fmt.Sprintf("%s, score %d, p = %g, y = %g: ", kernel, i, p, y[i])
			pt := float64(p)
			if y[i] != 1 {
				pt = 1 - pt
			}
			if pt < 1e-6 || pt == 1 && eps != 0 {
				// eps counts, as does our clamp at −100: finite.
				if v := float64(dst[i] + grad[i]); math.IsNaN(v) || math.IsInf(v, 0) {
					t.Errorf("%sthe loss is %g, the gradient %g", what, dst[i], grad[i])
				}
				continue
			}
			checked++
			// Gradients by ln(p + eps): what eps makes of the logarithm and its slope.
			lossSlack, gradSlack := eps/pt, eps/(pt*pt)
			wantLoss, wantGrad := g.arrays["loss_exact"][i], g.arrays["grad_exact"][i]
			if math.Abs(float64(dst[i])-wantLoss) > (bound.LossULP+4)*0x1p-23*wantLoss+lossSlack+0x1p-126 {
				t.Errorf("%sthe loss is %g, want %g", what, dst[i], wantLoss)
			}
			if math.Abs(float64(grad[i])-wantGrad) > (bound.GradientULP+4)*0x1p-23*math.Abs(wantGrad)+gradSlack+(1+alpha)*0x1p-126 {
				t.Errorf("%sthe gradient is %g, want %g", what, grad[i], wantGrad)
			}
		}
	}
	if checked < len(p)/2 {
		t.Errorf("only %d of %d scores were compared", checked, len(p))
	}
}

// testGoldenAsymmetric: the original clamps its logarithms at 1e-8, where |x| is beyond 18.4,
// and may detach the powers. What its code makes of soft targets is refused here.
func testGoldenAsymmetric(t *testing.T, g *goldenCase) {
	plus, minus, margin := g.param("gamma_pos", 0), g.param("gamma_neg", 0), g.param("clip", 0)
	c := scoreCase{goldenCase: g, loss: Asymmetric(float32(plus), float32(minus), float32(margin))}
	c.scores()
	if strings.HasPrefix(g.Name, "asl_soft") {
		at := slices.IndexFunc(c.batch.Targets, func(y float32) bool { return y != 0 && y != 1 })
		var bad *InputError
		if _, err := must(New(c.loss)).Sum(c.batch); !errors.As(err, &bad) || bad.Field != "Targets" || bad.Index != at {
			t.Errorf("soft targets: %v, want an error at Targets[%d]", err, at)
		}
		for i, y := range c.batch.Targets {
			if y != 0 && y != 1 {
				c.batch.Targets[i] = IgnoredTarget
			}
		}
	}
	clamp := -math.Log(1e-8) // 18.4
	c.other = func(i int) bool {
		return c.batch.Targets[i] < 0 || c.batch.Targets[i] == 1 && c.logit(i) < -clamp || c.batch.Targets[i] == 0 && margin == 0 && c.logit(i) > clamp
	}
	c.above = func(x, _ float64) bool { return 1/(1+math.Exp(-x)) > margin }
	if g.Params["disable_torch_grad_focal_loss"] == true {
		c.otherway = func(i int) bool {
			return c.batch.Targets[i] == 1 && plus > 0 || c.batch.Targets[i] == 0 && minus > 0
		}
	}
	c.check(t)
}
