// Package exporters holds what runs the exporters of cmd/flbench/docs, and tests what
// can be tested without the packages that they are for.
package exporters

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/flengine/flengine/cmd/flbench/internal/eval"
)

const docs = "../../docs"

// commandLine is one of flbench eval in a document or an exporter.
var commandLine = regexp.MustCompile(`(?m)^flbench eval (.*?)(?:\.npz\S*)(?: .*)?$`)

// TestCommands: the command lines that users are shown have flags that eval has, and
// each exporter shows one that its document does.
func TestCommands(t *testing.T) {
	document := read(t, filepath.Join(docs, "exporters.md"))
	flags := map[string]bool{} // as they stand in a line of the document
	for _, line := range commandLine.FindAllStringSubmatch(document, -1) {
		words := strings.Fields(line[1])
		if err := eval.New().ParseFlags(words); err != nil {
			t.Errorf("%s: %v", line[0], err)
		}
		flags[strings.Join(words[:len(words)-1], " ")] = true
	}
	if len(flags) != 4 {
		t.Errorf("the document's command lines have the flags %v, want 4 lines", flags)
	}
	for _, path := range exporters(t) {
		if !strings.Contains(document, "("+filepath.Base(path)+")") {
			t.Errorf("exporters.md does not mention %s", path)
		}
		for _, line := range commandLine.FindAllStringSubmatch(read(t, path), -1) {
			words := strings.Fields(line[1])
			if shown := strings.ReplaceAll(strings.Join(words[:len(words)-1], " "), "=K", "=80"); !flags[shown] {
				t.Errorf("%s: %s: its flags %q are in no line of exporters.md", path, line[0], shown)
			}
		}
	}
}

// TestSyntax has Python compile the exporters and their check. FLENGINE_REQUIRE_PYTHON makes
// it fail where there is no Python.
func TestSyntax(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil && os.Getenv("FLENGINE_REQUIRE_PYTHON") != "" {
		t.Fatal(err)
	}
	if err != nil {
		t.Skip("no python3 here")
	}
	for _, path := range append(exporters(t), "check.py") {
		cmd := exec.Command(python, "-c", "import sys; compile(sys.stdin.read(), sys.argv[1], 'exec')", path)
		cmd.Stdin = strings.NewReader(read(t, path))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", path, err, out)
		}
	}
}

func exporters(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(docs, "export_*.py"))
	if err != nil || len(paths) != 3 {
		t.Fatalf("exporters %v, %v: want 3", paths, err)
	}
	return paths
}

func read(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
