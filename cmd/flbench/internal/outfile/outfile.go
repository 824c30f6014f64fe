// Package outfile makes files that appear under their names only when they are
// complete.
package outfile

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// Create creates a temporary file beside the one that path stands for, with the
// permissions it shall have. Renamed to target it replaces that file in one step. A
// symbolic link is followed; the folder must exist. Errors do not name the path.
func Create(path string) (temp *os.File, target string, err error) {
	target, perm, err := destination(path)
	if err != nil {
		return nil, "", Cause(err)
	}
	if temp, err = createTemp(filepath.Dir(target), perm); err != nil {
		return nil, "", Cause(err)
	}
	return temp, target, nil
}

// Check returns the error that Create would, and leaves nothing behind.
func Check(path string) error {
	temp, _, err := Create(path)
	if err != nil {
		return err
	}
	err = temp.Close()
	if removing := os.Remove(temp.Name()); err == nil {
		err = removing
	}
	return Cause(err)
}

// Write makes a file of data. On an error nothing is left behind, and an older file is
// as it was.
func Write(path string, data []byte) error {
	temp, target, err := Create(path)
	if err != nil {
		return err
	}
	_, err = temp.Write(data)
	// Closed before the rename, which some systems demand.
	if closing := temp.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(temp.Name(), target)
	}
	if err != nil {
		_ = os.Remove(temp.Name()) // unwanted, whatever becomes of it
	}
	return Cause(err)
}

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

// destination returns the file that path stands for and its permissions. It
// refuses what a rename would destroy or fail on after the work is done.
func destination(path string) (string, fs.FileMode, error) {
	target := path
	info, err := os.Lstat(path)
	if err == nil && info.Mode()&fs.ModeSymlink != 0 {
		if target, err = filepath.EvalSymlinks(path); err == nil {
			info, err = os.Lstat(target)
		}
		if err != nil {
			return "", 0, err
		}
	}
	switch {
	case path == "" || os.IsPathSeparator(path[len(path)-1]):
		return "", 0, errors.New("no file name")
	case errors.Is(err, fs.ErrNotExist):
		return target, 0o666, nil // the process's umask applies
	case err != nil:
		return "", 0, err
	case info.IsDir():
		return "", 0, errors.New("a directory")
	case !info.Mode().IsRegular():
		return "", 0, errors.New("not a regular file")
	}
	return target, info.Mode().Perm(), nil
}

// createTemp creates a new hidden file in dir. Unlike os.CreateTemp it takes
// the permissions the final file shall have.
func createTemp(dir string, perm fs.FileMode) (*os.File, error) {
	for tries := 0; ; tries++ {
		name := filepath.Join(dir, fmt.Sprintf(".flbench-%016x.tmp", rand.Uint64()))
		file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
		if tries < 100 && errors.Is(err, fs.ErrExist) {
			continue
		}
		return file, err
	}
}
