//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package npy

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// A pipe without a reader must be refused, not waited for.
func TestPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Create(path, []int{1})
	wantError(t, err, path, "a pipe: want the name of a file")
}

func TestDevice(t *testing.T) {
	_, err := Create(os.DevNull, []int{1})
	wantError(t, err, os.DevNull, "a device: want the name of a file")
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
	mustRead(t, real)
	mustRead(t, link)

	if err := os.Remove(real); err != nil {
		t.Fatal(err)
	}
	_, err := Create(link, nil)
	wantError(t, err, link, "a symbolic link to nothing: want the name of a file")
	wantNames(t, dir, "link.npy")
}
