package object

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// localIdentity follows links, as far as there is what they lead to.
func localIdentity(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	return path, nil
}

// statFile returns the version of a regular file. To open another, such as a pipe, might wait.
func statFile(path string) (Version, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Version{}, cause(err)
	}
	return fileVersion(info)
}

func fileVersion(info fs.FileInfo) (Version, error) {
	if info.IsDir() {
		return Version{}, errors.New("a folder, want a file")
	}
	if !info.Mode().IsRegular() {
		return Version{}, errors.New("no regular file, want one: parts of it are read on their own; flbench eval reads pipes")
	}
	return Version{Size: info.Size(), Mark: strconv.FormatInt(info.ModTime().UnixNano(), 10)}, nil
}

// readFile looks at the version before and after it reads: a file can change while it is read.
func readFile(path string, v Version, from int64, p []byte) error {
	if now, err := statFile(path); err != nil {
		return err
	} else if now != v {
		return errChanged
	}
	f, err := os.Open(path)
	if err != nil {
		return cause(err)
	}
	defer f.Close()
	_, readErr := f.ReadAt(p, from)
	info, err := f.Stat()
	if err != nil {
		return cause(err)
	}
	if now, err := fileVersion(info); err != nil {
		return err
	} else if now != v {
		return errChanged
	}
	return cause(readErr)
}

// writeFile writes to another name first, in the same folder.
func writeFile(path string, p []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return cause(err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	_, err = f.Write(p)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Chmod(f.Name(), 0o644)
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	return cause(err)
}

// cause returns an error without the path, which a message has already.
func cause(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}
