package verify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/cli/clitest"
	"github.com/flengine/flengine/engine"
	"github.com/flengine/flengine/engine/vecmath"
)

// flbench is the command.
var flbench = clitest.Command(New)

// verifyJSON is what the tests read of verify's JSON.
type verifyJSON struct {
	Kernels []string
	Stride  int
	OK      bool
	Missing []string
	Results []struct {
		ID, Input, Output string
		Label             *int
		Inputs            int64
		Bound             float64 `json:"bound_ulp"`
		Max               float64 `json:"max_ulp"`
		Mean              float64 `json:"mean_ulp"`
		Histogram         []struct{ Count int64 }
		Worst             struct {
			Target  *float64
			Columns int
		}
		OK bool
	}
}

func TestVerifyJSON(t *testing.T) {
	var got verifyJSON
	const stride = 1_000_003
	if err := json.Unmarshal([]byte(flbench.Must(t, "--json", "--stride", fmt.Sprint(stride))), &got); err != nil {
		t.Fatal(err)
	}
	probs, all := int64(math.Float32bits(1)/stride+1), int64((1<<32-1)/stride+1)
	finite := func(stride uint64) (n int64) {
		for b := uint64(0); b < 1<<32; b += stride {
			if v := math.Float32frombits(uint32(b)); v-v == 0 {
				n++
			}
		}
		return n
	}
	logits, targets := finite(stride), finite(targetsStride*stride)
	if !got.OK || got.Stride != stride || strings.Join(got.Kernels, " ") != strings.Join(engine.Kernels(), " ") {
		t.Errorf("%+v", got)
	}
	want := map[string]float64{}
	name := func(id, output string, label int) string { return fmt.Sprintf("%s %s %d", id, output, label) }
	for group, bounds := range map[string][]engine.Bound{"logits": engine.Bounds(), "probs": engine.ProbBounds()} {
		for _, b := range bounds {
			for label := range 2 {
				want[name(group+"."+cli.ShortName(b.Loss), "loss", label)] = b.LossULP
				want[name(group+"."+cli.ShortName(b.Loss), "gradient", label)] = b.GradientULP
			}
		}
	}
	for _, b := range engine.TargetBounds() {
		for output, bound := range map[string]float64{"loss": b.LossULP, "gradient": b.GradientULP, "second derivative": b.HessianULP} {
			want[name("targets."+cli.ShortName(b.Loss), output, -1)] = bound
		}
	}
	for _, b := range engine.RowBounds() {
		for output, bound := range map[string]float64{"loss": b.LossULP, "gradient": b.GradientULP} {
			want[name("rows."+cli.ShortName(b.Loss), output, -1)] = bound
		}
	}
	for f, bound := range vecmath.Bounds() {
		if f != "Pow" {
			want[name("vecmath."+strings.ToLower(f), "value", -1)] = bound
			continue
		}
		for _, y := range powers {
			want[name("vecmath.pow", fmt.Sprintf("y = %g", y), -1)] = bound
		}
	}
	for _, r := range got.Results {
		label := -1
		if r.Label != nil {
			label = *r.Label
		}
		key := name(r.ID, r.Output, label)
		bound, ok := want[key]
		if !ok || bound != r.Bound {
			t.Errorf("%s, bound %g: want %g, %v", key, r.Bound, bound, ok)
		}
		delete(want, key)
		inputs := map[string]int64{"logit": logits, "probability": probs, "float32": all}[r.Input]
		if strings.HasPrefix(r.ID, "targets.") {
			// With each family of targets. Second derivatives, and asymmetric loss, may be those
			// of labels alone, and gradients count twice where they have other bits beside these.
			inputs = int64(len(targetFamilies)) * targets
			if strings.HasPrefix(r.ID, "targets.asl") || r.Output == "second derivative" && r.Inputs != inputs {
				inputs = hardFamilies * targets
			}
			if r.Output == "gradient" && r.Inputs > inputs && r.Inputs <= 2*inputs {
				inputs = r.Inputs
			}
			if r.Worst.Target == nil || !(*r.Worst.Target >= 0 && *r.Worst.Target <= 1) {
				t.Errorf("%+v, want the worst target", r)
			}
		}
		if strings.HasPrefix(r.ID, "rows.") { // as many rows, or scores, as fit in the blocks
			if inputs = r.Inputs; inputs <= 0 || r.Worst.Columns < 1 {
				t.Errorf("%+v, want rows", r)
			}
		}
		var count int64
		for _, b := range r.Histogram {
			count += b.Count
		}
		if r.Inputs != inputs || count != inputs || !r.OK || !(r.Max > 0 && r.Max <= r.Bound) || !(r.Mean > 0 && r.Mean < r.Max) {
			t.Errorf("%+v, want %d inputs", r, inputs)
		}
	}
	if len(want) > 0 {
		t.Errorf("no results for %v", want)
	}
}

// TestVerifyWorkers: results do not depend on the workers.
func TestVerifyWorkers(t *testing.T) {
	args := []string{"--json", "--stride", "400009", "--only", "focal1.5,pow", "--workers"}
	one := flbench.Must(t, append(args, "1")...)
	for _, n := range []string{"2", "5"} {
		if got := flbench.Must(t, append(args, n)...); got != one {
			t.Errorf("with %s workers\n%s, with one\n%s", n, got, one)
		}
	}
}

func TestVerifyOnly(t *testing.T) {
	for only, want := range map[string]string{
		"exp":                 "vecmath.exp",
		"ce":                  "logits.ce probs.ce targets.ce",
		"logits.ce, Exp,exp":  "logits.ce vecmath.exp",
		"probs.focal":         "probs.focal0.5 probs.focal1 probs.focal1.5 probs.focal2 probs.focal3 probs.focal5",
		"focal2":              "logits.focal2 probs.focal2 targets.focal2",
		"targets.qfl":         "targets.qfl1 targets.qfl2 targets.qfl3",
		"balanced,vecmath":    "logits.balanced targets.balanced vecmath.exp vecmath.log vecmath.log1p vecmath.sigmoid vecmath.softplus vecmath.logsigmoid vecmath.pow",
		"vecmath.pow,focal15": "",
		"vecmath.ce":          "",
		"focal15":             "",
	} {
		code, stdout, stderr := flbench.Run(t, "--json", "--stride", "50000017", "--only", only)
		if want == "" {
			if code != 2 || stdout != "" || !strings.HasPrefix(stderr, "flbench: --only: unknown name ") ||
				!strings.Contains(stderr, ": want one or more of logits, probs, targets, rows, vecmath, focal, qfl, ") {
				t.Errorf("--only %s: exit code %d, stderr %s", only, code, stderr)
			}
			continue
		}
		var rep verifyJSON
		if err := json.Unmarshal([]byte(stdout), &rep); err != nil || code != 0 {
			t.Fatalf("--only %s: exit code %d, %v, stderr %s", only, code, err, stderr)
		}
		var ids []string
		for _, r := range rep.Results {
			ids = append(ids, r.ID)
		}
		if got := strings.Join(slices.Compact(ids), " "); got != want {
			t.Errorf("--only %s: verified %s, want %s", only, got, want)
		}
	}
	// Every name that help gives is one.
	help := flbench.Must(t, "--help")
	list, err := subjects()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range onlyNames(list) {
		if _, err := choose(list, []string{name}); err != nil || !strings.Contains(help, name) {
			t.Errorf("--only %s: %v", name, err)
		}
	}
}

// verifyOf returns the command for a list of subjects.
func verifyOf(list ...subject) *cobra.Command {
	cmd := newCommand(func() ([]subject, error) { return list, nil })
	return cmd
}

// onTwo returns the kernel generic and the default, which may be generic, too,
// but is not equal to it: so there is one to go wrong.
func onTwo(t *testing.T) []vecmath.Funcs {
	t.Helper()
	g, err := vecmath.For("generic")
	if err != nil {
		t.Fatal(err)
	}
	return []vecmath.Funcs{g, {}}
}

// flip changes the last bit where x is at.
func flip(dst, x []float32, at float32) {
	for i, x := range x {
		if x == at {
			dst[i] = math.Float32frombits(math.Float32bits(dst[i]) ^ 1)
		}
	}
}

// TestVerifyFailures: what is wrong with a kernel or a bound is named, and makes
// the command fail.
func TestVerifyFailures(t *testing.T) {
	funcs := onTwo(t)
	isDefault := func(f vecmath.Funcs) bool { return f == vecmath.Funcs{} }
	onKernels := func(f func(dst, grad []float32, b engine.Batch)) []lossKernel {
		e, err := engine.New(engine.Focal(0.25, 2), engine.WithKernel("generic"))
		if err != nil {
			t.Fatal(err)
		}
		run := func(dst, grad []float32, b engine.Batch) error {
			_, err := e.LossesAndGradients(dst, grad, b)
			return err
		}
		return []lossKernel{{"generic", true, run}, {"other", true, func(dst, grad []float32, b engine.Batch) error {
			err := run(dst, grad, b)
			f(dst, grad, b)
			return err
		}}}
	}
	good := onKernels(func(dst, grad []float32, b engine.Batch) {})
	bound := engine.Bound{Name: "focal, γ = 2", Loss: engine.Focal(0.25, 2), LossULP: 9, GradientULP: 10, LossFloor: 0x1p-126, GradientFloor: 3 * 0x1p-126}
	with := func(loss, gradient float64) engine.Bound {
		b := bound
		b.LossULP, b.GradientULP = loss, gradient
		return b
	}
	soft := engine.TargetBounds()[0] // of cross-entropy, with all second derivatives
	onTargets := func(b engine.Bound, f func(loss, grad, hess []float32, b engine.Batch)) subject {
		kernels, err := targetKernels(b.Loss)
		if err != nil {
			t.Fatal(err)
		}
		reference := kernels[0].run
		return targetSubject(b, []targetKernel{kernels[0], {"other", func(loss, grad, hess []float32, b engine.Batch) error {
			err := reference(loss, grad, hess, b)
			f(loss, grad, hess, b)
			return err
		}}})
	}
	unchanged := func(loss, grad, hess []float32, b engine.Batch) {}
	withTargets := func(loss, gradient, hessian float64) engine.Bound {
		b := soft
		b.LossULP, b.GradientULP, b.HessianULP = loss, gradient, hessian
		return b
	}
	rows := engine.RowBounds()[0]
	onRows := func(b engine.Bound, f func(loss, grad []float32)) subject {
		kernels, err := rowKernels(b.Loss)
		if err != nil {
			t.Fatal(err)
		}
		return rowSubject(b, []rowKernel{kernels[0], {"other", func(loss, grad []float32, b engine.Batch) error {
			err := kernels[0].run(loss, grad, b)
			f(loss, grad)
			return err
		}}})
	}
	first := func(x []float32) { x[0] = math.Float32frombits(math.Float32bits(x[0]) ^ 1) }
	withRows := func(loss, gradient float64) engine.Bound {
		b := rows
		b.LossULP, b.GradientULP = loss, gradient
		return b
	}
	exp := functions[0]
	wrong := func(change func(f vecmath.Funcs, dst, src []float32)) function {
		f := exp
		f.run = func(f vecmath.Funcs, dst, src []float32) {
			exp.run(f, dst, src)
			change(f, dst, src)
		}
		return f
	}
	for _, c := range []struct {
		name    string
		subject subject
		want    []string // in the error, none if all is well
	}{
		{"good loss", lossSubject(groupLogits, bound, good), nil},
		{"good function", functionSubject(exp, 0.78, funcs), nil},
		{"bits of a loss", lossSubject(groupLogits, bound, onKernels(func(dst, grad []float32, b engine.Batch) {
			if b.Labels[0] == 1 {
				flip(dst, b.Logits, 1)
			}
		})), []string{"focal, γ = 2 from logit, loss, label 1: bits differ from generic's on 1 inputs, first those of other on 1"}},
		{"bits of losses alone", lossSubject(groupLogits, bound, append(good, lossKernel{"third", false, func(dst, grad []float32, b engine.Batch) error {
			err := good[0].run(dst, grad, b)
			flip(dst, b.Logits, 1)
			flip(grad, b.Logits, 1) // which is nothing that it is asked for
			return err
		}})), []string{"focal, γ = 2 from logit, loss, label 0: bits differ from generic's on 1 inputs, first those of third on 1; focal, γ = 2 from logit, loss, label 1: "}},
		{"bits of a gradient", lossSubject(groupProbs, bound, onKernels(func(dst, grad []float32, b engine.Batch) {
			if b.Labels[0] == 0 {
				flip(grad, b.Probs, 0.5)
			}
		})), []string{"focal, γ = 2 from probability, gradient, label 0: bits differ from generic's on 1 inputs, first those of other on 0.5"}},
		{"bits of a function", functionSubject(wrong(func(f vecmath.Funcs, dst, src []float32) {
			if isDefault(f) {
				flip(dst, src, 2)
			}
		}), 0.78, funcs), []string{"Exp from float32, value: bits differ from generic's on 1 inputs, first those of " + vecmath.Kernel() + " on 2"}},
		{"bound of a loss", lossSubject(groupLogits, with(1, 10), good), []string{"loss, label 0: ", " ULP, above the bound of 1: ", "loss, label 1: "}},
		{"bound of a gradient", lossSubject(groupProbs, with(5, 0.5), good), []string{"gradient, label 0: ", " ULP, above the bound of 0.5: "}},
		{"bound of a function", functionSubject(exp, 0.5, funcs), []string{"Exp from float32, value: 0.", " ULP, above the bound of 0.5: "}},
		{"bound of Pow", powSubject(0.3, funcs), []string{"Pow from float32, y = 1.5: 0.5"}},
		{"good targets", onTargets(soft, unchanged), nil},
		{"bits of a loss of targets", onTargets(soft, func(loss, grad, _ []float32, b engine.Batch) {
			if grad != nil && loss != nil && b.Targets[0] == 0.5 {
				flip(loss, b.Logits, 0)
			}
		}), []string{"cross-entropy from logit, loss: bits differ from generic's on ", " inputs, first those of other on 0"}},
		{"bits of a loss of targets alone", onTargets(soft, func(loss, grad, _ []float32, b engine.Batch) {
			if grad == nil {
				flip(loss, b.Logits, 0)
			}
		}), []string{"loss: bits differ from generic's on ", "first those of other without gradients on 0"}},
		{"bits of a gradient of targets", onTargets(soft, func(_, grad, hess []float32, b engine.Batch) {
			if grad != nil && hess == nil {
				flip(grad, b.Logits, 0)
			}
		}), []string{"gradient: bits differ from generic's on ", "first those of other on 0"}},
		{"bits of a gradient beside a second derivative", onTargets(soft, func(_, grad, hess []float32, b engine.Batch) {
			if hess != nil {
				flip(grad, b.Logits, 0)
			}
		}), []string{"gradient: bits differ from generic's on ", "first those of other with second derivatives on 0"}},
		{"bits of a second derivative", onTargets(soft, func(_, _, hess []float32, b engine.Batch) {
			if hess != nil {
				flip(hess, b.Logits, 0)
			}
		}), []string{"second derivative: bits differ from generic's on ", "first those of other on 0"}},
		{"bound of a loss of targets", onTargets(withTargets(0.5, 4, 5), unchanged), []string{"cross-entropy from logit, loss: ", " ULP, above the bound of 0.5: "}},
		{"bound of a gradient of targets", onTargets(withTargets(3, 0.5, 5), unchanged), []string{"gradient: ", " ULP, above the bound of 0.5: "}},
		{"bound of a second derivative", onTargets(withTargets(3, 4, 0.5), unchanged), []string{"second derivative: ", " ULP, above the bound of 0.5: "}},
		{"good rows", onRows(rows, func(loss, grad []float32) {}), nil},
		{"bits of a loss of rows", onRows(rows, func(loss, grad []float32) {
			if grad != nil {
				first(loss)
			}
		}), []string{"softmax cross-entropy from logits, loss: bits differ from generic's on ", "first those of other on "}},
		{"bits of a loss of rows alone", onRows(rows, func(loss, grad []float32) {
			if grad == nil {
				first(loss)
			}
		}), []string{"loss: bits differ from generic's on ", "first those of other without gradients on "}},
		{"bits of a gradient of rows", onRows(rows, func(loss, grad []float32) {
			if grad != nil {
				first(grad)
			}
		}), []string{"gradient: bits differ from generic's on ", "first those of other on "}},
		{"bound of a loss of rows", onRows(withRows(0.1, 5), func(loss, grad []float32) {}), []string{"softmax cross-entropy from logits, loss: ", " ULP, above the bound of 0.1: "}},
		{"bound of a gradient of rows", onRows(withRows(5, 0.1), func(loss, grad []float32) {}), []string{"gradient: ", " ULP, above the bound of 0.1: "}},
		{"special value", functionSubject(wrong(func(_ vecmath.Funcs, dst, src []float32) {
			for i, x := range src {
				if x != x {
					dst[i] = 1
				}
			}
		}), 0.78, funcs), []string{"Exp from float32, value: ", " special values or signs are wrong, as 1 at NaN, exactly NaN"}},
		{"sign of zero", functionSubject(wrong(func(_ vecmath.Funcs, dst, src []float32) {
			for i, v := range dst {
				if v == 0 {
					dst[i] = float32(math.Copysign(0, -1))
				}
			}
		}), 0.78, funcs), []string{" special values or signs are wrong, as -0 at "}},
	} {
		cmd := verifyOf(c.subject)
		for _, form := range []string{"--json=false", "--json"} {
			var stdout, stderr bytes.Buffer
			// A power of two has 1, 2 and 0.5 among the inputs, or, of targets, 0 alone.
			stride := 1 << 13
			if testing.Short() {
				stride = 1 << 16
			}
			if c.subject.group == groupTargets || c.subject.group == groupRows {
				stride = 1 << 18
			}
			code := cli.Execute(t.Context(), cmd, []string{"--stride", fmt.Sprint(stride), form}, &stdout, &stderr)
			text := stderr.String()
			if (code == 0) != (len(c.want) == 0) || code > 1 || (text == "") != (code == 0) {
				t.Errorf("%s: exit code %d, stderr %q", c.name, code, text)
			}
			for _, want := range c.want {
				if !strings.Contains(text, want) {
					t.Errorf("%s: stderr %q, want %q", c.name, text, want)
				}
			}
			if form == "--json" {
				var rep struct{ OK bool } // max_ulp may be the string Infinity
				if err := json.Unmarshal(stdout.Bytes(), &rep); err != nil || rep.OK != (code == 0) {
					t.Errorf("%s: %v, %+v", c.name, err, rep)
				}
			} else if strings.Contains(stdout.String(), "All bounds hold") != (code == 0) || !strings.Contains(stdout.String(), c.subject.title) {
				t.Errorf("%s: %s", c.name, &stdout)
			}
		}
	}
}

// TestVerifyError: an error of a kernel is one of the command.
func TestVerifyError(t *testing.T) {
	boom := lossKernel{"generic", true, func(dst, grad []float32, b engine.Batch) error { return errors.New("boom") }}
	s := lossSubject(groupLogits, engine.Bounds()[0], []lossKernel{boom})
	if r, err := sweepAll(context.Background(), []subject{s}, 1<<20, 2, nil); r != nil || err == nil || err.Error() != "boom" {
		t.Errorf("%v, %v", r, err)
	}
}

// TestMeasure has the edges of the definition of errors.
func TestMeasure(t *testing.T) {
	inf, nan, zero := math.Inf(1), math.NaN(), math.Copysign(0, -1)
	for _, c := range []struct {
		got              float32
		want, floor, ulp float64
		bad              int64
	}{
		{1, 1, 0x1p-126, 0, 0}, {1, 1 + 0x1p-23, 0, 1, 0}, {1, 1 - 0x1p-24, 0, 1, 0}, {2, 2 + 0x1p-22, 0, 1, 0}, {-2, -2 - 0x1p-21, 0, 2, 0},
		{1, 1.5, 0, 1 << 22, 0}, {1, 1 + 0x1p-24, 0, 0.5, 0}, {1, 1 + 0x1p-23 + 0x1p-50, 0, 1 + 0x1p-27, 0},
		{0, 0x1p-127, 0x1p-126, 0, 0}, {0x1p-126, 0, 0x1p-126, 0, 0}, {0x1p-125, 0, 0x1p-126, inf, 0},
		{0, 0x1p-126, 0x1p-126, 1 << 23, 0}, {0, 0x1p-126, 0x1p-125, 0, 0},
		{0, 0x1p-150, 0, 0.5, 0}, {0x1p-149, 0x1p-150, 0, 0.5, 0}, {0x1p-149, 0, 0, 1, 0}, {0x1p-127, 0x1.8p-127, 0, 1 << 21, 0},
		{math.MaxFloat32, 0x1p128, 0, 1, 0}, {float32(inf), 0x1p128, 0, 0, 0}, {float32(inf), 0x1p200, 0, 0, 0},
		{float32(inf), 0x1.fffffep127, 0, 1, 0}, {float32(-inf), -0x1.ffffffp127, 0, 0.5, 0}, {float32(inf), inf, 0, 0, 0},
		{float32(nan), nan, 0, 0, 0}, {float32(nan), 1, 0, inf, 1}, {1, nan, 0, inf, 1}, {float32(nan), inf, 0, inf, 1},
		{math.MaxFloat32, inf, 0, inf, 1}, {float32(-inf), inf, 0, inf, 1}, {float32(inf), 1, 0, inf, 0},
		{0, zero, 0, inf, 1}, {float32(zero), 0, 0x1p-126, inf, 1}, {float32(zero), zero, 0, 0, 0}, {1, -1, 0, inf, 1},
	} {
		if c.got == float32(inf) && c.want == 1 { // far, but no special value
			c.ulp = (0x1p128 - 1) / 0x1p104
		}
		var m errorStats
		m.measure([]float32{7}, []float32{c.got}, []float64{c.want}, c.floor)
		bin, _ := slices.BinarySearch(histogramTo[:], c.ulp)
		if m.max != c.ulp || m.bad != c.bad || m.count != 1 || m.histogram()[bin] != 1 || m.x != 7 || m.got != c.got && c.got == c.got {
			t.Errorf("%g for %g, floor %g: %g ULP, %d bad, want %g, %d", c.got, c.want, c.floor, m.max, m.bad, c.ulp, c.bad)
		}
	}
}

// TestExactSeries: the shortcuts of exact values are the functions, at their ends
// and wherever else; math/big has the terms that float64 does not.
func TestExactSeries(t *testing.T) {
	near := func(name string, x, got, want float64) {
		t.Helper()
		if got != want && !(math.Abs(got-want) <= 0x1p-50*math.Abs(want)+0x1p-180) && !(got > math.MaxFloat32 && want > math.MaxFloat32) {
			t.Errorf("%s(%g) = %g, want %g", name, x, got, want)
		}
	}
	xs := []float64{0, 0x1p-149, 0x1p-60, 0x1.fp-21, 0x1p-20, 0x1.1p-20, 0x1.fffffep-11, 0x1p-10, 0x1.1p-10, 0.1, 1, 3, 20, 87.5, 104, 127.9999, 128, 200, 1e30}
	for _, a := range xs {
		for _, x := range []float64{a, -a} {
			near("exp", x, expOf(x), math.Exp(x))
			near("sigmoid", x, sigmoidOf(x), 1/(1+math.Exp(-x)))
			near("softplus", x, softplusOf(x), max(x, 0)+math.Log1p(math.Exp(-math.Abs(x))))
			if x >= -1 {
				near("log1p", x, log1pOf(x), math.Log1p(x))
			}
		}
	}
	// The series themselves, in 200 bits.
	series := func(x float64, c ...float64) float64 {
		z, s, p := new(big.Float).SetPrec(200).SetFloat64(x), new(big.Float).SetPrec(200), new(big.Float).SetPrec(200).SetInt64(1)
		for _, c := range c {
			if c != 0 {
				s.Add(s, new(big.Float).SetPrec(200).Quo(p, new(big.Float).SetPrec(200).SetFloat64(c)))
			}
			p.Mul(p, z)
		}
		v, _ := s.Float64()
		return v
	}
	for _, a := range xs[1:7] {
		for _, x := range []float64{a, -a} {
			near("σ's series", x, sigmoidOf(x), series(x, 2, 4, 0, -48, 0, 480, 0, -80640./17))
			near("softplus's series", x, softplusOf(x), math.Ln2+series(x, 0, 2, 8, 0, -192, 0, 2880))
			if a <= 0x1p-20 {
				near("log1p's series", x, log1pOf(x), series(x, 0, 1, -2, 3, -4, 5))
				near("exp's series", x, expOf(x), 1+series(x, 0, 1, 2, 6, 24))
			}
		}
	}
}

// TestExactLosses: the losses' exact values are those of the plain formulas.
func TestExactLosses(t *testing.T) {
	xs := []float32{0, 0x1p-149, -0x1p-40, 0x1.fffffep-11, -0x1p-10, 0.3, -0.7, 1, -2.5, 9, -15, 60, -80, 104, 127.99, -127.99, 128, -128, 1e30, -1e30}
	ps := []float32{0, 0x1p-149, 0x1p-145, 0x1p-60, 1e-12, 0x1p-21, 0x1p-20, 1e-3, 0.1, 0.5, 0.9, 1 - 0x1p-24, 1}
	gammas := []float32{0, 0.5, 1, 1.5, 2, 3, 5, 0.7}
	terms := new(exactTerms)
	loss, grad := make([]float64, blockSize), make([]float64, blockSize)
	check := func(l engine.Loss, label int, x, i, got, want any, floor float64) {
		t.Helper()
		g, w := got.(float64), want.(float64)
		if !(math.Abs(g-w) <= 0x1p-46*math.Abs(w)+floor) || math.Signbit(g) != math.Signbit(w) {
			t.Errorf("%v, label %d, %v %g: %g, want %g", l, label, i, x, g, w)
		}
	}
	for _, gamma := range gammas {
		l := engine.Focal(0.25, gamma)
		for label := range 2 {
			w, sign := 0.75, 1.0
			if label == 1 {
				w, sign = 0.25, -1
			}
			g := float64(gamma)
			terms.logits(xs)
			terms.losses(loss[:len(xs)], grad, l.Definition(), w, label, false)
			for i, x := range xs {
				u := sign * float64(x)
				sp := max(u, 0) + math.Log1p(math.Exp(-math.Abs(u)))
				q, p := 1/(1+math.Exp(-u)), 1/(1+math.Exp(u))
				m := w * math.Pow(q, g)
				check(l, label, x, "logit", loss[i], m*sp, 0x1p-150)
				check(l, label, x, "gradient by logit", grad[i], sign*m*(q+g*p*sp), 0x1p-150)
			}
			terms.probs(ps)
			terms.losses(loss[:len(ps)], grad, l.Definition(), w, label, true)
			for i, x := range ps {
				p, q := 1-float64(x), float64(x)
				ce := -math.Log1p(-float64(x))
				if label == 1 {
					p, q, ce = q, p, 0-math.Log(float64(x))
				}
				ce = min(ce, 100)
				ratio := 1.0
				if q > 0 {
					ratio = ce / q
				}
				m := w * math.Pow(q, g)
				check(l, label, x, "p", loss[i], m*ce, 0)
				check(l, label, x, "gradient by p", grad[i], sign*m*(1/max(p, float64(float32(1e-12)))+g*ratio), 0)
			}
		}
	}
}

// TestVerifyInterrupted: what was done before is kept, and the rest is named.
func TestVerifyInterrupted(t *testing.T) {
	all, err := subjects()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	list := []subject{all[0], all[1], all[2]}
	begin := list[1].newChecker
	list[1].newChecker = func() checker {
		cancel()
		return begin()
	}
	r, err := sweepAll(ctx, list, 1_000_003, 2, nil)
	if err != nil || r.OK || len(r.Results) != 4 || strings.Join(r.Missing, " ") != "logits.balanced logits.focal0.5" {
		t.Fatalf("%+v, %v", r, err)
	}
	for _, asJSON := range []bool{false, true} {
		var text strings.Builder
		err := r.finish(&text, asJSON)
		if err == nil || err.Error() != "verify: interrupted; not verified: logits.balanced, logits.focal0.5" || !strings.Contains(text.String(), "logits.balanced") {
			t.Errorf("%v: %s", err, &text)
		}
	}
	r, err = sweepAll(ctx, list, 1, 2, nil)
	var text strings.Builder
	if err != nil || len(r.Missing) != 3 {
		t.Fatalf("%+v, %v", r, err)
	}
	if err := r.finish(&text, true); err == nil || err.Error() != "interrupted before anything was verified" || text.Len() > 0 {
		t.Errorf("%v: %s", err, &text)
	}
}

func TestVerifyUsage(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"--stride 0", "--stride is 0: want 1 to 4294967296"},
		{"--exhaustive --stride 2", "--stride has no meaning with --exhaustive"},
		{"--workers 0", "--workers is 0: want 1 or more"},
		{"logits.npy", `unexpected "logits.npy": want nothing but flags`},
	} {
		code, stdout, stderr := flbench.Run(t, strings.Fields(c.args)...)
		if want := "flbench: " + c.want + "\nRun 'flbench verify --help' for usage.\n"; code != 2 || stdout != "" || stderr != want {
			t.Errorf("verify %s: exit code %d, stderr %q, want %q", c.args, code, stderr, want)
		}
	}
	if code, _, stderr := flbench.Run(t, "--only", ""); code != 2 || !strings.HasPrefix(stderr, "flbench: --only is empty: want one or more of logits, ") {
		t.Errorf("--only '': exit code %d, stderr %q", code, stderr)
	}
}

var (
	boundRow    = regexp.MustCompile(`(?m)^\| (.+?) \| ([0-9.]+) \| ([0-9.]+) \| [^|]+ \| ([0-9.]+) \| ([0-9.]+) \|`)
	hessianRow  = regexp.MustCompile(`(?m)^\| (.+?) \| [0-9.]+ \| [0-9.]+ \| [^|]+ \| [0-9.]+ \| [0-9.]+ \| [^|]+ \| ([0-9.]+) \| ([0-9.]+) \| [^|]+ \|$`)
	functionRow = regexp.MustCompile("(?m)^\\| `(\\w+)` \\| ([0-9.]+) \\| ([0-9.]+) \\| [^|]+ \\|$")
)

// TestReadmeBounds: README's tables have the bounds of the code, and measured
// errors below them.
func TestReadmeBounds(t *testing.T) {
	clitest.InRoot(t)
	raw, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	readme := string(raw)
	below := func(what, measured, bound string) {
		t.Helper()
		var worst, limit float64
		fmt.Sscan(measured, &worst)
		fmt.Sscan(bound, &limit)
		if !(worst > 0 && worst <= limit) {
			t.Errorf("README's %q: %g measured, %g the bound", what, worst, limit)
		}
	}
	rows := boundRow.FindAllStringSubmatch(readme, -1)
	bounds := slices.Concat(engine.Bounds(), engine.ProbBounds(), engine.TargetBounds(), engine.RowBounds())
	if len(rows) != len(bounds) {
		t.Fatalf("README has %d rows of bounds, want %d", len(rows), len(bounds))
	}
	for i, b := range bounds {
		r := rows[i]
		if r[1] != b.Name || r[2] != fmt.Sprint(b.LossULP) || r[4] != fmt.Sprint(b.GradientULP) {
			t.Errorf("README has %q, want %+v", r[0], b)
		}
		below(r[1], r[3], r[2])
		below(r[1], r[5], r[4])
	}
	hessians := hessianRow.FindAllStringSubmatch(readme, -1)
	if len(hessians) != len(engine.TargetBounds()) {
		t.Fatalf("README has %d rows of bounds of second derivatives, want %d", len(hessians), len(engine.TargetBounds()))
	}
	for i, b := range engine.TargetBounds() {
		if r := hessians[i]; r[1] != b.Name || r[2] != fmt.Sprint(b.HessianULP) {
			t.Errorf("README has %q, want %+v", r[0], b)
		}
		below(hessians[i][1], hessians[i][3], hessians[i][2])
	}
	functions := vecmath.Bounds()
	for _, r := range functionRow.FindAllStringSubmatch(readme, -1) {
		if bound, ok := functions[r[1]]; !ok || r[2] != fmt.Sprint(bound) {
			t.Errorf("README has %q, want the bound %g", r[0], bound)
		}
		delete(functions, r[1])
		below(r[1], r[3], r[2])
	}
	if len(functions) > 0 {
		t.Errorf("README has no bounds of %v", functions)
	}
}

func TestVerifyLosesOutput(t *testing.T) {
	flbench.LosesOutput(t, "--only", "exp", "--stride", "50000017")
	flbench.LosesOutput(t, "--only", "exp", "--stride", "50000017", "--json")
}
