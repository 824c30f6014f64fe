package array

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"time"

	"github.com/flengine/flengine/cmd/flbench/internal/outfile"
)

// File is an open file of arrays. Its data is mapped, not read, where it can be.
type File struct {
	path    string
	size    int64
	changed time.Time
	mem     *memory
	header  header
}

// Open opens the file of arrays at path.
func Open(path string) (*File, error) { return OpenContext(context.Background(), path) }

// OpenContext opens the file of arrays at path. Where data has to be read rather than
// mapped, here and in Array, the end of ctx ends that.
func OpenContext(ctx context.Context, path string) (*File, error) {
	f := &File{path: path}
	if err := f.open(); err != nil {
		_ = f.Close() // the error tells more
		return nil, err
	}
	return f, nil
}

func (f *File) open() error {
	// Looking before opening: opening a pipe would wait for its writer.
	info, err := os.Stat(f.path)
	if err != nil {
		return f.unreadable(err)
	}
	if err := f.regular(info); err != nil {
		return err
	}
	file, err := os.Open(f.path)
	if err != nil {
		return f.unreadable(err)
	}
	defer file.Close() // a mapping outlives its descriptor
	if info, err = file.Stat(); err != nil {
		return f.unreadable(err)
	}
	if err := f.regular(info); err != nil {
		return err
	}
	if f.size, f.changed = info.Size(), info.ModTime(); f.size > math.MaxInt {
		return fmt.Errorf("%s: the file has %d bytes, want at most %d on this machine", f.path, f.size, math.MaxInt)
	}
	if f.mem, err = mapFile(file, int(f.size)); err != nil {
		return f.unreadable(err)
	}
	fault := guard(func() { f.header, err = readHeader(bytes.NewReader(f.mem.data), f.size) })
	if err = errors.Join(fault, err); err != nil {
		return fmt.Errorf("%s: %w", f.path, err)
	}
	return nil
}

// Names returns the names of the arrays, in the file's order. That of an .npy file's
// only one is "".
func (f *File) Names() []string { return []string{""} }

// Array returns an array by its name.
func (f *File) Array(name string) (*Array, error) {
	if name != "" {
		return nil, fmt.Errorf("%s: no array %s in an .npy file, which has one without a name", f.path, quote(name))
	}
	if err := f.header.readable(); err != nil {
		return nil, fmt.Errorf("%s: %w", f.path, err)
	}
	if f.mem.data == nil {
		return nil, fmt.Errorf("%s: the file is closed, want it open", f.path)
	}
	return newArray(f.mem, f.path, f.header, f.mem.data[f.header.offset:]), nil
}

// Changed returns an error if the file at the path is no longer as it was opened, by
// its size and time of change.
func (f *File) Changed() error {
	info, err := os.Stat(f.path)
	if err != nil {
		return f.unreadable(err)
	}
	if info.Size() != f.size || !info.ModTime().Equal(f.changed) {
		return fmt.Errorf("%s: changed while it was read, want a file that stays as it is", f.path)
	}
	return nil
}

// Close releases the memory of all arrays. They must not be used afterwards. Closing
// twice is harmless.
func (f *File) Close() error {
	if f.mem == nil {
		return nil
	}
	if err := f.mem.close(); err != nil {
		return fmt.Errorf("%s: %w, want the mapping released", f.path, outfile.Cause(err))
	}
	return nil
}

// regular refuses what cannot be mapped: folders, devices, pipes and empty files.
func (f *File) regular(info fs.FileInfo) error {
	switch {
	case info.IsDir():
		return fmt.Errorf("%s: a directory, want an .npy file", f.path)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s: not a regular file, want an .npy file", f.path)
	case info.Size() == 0:
		return fmt.Errorf("%s: an empty file, want an .npy file", f.path)
	}
	return nil
}

func (f *File) unreadable(err error) error {
	return fmt.Errorf("%s: %w, want a readable .npy file", f.path, outfile.Cause(err))
}
