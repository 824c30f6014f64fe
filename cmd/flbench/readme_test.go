package main

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
)

// inRoot runs the test from the repository's root, where README's commands are
// meant to be run.
func inRoot(t *testing.T) (readme string) {
	t.Helper()
	t.Chdir("../..")
	raw, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

var fence = regexp.MustCompile("(?s)```([a-z]+)\n(.*?)```")

// TestReadmeCommands runs every flbench command of README, and compares its
// output with what README shows. The others must be what CI runs.
func TestReadmeCommands(t *testing.T) {
	readme := inRoot(t)
	var ci strings.Builder
	for _, name := range []string{".ci/run", "Makefile"} {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		ci.Write(raw)
	}
	blocks := fence.FindAllStringSubmatch(readme, -1)
	ran := 0
	for i, b := range blocks {
		if b[1] != "sh" {
			continue
		}
		for _, line := range strings.Split(strings.TrimSpace(b[2]), "\n") {
			args, ok := strings.CutPrefix(line, "go run ./cmd/flbench ")
			if !ok {
				// Makefile's targets stand at the start of a line, its Go is $(GO).
				words := strings.Fields(line)
				inMake := strings.ReplaceAll(line, "go test", "$(GO) test")
				if words[0] == "make" {
					inMake = "\n" + words[1] + ":"
				}
				if !strings.Contains(ci.String(), "step "+line+"\n") && !strings.Contains(ci.String(), inMake) {
					t.Errorf("README's %q is run neither here nor by CI", line)
				}
				continue
			}
			if testing.Short() {
				args = strings.Replace(args, "--stride ", "--stride 1", 1) // a tenth of the scores, about
			}
			var stdout, stderr bytes.Buffer
			if code := run(strings.Fields(args), &stdout, &stderr); code != 0 {
				t.Errorf("%s: exit code %d: %s", line, code, &stderr)
			}
			ran++
			if i+1 < len(blocks) && blocks[i+1][1] == "text" && !strings.Contains(stdout.String(), blocks[i+1][2]) {
				t.Errorf("%s prints\n%s\nREADME shows\n%s", line, &stdout, blocks[i+1][2])
			}
		}
	}
	if ran < 5 {
		t.Errorf("found %d flbench commands in README", ran)
	}
}

// TestReadmeLibrary: the library code of README is that of a compiled example.
func TestReadmeLibrary(t *testing.T) {
	readme := inRoot(t)
	raw, err := os.ReadFile("engine/example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	squeeze := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	found := false
	for _, b := range fence.FindAllStringSubmatch(readme, -1) {
		if b[1] == "go" {
			found = true
			if !strings.Contains(squeeze(string(raw)), squeeze(b[2])) {
				t.Errorf("README's code is not in engine/example_test.go:\n%s", b[2])
			}
		}
	}
	if !found {
		t.Error("README shows no Go code")
	}
}

// TestReadmeLosses: README's table of losses is the engine's list.
func TestReadmeLosses(t *testing.T) {
	readme := inRoot(t)
	_, table, _ := strings.Cut(readme, "| name | loss | formula | parameters | from |\n| --- | --- | --- | --- | --- |\n")
	table, _, _ = strings.Cut(table, "\n\n")
	var want []string
	for _, f := range cli.AllFamilies() {
		var parameters []string
		for _, p := range f.Parameters {
			values := "in [" + cli.Short(p.Min) + ", " + cli.Short(p.Max) + "]"
			if p.Max == math.MaxFloat32 {
				values = "≥ " + cli.Short(p.Min)
			}
			parameters = append(parameters, fmt.Sprintf("%s %s, %s", p.Symbol, values, cli.Short(p.Default)))
		}
		row := fmt.Sprintf("| `%s` | %s | %s | %s | %s |", f.Name, f.Title, f.Formula, strings.Join(parameters, "; "), f.Source)
		row = strings.ReplaceAll(row, f.Formula, strings.ReplaceAll(f.Formula, "|", `\|`))
		want = append(want, strings.Replace(row, "|  |", "| |", 1))
	}
	if table != strings.Join(want, "\n") {
		t.Errorf("README's losses are\n%s\nthe engine's\n%s", table, strings.Join(want, "\n"))
	}
}
