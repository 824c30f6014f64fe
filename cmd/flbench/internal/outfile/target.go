package outfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// destination returns the file that path stands for, and its permissions, 0 if it does
// not exist. It refuses what a rename would destroy, or fail on after the work is done.
func destination(path string) (string, fs.FileMode, error) {
	switch {
	case path == "" || os.IsPathSeparator(path[len(path)-1]):
		return "", 0, errors.New("no file name: want one")
	case path == "-":
		return "", 0, errors.New("here not standard output, but a file: want another name, or ./-")
	case descriptor(path):
		return "", 0, errors.New("a name of what is open already: want the name of a file")
	}
	info, err := os.Lstat(path)
	if err == nil && info.Mode()&fs.ModeSymlink != 0 {
		if info, err = os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return "", 0, errors.New("a symbolic link to nothing: want the name of a file")
		}
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return path, 0, nil
	case err != nil:
		return "", 0, explain(err, filepath.Dir(path), 0)
	case !info.Mode().IsRegular():
		return "", 0, errors.New(kind(info.Mode()) + ": want the name of a file")
	case SameAs(path, os.Stdout):
		return "", 0, errors.New("the file that standard output goes to: want another")
	case SameAs(path, os.Stderr):
		return "", 0, errors.New("the file that standard error goes to: want another")
	}
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", 0, explain(err, filepath.Dir(path), 0)
	}
	if err := writable(target, info.Mode()); err != nil {
		return "", 0, err
	}
	return target, info.Mode().Perm(), nil
}

// writable returns an error for a file that may not be written to. It would be replaced
// all the same, for that takes nothing but permission to write to its folder; and a file
// that nobody may write to is meant to stay even where the user is above permissions.
func writable(path string, mode fs.FileMode) error {
	readOnly := errors.New("a read-only file: want another name, or permission to write to it (chmod u+w)")
	if mode.Perm()&0o222 == 0 {
		return readOnly
	}
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrPermission) {
		return readOnly
	}
	if err != nil {
		return explain(err, filepath.Dir(path), 0)
	}
	return file.Close()
}

// SameAs tells whether path, with symbolic links followed, is what f is open on.
func SameAs(path string, f *os.File) bool {
	x, err := os.Stat(path)
	if err != nil {
		return false
	}
	y, err := f.Stat()
	return err == nil && os.SameFile(x, y)
}

// descriptor tells whether path is the system's name of an open file. Where that is one
// of a folder, it would be replaced, and not written to.
func descriptor(path string) bool {
	path, err := filepath.Abs(path)
	if err != nil {
		return false
	}
	path = filepath.ToSlash(path)
	switch path {
	case "/dev/stdin", "/dev/stdout", "/dev/stderr":
		return true
	}
	folder := path[:strings.LastIndexByte(path, '/')+1]
	return folder == "/dev/fd/" || strings.HasPrefix(folder, "/proc/") && strings.HasSuffix(folder, "/fd/")
}

// kind names what is no regular file.
func kind(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "a folder"
	case mode&fs.ModeNamedPipe != 0:
		return "a pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	case mode&fs.ModeDevice != 0:
		return "a device"
	}
	return "not a regular file"
}
