//go:build linux

package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/eval"
)

// TestHardest holds the hardest of many images, as flbench eval lists them, against
// the focal loss in float64.
func TestHardest(t *testing.T) {
	type image struct {
		Path      string  `json:"path"`
		Scores    int     `json:"scores"`
		Positives int     `json:"positives"`
		Sum       float64 `json:"sum"`
	}
	dir := t.TempDir()
	var list []string
	var want []image
	for i := range 150 {
		a := newAnchors(60+i%7, uint64(i))
		path, err := writeImage(filepath.Join(dir, strconv.Itoa(i)), []string{"npz", "folders"}[i%2], a)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, path)
		v := image{Path: path}
		for j, x := range a.logits {
			class := a.classes[j/columns]
			if class == -2 {
				continue
			}
			v.Scores++
			// L = w · σ(u)² · softplus(u), u the logit towards the wrong class
			w, u := 0.75, float64(x)
			if class == int32(j%columns) {
				v.Positives++
				w, u = 0.25, -u
			}
			softplus := max(u, 0) + math.Log1p(math.Exp(-math.Abs(u)))
			v.Sum += w * softplus / ((1 + math.Exp(-u)) * (1 + math.Exp(-u)))
		}
		want = append(want, v)
	}
	slices.SortFunc(want, func(a, b image) int { return cmp.Compare(b.Sum, a.Sum) })
	from := filepath.Join(dir, "list")
	if err := os.WriteFile(from, []byte(strings.Join(list, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}

	root := &cobra.Command{Use: "flbench"}
	root.AddCommand(eval.New())
	for _, workers := range []string{"1", "3"} {
		var stdout, stderr bytes.Buffer
		args := []string{"eval", "--json", "--sort", "loss", "--limit", strconv.Itoa(hardest), "--workers", workers, "--from", from}
		if code := cli.Execute(context.Background(), root, args, &stdout, &stderr); code != 0 {
			t.Fatalf("exit code %d: %s", code, &stderr)
		}
		var got struct {
			Results []image `json:"results"`
		}
		if err := json.Unmarshal(stdout.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if len(got.Results) != hardest {
			t.Fatalf("%d images, want %d", len(got.Results), hardest)
		}
		for i, g := range got.Results {
			w := want[i]
			if g.Path != w.Path || g.Scores != w.Scores || g.Positives != w.Positives || math.Abs(g.Sum/w.Sum-1) > 1e-6 {
				t.Errorf("%s workers, place %d: %+v, want %+v", workers, i, g, w)
			}
		}
	}
}
