package scenarios

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/cli/clitest"
	"github.com/flengine/flengine/engine"
)

// flbench is the command.
var flbench = clitest.Command(New)

// TestScenarios compares with the exact values for α = 0.25, γ = 2, on every
// kernel. Logits and losses are float32, hence the tolerance.
func TestScenarios(t *testing.T) {
	t.Setenv(cli.KernelVariable, "")
	want := []struct {
		name          string
		p             float64
		label         uint8
		ce, bal, fl   float64
		smaller, diff float64
	}{
		{"easy", 0.95, 1, 0.0512932943875505, 0.0512932943875505 * 0.25, 3.2058308992219e-5, 1600, 1e-3},
		{"easy", 0.05, 0, 0.0512932943875505, 0.0512932943875505 * 0.75, 9.6174926976657e-5, 1600. / 3, 1e-3},
		{"misclassified", 0.05, 1, 2.995732273553991, 2.995732273553991 * 0.25, 0.675912094220619, 4.43, 0.005},
		{"misclassified", 0.95, 0, 2.995732273553991, 2.995732273553991 * 0.75, 2.027736282661858, 4.43 / 3, 0.005},
		{"very easy", 0.99, 1, 0.0100503358535014, 0.0100503358535014 * 0.25, 2.5125839633754e-7, 40000, 0.1},
		{"very easy", 0.01, 0, 0.0100503358535014, 0.0100503358535014 * 0.75, 7.5377518901261e-7, 40000. / 3, 0.1},
	}
	for _, kernel := range engine.Kernels() {
		var got scenarios
		if err := json.Unmarshal([]byte(flbench.Must(t, "--json", "--kernel", kernel)), &got); err != nil {
			t.Fatal(err)
		}
		if got.Alpha != 0.25 || got.Gamma != 2 || got.Kernel != kernel || len(got.Cases) != len(want) {
			t.Fatalf("%s: %+v", kernel, got)
		}
		for i, w := range want {
			g := got.Cases[i]
			if g.Case != w.name || g.P != w.p || g.Label != w.label {
				t.Errorf("%s: case %d is %s, p %v, label %d, want %s, %v, %d", kernel, i, g.Case, g.P, g.Label, w.name, w.p, w.label)
			}
			for _, v := range []struct {
				what      string
				got, want float64
			}{{"CE", float64(g.CE), w.ce}, {"balanced CE", float64(g.Balanced), w.bal}, {"focal", float64(g.Focal), w.fl}} {
				if off := math.Abs(v.got/v.want - 1); off > 1e-6 {
					t.Errorf("%s: %s, label %d: %s %.9g, want %.9g (off by %.2g)", kernel, g.Case, g.Label, v.what, v.got, v.want, off)
				}
			}
			if math.Abs(*g.Ratio-w.smaller) > w.diff {
				t.Errorf("%s: %s, label %d: CE/FL %v, want %v", kernel, g.Case, g.Label, *g.Ratio, w.smaller)
			}
		}
	}
}

// TestScenariosGammaZero: focal loss at γ = 0 is balanced cross-entropy.
func TestScenariosGammaZero(t *testing.T) {
	t.Setenv(cli.KernelVariable, "")
	var got scenarios
	if err := json.Unmarshal([]byte(flbench.Must(t, "--json", "--gamma", "0", "--alpha", "0.6")), &got); err != nil {
		t.Fatal(err)
	}
	for _, c := range got.Cases {
		if c.Focal != c.Balanced {
			t.Errorf("%s, label %d: focal %v, balanced CE %v", c.Case, c.Label, c.Focal, c.Balanced)
		}
	}
}

// TestScenariosAlphaZero: where focal loss is 0 there is no ratio.
func TestScenariosAlphaZero(t *testing.T) {
	t.Setenv(cli.KernelVariable, "")
	var got scenarios
	if err := json.Unmarshal([]byte(flbench.Must(t, "--json", "--alpha", "0")), &got); err != nil {
		t.Fatal(err)
	}
	for _, c := range got.Cases {
		if (c.Label == 1) != (c.Focal == 0) || (c.Ratio == nil) != (c.Focal == 0) {
			t.Errorf("%s, label %d: focal %v, ratio %v", c.Case, c.Label, c.Focal, c.Ratio)
		}
	}
	if table := flbench.Must(t, "--alpha", "0"); !strings.Contains(table, "∞") {
		t.Errorf("no ∞ in\n%s", table)
	}
}

func TestScenariosTable(t *testing.T) {
	t.Setenv(cli.KernelVariable, "generic")
	table := flbench.Must(t)
	for _, want := range []string{"α = 0.25, γ = 2, kernel generic", "easy           1 foreground  0.95  ", "  0.6759121  4.43213\n", "  533.333\n", "  40000\n"} {
		if !strings.Contains(table, want) {
			t.Errorf("no %q in\n%s", want, table)
		}
	}
}

func TestScenariosUsage(t *testing.T) {
	t.Setenv(cli.KernelVariable, "")
	for _, c := range []struct {
		want string
		args []string
	}{
		{"--alpha is 1.5: want a weight in [0, 1]", []string{"--alpha", "1.5"}},
		{"--alpha is NaN: want a weight in [0, 1]", []string{"--alpha", "nan"}},
		{"--gamma is -1: want a finite number ≥ 0", []string{"--gamma", "-1"}},
		{"--gamma is +Inf: want a finite number ≥ 0", []string{"--gamma", "inf"}},
		{"--alpha is 1.00000001: want a weight in [0, 1]", []string{"--alpha", "1.00000001"}},
		{`--gamma: "two": want a number`, []string{"--gamma", "two"}},
		{`--kernel: unknown kernel "mmx"`, []string{"--kernel", "mmx"}},
	} {
		flbench.Refuses(t, c.want, c.args...)
	}
}

// TestScenariosEnvironment: a wrong environment is a failure, but no matter where
// --kernel decides.
func TestScenariosEnvironment(t *testing.T) {
	t.Setenv(cli.KernelVariable, "mmx")
	if code, stdout, stderr := flbench.Run(t); code != 1 || stdout != "" || !strings.Contains(stderr, cli.KernelVariable) {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	flbench.Must(t, "--kernel", "generic")
}

func TestScenariosLosesOutput(t *testing.T) {
	t.Setenv(cli.KernelVariable, "")
	flbench.LosesOutput(t)
	flbench.LosesOutput(t, "--json")
}
