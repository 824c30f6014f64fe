package array

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"time"

	"github.com/flengine/flengine/cmd/flbench/internal/outfile"
)

// IsStream tells whether path can be read once only: it is standard input, or neither a
// file nor a folder.
func IsStream(path string) bool {
	if path == "-" {
		return true
	}
	info, err := os.Stat(path)
	return err == nil && !info.Mode().IsRegular() && !info.IsDir()
}

// open gives f the file's content: it maps a file, and reads a pipe to its end.
func (f *File) open() error {
	if f.path == "-" {
		return f.openInput()
	}
	raw, err := openRaw(f.path)
	if err != nil {
		return unreadable(err)
	}
	kind, size, changed, err := raw.stat()
	if err == nil && kind == fs.ModeNamedPipe {
		file, err := raw.pipe(f.ctx, f.path)
		switch {
		case f.ctx.Err() != nil:
			return context.Cause(f.ctx)
		case err != nil:
			return unreadable(err)
		}
		defer file.Close()
		return f.read(file)
	}
	defer raw.close() // a mapping outlives its descriptor
	if err != nil {
		return unreadable(err)
	}
	if kind != 0 {
		return unfit(kind)
	}
	f.stat = func() (os.FileInfo, error) { return os.Stat(f.path) }
	return f.load(raw, size, changed)
}

// openInput opens standard input.
func (f *File) openInput() error {
	info, err := os.Stdin.Stat()
	if err != nil {
		return unreadable(err)
	}
	switch kind := info.Mode().Type(); kind {
	case 0:
		// A file that another program has begun to read is like a pipe.
		if at, err := os.Stdin.Seek(0, io.SeekCurrent); at == 0 && err == nil {
			f.stat = os.Stdin.Stat
			return f.load(rawOf(os.Stdin), info.Size(), info.ModTime())
		}
	case fs.ModeNamedPipe, fs.ModeSocket:
	default:
		return unfit(kind)
	}
	return f.read(os.Stdin)
}

// unfit refuses what is neither a file nor a pipe.
func unfit(kind fs.FileMode) error {
	if kind == fs.ModeDir {
		return errors.New("a directory, " + want)
	}
	return errors.New("a device, " + want + " or a pipe of one")
}

// load maps a file.
func (f *File) load(raw rawFile, size int64, changed time.Time) (err error) {
	f.size, f.changed = size, changed
	switch {
	case size == 0:
		return errors.New("an empty file, " + want)
	case size > math.MaxInt:
		return fmt.Errorf("the file has %d bytes, want at most %d on this machine", size, math.MaxInt)
	}
	if done, err := f.peek(raw); done || err != nil {
		return err
	}
	if f.mem, err = raw.load(int(size)); err != nil {
		f.mem = nil
		return unreadable(err)
	}
	return nil
}

// peek reads the header of an .npy file, if that is all that is wanted.
func (f *File) peek(raw rawFile) (done bool, err error) {
	if !f.look {
		return false, nil
	}
	head := headReader{make([]byte, min(f.size, 1<<10)), raw}
	if _, err := raw.ReadAt(head.start, 0); err != nil {
		return false, unreadable(err)
	}
	if !bytes.HasPrefix(head.start, []byte(magic)) {
		return false, nil
	}
	h, err := readHeader(head, f.size)
	if err != nil {
		return false, err
	}
	f.kind = npyKind
	return true, f.add(entry{header: h})
}

// headReader reads a file whose start is known.
type headReader struct {
	start []byte
	file  io.ReaderAt
}

func (h headReader) ReadAt(p []byte, at int64) (int, error) {
	if at+int64(len(p)) <= int64(len(h.start)) {
		return copy(p, h.start[at:]), nil
	}
	return h.file.ReadAt(p, at)
}

// read reads a pipe.
func (f *File) read(r io.Reader) error {
	mem, err := spoolPipe(f.ctx, r)
	if err != nil {
		return err
	}
	if f.mem = mem; len(mem.data) == 0 {
		return errors.New("empty, " + want)
	}
	return nil
}

func unreadable(err error) error {
	return fmt.Errorf("%w, want a readable .npy, .npz or .safetensors file", outfile.Cause(err))
}
