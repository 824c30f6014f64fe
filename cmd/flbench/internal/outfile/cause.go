package outfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// Cause strips the operation and the path that package os puts before an error, for
// messages that name the path already.
func Cause(err error) error {
	var inPath *fs.PathError
	if errors.As(err, &inPath) {
		return inPath.Err
	}
	var inLink *os.LinkError
	if errors.As(err, &inLink) {
		return inLink.Err
	}
	return err
}

// explain says what is wanted in place of what the system refuses in a folder, of a file
// of some size, if that is known.
func explain(err error, folder string, size int64) error {
	err = Cause(err)
	want := "a file name that can be written to"
	switch {
	case noSpace(err) && size > 0:
		want = fmt.Sprintf("%d bytes free in %s", size, folder)
	case noSpace(err):
		want = "more free in " + folder
	case tooLarge(err) && size > 0:
		want = fmt.Sprintf("files of %d bytes to be allowed (ulimit -f)", size)
	case tooLarge(err):
		want = "larger files to be allowed (ulimit -f)"
	case errors.Is(err, fs.ErrPermission):
		want = "permission to write to the folder " + folder
	case errors.Is(err, fs.ErrNotExist):
		want = "the folder " + folder + " to exist"
	case errors.Is(err, syscall.ENOTDIR):
		want = folder + " to be a folder"
	}
	return fmt.Errorf("%w: want %s", err, want)
}
