package eval

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/flengine/flengine/cmd/flbench/internal/dump"
)

// withWindow sets how far is read ahead for a test.
func withWindow(t *testing.T, bytes int64) {
	before := window
	t.Cleanup(func() { window = before })
	window = bytes
}

// imagesOf returns the images of PATHs.
func imagesOf(t *testing.T, paths ...string) []*image {
	t.Helper()
	return must(check(t.Context(), must(new(dump.Options).Sources(paths)), false))
}

// TestStreamOrder: shards are claimed in order, each once, and cover all scores.
func TestStreamOrder(t *testing.T) {
	withShards(t, 1)
	var paths []string
	rows := []int{900, 0, 3, 2000, 0, 1} // of 5
	for i, n := range rows {
		s := newSample(uint64(i), n, 5)
		paths = append(paths, folder(t, s.logitsFile(), s.classesFile()))
	}
	s := newStream(imagesOf(t, paths...))
	next, image, from := 0, 0, 0
	for {
		sh, ok := s.claim(t.Context())
		if !ok {
			break
		}
		if sh.number != next || sh.image.index != image || sh.from != from || sh.to > 5*rows[image] || sh.to == sh.from && rows[image] > 0 {
			t.Fatalf("shard %+v of image %d, want number %d, image %d, from %d", sh, sh.image.index, next, image, from)
		}
		next++
		if from = sh.to; from == 5*rows[image] {
			image, from = image+1, 0
		}
	}
	if image != len(rows) || next != 2+1+1+3+1+1 {
		t.Errorf("%d shards, %d images", next, image)
	}
}

// TestReadAhead: who reads ahead opens images up to the window before the workers, and no
// more, and goes on as these come nearer.
func TestReadAhead(t *testing.T) {
	withWindow(t, 16*openCost)
	s := newSample(1, 4, 3)
	path := folder(t, s.logitsFile(), s.classesFile())
	paths := make([]string, 100)
	for i := range paths {
		paths[i] = path
	}
	st := newStream(imagesOf(t, paths...))
	var reader sync.WaitGroup
	reader.Go(st.readAhead)
	waits := func() (near int64) { // until it waits
		for ; near == 0; runtime.Gosched() {
			st.mu.Lock()
			near = st.near
			st.mu.Unlock()
		}
		return near
	}
	open := func() (n int) {
		for _, im := range st.images {
			im.reading.Lock()
			if im.data != nil {
				n++
			}
			im.reading.Unlock()
		}
		return n
	}
	waits()
	before := open()
	if before < 4 || before > 16 {
		t.Errorf("%d images are open, want what is in the window", before)
	}
	for range 50 {
		if _, ok := st.claim(t.Context()); !ok {
			t.Fatal("no shard")
		}
	}
	for deadline := time.Now().Add(time.Minute); open() < before+4; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("%d images are open after 50 were claimed, %d before", open(), before)
		}
	}
	waits()
	if n := open(); n > 50+16 {
		t.Errorf("%d images are open after 50 were claimed", n)
	}
	st.end()
	reader.Wait()
	for _, im := range st.images {
		if err := im.close(); err != nil {
			t.Error(err)
		}
	}
	if n := open(); n != 0 {
		t.Errorf("%d images are open after all were closed", n)
	}
}

// TestReadAheadOfNothing: an image that cannot be opened, or is closed, stops nobody.
func TestReadAheadOfNothing(t *testing.T) {
	s := newSample(1, 4, 3)
	paths := []string{folder(t, s.logitsFile(), s.classesFile()), folder(t, s.logitsFile(), s.classesFile())}
	images := imagesOf(t, paths...)
	if err := images[0].close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(paths[1], "labels.npy")); err != nil {
		t.Fatal(err)
	}
	newStream(images).readAhead()
	if images[0].data != nil || images[1].data != nil {
		t.Errorf("opened %v, %v", images[0].data, images[1].data)
	}
}

// TestEvalStream: results do not depend on shards, workers and the window.
func TestEvalStream(t *testing.T) {
	a := newAlbum(t, 40)
	big := newSample(5, 3001, 13)
	paths := append([]string{folder(t, big.logitsFile(), big.classesFile())}, a.paths...)
	var want string
	for _, blocks := range []int{1, 2, 9, 1000} {
		withShards(t, blocks)
		for _, bytes := range []int64{1, 5 * openCost, 1 << 40} {
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
