//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package array

import (
	"context"
	"io"
	"io/fs"
	"os"
	"time"
)

// rawFile is an open file.
type rawFile struct{ file *os.File }

func openRaw(path string) (rawFile, error) {
	file, err := os.Open(path)
	return rawFile{file}, err
}

func rawOf(file *os.File) rawFile { return rawFile{file} }

func (r rawFile) close() { _ = r.file.Close() } // nothing was written

// stat returns the kind of file, its size and its time of change.
func (r rawFile) stat() (kind fs.FileMode, size int64, changed time.Time, err error) {
	info, err := r.file.Stat()
	if err != nil {
		return 0, 0, time.Time{}, err
	}
	return info.Mode().Type(), info.Size(), info.ModTime(), nil
}

// load reads the first size bytes, where files cannot be mapped; size is positive.
func (r rawFile) load(size int) (*memory, error) {
	data := make([]byte, size)
	_, err := io.ReadFull(io.NewSectionReader(r.file, 0, int64(size)), data)
	return &memory{data: data}, err
}

// ReadAt is that of io.ReaderAt.
func (r rawFile) ReadAt(p []byte, at int64) (int, error) { return r.file.ReadAt(p, at) }

// pipe returns a pipe as package os has it.
func (r rawFile) pipe(context.Context, string) (*os.File, error) { return r.file, nil }

func unmap([]byte) error { return nil }

func advise([]byte) {}
