package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
)

// TestLossesHelp: help of all commands that take losses names each of them, and every
// parameter has a flag where one loss is chosen.
func TestLossesHelp(t *testing.T) {
	bench, eval := mustRun(t, "bench", "--help"), mustRun(t, "eval", "--help")
	width := len(slices.MaxFunc(cli.FamilyNames(cli.AllFamilies()), func(a, b string) int { return len(a) - len(b) }))
	for _, f := range cli.AllFamilies() {
		for _, help := range []string{bench, eval} {
			if !strings.Contains(help, fmt.Sprintf("\n  %-*s  %s, %s", width, f.Name, f.Title, f.Formula)) {
				t.Errorf("no %s in\n%s", f.Name, help)
			}
		}
		for _, p := range f.Parameters {
			if !strings.Contains(eval, fmt.Sprintf("--%s %s ", p.Name, strings.ToUpper(p.Name))) || !strings.Contains(eval, p.Meaning) {
				t.Errorf("no flag for %s of %s in\n%s", p.Name, f.Name, eval)
			}
		}
	}
}
