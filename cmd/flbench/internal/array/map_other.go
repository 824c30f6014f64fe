//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package array

import (
	"io"
	"os"
)

const nonblock = 0

// mapFile reads the first size bytes of file, where files cannot be mapped; size is
// positive.
func mapFile(file *os.File, size int) (*memory, error) {
	data := make([]byte, size)
	_, err := io.ReadFull(io.NewSectionReader(file, 0, int64(size)), data)
	return &memory{data: data}, err
}

func unmapFile([]byte) error { return nil }

func advise([]byte) {}
