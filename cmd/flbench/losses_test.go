package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
)

// TestLossesHelp: help of all commands that take losses names each of them, and every
// parameter has a flag where one loss is chosen.
func TestLossesHelp(t *testing.T) {
	bench, eval := mustRun(t, "bench", "--help"), mustRun(t, "eval", "--help")
	for _, f := range cli.AllFamilies() {
		for _, help := range []string{bench, eval} {
			if !strings.Contains(help, fmt.Sprintf("  %-9s %s, %s", f.Name, f.Title, f.Formula)) {
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
