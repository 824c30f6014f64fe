package eval

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/flengine/flengine/cmd/flbench/internal/dump"
	"github.com/flengine/flengine/cmd/flbench/internal/stream"
)

// withWindow sets how far is read ahead for a test.
func withWindow(t *testing.T, bytes int64) {
	before := stream.Window
	t.Cleanup(func() { stream.Window = before })
	stream.Window = bytes
}

// TestEvalStream: results do not depend on shards, workers and the window.
func TestEvalStream(t *testing.T) {
	a := newAlbum(t, 40)
	big := newSample(5, 3001, 13)
	paths := append([]string{folder(t, big.logitsFile(), big.classesFile())}, a.paths...)
	var want string
	for _, blocks := range []int{1, 2, 9, 1000} {
		withShards(t, blocks)
		for _, bytes := range []int64{1, 600 << 10, 1 << 40} {
			withWindow(t, bytes)
			for _, workers := range []string{"1", "2", "9"} {
				var r map[string]json.RawMessage
				text := eval(t, append([]string{"--json", "--top", "20", "--max", "--workers", workers}, paths...)...)
				if err := json.Unmarshal([]byte(text), &r); err != nil {
					t.Fatal(err)
				}
				got := string(r["results"]) + string(r["total"]) + string(r["images"])
				if want == "" {
					want = got
				}
				if got != want {
					t.Errorf("shards of %d blocks, window %d, %s workers: other results", blocks, bytes, workers)
				}
			}
		}
	}
}

// TestEvalFirstError: of several faults that of the first input is told.
func TestEvalFirstError(t *testing.T) {
	good, bad := newSample(1, 40, 3), newSample(2, 40, 3)
	bad.classes[30] = -1
	bad.logits[91] = float32(math.NaN())
	var paths []string
	for i := range 30 {
		s := good
		if i >= 17 {
			s = bad
		}
		paths = append(paths, folder(t, s.logitsFile(), s.classesFile()))
	}
	want := filepath.Join(paths[17], "logits.npy") + ": [30, 1] is NaN"
	for _, workers := range []string{"1", "2", "8"} {
		for range 5 {
			wantFailure(t, workers+" workers", want, append([]string{"--workers", workers}, paths...)...)
		}
	}
	// Faults of headers are found before all others, the first of them.
	for _, i := range []int{25, 21} {
		write(t, filepath.Join(paths[i], "labels.npy"), []byte("none"))
	}
	for range 5 {
		wantFailure(t, "headers", filepath.Join(paths[21], "labels.npy")+": ", paths...)
	}
}

// TestEvalCancelledAnywhere ends the context at all moments of the work: nobody waits for
// what is not done, and no file is left.
func TestEvalCancelledAnywhere(t *testing.T) {
	withShards(t, 1)
	s := newSample(3, 5000, 13)
	path := folder(t, s.logitsFile(), s.classesFile())
	out := t.TempDir()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 200 {
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				time.Sleep(time.Duration(i) * 20 * time.Microsecond)
				cancel()
			}()
			e := newTestEvaluator(4)
			e.top = 5
			e.outputs.losses = filepath.Join(out, fmt.Sprint(i))
			r, err := e.run(ctx, must(new(dump.Options).Sources([]string{path})), nil)
			if (r == nil) != errors.Is(err, context.Canceled) {
				t.Errorf("report %v, error %v", r, err)
			}
			_, missing := os.Stat(e.outputs.losses)
			if (err == nil) != (missing == nil) {
				t.Errorf("error %v, output %v", err, missing)
			}
			cancel()
		}
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("workers wait for each other")
	}
	for _, f := range must(os.ReadDir(out)) {
		if filepath.Ext(f.Name()) != "" {
			t.Errorf("%s is left", f.Name())
		}
	}
}
