// Package npy writes float32 .npy files, which appear under their names only when they are
// complete. They may be larger than memory. Package array reads such files.
package npy

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"unsafe"

	"github.com/flengine/flengine/cmd/flbench/internal/array"
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
	path  string // as the caller named it, for messages
	file  *outfile.File
	buf   *bufio.Writer
	shape []int
	count int   // values the shape holds
	done  int   // values written
	err   error // set once nothing more can be written
}

// Create starts the .npy file path: float32, little-endian, format version
// 1.0, C order, of the given shape, with the data at a multiple of 64 bytes.
// An existing file at path stays as it is until Commit and then passes its
// permissions on; a symbolic link is followed. The folder must exist, and have
// room, where the system can tell.
func Create(path string, shape []int) (*Writer, error) {
	count, err := array.Elements(shape, 4)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	file, err := outfile.Create(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	w := &Writer{
		path: path, file: file, buf: bufio.NewWriterSize(file, writeBuffer),
		shape: append([]int(nil), shape...), count: count,
	}
	header := headerText(shape)
	if w.settle(file.Reserve(int64(len(header))+4*int64(count))) == nil {
		_, err := w.buf.WriteString(header)
		w.settle(err)
	}
	if w.err != nil {
		return nil, w.err
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
			w.path, len(p), w.done, w.count, array.ShapeText(w.shape))
		return w.err
	}
	w.done += len(p)
	if littleEndian { // as in the file; what is longer than the buffer is not copied
		_, err := w.buf.Write(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(p))), 4*len(p)))
		return w.settle(err)
	}
	for _, v := range p {
		if _, err := w.buf.Write(binary.LittleEndian.AppendUint32(w.buf.AvailableBuffer(), math.Float32bits(v))); err != nil {
			return w.settle(err)
		}
	}
	return nil
}

// littleEndian tells the order of bytes in memory.
var littleEndian = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// Finish brings the file to the disk, so that of Commit's work little is left: for
// files that shall appear together or not at all. All of the shape's values must
// have been written. On an error nothing is left behind.
func (w *Writer) Finish() error {
	if w.err == nil && w.done < w.count {
		w.err = fmt.Errorf("%s: %d values written, want %d for shape %s", w.path, w.done, w.count, array.ShapeText(w.shape))
	}
	if w.err != nil {
		return w.settle(nil)
	}
	if w.settle(w.buf.Flush()) != nil {
		return w.err
	}
	return w.settle(w.file.Finish())
}

// Commit gives the finished file its name, replacing an older file in one
// step, after Finish if that was not called. On an error nothing is left behind.
func (w *Writer) Commit() error {
	if err := w.Finish(); err != nil {
		return err
	}
	if err := w.settle(w.file.Commit()); err != nil {
		return err
	}
	w.err = finished(w.path)
	return nil
}

// settle makes err, if any, the writer's last, and cleans up after a failure.
func (w *Writer) settle(err error) error {
	if err != nil {
		w.err = fmt.Errorf("%s: %w", w.path, err)
	}
	if w.err != nil {
		w.Abort()
	}
	return w.err
}

// Abort removes the temporary file. After Commit or Abort it does nothing, so
// it can be deferred.
func (w *Writer) Abort() {
	w.file.Abort()
	if w.err == nil {
		w.err = finished(w.path)
	}
}

func finished(path string) error {
	return fmt.Errorf("%s: already committed or aborted, want a new writer", path)
}

// headerText returns everything before the data of a float32 file.
func headerText(shape []int) string {
	dict := fmt.Sprintf("{'descr': '<f4', 'fortran_order': False, 'shape': %s, }", array.ShapeText(shape))
	const magic = "\x93NUMPY"
	const pre = len(magic) + 4
	length := (pre+len(dict)+1+dataAlign-1)/dataAlign*dataAlign - pre
	pad := strings.Repeat(" ", length-len(dict)-1)
	return magic + "\x01\x00" + string([]byte{byte(length), byte(length >> 8)}) + dict + pad + "\n"
}
