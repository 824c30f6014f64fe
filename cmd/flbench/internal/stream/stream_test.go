package stream

import (
	"math"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/flengine/flengine/cmd/flbench/internal/dump"
	"github.com/flengine/flengine/cmd/flbench/internal/npy"
	"github.com/flengine/flengine/engine"
)

// folder writes a dump of easy background, and returns where it is.
func folder(t *testing.T, rows, columns int) string {
	t.Helper()
	dir := t.TempDir()
	write := func(name string, shape []int, values []float32) {
		w := must(npy.Create(filepath.Join(dir, name), shape))
		defer w.Abort()
		if err := w.Write(values); err != nil {
			t.Fatal(err)
		}
		if err := npy.CommitAll(w); err != nil {
			t.Fatal(err)
		}
	}
	logits := make([]float32, rows*columns)
	for i := range logits {
		logits[i] = -5
	}
	write("logits.npy", []int{rows, columns}, logits)
	write("labels.npy", []int{rows, columns}, make([]float32, rows*columns))
	return dir
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// withWindow sets how far is read ahead for a test.
func withWindow(t *testing.T, bytes int64) {
	before := Window
	t.Cleanup(func() { Window = before })
	Window = bytes
}

// imagesOf returns the images of PATHs.
func imagesOf(t *testing.T, paths ...string) []*Image {
	t.Helper()
	return must(Check(t.Context(), must(new(dump.Options).Sources(paths)), false))
}

// TestStreamOrder: shards are claimed in order, each once, and cover all scores.
func TestStreamOrder(t *testing.T) {
	before := ShardScores
	t.Cleanup(func() { ShardScores = before })
	ShardScores = engine.Block
	var paths []string
	rows := []int{900, 0, 3, 2000, 0, 1} // of 5
	for _, n := range rows {
		paths = append(paths, folder(t, n, 5))
	}
	s := newStream(imagesOf(t, paths...))
	next, image, from := 0, 0, 0
	for {
		sh, ok := s.claim(t.Context())
		if !ok {
			break
		}
		if sh.Number != next || sh.Image.Index != image || sh.From != from || sh.To > 5*rows[image] || sh.To == sh.From && rows[image] > 0 {
			t.Fatalf("shard %+v of image %d, want number %d, image %d, from %d", sh, sh.Image.Index, next, image, from)
		}
		next++
		if from = sh.To; from == 5*rows[image] {
			image, from = image+1, 0
		}
	}
	if image != len(rows) || next != 2+1+1+3+1+1 {
		t.Errorf("%d shards, %d images", next, image)
	}
}

// TestRange: ranges cover all scores, each once, in shards that are cut where sums merge, and
// are of even size.
func TestRange(t *testing.T) {
	before := ShardScores
	t.Cleanup(func() { ShardScores = before })
	ShardScores = 2 * engine.Block
	for _, rowsTogether := range []bool{false, true} {
		for _, rows := range []int{0, 1, 900, 4096, 4097, 3 * engine.Block, 5*engine.Block + 9} {
			const columns = 3
			path := folder(t, rows, columns)
			unit := engine.Block
			if rowsTogether {
				unit *= columns
			}
			for _, n := range []int{1, 2, 3, 4, 7, 100, math.MaxInt} {
				next, least, most := 0, math.MaxInt, 0
				parts := []int{1, 2, 3, 4, 5, 6, 7, n}
				if n <= 100 {
					parts = nil
					for i := range n {
						parts = append(parts, i+1)
					}
				}
				for _, i := range parts {
					im := must(Check(t.Context(), must(new(dump.Options).Sources([]string{path})), rowsTogether))[0]
					from, to := im.Range(i, n)
					if n <= 100 && from != next || to < from || to > im.Scores || (from%unit != 0 && from != im.Scores) {
						t.Fatalf("%d rows: %d/%d is %d to %d, want it from %d on", rows, i, n, from, to, next)
					}
					next = to
					units := (to - from + unit - 1) / unit
					least, most = min(least, units), max(most, units)
					s := newStream([]*Image{im})
					for at, k := from, 0; ; k++ {
						sh, ok := s.claim(t.Context())
						if !ok {
							if at != to || k != im.Shards() {
								t.Errorf("%d rows, %d/%d: %d shards of %d, up to %d of %d", rows, i, n, k, im.Shards(), at, to)
							}
							break
						}
						if sh.From != at || sh.To > to || sh.To%unit != 0 && sh.To != im.Scores || sh.From == sh.To && from < to || sh.To-sh.From > max(ShardScores, unit) {
							t.Fatalf("%d rows, %d/%d: a shard %d to %d, want it from %d on", rows, i, n, sh.From, sh.To, at)
						}
						at = sh.To
					}
				}
				if n <= 100 && next != rows*columns || n <= 100 && most > least+1 {
					t.Errorf("%d rows in %d: up to %d, ranges of %d to %d blocks", rows, n, next, least, most)
				}
			}
		}
	}
}

// TestNoRows: rows of more columns than could be multiplied, of which there are none, are cut
// nowhere.
func TestNoRows(t *testing.T) {
	im := newImage(t.Context(), dump.Source{}, 0, 0, math.MaxInt/2+1, true)
	if from, to := im.Range(2, 3); from != 0 || to != 0 || im.Shards() != 1 {
		t.Errorf("%d to %d, %d shards", from, to, im.Shards())
	}
}

// TestWorkersOfRange: what is not evaluated has no workers, and is not read ahead.
func TestWorkersOfRange(t *testing.T) {
	images := imagesOf(t, folder(t, 40*engine.Block, 1))
	if workers, scores := Workers(images, 9); workers != 3 || scores != 40*engine.Block {
		t.Errorf("%d workers of %d scores", workers, scores)
	}
	images[0].Range(2, 4)
	if workers, scores := Workers(images, 9); workers != 1 || scores != 10*engine.Block {
		t.Errorf("%d workers of %d scores", workers, scores)
	}
	newStream(images).readAhead()
	if err := images[0].Close(); err != nil {
		t.Error(err)
	}
}

// TestReadAhead: who reads ahead opens images up to the Window before the workers, and no
// more, and goes on as these come nearer.
func TestReadAhead(t *testing.T) {
	withWindow(t, 16*openCost)
	path := folder(t, 4, 3)
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
		t.Errorf("%d images are open, want what is in the Window", before)
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
		if err := im.Close(); err != nil {
			t.Error(err)
		}
	}
	if n := open(); n != 0 {
		t.Errorf("%d images are open after all were closed", n)
	}
}

// TestReadAheadOfNothing: an image that cannot be opened, or is closed, stops nobody.
func TestReadAheadOfNothing(t *testing.T) {
	paths := []string{folder(t, 4, 3), folder(t, 4, 3)}
	images := imagesOf(t, paths...)
	if err := images[0].Close(); err != nil {
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
