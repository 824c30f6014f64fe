// Package npy writes .npy files, which appear under their names only when they are
// complete. They may be larger than memory. Package array reads such files.
package npy

import (
	"bufio"
	"encoding/binary"
	"fmt"
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

// Kind is the type of a file's values.
type Kind struct {
	descr string
	size  int
}

// The types of values: float32, int64, and bool, of a byte 0 or 1.
var (
	Float32 = Kind{"<f4", 4}
	Int64   = Kind{"<i8", 8}
	Bool    = Kind{"|b1", 1}
)

// Writer writes one .npy file. The file appears under its name only
// with Commit; until then the values go to a temporary file beside it. An
// error is final: all later calls but Abort return it.
type Writer struct {
	path  string // as the caller named it, for messages
	kind  Kind
	file  *outfile.File
	buf   *bufio.Writer
	shape []int
	count int   // values the shape holds
	done  int   // values written
	err   error // set once nothing more can be written
}

// Create starts the .npy file path of float32 values; see CreateOf.
func Create(path string, shape []int) (*Writer, error) { return CreateOf(Float32, path, shape) }

// CreateOf starts the .npy file path: little-endian, format version
// 1.0, C order, of the given shape, with the data at a multiple of 64 bytes.
// An existing file at path stays as it is until Commit and then passes its
// permissions on; a symbolic link is followed. The folder must exist, and have
// room, where the system can tell.
func CreateOf(kind Kind, path string, shape []int) (*Writer, error) {
	count, err := array.Elements(shape, kind.size)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	file, err := outfile.Create(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	w := &Writer{
		path: path, kind: kind, file: file, buf: bufio.NewWriterSize(file, writeBuffer),
		shape: append([]int(nil), shape...), count: count,
	}
	header := headerText(kind, shape)
	if w.settle(file.Reserve(int64(len(header))+int64(kind.size)*int64(count))) == nil {
		_, err := w.buf.WriteString(header)
		w.settle(err)
	}
	if w.err != nil {
		return nil, w.err
	}
	return w, nil
}

// Write appends float32 values in row-major order. Values beyond the shape's count
// are an error, and none of p is written then.
func (w *Writer) Write(p []float32) error { return write(w, Float32, p) }

// WriteInt64s and WriteBools append values to files of these.
func (w *Writer) WriteInt64s(p []int64) error { return write(w, Int64, p) }

// WriteBools appends bools.
func (w *Writer) WriteBools(p []bool) error { return write(w, Bool, p) }

// write appends values of a kind.
func write[T float32 | int64 | bool](w *Writer, kind Kind, p []T) error {
	if w.err != nil {
		return w.err
	}
	if kind != w.kind {
		panic("npy: values of another type than the file's")
	}
	if len(p) > w.count-w.done {
		w.err = fmt.Errorf("%s: %d values written after %d, want %d in all for shape %s",
			w.path, len(p), w.done, w.count, array.ShapeText(w.shape))
		return w.err
	}
	w.done += len(p)
	if littleEndian { // as in the file; what is longer than the buffer is not copied
		_, err := w.buf.Write(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(p))), kind.size*len(p)))
		return w.settle(err)
	}
	return w.settle(binary.Write(w.buf, binary.LittleEndian, p))
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

// headerText returns everything before the data of a file.
func headerText(kind Kind, shape []int) string {
	dict := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': %s, }", kind.descr, array.ShapeText(shape))
	const magic = "\x93NUMPY"
	const pre = len(magic) + 4
	length := (pre+len(dict)+1+dataAlign-1)/dataAlign*dataAlign - pre
	pad := strings.Repeat(" ", length-len(dict)-1)
	return magic + "\x01\x00" + string([]byte{byte(length), byte(length >> 8)}) + dict + pad + "\n"
}
