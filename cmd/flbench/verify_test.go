package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/flengine/flengine/engine"
)

func TestVerifyJSON(t *testing.T) {
	var got struct {
		Kernels []string
		Stride  int
		OK      bool
		Results []struct {
			Loss, Input, Output string
			Label               int
			Inputs              int64
			Bound               float64 `json:"bound_ulp"`
			Max                 float64 `json:"max_ulp"`
			Mean                float64 `json:"mean_ulp"`
			Histogram           []struct{ Count int64 }
			OK                  bool
		}
	}
	const stride = 1_000_003
	if err := json.Unmarshal([]byte(mustRun(t, "verify", "--json", "--stride", fmt.Sprint(stride))), &got); err != nil {
		t.Fatal(err)
	}
	finite, probs := int64(0), int64(math.Float32bits(1)/stride+1)
	for b := uint64(0); b < 1<<32; b += stride {
		if v := math.Float32frombits(uint32(b)); v-v == 0 {
			finite++
		}
	}
	if !got.OK || got.Stride != stride || strings.Join(got.Kernels, " ") != strings.Join(engine.Kernels(), " ") {
		t.Errorf("%+v", got)
	}
	seen := map[string]bool{}
	for _, r := range got.Results {
		seen[fmt.Sprint(r.Loss, r.Input, r.Label, r.Output)] = true
		inputs := finite
		if r.Input == "probability" {
			inputs = probs
		}
		var count int64
		for _, b := range r.Histogram {
			count += b.Count
		}
		if r.Inputs != inputs || count != inputs || !r.OK || !(r.Max > 0 && r.Max <= r.Bound) || !(r.Mean > 0 && r.Mean < r.Max) {
			t.Errorf("%+v, want %d inputs", r, inputs)
		}
	}
	for input, bounds := range map[string][]engine.Bound{"logit": engine.Bounds(), "probability": engine.ProbBounds()} {
		for _, b := range bounds {
			for _, label := range []int{0, 1} {
				for _, output := range []string{"loss", "gradient"} {
					if !seen[fmt.Sprint(b.Name, input, label, output)] {
						t.Errorf("no result for %s from %s, label %d, %s", b.Name, input, label, output)
					}
				}
			}
		}
	}
}

// TestVerifyFailures: what is wrong is named, and makes verify fail.
func TestVerifyFailures(t *testing.T) {
	s := subject{engine.Bound{Name: "focal", Loss: engine.Focal(0.25, 2), LossULP: 1, GradientULP: 1}, 1, false}
	var good, wide, bad errorStats
	good.add(1, 0.5, 0.5, 0x1p-126, true)
	wide.add(1, 0.5, 0.5, 0x1p-126, true)
	wide.add(2, 0.5, 0.5+0x1p-22, 0x1p-126, true)
	bad.add(1, float32(math.Copysign(0, -1)), 0, 0x1p-126, true)
	for _, c := range []struct {
		sweep sweepResult
		want  string
	}{
		{sweepResult{loss: good, gradient: good}, ""},
		{sweepResult{loss: wide, gradient: good}, "focal from logit, label 1, loss: 4.000 ULP at 2, above the bound of 1"},
		{sweepResult{loss: good, gradient: wide}, "focal from logit, label 1, gradient: 4.000 ULP at 2, above the bound of 1"},
		{sweepResult{loss: bad, gradient: good}, "focal from logit, label 1, loss: 1 are negative or NaN, as for 1"},
		{sweepResult{loss: good, gradient: good, differing: 3, differs: 7},
			"focal from logit, label 1, loss: kernels differ on 3 scores, first on 7; focal from logit, label 1, gradient: kernels differ on 3 scores, first on 7"},
	} {
		r := verifyReport{OK: true}
		r.add(s, c.sweep)
		if got := strings.Join(r.failures(), "; "); got != c.want || r.OK != (c.want == "") {
			t.Errorf("%q, %v, want %q", got, r.OK, c.want)
		}
		var text strings.Builder
		if err := r.print(&text); err != nil || strings.Contains(text.String(), "All bounds hold") != r.OK {
			t.Errorf("%v: %s", err, &text)
		}
		if _, err := json.Marshal(r); err != nil {
			t.Error(err)
		}
	}
}

// TestULPs has the definition's edges.
func TestULPs(t *testing.T) {
	for _, c := range []struct {
		got       float32
		want, ulp float64
	}{
		{1, 1, 0}, {1, 1 + 0x1p-23, 1}, {1, 1 - 0x1p-24, 1}, {2, 2 + 0x1p-22, 1},
		{0, 0x1p-127, 0}, {0x1p-126, 0, 0}, {0x1p-125, 0, math.Inf(1)},
		{0, 0x1p-126, 1 << 23}, {float32(math.NaN()), 1, math.Inf(1)}, {float32(math.Inf(1)), 1, math.Inf(1)},
	} {
		if u := ulps(c.got, c.want, 0x1p-126); u != c.ulp {
			t.Errorf("ulps(%g, %g) = %g, want %g", c.got, c.want, u, c.ulp)
		}
	}
}

func TestVerifyInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if r, err := verify(ctx, 1, 2, nil); r != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("%v, %v", r, err)
	}
}

func TestVerifyUsage(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"--stride 0", "--stride is 0: want 1 to 4294967296"},
		{"--exhaustive --stride 2", "--stride has no meaning with --exhaustive"},
		{"--workers 0", "--workers is 0: want 1 or more"},
		{"logits.npy", `unknown command "logits.npy" for "flbench verify"`},
	} {
		stdout, stderr, code := command(append([]string{"verify"}, strings.Fields(c.args)...)...)
		if want := "flbench: " + c.want + "\nRun 'flbench verify --help' for usage.\n"; code != 2 || stdout != "" || stderr != want {
			t.Errorf("verify %s: exit code %d, stderr %q, want %q", c.args, code, stderr, want)
		}
	}
}

var boundRow = regexp.MustCompile(`(?m)^\| (.+?) \| ([0-9.]+) \| ([0-9.]+) \| [^|]+ \| ([0-9.]+) \| ([0-9.]+) \|`)

// TestReadmeBounds: README's table has the bounds of the code, and measured errors
// below them.
func TestReadmeBounds(t *testing.T) {
	rows := boundRow.FindAllStringSubmatch(inRoot(t), -1)
	bounds := append(engine.Bounds(), engine.ProbBounds()...)
	if len(rows) != len(bounds) {
		t.Fatalf("README has %d rows of bounds, want %d", len(rows), len(bounds))
	}
	for i, b := range bounds {
		r := rows[i]
		if r[1] != b.Name || r[2] != fmt.Sprint(b.LossULP) || r[4] != fmt.Sprint(b.GradientULP) {
			t.Errorf("README has %q, want %+v", r[0], b)
		}
		for _, pair := range [][2]string{{r[3], r[2]}, {r[5], r[4]}} {
			var worst, bound float64
			fmt.Sscan(pair[0], &worst)
			fmt.Sscan(pair[1], &bound)
			if !(worst > 0 && worst <= bound) {
				t.Errorf("README's %q: %g measured, %g the bound", r[1], worst, bound)
			}
		}
	}
}
