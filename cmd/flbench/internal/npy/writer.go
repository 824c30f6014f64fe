package npy

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"strings"

	"github.com/flengine/flengine/cmd/flbench/internal/outfile"
)

const (
	// dataAlign is the alignment of the data in written files, in bytes.
	dataAlign = 64
	// writeBuffer holds the encoded values on their way to the file, in bytes.
	writeBuffer = 64 << 10
)

// Writer writes one float32 .npy file. The file appears under its name only
// with Commit; until then the values go to a temporary file beside it. An
// error is final: all later calls but Abort return it.
type Writer struct {
	path   string // as the caller named it, for messages
	target string // path with symbolic links followed
	temp   *os.File
	closed bool // temp is: all values are in it
	buf    *bufio.Writer
	shape  []int
	count  int   // values the shape holds
	done   int   // values written
	err    error // set once nothing more can be written
}

// Create starts the .npy file path: float32, little-endian, format version
// 1.0, C order, of the given shape, with the data at a multiple of 64 bytes.
// An existing file at path stays as it is until Commit and then passes its
// permissions on; a symbolic link is followed. The folder must exist.
func Create(path string, shape []int) (*Writer, error) {
	count, err := elements(shape, 4)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	temp, target, err := outfile.Create(path)
	if err != nil {
		return nil, unwritable(path, err)
	}
	w := &Writer{
		path: path, target: target, temp: temp, buf: bufio.NewWriterSize(temp, writeBuffer),
		shape: append([]int(nil), shape...), count: count,
	}
	if _, err := w.buf.WriteString(headerText(shape)); err != nil {
		w.Abort()
		return nil, unwritable(path, err)
	}
	return w, nil
}

// Write appends values in row-major order. Values beyond the shape's count
// are an error, and none of p is written then.
func (w *Writer) Write(p []float32) error {
	if w.err != nil {
		return w.err
	}
	if len(p) > w.count-w.done {
		w.err = fmt.Errorf("%s: %d values written after %d, want %d in all for shape %s",
			w.path, len(p), w.done, w.count, shapeText(w.shape))
		return w.err
	}
	w.done += len(p)
	for len(p) > 0 {
		// Encoding into the buffer's own free space saves a copy.
		free := w.buf.AvailableBuffer()
		if cap(free) < 4 {
			if err := w.buf.Flush(); err != nil {
				w.err = unwritable(w.path, err)
				return w.err
			}
			free = w.buf.AvailableBuffer()
		}
		n := min(len(p), cap(free)/4)
		for _, v := range p[:n] {
			free = binary.LittleEndian.AppendUint32(free, math.Float32bits(v))
		}
		if _, err := w.buf.Write(free); err != nil {
			w.err = unwritable(w.path, err)
			return w.err
		}
		p = p[n:]
	}
	return nil
}

// Finish hands the last values to the operating system, so that of Commit's work
// only the renaming is left: for files that shall appear together or not at all.
// All of the shape's values must have been written. On an error nothing is left
// behind.
func (w *Writer) Finish() error {
	if w.err == nil && w.done < w.count {
		w.err = fmt.Errorf("%s: %d values written, want %d for shape %s", w.path, w.done, w.count, shapeText(w.shape))
	}
	if w.err != nil || w.closed {
		return w.settle(nil)
	}
	err := w.buf.Flush()
	// Closed before the rename, which some systems demand.
	if closing := w.temp.Close(); err == nil {
		err = closing
	}
	w.closed = true
	return w.settle(err)
}

// Commit gives the finished file its name, replacing an older file in one
// step, after Finish if that was not called. It does not wait for the disk. On
// an error nothing is left behind.
func (w *Writer) Commit() error {
	if err := w.Finish(); err != nil {
		return err
	}
	if err := os.Rename(w.temp.Name(), w.target); err != nil {
		return w.settle(err)
	}
	w.temp = nil
	w.err = finished(w.path)
	return nil
}

// settle makes err, if any, the writer's last, and cleans up after a failure.
func (w *Writer) settle(err error) error {
	if err != nil {
		w.err = unwritable(w.path, err)
	}
	if w.err != nil {
		w.Abort()
	}
	return w.err
}

// Abort removes the temporary file. After Commit or Abort it does nothing, so
// it can be deferred.
func (w *Writer) Abort() {
	if w.temp == nil {
		return
	}
	// Nothing is left to do about an error here: the file is unwanted.
	_ = w.temp.Close()
	_ = os.Remove(w.temp.Name())
	w.temp = nil
	if w.err == nil {
		w.err = finished(w.path)
	}
}

func finished(path string) error {
	return fmt.Errorf("%s: already committed or aborted, want a new writer", path)
}

func unwritable(path string, err error) error {
	return fmt.Errorf("%s: %w, want a writable file name", path, outfile.Cause(err))
}

// headerText returns everything before the data of a float32 file.
func headerText(shape []int) string {
	dict := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': %s, }", Float32, shapeText(shape))
	const pre = len(magic) + 4
	length := (pre+len(dict)+1+dataAlign-1)/dataAlign*dataAlign - pre
	pad := strings.Repeat(" ", length-len(dict)-1)
	return magic + "\x01\x00" + string([]byte{byte(length), byte(length >> 8)}) + dict + pad + "\n"
}
