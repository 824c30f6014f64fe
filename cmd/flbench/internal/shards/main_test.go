package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flengine/flengine/cmd/flbench/internal/cli/clitest"
	"github.com/flengine/flengine/cmd/flbench/internal/eval"
	"github.com/flengine/flengine/cmd/flbench/internal/measure"
	"github.com/flengine/flengine/engine"
)

// TestCut: all shards but the last are of whole blocks, and the usual last one is not.
func TestCut(t *testing.T) {
	for _, c := range []struct{ anchors, shards, last int }{{973750, 32, 29366}, {1500, 3, 476}, {1, 1, 1}, {512, 2, 256}} {
		sizes, err := cut(c.anchors, c.shards)
		if err != nil {
			t.Fatal(err)
		}
		total := 0
		for i, n := range sizes {
			total += n
			if i < c.shards-1 && n*measure.ImageClasses%engine.Block != 0 {
				t.Errorf("%d anchors in %d: shard %d has %d, no whole blocks", c.anchors, c.shards, i, n)
			}
		}
		if total != c.anchors || len(sizes) != c.shards || sizes[c.shards-1] != c.last {
			t.Errorf("%d anchors in %d shards: %v", c.anchors, c.shards, sizes)
		}
	}
}

// TestSameBytes: who compares measurements of two machines has the same data on both.
func TestSameBytes(t *testing.T) {
	dir := t.TempDir()
	if code := command([]string{"-anchors", "700", "-shards", "2", dir}, os.Stderr); code != 0 {
		t.Fatal(code)
	}
	const want = "shard-00/labels.npy 4224 4a98e155\n" + "shard-00/logits.npy 163968 a0d2fd71\n" +
		"shard-01/labels.npy 1632 99b6f510\n" + "shard-01/logits.npy 60288 d84aa653\n"
	var got strings.Builder
	for _, name := range []string{"shard-00/labels.npy", "shard-00/logits.npy", "shard-01/labels.npy", "shard-01/logits.npy"} {
		raw, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&got, "%s %d %.4x\n", name, len(raw), sha256.Sum256(raw))
	}
	if got.String() != want {
		t.Errorf("got\n%swant\n%s", got.String(), want)
	}
}

// TestCuts: -shards does not change the total.
func TestCuts(t *testing.T) {
	evaluate := clitest.Command(eval.New)
	var totals []string
	for _, n := range []string{"1", "3"} {
		dir := t.TempDir()
		if code := command([]string{"-anchors", "1500", "-shards", n, dir}, os.Stderr); code != 0 {
			t.Fatal(code)
		}
		paths, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil {
			t.Fatal(err)
		}
		var report struct{ Total struct{ Exact string } }
		if err := json.Unmarshal([]byte(evaluate.Must(t, append([]string{"--json"}, paths...)...)), &report); err != nil {
			t.Fatal(err)
		}
		totals = append(totals, report.Total.Exact)
	}
	if totals[0] != totals[1] || totals[0] == "" {
		t.Errorf("totals %q of one and three shards: want the same", totals)
	}
}

// TestNaN: -nan changes one score of the last shard, which eval names.
func TestNaN(t *testing.T) {
	dir := t.TempDir()
	if code := command([]string{"-anchors", "700", "-shards", "2", "-nan", dir}, os.Stderr); code != 0 {
		t.Fatal(code)
	}
	first, last := filepath.Join(dir, "shard-00"), filepath.Join(dir, "shard-01")
	evaluate := clitest.Command(eval.New)
	evaluate.Must(t, first)
	want := filepath.Join(last, "logits.npy") + ": [94, 0] is NaN"
	if code, stdout, stderr := evaluate.Run(t, first, last); code != 1 || stdout != "" || !strings.Contains(stderr, want) {
		t.Errorf("exit code %d, stdout %q, stderr %q: want 1, nothing and %q", code, stdout, stderr, want)
	}
}

func TestRefusals(t *testing.T) {
	for want, args := range map[string][]string{
		"want one":            {},
		"want 1 to 1000":      {"-shards", "0", "x"},
		"-anchors 0: want 1 ": {"-anchors", "0", "x"},
		"a shard":             {"-anchors", "2147483647", "-shards", "1", "x"},
		"nothing is left":     {"-anchors", "300", "-shards", "3", "x"},
		"not defined":         {"-nans", "x"},
	} {
		var stderr strings.Builder
		if code := command(args, &stderr); code != 2 || !strings.Contains(stderr.String(), want) {
			t.Errorf("%q: exit code %d, stderr %q: want 2 and %q", args, code, stderr.String(), want)
		}
	}
	if code := command([]string{"-h"}, io.Discard); code != 0 {
		t.Errorf("-h: exit code %d", code)
	}
	if code := command([]string{"-anchors", "10", "-shards", "1", filepath.Join(os.DevNull, "x")}, io.Discard); code != 1 {
		t.Errorf("in a file: exit code %d, want 1", code)
	}
}
