package npy

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/flengine/flengine/cmd/flbench/internal/array"
	"github.com/flengine/flengine/cmd/flbench/internal/outfile"
)

// names lists a folder, so that left-over files show.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	list := []string{}
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

func wantNames(t *testing.T, dir string, want ...string) {
	t.Helper()
	if got := names(t, dir); !slices.Equal(got, want) {
		t.Errorf("the folder has %q, want %q", got, want)
	}
}

// mustRead opens what was written.
func mustRead(t *testing.T, path string) *array.Array {
	t.Helper()
	f, err := array.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	a, err := f.Array("")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// wantError checks for the exact message after "PATH: ".
func wantError(t *testing.T, err error, path, message string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %q", message)
	}
	if got, want := err.Error(), path+": "+message; got != want {
		t.Errorf("error\n got %s\nwant %s", got, want)
	}
}

func err2[T any](_ T, err error) error { return err }

func mustCreate(t *testing.T, path string, shape []int) *Writer {
	t.Helper()
	w, err := Create(path, shape)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Abort)
	return w
}

func mustWrite(t *testing.T, w *Writer, p ...float32) {
	t.Helper()
	if err := w.Write(p); err != nil {
		t.Fatal(err)
	}
}

func TestWriterBytes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.npy")
	w := mustCreate(t, path, []int{2, 1})
	mustWrite(t, w, 1, -2)
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// 118 bytes of header: the dict, spaces up to byte 128, a line end.
	const text = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }"
	want := append([]byte("\x93NUMPY\x01\x00\x76\x00"+text), bytes.Repeat([]byte{' '}, 117-len(text))...)
	want = append(want, '\n', 0, 0, 128, 63, 0, 0, 0, 192)
	if !bytes.Equal(got, want) {
		t.Errorf("file\n got %q\nwant %q", got, want)
	}
}

func TestRoundTrip(t *testing.T) {
	testRoundTrip(t)
	// As on a machine of the other order of bytes.
	defer func(before bool) { littleEndian = before }(littleEndian)
	littleEndian = false
	testRoundTrip(t)
}

func testRoundTrip(t *testing.T) {
	for _, shape := range [][]int{{}, {0}, {1}, {7}, {0, 80}, {3, 80}, {100003}, {2, 3, 4}, slices.Repeat([]int{1}, 64)} {
		for _, piece := range []int{1, 3, 16384, 1 << 20} {
			path := filepath.Join(t.TempDir(), "out.npy")
			w := mustCreate(t, path, shape)
			values := make([]float32, w.count)
			for i := range values {
				values[i] = float32(i) - 0.5
			}
			if len(values) > 2 {
				values[1] = float32(math.NaN())
				values[2] = float32(math.Inf(-1))
			}
			for part := range slices.Chunk(values, piece) {
				mustWrite(t, w, part...)
			}
			mustWrite(t, w) // nothing is fine at any time
			if err := w.Commit(); err != nil {
				t.Fatal(err)
			}
			wantNames(t, filepath.Dir(path), "out.npy")

			got := mustRead(t, path)
			all, err := got.Float32s(nil, 0, got.Len())
			if err != nil {
				t.Fatal(err)
			}
			same := slices.EqualFunc(all, values, func(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) })
			if got.DType() != array.Float32 || !slices.Equal(got.Shape(), shape) || !same {
				t.Errorf("shape %v in pieces of %d: got %v of shape %v, the same values: %v", shape, piece, got.DType(), got.Shape(), same)
			}
			if info, err := os.Stat(path); err != nil || (info.Size()-4*int64(len(values)))%dataAlign != 0 {
				t.Errorf("shape %v: %d values in %v, %v", shape, len(values), info, err)
			}
		}
	}
}

func TestAbort(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "out.npy")
	w := mustCreate(t, path, []int{2})
	mustWrite(t, w, 1, 2)
	if len(names(t, dir)) != 1 {
		t.Errorf("the folder has %q, want the temporary file alone", names(t, dir))
	}
	w.Abort()
	w.Abort()
	wantNames(t, dir)
	const message = "already committed or aborted, want a new writer"
	wantError(t, w.Commit(), path, message)
	wantError(t, w.Write([]float32{1}), path, message)
	wantNames(t, dir)
}

func TestCommitReplaces(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "out.npy")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	content := func() string {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	w := mustCreate(t, path, []int{2})
	mustWrite(t, w, 1, 2)
	if content() != "old" {
		t.Error("the old file changed before Commit")
	}
	w.Abort()
	if content() != "old" {
		t.Error("Abort changed the old file")
	}

	w = mustCreate(t, path, []int{2})
	mustWrite(t, w, 1, 2)
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	w.Abort()
	if a := mustRead(t, path); !slices.Equal(a.Shape(), []int{2}) {
		t.Errorf("shape %v", a.Shape())
	}
	const message = "already committed or aborted, want a new writer"
	wantError(t, w.Commit(), path, message)
	wantError(t, w.Write(nil), path, message)
	wantNames(t, dir, "out.npy")
}

// An output may replace the input it was made from, which is mapped.
func TestCommitOverOpenFile(t *testing.T) {
	const count = 1 << 17
	path := filepath.Join(t.TempDir(), "out.npy")
	write := func(value float32) {
		w := mustCreate(t, path, []int{count})
		mustWrite(t, w, slices.Repeat([]float32{value}, count)...)
		if err := w.Commit(); err != nil {
			t.Fatal(err)
		}
	}
	write(1)
	in := mustRead(t, path)
	write(5)
	if first, last := in.At(0), in.At(count-1); first != "1" || last != "1" {
		t.Errorf("the open file's values became %s and %s", first, last)
	}
	if out := mustRead(t, path); out.At(0) != "5" {
		t.Errorf("the new file starts with %s", out.At(0))
	}
}

// Two files appear together: both are finished before the first is committed.
func TestFinish(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "out.npy")
	w := mustCreate(t, path, []int{2})
	mustWrite(t, w, 1, 2)
	for range 2 {
		if err := w.Finish(); err != nil {
			t.Fatal(err)
		}
	}
	if list := names(t, dir); len(list) != 1 || list[0] == "out.npy" {
		t.Errorf("the folder has %q, want the temporary file alone", list)
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	wantNames(t, dir, "out.npy")
	wantError(t, w.Finish(), path, "already committed or aborted, want a new writer")

	w = mustCreate(t, path, []int{2})
	mustWrite(t, w, 1)
	wantError(t, w.Finish(), path, "1 values written, want 2 for shape (2,)")
	wantNames(t, dir, "out.npy")

	w = mustCreate(t, path, []int{1})
	mustWrite(t, w, 1)
	if err := w.Finish(); err != nil {
		t.Fatal(err)
	}
	w.Abort()
	wantNames(t, dir, "out.npy")
}

func TestTooFewValues(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "out.npy")
	w := mustCreate(t, path, []int{2, 2})
	mustWrite(t, w, 1, 2, 3)
	const message = "3 values written, want 4 for shape (2, 2)"
	wantError(t, w.Commit(), path, message)
	wantNames(t, dir)
	wantError(t, w.Commit(), path, message)
}

func TestTooManyValues(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "out.npy")
	w := mustCreate(t, path, []int{3})
	mustWrite(t, w, 1, 2)
	const message = "2 values written after 2, want 3 in all for shape (3,)"
	wantError(t, w.Write([]float32{3, 4}), path, message)
	wantError(t, w.Write([]float32{3}), path, message)
	wantError(t, w.Commit(), path, message)
	wantNames(t, dir)
}

// What fails in the file shows in Write or, for values still buffered, in Commit.
func TestWriteFails(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "out.npy")
	const message = "already committed or aborted: want a new file"

	w := mustCreate(t, path, []int{writeBuffer})
	w.file.Abort()
	err := w.Write(make([]float32, writeBuffer))
	wantError(t, err, path, message)
	if again := w.Commit(); again != err {
		t.Errorf("%v, want %v", again, err)
	}
	wantNames(t, dir)

	w = mustCreate(t, path, []int{1})
	mustWrite(t, w, 1)
	w.file.Abort()
	wantError(t, w.Commit(), path, message)
	wantNames(t, dir)

	// The folder disappears before the rename, or takes the name itself.
	w = mustCreate(t, path, []int{1})
	mustWrite(t, w, 1)
	if err := os.Mkdir(path, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(); err == nil {
		t.Error("a folder was replaced")
	}
	wantNames(t, dir, "out.npy")
}

func TestCreateRefuses(t *testing.T) {
	dir := t.TempDir()
	plain := filepath.Join(dir, "plain")
	if err := os.WriteFile(plain, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "out.npy")
	slash := filepath.Join(dir, "new") + string(os.PathSeparator)
	for _, c := range []struct {
		path  string
		shape []int
		want  string
	}{
		{"", []int{1}, "no file name: want one"},
		{dir, []int{1}, "a folder: want the name of a file"},
		{slash, []int{1}, "no file name: want one"},
		{path, []int{2, -1}, "shape (2, -1) has a negative dimension, want 0 or more"},
		{path, []int{math.MaxInt / 4, 2}, fmt.Sprintf("shape (%d, 2) is too large, want at most %d bytes of data", math.MaxInt/4, math.MaxInt)},
		{path, slices.Repeat([]int{1}, 65), "shape has 65 dimensions, want at most 64"},
	} {
		w, err := Create(c.path, c.shape)
		if w != nil {
			t.Error("a writer beside the error")
		}
		wantError(t, err, c.path, c.want)
	}

	missing := filepath.Join(dir, "missing", "out.npy")
	if _, err := Create(missing, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v, want fs.ErrNotExist", err)
	} else {
		folder := filepath.Dir(missing)
		wantError(t, err, missing, outfile.Cause(err2(os.Create(missing))).Error()+": want the folder "+folder+" to exist")
	}
	inFile := filepath.Join(plain, "out.npy")
	_, err := Create(inFile, nil)
	wantError(t, err, inFile, outfile.Cause(err2(os.Create(inFile))).Error()+": want "+plain+" to be a folder")

	// A user who may write everywhere gets the file, all others the reason.
	locked := filepath.Join(dir, "locked")
	if err := os.Mkdir(locked, 0o555); err != nil {
		t.Fatal(err)
	}
	probe, want := os.Create(filepath.Join(locked, "probe"))
	if want == nil {
		probe.Close()
	}
	w, err := Create(filepath.Join(locked, "out.npy"), nil)
	if err == nil {
		w.Abort()
	}
	if (err == nil) != (want == nil) || errors.Is(err, fs.ErrPermission) != errors.Is(want, fs.ErrPermission) {
		t.Errorf("error %v, want as from os.Create: %v", err, want)
	}
	wantNames(t, dir, "locked", "plain")
}
