//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package array

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// nonblock lets a pipe be opened that nobody writes.
const nonblock = unix.O_NONBLOCK

// mapFile maps the first size bytes of file for reading; size is positive.
func mapFile(file *os.File, size int) (*memory, error) {
	data, err := unix.Mmap(int(file.Fd()), 0, size, unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, err
	}
	return &memory{data: data, mapped: true}, nil
}

// unmapFile releases what mapFile mapped.
func unmapFile(data []byte) error { return unix.Munmap(data) }

// advise asks for the pages of mapped memory soon to be read. It may fail: it is a hint.
func advise(p []byte) { _ = unix.Madvise(pages(p), unix.MADV_WILLNEED) }

// pages extends p to whole pages, as madvise wants.
func pages(p []byte) []byte {
	start := unsafe.Pointer(unsafe.SliceData(p))
	before := int(uintptr(start) % uintptr(os.Getpagesize()))
	return unsafe.Slice((*byte)(unsafe.Add(start, -before)), before+len(p))
}
