// Shards writes many files like a detector's, for what runs on more than one process or
// machine: tests of the recipes in engine/beam/docs, and their measurements.
//
//	go run ./cmd/flbench/internal/shards DIR
//	go run ./cmd/flbench/internal/shards -anchors 8000 -shards 3 -nan DIR
//
// DIR/shard-00 and so on are images as flbench eval takes them: a folder with logits.npy,
// float32 (A, 80), and labels.npy, int64 (A,). The same flags give the same bytes everywhere, and
// -shards only says how the same scores are cut, so that -shards 1 has the exact total of others.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"

	"github.com/flengine/flengine/cmd/flbench/internal/measure"
	"github.com/flengine/flengine/cmd/flbench/internal/npy"
)

const usage = `Writes images like a detector's: folders shard-00, … with logits.npy and labels.npy.

usage: shards [flags] DIR

  shards -anchors 8000 -shards 3 -nan DIR

flags:
`

func main() { os.Exit(command(os.Args[1:], os.Stderr)) }

// command is main with its arguments; it returns the exit code.
func command(args []string, stderr io.Writer) int {
	f := flag.NewFlagSet("shards", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.Usage = func() {
		fmt.Fprint(stderr, usage)
		f.PrintDefaults()
	}
	anchors := f.Int("anchors", 973_750, "rows of 80 scores, in all shards together: 77.9 million scores")
	shards := f.Int("shards", 32, "how many; all but the last hold a multiple of engine.Block scores")
	nan := f.Bool("nan", false, "make the score in the middle of the last shard a NaN")
	switch err := f.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	if f.NArg() != 1 {
		fmt.Fprintf(stderr, "shards: %d folders: want one\n", f.NArg())
		return 2
	}
	sizes, err := cut(*anchors, *shards)
	if err != nil {
		fmt.Fprintln(stderr, "shards:", err)
		return 2
	}
	for i, n := range sizes {
		dir := filepath.Join(f.Arg(0), fmt.Sprintf("shard-%02d", i))
		if err := write(dir, i*sizes[0], n, *nan && i == len(sizes)-1); err != nil {
			fmt.Fprintln(stderr, "shards:", err)
			return 1
		}
	}
	return 0
}

// unit is the least number of anchors whose scores are whole blocks: 80 · 256 = 5 · 4096.
const unit = 256

// cut divides anchors into shards of equal multiples of unit, but for the last, which has the rest.
func cut(anchors, shards int) ([]int, error) {
	if shards < 1 || shards > 1000 {
		return nil, fmt.Errorf("-shards %d: want 1 to 1000", shards)
	}
	if most := measure.MaxScores / measure.ImageClasses; anchors < 1 || anchors/shards > most {
		return nil, fmt.Errorf("-anchors %d: want 1 or more, and at most %d a shard", anchors, most)
	}
	each := (anchors/shards + unit - 1) / unit * unit
	last := anchors - (shards-1)*each
	if last < 1 {
		return nil, fmt.Errorf("-anchors %d -shards %d: nothing is left for the last shard after %d of %d anchors, multiples of %d: want other numbers",
			anchors, shards, shards-1, each, unit)
	}
	sizes := make([]int, shards)
	for i := range sizes {
		sizes[i] = each
	}
	sizes[shards-1] = last
	return sizes, nil
}

// write writes one shard: the given number of anchors, from one that is a multiple of unit on.
// Its NaN is in the middle.
func write(dir string, from, anchors int, nan bool) error {
	var logits []float32
	var labels []int64
	for len(labels) < anchors {
		seed := uint64((from + len(labels)) / unit)
		b := measure.NewBatch(seed, min(unit, anchors-len(labels)), measure.ImageClasses).As(measure.UsualForm(), false)
		logits = append(logits, b.Logits...)
		for _, c := range b.Classes {
			labels = append(labels, int64(c))
		}
	}
	if nan {
		logits[len(logits)/2] = float32(math.NaN())
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return errors.Join(
		file(filepath.Join(dir, "logits.npy"), npy.Float32, []int{anchors, measure.ImageClasses},
			func(w *npy.Writer) error { return w.Write(logits) }),
		file(filepath.Join(dir, "labels.npy"), npy.Int64, []int{anchors},
			func(w *npy.Writer) error { return w.WriteInt64s(labels) }))
}

func file(path string, kind npy.Kind, shape []int, values func(*npy.Writer) error) error {
	w, err := npy.CreateOf(kind, path, shape)
	if err != nil {
		return err
	}
	defer w.Abort()
	if err := values(w); err != nil {
		return err
	}
	return w.Commit()
}
