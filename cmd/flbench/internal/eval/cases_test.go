package eval

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// dumps has files as Python saves them, and what is to come of each.
const dumps = "../../../../testdata/dumps"

// refusals are what the messages must name, by the words of cases.json.
var refusals = map[string][]string{
	"names both readings and the flags for each": {"--targets=binary", "--targets=class", "background", "column 0"},
	"the same": {"--targets=binary", "--targets=class", "background", "column 0"},
}

// TestEvalCases has every kind of file that people have, through the whole command.
func TestEvalCases(t *testing.T) {
	var all struct {
		Cases []struct {
			Name   string
			Files  []string
			Args   []string
			Refuse string
			Warn   string
			Want   *struct {
				Scores, Positives, Ignored int64
				Sum                        float64
			}
		}
	}
	if err := json.Unmarshal(must(os.ReadFile(filepath.Join(dumps, "cases.json"))), &all); err != nil {
		t.Fatal(err)
	}
	if len(all.Cases) < 36 {
		t.Fatalf("%d cases", len(all.Cases))
	}
	for _, c := range all.Cases {
		args := append([]string{"eval", "--json", "--workers", "3"}, c.Args...)
		path := filepath.Join(dumps, c.Files[0])
		if len(c.Files) == 2 {
			args = append(args, "--logits", path, "--labels", filepath.Join(dumps, c.Files[1]))
		} else {
			args = append(args, path)
		}
		stdout, stderr, code := command(args...)
		if c.Refuse != "" {
			if code != 1 || stdout != "" || !strings.HasPrefix(stderr, "flbench: "+dumps) {
				t.Errorf("%s: exit code %d, stdout %q, stderr %q", c.Name, code, stdout, stderr)
			}
			for _, word := range append(refusals[c.Refuse], "want") {
				if !strings.Contains(stderr, word) {
					t.Errorf("%s: %s lacks %q", c.Name, stderr, word)
				}
			}
			continue
		}
		if code != 0 {
			t.Errorf("%s: exit code %d, stderr %q", c.Name, code, stderr)
			continue
		}
		r := decodeReport(t, stdout)
		if w := c.Want; w != nil {
			e := r.Total
			if e.Scores != w.Scores || e.Positives != w.Positives || e.Ignored != w.Ignored || math.Abs(float64(e.Sum)-w.Sum) > 1e-6*w.Sum {
				t.Errorf("%s: %+v, want %+v", c.Name, e.Entry, *w)
			}
		}
		warning := "flbench: warning: " + path + ": "
		switch {
		case c.Warn == "" && len(r.Warnings)+strings.Count(stderr, "warning") > 0:
			t.Errorf("%s: warnings %q, stderr %q", c.Name, r.Warnings, stderr)
		case c.Warn == "":
		case len(r.Warnings) != 1 || string(r.Warnings[0].Path) != path || !strings.Contains(r.Warnings[0].Text, c.Warn):
			t.Errorf("%s: warnings %q, want one with %q", c.Name, r.Warnings, c.Warn)
		case stderr != warning+r.Warnings[0].Text+"\n":
			t.Errorf("%s: stderr %q, want %q", c.Name, stderr, warning+r.Warnings[0].Text)
		}
	}
}
