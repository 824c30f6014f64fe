package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// floors are the packages of the command and its tools: each imports lower ones alone, so
// that no arrow points back up, and no command knows another.
var floors = map[string]int{
	"cli": 0, "outfile": 0, "roofline/limits": 0,
	"cli/clitest": 1, "array": 1, "figure": 1, "npy": 2, "measure": 2, "roofline/roofplot": 2,
	"dump": 3, "ranking": 4, "stream": 4, "outcome": 5, "partial": 5,
	"bench": 6, "eval": 6, "hardest": 6, "info": 6, "merge": 6, "plots": 6, "report": 6, "roofline": 6, "scenarios": 6, "sweep": 6, "verify": 6,
	"peers": 7, "evalspeed": 7, "shards": 7, "exporters": 7,
}

// TestArrows holds every import against floors.
func TestArrows(t *testing.T) {
	const module = "github.com/flengine/flengine/cmd/flbench/internal/"
	found := map[string]bool{}
	err := filepath.WalkDir("internal", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" {
			return err
		}
		from := filepath.ToSlash(strings.TrimPrefix(filepath.Dir(path), "internal"+string(filepath.Separator)))
		floor, known := floors[from]
		if !known {
			t.Errorf("%s: no floor for package %s", path, from)
		}
		found[from] = true
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range file.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if to, ours := strings.CutPrefix(name, module); ours && to != from && !(floors[to] < floor) {
				t.Errorf("%s imports %s, which is not below it", path, to)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) < 10 {
		t.Errorf("found the packages %v alone", found)
	}
}
