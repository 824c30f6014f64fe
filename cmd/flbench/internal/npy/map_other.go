//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package npy

import (
	"io"
	"os"
)

// mapFile reads the first size bytes of file, where files cannot be mapped;
// size is positive.
func mapFile(file *os.File, size int) ([]byte, error) {
	region := make([]byte, size)
	_, err := io.ReadFull(io.NewSectionReader(file, 0, int64(size)), region)
	return region, err
}

// unmapFile leaves the memory to the garbage collector.
func unmapFile([]byte) error { return nil }
