// Package npy reads NumPy .npy files through a read-only memory mapping and
// writes float32 .npy files atomically. Inputs and outputs may be larger than
// memory (inputs are read whole where there is no mmap, as on Windows). Every
// error reads "PATH: what was wrong, what is wanted".
//
// The header is parsed here, not by a library, as hostile ones must neither panic
// nor allocate what they claim, and data is checked against the file's size.
package npy

import (
	"encoding/binary"
	"fmt"
	"io/fs"
	"math"
	"os"
	"strings"
	"unsafe"

	"github.com/flengine/flengine/cmd/flbench/internal/outfile"
)

// The dtypes the typed accessors accept, as File.DType spells them.
const (
	Float32 = "<f4"
	Int32   = "<i4"
	Int64   = "<i8"
	Uint8   = "|u1"
)

// File is an open .npy file. Its data is mapped, not read: the file must not
// be shortened while it is open, or the operating system stops the program
// at the first access beyond the new end.
type File struct {
	Path  string
	Shape []int  // empty for a 0-d array, which has one element
	DType string // NumPy's spelling, such as "<f4"; the whole literal if structured

	count  int    // elements, the product of Shape
	data   []byte // the elements' bytes, a part of region
	region []byte // the whole file; nil once closed
}

// Open maps the .npy file at path, which may be of format version 1.0, 2.0 or
// 3.0, and checks its header and its size. The data must be little-endian, in
// C order, and fill the file exactly. Arrays of any dtype can be opened, so
// that the accessors can say what they found; the size of strings, objects and
// structures is not checked, since no accessor returns them.
//
// The errors keep their cause for errors.Is, such as fs.ErrNotExist.
func Open(path string) (*File, error) {
	// Looking before opening: opening a pipe would wait for its writer.
	info, err := os.Stat(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	if err := regular(path, info); err != nil {
		return nil, err
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	defer file.Close() // a mapping outlives its descriptor
	if info, err = file.Stat(); err != nil {
		return nil, unreadable(path, err)
	}
	if err := regular(path, info); err != nil {
		return nil, err
	}

	size := info.Size()
	h, err := readHeader(file, size)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if size > math.MaxInt {
		return nil, fmt.Errorf("%s: the file has %d bytes, want at most %d on this machine", path, size, math.MaxInt)
	}
	region, err := mapFile(file, int(size))
	if err != nil {
		return nil, unreadable(path, err)
	}
	return &File{
		Path: path, Shape: h.shape, DType: h.dtype,
		count: h.count, data: region[h.offset:], region: region,
	}, nil
}

// Close releases the mapping. Slices from the accessors must not be used
// afterwards. Closing twice is harmless.
func (f *File) Close() error {
	region := f.region
	f.region, f.data = nil, nil
	if region == nil {
		return nil
	}
	if err := unmapFile(region); err != nil {
		return fmt.Errorf("%s: %w, want the mapping released", f.Path, outfile.Cause(err))
	}
	return nil
}

// Float32 returns the data of a "<f4" file: all elements, row-major. The
// slice is read-only memory that lives until Close; writing to it stops the
// program. It is a copy only where the data is not aligned in the file or the
// machine is big-endian.
func (f *File) Float32() ([]float32, error) { return view[float32](f, Float32) }

// Int32 returns the data of a "<i4" file, as Float32 does.
func (f *File) Int32() ([]int32, error) { return view[int32](f, Int32) }

// Int64 returns the data of a "<i8" file, as Float32 does.
func (f *File) Int64() ([]int64, error) { return view[int64](f, Int64) }

// Uint8 returns the data of a "|u1" file, as Float32 does. It refuses bool.
func (f *File) Uint8() ([]uint8, error) { return view[uint8](f, Uint8) }

// WrongDType returns the error that names the file, its dtype and the dtypes
// wanted instead, for callers that accept several.
func (f *File) WrongDType(want ...string) error {
	names := make([]string, len(want))
	for i, w := range want {
		names[i] = describe(w)
	}
	return fmt.Errorf("%s: dtype %s, want %s", f.Path, describe(f.DType), strings.Join(names, " or "))
}

// ShapeText spells the shape as Python does: (), (3,) or (3, 80).
func (f *File) ShapeText() string { return shapeText(f.Shape) }

// WrongShape returns the error that names the file, its shape and what is wanted
// instead.
func (f *File) WrongShape(want string) error {
	return fmt.Errorf("%s: shape %s, want %s", f.Path, shapeText(f.Shape), want)
}

// littleHost tells whether this machine stores numbers as the files do.
var littleHost = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// view returns the data as a slice of T, whose dtype is want.
func view[T float32 | int32 | int64 | uint8](f *File, want string) ([]T, error) {
	if f.region == nil {
		return nil, fmt.Errorf("%s: the file is closed, want it open", f.Path)
	}
	if f.DType != want {
		return nil, f.WrongDType(want)
	}
	if f.count == 0 {
		return []T{}, nil
	}
	var zero T
	start := unsafe.Pointer(unsafe.SliceData(f.data))
	if littleHost && uintptr(start)%unsafe.Alignof(zero) == 0 {
		return unsafe.Slice((*T)(start), f.count), nil
	}
	values := make([]T, f.count)
	if _, err := binary.Decode(f.data, binary.LittleEndian, values); err != nil {
		return nil, fmt.Errorf("%s: %w, want %d elements", f.Path, err, f.count)
	}
	return values, nil
}

// regular refuses what cannot be mapped: folders, devices, pipes and empty files.
func regular(path string, info fs.FileInfo) error {
	switch {
	case info.IsDir():
		return fmt.Errorf("%s: a directory, want an .npy file", path)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s: not a regular file, want an .npy file", path)
	case info.Size() == 0:
		return fmt.Errorf("%s: an empty file, want an .npy file", path)
	}
	return nil
}

func unreadable(path string, err error) error {
	return fmt.Errorf("%s: %w, want a readable .npy file", path, outfile.Cause(err))
}
