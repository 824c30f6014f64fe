//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package array

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func fifo(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestPipe: a pipe is read whenever its writer comes, in whatever pieces.
func TestPipe(t *testing.T) {
	for _, late := range []bool{false, true} {
		path := fifo(t)
		if !IsStream(path) {
			t.Error("a pipe is no stream")
		}
		writer := make(chan error, 1)
		go func() {
			if late {
				time.Sleep(20 * time.Millisecond) // more likely after the reader, no more
			}
			file, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err == nil {
				for _, b := range npyOf(1, 2, 3) {
					if _, err = file.Write([]byte{b}); err != nil {
						break
					}
				}
				file.Close()
			}
			writer <- err
		}()
		f, err := Open(path)
		if err := <-writer; err != nil {
			t.Error(err)
		}
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		a, err := f.Array("")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := a.Float32s(nil, 0, 3); a.Label() != path || err != nil || !slices.Equal(got, []float32{1, 2, 3}) {
			t.Errorf("%s: %v, %v", a.Label(), got, err)
		}
		if err := f.Changed(); err != nil {
			t.Error(err)
		}
	}
}

// TestPipeInterrupted: neither a pipe that nobody opens for writing nor one that nobody
// writes to keeps the end of a context waiting.
func TestPipeInterrupted(t *testing.T) {
	path := fifo(t)
	for _, opened := range []bool{false, true} {
		if opened {
			file, err := os.OpenFile(path, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(20*time.Millisecond, cancel)
		_, err := OpenContext(ctx, path)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("writer %v: %v", opened, err)
		}
	}
}

func TestDevice(t *testing.T) {
	_, err := Open(os.DevNull)
	wantError(t, err, os.DevNull, "a device, "+want+" or a pipe of one")
	old := os.Stdin
	defer func() { os.Stdin = old }()
	if os.Stdin, err = os.Open(os.DevNull); err != nil {
		t.Fatal(err)
	}
	_, err = Open("-")
	wantError(t, err, "standard input", "a device, "+want+" or a pipe of one")
	os.Stdin.Close()
	if _, err = Open("-"); err == nil {
		t.Error("a closed standard input was read")
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	w.Close()
	os.Stdin = r
	_, err = Open("-")
	wantError(t, err, "standard input", "empty, "+want)
}

// TestFullDisk: the message names the cure.
func TestFullDisk(t *testing.T) {
	err := noRoom(&os.PathError{Op: "write", Path: "/tmp/x", Err: unix.ENOSPC}, 12345)
	want := unix.ENOSPC.Error() + " in " + os.TempDir() + " after 12345 bytes of temporary data, want room for all of it: set TMPDIR to a folder that has it"
	if err.Error() != want || !errors.Is(err, unix.ENOSPC) {
		t.Errorf("%v, want %s", err, want)
	}
}

// TestLargeFile: a sparse file stands for one that is larger than memory. One that is
// larger than the address space is refused.
func TestLargeFile(t *testing.T) {
	for _, rows := range []int64{1 << 21, 1 << 24} { // 640 MiB, 5 GiB
		text := string(fileV1(dict("'<f4'", "False", "("+map[int64]string{1 << 21: "2097152", 1 << 24: "16777216"}[rows]+", 80)")))
		path := save(t, []byte(text))
		count := rows * 80
		if err := os.Truncate(path, int64(len(text))+4*count); err != nil {
			t.Fatal(err)
		}
		if 4*count > math.MaxInt {
			_, err := Open(path)
			if err == nil {
				t.Error("no error")
			}
			continue
		}
		a, err := mustOpen(t, path).Array("")
		if err != nil {
			t.Fatal(err)
		}
		n := a.Len()
		if got, err := a.Float32s(nil, n-3, n); int64(n) != count || err != nil || !slices.Equal(got, []float32{0, 0, 0}) {
			t.Errorf("%d elements that end in %v, %v", n, got, err)
		}
	}
}

// TestShortened: a file that is cut while it is open is an error of whatever reads it,
// not the end of the program.
func TestShortened(t *testing.T) {
	const rows = 1 << 18
	for _, c := range []struct {
		dtype string
		size  int64
	}{{"<f4", 4}, {"<f2", 2}, {"<i8", 8}, {"|u1", 1}, {"|b1", 1}, {">i4", 4}} {
		text := fileV1(dict("'"+c.dtype+"'", "False", "(262144,)"))
		path := save(t, text)
		if err := os.Truncate(path, int64(len(text))+c.size*rows); err != nil {
			t.Fatal(err)
		}
		f := mustOpen(t, path)
		a, err := f.Array("")
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Fault(0, rows); err != nil {
			t.Errorf("%s before: %v", c.dtype, err)
		}
		a.Advise(0, rows)
		if err := os.Truncate(path, 4096); err != nil {
			t.Fatal(err)
		}
		wrong := path + ": " + errFault.Error()
		check := func(what string, err error) {
			t.Helper()
			if err == nil || err.Error() != wrong {
				t.Errorf("%s %s: %v", c.dtype, what, err)
			}
		}
		a.Advise(0, rows)
		if err := a.Fault(0, 16); err != nil {
			t.Errorf("%s: what is left: %v", c.dtype, err)
		}
		check("Fault", a.Fault(0, rows))
		view := a.Reshape(512, 512).Permute(1, 0)
		check("Fault of a view", view.Fault(0, rows))
		sum := 0.0
		check("Guard", Guard(func() error {
			v, err := a.Float64s(nil, 0, rows)
			for _, x := range v {
				sum += x
			}
			return err
		}, a))
		if a.DType().IsFloat() {
			_, err = view.Float32s(nil, 0, rows)
			check("Float32s", err)
		} else {
			_, _, err = view.Int32s(nil, 0, rows)
			check("Int32s", err)
		}
		if a.DType().Size() == 1 && a.DType() != Int8 {
			_, err = view.Uint8s(nil, 0, rows)
			check("Uint8s", err)
		}
		if text := a.At(rows - 1); text != "unreadable" {
			t.Errorf("%s: the last element is %s", c.dtype, text)
		}
		if f.Changed() == nil {
			t.Errorf("%s: not changed", c.dtype)
		}
	}
}
