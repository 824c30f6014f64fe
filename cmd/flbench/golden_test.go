package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/flengine/flengine/engine"
)

var update = flag.Bool("update", false, "write the golden outputs anew")

// goldenPhotos are all photographs of the test data.
var goldenPhotos = []string{
	"testdata/detector-logits/nanodet/astronaut",
	"testdata/detector-logits/nanodet/coffee",
	"testdata/detector-logits/handtrack/astronaut",
	"testdata/detector-logits/handtrack/chelsea",
	"testdata/detector-logits/handtrack/coffee",
}

// TestGoldenEval: what eval prints of the real logits, every digit, is the same
// on all kernels and machines.
func TestGoldenEval(t *testing.T) {
	inRoot(t)
	const file = "testdata/eval.json"
	losses := [][]string{{"--loss", "ce"}, {"--loss", "balanced"}, {"--gamma", "2"}, {"--gamma", "1.5"}}
	for _, kernel := range engine.Kernels() {
		var got []map[string]json.RawMessage
		for _, loss := range losses {
			args := append([]string{"eval", "--json", "--top", "3", "--kernel", kernel}, loss...)
			var stdout, stderr bytes.Buffer
			if code := run(append(args, goldenPhotos...), &stdout, &stderr); code != 0 {
				t.Fatalf("%s: exit code %d: %s", strings.Join(args, " "), code, &stderr)
			}
			var output map[string]json.RawMessage
			if err := json.Unmarshal(stdout.Bytes(), &output); err != nil {
				t.Fatal(err)
			}
			delete(output, "kernel")
			delete(output, "workers")
			got = append(got, output)
		}
		text, err := json.MarshalIndent(got, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, '\n')
		if *update {
			if err := os.WriteFile(file, text, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(text, want) {
			t.Errorf("%s: eval's output differs from %s:\n%s", kernel, file, text)
		}
	}
}
