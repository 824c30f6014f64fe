//go:build unix

package guard

import (
	"testing"

	"golang.org/x/sys/unix"
)

// pages returns whole pages of at least size bytes with a guard on both sides.
func pages(t testing.TB, size int) []byte {
	t.Helper()
	page := unix.Getpagesize()
	size = (size + page - 1) / page * page
	b, err := unix.Mmap(-1, 0, size+2*page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		t.Fatalf("mmap of %d bytes: %v", size+2*page, err)
	}
	t.Cleanup(func() { unix.Munmap(b) })
	for _, g := range [][]byte{b[:page], b[page+size:]} {
		if err := unix.Mprotect(g, unix.PROT_NONE); err != nil {
			t.Fatalf("mprotect: %v", err)
		}
	}
	return b[page : page+size]
}
