//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package npy

import (
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// A pipe without a writer must be refused, not waited for.
func TestPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Open(path)
	wantError(t, err, path, "not a regular file, want an .npy file")
	_, err = Create(path, []int{1})
	wantError(t, err, path, "a pipe: want the name of a file")
}

func TestDevice(t *testing.T) {
	_, err := Open(os.DevNull)
	wantError(t, err, os.DevNull, "not a regular file, want an .npy file")
	_, err = Create(os.DevNull, []int{1})
	wantError(t, err, os.DevNull, "a device: want the name of a file")
}

// A sparse file stands for one that is larger than memory. One that is larger than
// the address space is refused.
func TestLargeFile(t *testing.T) {
	for _, shape := range [][]int{{1 << 21, 80}, {1 << 24, 80}} { // 640 MiB, 5 GiB
		text := headerText(shape)
		path := save(t, []byte(text))
		count := int64(shape[0]) * int64(shape[1])
		if err := os.Truncate(path, int64(len(text))+4*count); err != nil {
			t.Fatal(err)
		}
		if 4*count > math.MaxInt {
			_, err := Open(path)
			wantError(t, err, path, "shape (16777216, 80) is too large, want at most 2147483647 bytes of data")
			continue
		}
		values, err := mustOpen(t, path).Float32()
		if err != nil {
			t.Fatal(err)
		}
		if int64(len(values)) != count || values[0] != 0 || values[len(values)-1] != 0 {
			t.Errorf("%d values, from %v to %v", len(values), values[0], values[len(values)-1])
		}
	}
}

func TestPermissionsPassOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.npy")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	w := mustCreate(t, path, []int{0})
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != 0o600 || info.Size() != 128 {
		t.Errorf("the file became %v with %d bytes", info.Mode(), info.Size())
	}
}

func TestSymbolicLink(t *testing.T) {
	dir := t.TempDir()
	real := filepath.Join(dir, "real.npy")
	if err := os.WriteFile(real, []byte("old"), 0o666); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link.npy")
	if err := os.Symlink("real.npy", link); err != nil {
		t.Fatal(err)
	}
	w := mustCreate(t, link, []int{0})
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the link became %v, %v", info, err)
	}
	mustOpen(t, real)
	mustOpen(t, link)

	if err := os.Remove(real); err != nil {
		t.Fatal(err)
	}
	_, err := Create(link, nil)
	wantError(t, err, link, "a symbolic link to nothing: want the name of a file")
	wantNames(t, dir, "link.npy")
}
