package plots

import (
	"encoding/csv"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flengine/flengine/cmd/flbench/internal/dump"
	"github.com/flengine/flengine/engine"
)

// score is one of the raw scores, for a minimisation that knows no histogram.
type score struct{ x, y, weight float64 }

func nll(scores []score, beta float64) (mean float64) {
	total := 0.
	for _, s := range scores {
		z := beta * s.x
		mean += s.weight * ((1-s.y)*(max(z, 0)+math.Log1p(math.Exp(-math.Abs(z)))) + s.y*(max(-z, 0)+math.Log1p(math.Exp(-math.Abs(z)))))
		total += s.weight
	}
	return mean / total
}

// golden is the T with the least cross-entropy, by golden section over ln(1/T).
func golden(scores []score, from, to float64) float64 {
	const ratio = 0.6180339887498949
	f := func(l float64) float64 { return nll(scores, math.Exp(l)) }
	a, b := from, to
	c, d := b-ratio*(b-a), a+ratio*(b-a)
	fc, fd := f(c), f(d)
	for b-a > 1e-6 {
		if fc < fd {
			b, d, fd = d, c, fc
			c = b - ratio*(b-a)
			fc = f(c)
		} else {
			a, c, fc = c, d, fd
			d = a + ratio*(b-a)
			fd = f(d)
		}
	}
	return math.Exp(-(a + b) / 2)
}

// ece is the expected calibration error of bins of equal width.
func ece(scores []score, temperature float64, bins int) (sum float64) {
	far, total := make([]float64, bins), 0.
	for _, s := range scores {
		p := 1 / (1 + math.Exp(-s.x/temperature))
		far[min(int(p*float64(bins)), bins-1)] += s.weight * (p - s.y)
		total += s.weight
	}
	for _, v := range far {
		sum += math.Abs(v) / total
	}
	return sum
}

// TestTemperature: T, the loss and the error are those of the raw scores.
func TestTemperature(t *testing.T) {
	withShards(t, 1)
	r := rand.New(rand.NewPCG(7, 7))
	make3 := func(n int, scale, shift, slope float64) (x, y []float32) {
		for range n {
			v := float32(scale*r.NormFloat64() + shift)
			label := float32(0)
			if r.Float64() < 1/(1+math.Exp(-slope*float64(v))) {
				label = 1
			}
			x, y = append(x, v), append(y, label)
		}
		return x, y
	}
	type test struct {
		name    string
		args    string
		x, y, w []float32
	}
	var tests []test
	for _, c := range []struct{ scale, shift, slope float64 }{{2, -3, 0.5}, {1, 0, 3}, {30, -40, 0.02}, {1e-6, 0, 5e5}, {3, 2, 1}} {
		x, y := make3(2100, c.scale, c.shift, c.slope)
		tests = append(tests, test{fmt.Sprint(c), "", x, y, nil})
	}
	x, y, w := detector(3, 1500)
	tests = append(tests, test{"ignored and weights", "--weights=w.npy --bins=10", x, y, w})
	soft := slices.Clone(y)
	for i := range soft {
		if soft[i] == 1 {
			soft[i] = r.Float32()
		}
	}
	tests = append(tests, test{"soft targets", "", x, soft, nil})
	p := make([]float32, len(x))
	for i, v := range x {
		p[i] = float32(1 / (1 + math.Exp(-float64(v))))
	}
	p[0], p[1], p[2], p[3] = 0, 1, 0, 1
	tests = append(tests, test{"probabilities", "--probs", p, y, nil})
	infinite := slices.Clone(x)
	for i := range infinite {
		if i%11 == 0 && y[i] >= 0 {
			infinite[i] = float32(math.Inf(int(2*y[i]) - 1))
		}
	}
	tests = append(tests, test{"infinite logits", "", infinite, y, nil})

	for _, c := range tests {
		args := append([]string{"calibration"}, append(strings.Fields(c.args), folder(t, 3, c.x, c.y, c.w))...)
		got := decoded[calibrationReport](t, args...)
		if one := decoded[calibrationReport](t, append(args, "--workers=1")...); fmt.Sprint(one.Before, one.After) != fmt.Sprint(got.Before, got.After) {
			t.Errorf("%s: with one worker\n%v\nnot\n%v", c.name, one, got)
		}
		var scores, finite []score
		for i, v := range c.x {
			s := score{float64(v), float64(c.y[i]), 1}
			if c.w != nil {
				s.weight = float64(c.w[i/3])
			}
			if strings.Contains(c.args, "--probs") {
				s.x = min(max(math.Log(s.x)-math.Log1p(-s.x), -100), 100)
			}
			if s.y < 0 || s.weight == 0 {
				continue
			}
			scores = append(scores, s)
			if !math.IsInf(s.x, 0) {
				finite = append(finite, s)
			}
		}
		want := golden(finite, -20, 20)
		temperature := float64(got.Temperature)
		if math.Abs(temperature/want-1) > 1e-4 {
			t.Errorf("%s: T is %v, want %v", c.name, temperature, want)
		}
		share := float64(len(finite)) / float64(len(scores))
		for _, r := range []struct {
			of          *reliability
			temperature float64
		}{{&got.Before, 1}, {&got.After, temperature}} {
			if want := nll(finite, 1/r.temperature) * share; math.Abs(float64(r.of.NLL)-want) > 1e-7*want {
				t.Errorf("%s: NLL with T = %v is %v, want %v", c.name, r.temperature, r.of.NLL, want)
			}
			bins := 15
			if strings.Contains(c.args, "--bins=10") {
				bins = 10
			}
			if want := ece(scores, r.temperature, bins); math.Abs(float64(r.of.ECE)-want) > 5/float64(len(scores)) { // which may be in the bin beside

				t.Errorf("%s: ECE with T = %v is %v, want %v", c.name, r.temperature, r.of.ECE, want)
			}
			total := 0.
			for _, b := range r.of.Bins {
				total += float64(b.Scores)
				if b.Predicted < b.From-0.001 || b.Predicted > b.To+0.001 || b.Positive < 0 || b.Positive > 1 {
					t.Errorf("%s: %+v", c.name, b)
				}
			}
			weight := 0.
			for _, s := range scores {
				weight += s.weight
			}
			if math.Abs(total-weight) > 1e-9*weight {
				t.Errorf("%s: bins have %v scores, want %v", c.name, total, weight)
			}
		}
		if got.After.NLL > got.Before.NLL {
			t.Errorf("%s: the loss was %v and is %v", c.name, got.Before.NLL, got.After.NLL)
		}
	}
}

// TestDistribution: cells whose values lie far apart count as these do, and come in order.
func TestDistribution(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	l, other := newLogits(), newLogits()
	var scores []score
	for i := range 4000 {
		// Both ends of a few cells.
		x := float32(math.Exp2(float64(i%4)) * (1 + float64(r.IntN(2))*0.99/1024))
		y := 0
		if r.IntN(9) == 0 {
			y = 1
		}
		if r.IntN(4) > y {
			x = -x
		}
		[]*logits{l, other}[i/4%2].add(y, x, 0.5)
		scores = append(scores, score{float64(x), float64(y), 0.5})
	}
	l.merge(other)
	d := l.distribution()
	for _, side := range d {
		if len(side) != 8 {
			t.Errorf("%d cells, want 8", len(side))
		}
		for i := 1; i < len(side); i++ {
			if side[i].cell <= side[i-1].cell || side[i].mean <= side[i-1].mean || side[i].deviation == 0 {
				t.Errorf("%+v after %+v", side[i], side[i-1])
			}
		}
	}
	if groups := d.groups(1); len(groups) != 8 {
		t.Errorf("%d groups, want 8", len(groups))
	}
	for _, beta := range []float64{0.1, 1, 2} {
		if got, want := d.loss(beta), nll(scores, beta); math.Abs(got/want-1) > 1e-9 {
			t.Errorf("β = %v: the loss is %v, want %v", beta, got, want)
		}
	}
	if got, want := 1/d.inverseTemperature(), golden(scores, -5, 5); math.Abs(got/want-1) > 1e-6 {
		t.Errorf("T is %v, want %v", got, want)
	}
}

// TestCalibrationPhotos: classes of anchors; NLL is the engine's mean.
func TestCalibrationPhotos(t *testing.T) {
	r := decoded[calibrationReport](t, append([]string{"calibration"}, photos...)...)
	var all engine.Result
	for _, source := range must(new(dump.Options).Sources(photos)) {
		in := must(source.Open())
		all.Merge(must(must(engine.New(engine.CrossEntropy())).Sum(must(in.Batch(0, in.Scores(), new(dump.Scratch))))))
		if err := in.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if math.Abs(float64(r.Before.NLL)/all.Mean()-1) > 1e-6 || r.Scores != all.Scores || r.Positives != 27 || r.Ignored != all.Ignored {
		t.Errorf("NLL is %v, %+v, want %v", r.Before.NLL, r.seen, all)
	}
	// The bins of equal mass are nearly as full as each other, but for equal scores.
	mass := decoded[calibrationReport](t, append([]string{"calibration", "--equal-mass", "--bins=8"}, photos...)...)
	if mass.Temperature != r.Temperature || len(mass.Before.Bins) != 8 {
		t.Errorf("%+v", mass)
	}
	for _, b := range mass.Before.Bins {
		if math.Abs(float64(b.Scores)*8/float64(r.Scores)-1) > 0.05 {
			t.Errorf("%v scores in one of 8 bins of %d", b.Scores, r.Scores)
		}
	}
	text := command.Must(t, append([]string{"calibration"}, photos...)...)
	for _, want := range []string{"calibration; 2 inputs, 371709 scores, 27 positives", "NLL", "ECE", "before", "a T = 1   b T = " + short(float64(r.Temperature)), "reliability"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	records := must(csv.NewReader(strings.NewReader(command.Must(t, append([]string{"calibration", "--format=csv"}, photos...)...))).ReadAll())
	if len(records) != 1+len(r.Before.Bins)+len(r.After.Bins) || records[1][0] != "1" || records[len(records)-1][0] != number(float64(r.Temperature)) {
		t.Errorf("%v", records)
	}
}

// TestNoTemperature: where the loss has no least value, and where all are alike.
func TestNoTemperature(t *testing.T) {
	inf := float32(math.Inf(1))
	for _, c := range []struct {
		name       string
		x, y       []float32
		want, loss float64
	}{
		{"all right", []float32{-1, -2, 3}, []float32{0, 0, 1}, 0, 0},
		{"all right but 0", []float32{-1, 0, 3}, []float32{0, 0, 1}, 0, math.Ln2 / 3},
		{"all wrong", []float32{1, 2, -3}, []float32{0, 0, 1}, math.Inf(1), math.Ln2},
		{"more wrong than right", []float32{1, -2, -3}, []float32{0, 0, 1}, math.Inf(1), math.Ln2},
		{"all zero", []float32{0, 0}, []float32{0, 1}, 1, math.Ln2},
		{"all positive", []float32{1, 2}, []float32{1, 1}, 0, 0},
		{"all infinite", []float32{-inf, inf}, []float32{0, 1}, 1, 0},
		{"all ignored", []float32{1, 2}, []float32{-1, -1}, 1, 0},
		{"nothing", nil, nil, 1, 0},
		{"one class, some wrong", []float32{1, 1, 1, -1}, []float32{1, 1, 1, 1}, 1 / math.Log(3), 2*math.Log(2) - 0.75*math.Log(3)},
	} {
		dir := folder(t, 1, c.x, c.y, nil)
		svg := filepath.Join(dir, "a.svg")
		r := decoded[calibrationReport](t, "calibration", "--targets=binary", "-o", svg, dir)
		if got := float64(r.Temperature); got != c.want && math.Abs(got/c.want-1) > 1e-9 || math.Abs(float64(r.After.NLL)-c.loss) > 1e-12 {
			t.Errorf("%s: T is %v, the loss %v, want %v and %v", c.name, got, r.After.NLL, c.want, c.loss)
		}
		if b := must(os.ReadFile(svg)); strings.Contains(string(b), "NaN") {
			t.Errorf("%s: no number in the picture", c.name)
		}
		if code, stdout, _ := command.Run(t, "calibration", "--targets=binary", dir); code != 0 || !strings.Contains(stdout, "└──") {
			t.Errorf("%s: exit code %d, %q", c.name, code, stdout)
		}
	}
}
