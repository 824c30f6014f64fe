//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package npy

import (
	"os"

	"golang.org/x/sys/unix"
)

// mapFile maps the first size bytes of file for reading; size is positive.
func mapFile(file *os.File, size int) ([]byte, error) {
	region, err := unix.Mmap(int(file.Fd()), 0, size, unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, err
	}
	// Only a hint that helps files larger than memory; it may fail.
	_ = unix.Madvise(region, unix.MADV_SEQUENTIAL)
	return region, nil
}

// unmapFile releases what mapFile returned.
func unmapFile(region []byte) error {
	return unix.Munmap(region)
}
