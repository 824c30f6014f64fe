package array

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"

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
		info, err := os.Stdin.Stat()
		if err != nil {
			return unreadable(err)
		}
		// A file that another program has begun to read is like a pipe.
		if at, err := os.Stdin.Seek(0, io.SeekCurrent); info.Mode().IsRegular() && at == 0 && err == nil {
			f.stat = os.Stdin.Stat
			return f.mapped(os.Stdin, info)
		}
		if !info.Mode().IsRegular() {
			if err := pipe(info); err != nil {
				return err
			}
		}
		return f.read(os.Stdin)
	}

	// Opening a pipe must not wait for its writer, nor may opening a device do anything.
	file, err := os.OpenFile(f.path, os.O_RDONLY|nonblock, 0)
	if err != nil {
		return unreadable(err)
	}
	defer file.Close() // a mapping outlives its descriptor
	info, err := file.Stat()
	if err != nil {
		return unreadable(err)
	}
	if info.Mode().IsRegular() {
		f.stat = func() (os.FileInfo, error) { return os.Stat(f.path) }
		return f.mapped(file, info)
	}
	if err := pipe(info); err != nil {
		return err
	}
	// While file is open the writer has its reader; to wait for a writer takes another.
	again, err := waitOpen(f.ctx, f.path)
	if err != nil {
		return err
	}
	defer again.Close()
	return f.read(again)
}

// pipe refuses what can be neither mapped nor read to its end.
func pipe(info fs.FileInfo) error {
	switch mode := info.Mode(); {
	case mode.IsDir():
		return errors.New("a directory, " + want)
	case mode&(fs.ModeDevice|fs.ModeIrregular) != 0:
		return errors.New("a device, " + want + " or a pipe of one")
	}
	return nil
}

func (f *File) mapped(file *os.File, info fs.FileInfo) (err error) {
	f.size, f.changed = info.Size(), info.ModTime()
	switch {
	case f.size == 0:
		return errors.New("an empty file, " + want)
	case f.size > math.MaxInt:
		return fmt.Errorf("the file has %d bytes, want at most %d on this machine", f.size, math.MaxInt)
	}
	if f.mem, err = mapFile(file, int(f.size)); err != nil {
		return unreadable(err)
	}
	return nil
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

// waitOpen opens a pipe as soon as another program has opened it for writing.
func waitOpen(ctx context.Context, path string) (*os.File, error) {
	type result struct {
		file *os.File
		err  error
	}
	opened := make(chan result, 1)
	go func() {
		file, err := os.Open(path)
		opened <- result{file, err}
	}()
	select {
	case r := <-opened:
		if r.err != nil {
			return nil, unreadable(r.err)
		}
		return r.file, nil
	case <-ctx.Done():
		// What is opened yet is closed with the program, which is about to end.
		return nil, context.Cause(ctx)
	}
}

func unreadable(err error) error {
	return fmt.Errorf("%w, want a readable .npy, .npz or .safetensors file", outfile.Cause(err))
}
