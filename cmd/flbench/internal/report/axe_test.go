//go:build axe

package report

import (
	"os"
	"strings"
	"testing"
)

// TestAxe: the rules of axe-core find no serious fault of access. FLENGINE_AXE is its file
// axe.min.js, which axe.sh fetches.
func TestAxe(t *testing.T) {
	path := os.Getenv("FLENGINE_AXE")
	if path == "" {
		t.Fatal("FLENGINE_AXE is not set: make axe sets it")
	}
	axe := string(must(os.ReadFile(path)))
	b := startBrowser(t)
	pictures, rows, line := pages(t)
	for _, file := range []string{pictures, rows, line} {
		for _, c := range looks {
			b.open(file, "screen", c.width, c.scheme)
			var found struct {
				Violations []struct {
					ID, Impact, Help string
					Nodes            []struct{ HTML, FailureSummary string }
				}
				Passes []struct{ ID string }
			}
			b.eval(axe+`;
				for (const e of document.querySelectorAll("details"))
					e.open = true;
				axe.run({resultTypes: ["violations"]}).then(r => ({violations: r.violations, passes: r.passes.map(p => ({id: p.id}))}))`, &found)
			if len(found.Passes) < 10 {
				t.Errorf("%s %v: axe has run %v alone", file, c, found.Passes)
			}
			for _, v := range found.Violations {
				log := t.Errorf
				if v.Impact != "serious" && v.Impact != "critical" {
					log = t.Logf
				}
				for _, n := range v.Nodes {
					log("%s %v: %s: %s (%s): %.200s: %s", file, c, v.Impact, v.ID, v.Help, n.HTML, strings.Join(strings.Fields(n.FailureSummary), " "))
				}
			}
		}
	}
}
