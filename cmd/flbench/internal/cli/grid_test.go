package cli

import (
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/flengine/flengine/engine"
)

func TestParseValues(t *testing.T) {
	for text, want := range map[string][]float64{
		"0.25":        {0.25},
		"2,1,0.5":     {2, 1, 0.5},
		"0:2:0.5":     {0, 0.5, 1, 1.5, 2},
		"0.1:0.3:0.1": {0.1, 0.2, 0.3},
		"0:1:0.4":     {0, 0.4, 0.8},
		"5, 0:1:1":    {5, 0, 1},
		"3:3:1":       {3},
		"-1:1:1":      {-1, 0, 1},
	} {
		if got, err := parseValues(text); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %v, %v, want %v", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"": "want numbers", "a": "want numbers", "1,": "want numbers", "1:2": "want numbers", "1:2:3:4": "want numbers",
		"NaN": "want numbers", "Inf": "want numbers", "0:Inf:1": "want numbers", "0x": "want numbers",
		"0:1:0": "a step above 0", "0:1:-1": "a step above 0", "2:1:1": "an end that is not before",
		"0:1e9:1": "more than 4096 values", "0:1:1e-300": "more than 4096 values", "1,2,1": "1 comes twice", "0:2:1,1": "1 comes twice",
	} {
		if got, err := parseValues(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v, want %q", text, got, err, want)
		}
	}
}

// gridOf returns the grid of arguments.
func gridOf(args ...string) (*Grid, error) {
	var g GridFlags
	cmd := &cobra.Command{Use: "sweep"}
	g.Add(cmd)
	if err := cmd.ParseFlags(args); err != nil {
		return nil, err
	}
	return g.Grid(cmd)
}

func TestGrid(t *testing.T) {
	g, err := gridOf("--alpha=0.25,0.5", "--gamma=0:2:1")
	if err != nil {
		t.Fatal(err)
	}
	want := []engine.Loss{
		engine.Focal(0.25, 0), engine.Focal(0.25, 1), engine.Focal(0.25, 2),
		engine.Focal(0.5, 0), engine.Focal(0.5, 1), engine.Focal(0.5, 2),
	}
	if !slices.Equal(g.Losses, want) || len(g.Axes) != 2 || g.Axes[0].Name != "alpha" || g.Axes[1].Symbol != "γ" {
		t.Errorf("%+v", g)
	}
	if g, err := gridOf("--gamma=2"); err != nil || !slices.Equal(g.Losses, []engine.Loss{engine.Focal(0.25, 2)}) || len(g.Axes) != 1 {
		t.Errorf("one value: %+v, %v", g, err)
	}
	if g, err := gridOf(); err != nil || len(g.Losses) != 25 {
		t.Errorf("the default: %+v, %v", g, err)
	}
	// Every family that has parameters has grids.
	for _, f := range AllFamilies() {
		for _, p := range f.Parameters {
			g, err := gridOf("--loss="+f.Name, "--"+p.Name+"="+number(float64(p.Min))+","+number(float64(p.Default)))
			if err != nil || len(g.Losses) != 2 {
				t.Errorf("%s, %s: %v, %v", f.Name, p.Name, g, err)
			}
		}
	}
	for _, c := range []struct {
		want string
		args []string
	}{
		{`--loss is "x": want balanced, focal`, []string{"--loss=x"}},
		{"--loss ce has no parameters: want one that has", []string{"--loss=ce"}},
		{"--loss qfl: want values of --beta", []string{"--loss=qfl"}},
		{"--beta has no meaning for --loss focal", []string{"--beta=1"}},
		{"--alpha is 2: want a weight in [0, 1]", []string{"--alpha=0,2"}},
		{"--gamma is -1: want a finite number ≥ 0", []string{"--gamma=-1"}},
		{"more than 4096 losses", []string{"--gamma=0:3999:1", "--alpha=0.5,0.25"}},
		{"comes twice", []string{"--alpha=0.3,0.30000000001"}},
	} {
		if g, err := gridOf(c.args...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %+v, %v, want %q", c.args, g, err, c.want)
		}
	}
}

// TestGridHelp: a command's help names what --loss takes, all of it, and nothing else.
func TestGridHelp(t *testing.T) {
	for _, g := range []*GridFlags{{}, {Families: engine.Families(), Defaults: map[string]map[string]string{}}} {
		cmd := &cobra.Command{}
		g.Add(cmd)
		usage, help := cmd.Flags().Lookup("loss").Usage, g.LossesHelp()
		var named []string
		for line := range strings.Lines(help) {
			named = append(named, strings.Fields(line)[0])
		}
		if want := "`NAME` of the losses: " + OrList(named); usage != want {
			t.Errorf("%q, want %q", usage, want)
		}
		for _, name := range named {
			g.Name = name
			if _, err := g.Grid(cmd); err != nil && !strings.Contains(err.Error(), "want values of") {
				t.Errorf("%s: %v", name, err)
			}
		}
		if strings.Contains(help, "short with") {
			t.Errorf("names that --loss does not take in\n%s", help)
		}
	}
}

// TestGridDefaults: a command's own families, and what is taken where no flag names values.
func TestGridDefaults(t *testing.T) {
	for args, want := range map[string][]string{
		"":                        {"focal(alpha=0.25,gamma=1)", "focal(alpha=0.25,gamma=2)"},
		"--gamma=3":               {"focal(alpha=0.25,gamma=3)"},
		"--loss=ce":               {"ce"},
		"--loss=qfl":              {"qfl(beta=2)"},
		"--loss=softmaxfocal":     {`--loss is "softmaxfocal": want ce, balanced, focal, qfl, vfl, heatmap or asl`},
		"--loss=ce --gamma=2":     {"--gamma has no meaning for --loss ce"},
		"--loss=balanced":         {"balanced(alpha=0.25)"},
		"--loss=focal --alpha=.5": {"focal(alpha=0.5,gamma=2)"},
	} {
		g := GridFlags{Families: engine.Families(), Defaults: map[string]map[string]string{"focal": {"gamma": "1,2"}}}
		cmd := &cobra.Command{}
		g.Add(cmd)
		if err := cmd.ParseFlags(strings.Fields(args)); err != nil {
			t.Fatal(err)
		}
		grid, err := g.Grid(cmd)
		if err != nil {
			if err.Error() != want[0] {
				t.Errorf("%s: %v, want %s", args, err, want)
			}
			continue
		}
		var got []string
		for _, l := range grid.Losses {
			got = append(got, l.String())
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", args, got, want)
		}
	}
}
