//go:build !windows

package outfile

import (
	"errors"
	"os"
	"syscall"
)

func noSpace(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

func tooLarge(err error) bool { return errors.Is(err, syscall.EFBIG) }

const syncsFolders = true

// syncFolder brings the names in a folder to the disk.
func syncFolder(folder string) error {
	dir, err := os.Open(folder)
	if err != nil {
		return nil // it may be written to, but not be read
	}
	defer dir.Close()
	return toDisk(dir)
}
