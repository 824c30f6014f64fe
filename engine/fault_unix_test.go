//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package engine

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// mapScores maps a file of the scores, and returns them and how to cut the file short.
func mapScores(t *testing.T, x []float32) (mapped []float32, cut func(scores int)) {
	path := filepath.Join(t.TempDir(), "scores")
	raw := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(x))), 4*len(x))
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	region, err := unix.Mmap(int(file.Fd()), 0, len(raw), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Munmap(region); err != nil {
			t.Error(err)
		}
	})
	return unsafe.Slice((*float32)(unsafe.Pointer(&region[0])), len(x)), func(scores int) {
		if err := os.Truncate(path, 4*int64(scores)); err != nil {
			t.Fatal(err)
		}
	}
}

// TestMappedFileCutShort: whoever evaluates a mapped file that is cut short recovers
// from it, with several workers as with one, from the same fault, and works on.
func TestMappedFileCutShort(t *testing.T) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	const n, cutAt = 64 * Block, 40 * Block
	x, y := easyBatch(n)
	mapped, cut := mapScores(t, x)
	b, good := Batch{Logits: mapped, Labels: y}, Batch{Logits: x, Labels: y}
	want := must(must(New(Focal(0.25, 2))).Sum(good))
	if r := must(must(New(Focal(0.25, 2))).Sum(b)); r != want {
		t.Fatalf("of the whole file %v, want %v", r, want)
	}
	cut(cutAt)
	isFault := func(v any) bool {
		err, ok := v.(runtime.Error)
		if !ok || !strings.Contains(err.Error(), "invalid memory address") {
			return false
		}
		// An emulated CPU may not tell the address.
		where, ok := v.(interface{ Addr() uintptr })
		return !ok || where.Addr() >= uintptr(unsafe.Pointer(&mapped[cutAt])) && where.Addr() < uintptr(unsafe.Pointer(&mapped[cutAt+Block]))
	}
	grad := make([]float32, n)
	for _, name := range Kernels() {
		for _, workers := range []int{1, 4} {
			e := must(New(Focal(0.25, 2), WithKernel(name), WithWorkers(workers)))
			for range fewer(4, 1) {
				if v := panicOf(func() { e.Sum(b) }); !isFault(v) {
					t.Fatalf("%s, %d workers, sum: panic %v, want a fault in the first block that is gone", name, workers, v)
				}
				if v := panicOf(func() { e.Gradients(grad, b) }); !isFault(v) {
					t.Fatalf("%s, %d workers, gradients: panic %v, want a fault in the first block that is gone", name, workers, v)
				}
				if r, err := e.Sum(good); err != nil || r != want {
					t.Fatalf("%s, %d workers: after a fault %v, %v; want %v", name, workers, r, err, want)
				}
			}
			// What precedes the cut is found first.
			y[20*Block] = 7
			var bad *InputError
			if _, err := e.Sum(b); !errors.As(err, &bad) || bad.Index != 20*Block {
				t.Errorf("%s, %d workers: %v, want an error at score %d", name, workers, err, 20*Block)
			}
			y[20*Block] = 0
		}
		// The fault is a helper's for sure: the caller does nothing.
		s := shareBatch(must(New(Focal(0.25, 2), WithKernel(name), WithWorkers(2))), b, 2)
		helperDoes(t, new(helpers), s)
		if v := panicOf(func() { finishOne(s) }); !isFault(v) {
			t.Errorf("%s, a helper alone: panic %v, want a fault in the first block that is gone", name, v)
		}
	}
}

// TestFaultLeavesNoPointer: a tile that met a fault is used again, and points nowhere into
// memory that its owner may unmap.
func TestFaultLeavesNoPointer(t *testing.T) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	const columns, rows = 4, 16 * Block
	mapped, cut := mapScores(t, make([]float32, rows)) // classes of 0
	classes := unsafe.Slice((*int32)(unsafe.Pointer(&mapped[0])), rows)
	cut(0)
	x := make([]float32, columns*rows)
	y := unsafe.Slice((*uint8)(unsafe.Pointer(&mapped[0])), len(x))
	for _, b := range []Batch{
		{Logits: x, Classes: classes, NumClasses: columns},
		{Logits: x[:rows], Labels: make([]uint8, rows), Weights: mapped},
		{Logits: mapped, Labels: make([]uint8, rows)},
		{Logits: x, Labels: y},
	} {
		for _, name := range Kernels() {
			s := shareBatch(must(New(Focal(0.25, 2), WithKernel(name))), b, 1)
			tile := &tile{total: make([]Result, 1)}
			bad := s.evaluate(tile, 0, Block)
			if _, ok := bad.err.(*panicked); !ok {
				t.Fatalf("%s: %v, want a panic", name, bad.err)
			}
			if c := tile.call; c.Scores != nil || c.Weights != nil || tile.narrow.call.Classes != nil || tile.sweep.Scores != nil {
				t.Errorf("%s: the tile points into the batch", name)
			}
		}
	}
}
