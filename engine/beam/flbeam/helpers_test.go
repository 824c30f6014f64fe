package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flengine/flengine/engine"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// command runs flbeam and returns what it printed and its exit code.
func command(args ...string) (stdout, stderr string, code int) {
	var out, errs bytes.Buffer
	code = run(args, &out, &errs)
	return out.String(), errs.String(), code
}

// jsonEntry is an entry as it is printed.
type jsonEntry struct {
	Key                        string
	Scores, Positives, Ignored int64
	Sum, Mean                  float64
	PerPositive                float64 `json:"per_positive"`
	Exact                      string
	Top                        []jsonScore
}

type jsonScore struct {
	Path                string
	Row, Column         int
	Logit, Prob, Target *float32
	Label               *uint8
	Loss                float32
}

type jsonLoss struct {
	Loss    map[string]any
	Results []jsonEntry
	Total   jsonEntry
}

// jsonReport is a report, of one loss or of several.
type jsonReport struct {
	jsonLoss
	Losses          []jsonLoss
	Runner          string
	Blocks          int `json:"span_blocks"`
	Warnings, Notes []struct{ Path, Text string }
}

// evaluate runs flbeam --json, which must succeed. The losses are in r.Losses, one as well.
func evaluate(t testing.TB, args ...string) (r jsonReport) {
	t.Helper()
	stdout, stderr, code := command(append([]string{"--json"}, args...)...)
	if code != 0 {
		t.Fatalf("flbeam %q: exit code %d, stderr %q", args, code, stderr)
	}
	dec := json.NewDecoder(strings.NewReader(stdout))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r); err != nil {
		t.Fatalf("%v in %s", err, stdout)
	}
	if r.Losses == nil {
		r.Losses = []jsonLoss{r.jsonLoss}
	}
	return r
}

func exact(r engine.Result) string { return string(must(r.MarshalText())) }

// npyFile returns the bytes of an .npy file.
func npyFile(shape []int, data any) []byte {
	descr := map[string]string{
		"[]float32": "<f4", "[]float64": "<f8", "[]uint16": "<f2", "[]int8": "|i1", "[]int16": "<i2", "[]int32": "<i4", "[]int64": "<i8", "[]uint8": "|u1", "[]bool": "|b1", "[]uint32": "<u4",
	}[fmt.Sprintf("%T", data)]
	words := strings.ReplaceAll(strings.Trim(fmt.Sprint(shape), "[]"), " ", ", ")
	if len(shape) == 1 {
		words += ","
	}
	dict := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descr, words)
	dict = fmt.Sprintf("%-*s\n", (10+len(dict)+1+63)/64*64-11, dict)
	b := binary.LittleEndian.AppendUint16([]byte("\x93NUMPY\x01\x00"), uint16(len(dict)))
	return must(binary.Append(append(b, dict...), binary.LittleEndian, data))
}

// write writes a file, and the folders that it is in.
func write(t testing.TB, path string, content []byte) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// shard is logits like a detector's, with a class for each row.
type shard struct {
	path          string // of the folder
	rows, columns int
	logits        []float32
	classes       []int32
}

// newShard writes one as a folder.
func newShard(t testing.TB, path string, rows, columns int) shard {
	t.Helper()
	rng := rand.New(rand.NewPCG(uint64(rows), uint64(columns)))
	s := shard{path: path, rows: rows, columns: columns, logits: make([]float32, rows*columns), classes: make([]int32, rows)}
	for i := range s.logits {
		s.logits[i] = float32(-6 + 2*rng.NormFloat64())
	}
	for i := range s.classes {
		s.classes[i] = -1
		switch rng.IntN(50) {
		case 0:
			s.classes[i] = int32(rng.IntN(columns))
			s.logits[i*columns+int(s.classes[i])] += 6
		case 1:
			s.classes[i] = -2
		}
	}
	write(t, path+"/logits.npy", npyFile([]int{rows, columns}, s.logits))
	write(t, path+"/labels.npy", npyFile([]int{rows}, s.classes))
	return s
}

func (s *shard) batch() engine.Batch {
	return engine.Batch{Logits: s.logits, Classes: s.classes, NumClasses: s.columns}
}

// album writes a few shards into folders of a folder: one that is a multiple of 4096 scores, one
// below a block, others that are not.
func album(t testing.TB, dir string) (shards []shard) {
	for i, rows := range []int{4096, 700, 5001, 30} {
		shards = append(shards, newShard(t, fmt.Sprintf("%s/cam%d/image-%d", dir, i%2, i), rows, 16))
	}
	return shards
}

func paths(shards []shard) (paths []string) {
	for _, s := range shards {
		paths = append(paths, s.path)
	}
	return paths
}
