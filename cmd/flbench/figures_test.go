package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFigures: README's pictures are those that 'make figures' draws.
func TestFigures(t *testing.T) {
	readme := inRoot(t)
	makefile, err := os.ReadFile("Makefile")
	if err != nil {
		t.Fatal(err)
	}
	_, recipe, _ := strings.Cut(string(makefile), "\nfigures: ")
	recipe, _, _ = strings.Cut(recipe, "\n\n")
	drawn := 0
	for line := range strings.SplitSeq(recipe, "\n") {
		command, ok := strings.CutPrefix(line, "\t$(GO) run ./cmd/flbench ")
		if !ok {
			continue
		}
		args := strings.Fields(command)
		for i, path := range args {
			if !strings.HasPrefix(path, "testdata/figures/") {
				continue
			}
			if !strings.Contains(readme, "]("+path+")") {
				t.Errorf("README does not show %s", path)
			}
			args[i] = filepath.Join(t.TempDir(), filepath.Base(path))
			mustRun(t, args...)
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(args[i])
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s is not what '%s' draws: want 'make figures', and a look at it", path, command)
			}
			drawn++
		}
	}
	if files, err := os.ReadDir("testdata/figures"); err != nil || len(files) != drawn || drawn < 2 {
		t.Errorf("drew %d of the files %v: %v", drawn, files, err)
	}
}
