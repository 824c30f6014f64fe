package outfile

import (
	"os"

	"golang.org/x/sys/unix"
)

// reserve sees to it that a new file has room to grow, if its file system can do that.
func reserve(file *os.File, size int64) error {
	if size <= 0 {
		return nil
	}
	for {
		err := unix.Fallocate(int(file.Fd()), unix.FALLOC_FL_KEEP_SIZE, 0, size)
		switch {
		case err == unix.EINTR:
		case noSpace(err) || tooLarge(err):
			return err
		default:
			return nil
		}
	}
}
