// Package pair knows what a pair of .npy files, logits and labels, means: how their arrays go
// together, what the labels are, and where in them an element is. Its conventions are those of
// flbench eval, which takes more: what is refused here, and not there, is refused with that word.
package pair

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/sbinet/npyio/npy"

	"github.com/flengine/flengine/engine/beam/internal/object"
)

// HeaderBytes is how much of a file Header wants to see.
const HeaderBytes = 12 + maxDict

// maxDict bounds the text of a header, as NumPy does.
const maxDict = 10_000

// Array is what the header of an .npy file says, and which version of the file said so.
type Array struct {
	Name    string
	Version object.Version
	DType   string // as NumPy names it: "float32"
	Size    int    // of an element, in bytes
	Shape   []int
	Offset  int64 // of the first element
}

// Cure is what takes the files that are refused here.
const cure = "'flbench eval --partial' and 'flbench merge' take such files, too"

// dtypes are those that a header may have, all of this byte order or of one byte.
var dtypes = map[string]struct {
	name string
	size int
}{
	"|b1": {"bool", 1}, "|i1": {"int8", 1}, "|u1": {"uint8", 1},
	"<i2": {"int16", 2}, "<i4": {"int32", 4}, "<i8": {"int64", 8},
	"<u2": {"uint16", 2}, "<u4": {"uint32", 4}, "<u8": {"uint64", 8},
	"<f2": {"float16", 2}, "<f4": {"float32", 4}, "<f8": {"float64", 8},
	"<V2": {"bfloat16", 2}, // as ml_dtypes saves it
}

// Header reads what an array is from the start of its file: all of that, or HeaderBytes of it.
func Header(name string, v object.Version, start []byte) (Array, error) {
	a := Array{Name: name, Version: v}
	err := a.read(start)
	if err != nil {
		err = fmt.Errorf("%s: %w", object.Printable(name), err)
	}
	return a, err
}

func (a *Array) read(start []byte) error {
	switch {
	case bytes.HasPrefix(start, []byte("PK\x03\x04")):
		return errors.New("an .npz archive, want an .npy file: parts of it are read on their own, which an archive's cannot; " + cure)
	case strings.HasSuffix(a.Name, ".safetensors"):
		return errors.New("a .safetensors file, want an .npy file; " + cure)
	case !bytes.HasPrefix(start, npy.Magic[:]):
		return fmt.Errorf("not an .npy file (starts with %q, want %q)", start[:min(len(start), len(npy.Magic))], npy.Magic[:])
	}
	// The library believes what a header says of its length, and slices it without a look:
	// bounds are checked before, and the rest is caught.
	pre, length := int64(10), int64(0)
	switch {
	case len(start) < 12:
		return fmt.Errorf("truncated header: the file has %d bytes", a.Version.Size)
	case start[6] == 1:
		length = int64(binary.LittleEndian.Uint16(start[8:]))
	default:
		pre, length = 12, int64(binary.LittleEndian.Uint32(start[8:]))
	}
	a.Offset = pre + length
	switch {
	case start[6] > 2:
		return fmt.Errorf("format version %d.%d, want 1.0 or 2.0; %s", start[6], start[7], cure)
	case length > maxDict:
		return fmt.Errorf("header of %d bytes, want at most %d", length, maxDict)
	case a.Offset > int64(len(start)) || a.Offset > a.Version.Size:
		return fmt.Errorf("truncated header: it claims %d bytes, the file has %d", length, a.Version.Size-pre)
	}
	h, err := parse(start[:a.Offset])
	if err != nil {
		return err
	}
	kind, ok := dtypes[h.Descr.Type]
	switch {
	case !ok:
		return fmt.Errorf("dtype %q, want one of %s, little-endian; %s", h.Descr.Type, names(), cure)
	case h.Descr.Fortran && oneAxis(h.Descr.Shape) < 0:
		return errors.New("in Fortran order, want C order, as of numpy.ascontiguousarray; " + cure)
	case len(h.Descr.Shape) == 0:
		return errors.New("shape (), want at least one axis")
	}
	a.DType, a.Size, a.Shape = kind.name, kind.size, h.Descr.Shape
	count := 1
	for _, n := range a.Shape {
		if n < 0 || n > 0 && count > math.MaxInt/8/n {
			return fmt.Errorf("shape %s, want one that is possible", ShapeText(a.Shape))
		}
		count *= n
	}
	have, want := a.Version.Size-a.Offset, int64(count)*int64(a.Size)
	if have != want {
		return fmt.Errorf("header claims %d bytes of data, the file has %d", want, have)
	}
	return nil
}

// parse reads a header by the library.
func parse(header []byte) (h npy.Header, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("no header as NumPy writes it; " + cure)
		}
	}()
	r, err := npy.NewReader(bytes.NewReader(header))
	if err != nil {
		return h, fmt.Errorf("%w; %s", err, cure)
	}
	return r.Header, nil
}

// oneAxis returns the only axis that is not of length 1, or −1 if there are more.
func oneAxis(shape []int) int {
	at := -1
	for k, n := range shape {
		switch {
		case n == 1:
		case at >= 0:
			return -1
		default:
			at = k
		}
	}
	return max(at, 0)
}

// names lists the dtypes.
func names() string {
	return "float32, float16, bfloat16, float64, bool or an integer type"
}

// Len returns the number of elements.
func (a *Array) Len() int {
	n := 1
	for _, d := range a.Shape {
		n *= d
	}
	return n
}

func (a *Array) float() bool { return strings.Contains(a.DType, "float") }

// integer tells whether the elements are whole numbers by their type; bool is not.
func (a *Array) integer() bool { return strings.Contains(a.DType, "int") }

// wrong is an error about the array.
func (a *Array) wrong(format string, args ...any) error {
	return fmt.Errorf("%s: %s", object.Printable(a.Name), fmt.Sprintf(format, args...))
}

// index spells the place of element i, as NumPy does: [row, column].
func (a *Array) index(i int) string {
	words := make([]string, len(a.Shape))
	for k := len(a.Shape) - 1; k >= 0; k-- {
		words[k] = strconv.Itoa(i % a.Shape[k])
		i /= a.Shape[k]
	}
	return "[" + strings.Join(words, ", ") + "]"
}

// ShapeText spells a shape as NumPy does.
func ShapeText(shape []int) string {
	words := make([]string, len(shape))
	for i, n := range shape {
		words[i] = strconv.Itoa(n)
	}
	if len(words) == 1 {
		return "(" + words[0] + ",)"
	}
	return "(" + strings.Join(words, ", ") + ")"
}
