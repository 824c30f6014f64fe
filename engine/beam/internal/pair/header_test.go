package pair

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flengine/flengine/engine"
	"github.com/flengine/flengine/engine/beam/internal/object"
)

// npy returns the bytes of an .npy file.
func npyFile(descr, shape string, data ...any) []byte {
	dict := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': %s, }", descr, shape)
	dict = fmt.Sprintf("%-*s\n", (10+len(dict)+1+63)/64*64-11, dict)
	b := binary.LittleEndian.AppendUint16([]byte("\x93NUMPY\x01\x00"), uint16(len(dict)))
	b = append(b, dict...)
	for _, d := range data {
		var err error
		if b, err = binary.Append(b, binary.LittleEndian, d); err != nil {
			panic(err)
		}
	}
	return b
}

func header(b []byte) (Array, error) {
	return Header("a.npy", object.Version{Size: int64(len(b))}, b[:min(len(b), HeaderBytes)])
}

func TestHeader(t *testing.T) {
	a, err := header(npyFile("<f4", "(2, 3)", make([]float32, 6)))
	if err != nil || a.DType != "float32" || a.Size != 4 || !slices.Equal(a.Shape, []int{2, 3}) || a.Offset != 128 || a.Len() != 6 || a.index(5) != "[1, 2]" {
		t.Errorf("%+v, %v", a, err)
	}
	if a, err = header(npyFile("|u1", "(3,)", make([]uint8, 3))); err != nil || a.DType != "uint8" || ShapeText(a.Shape) != "(3,)" {
		t.Errorf("%+v, %v", a, err)
	}
	version2 := npyFile("<i8", "(1, 0, 2)")
	version2 = slices.Concat(version2[:6], []byte{2, 0}, version2[8:10], []byte{0, 0}, version2[10:])
	if a, err = header(version2); err != nil || a.Offset != 130 || a.Len() != 0 {
		t.Errorf("%+v, %v", a, err)
	}
	for want, b := range map[string][]byte{
		"not an .npy file":                 []byte("hello, this is a text"),
		"an .npz archive":                  []byte("PK\x03\x04 and more of it"),
		"truncated header":                 []byte("\x93NUMPY\x01"),
		"it claims 118 bytes":              npyFile("<f4", "(2,)")[:40],
		"format version 3.0":               slices.Concat([]byte("\x93NUMPY\x03\x00\x08\x00\x00\x00"), make([]byte, 90)),
		"header of 16909060 bytes":         []byte("\x93NUMPY\x02\x00\x04\x03\x02\x01 and so on"),
		`dtype ">f4"`:                      npyFile(">f4", "(1,)", float32(1)),
		`dtype "|O"`:                       npyFile("|O", "(1,)", float32(1)),
		"shape ()":                         npyFile("<f4", "()", float32(1)),
		"shape (-1, 2)":                    npyFile("<f4", "(-1, 2)"),
		"shape (4294967296, 4294967296)":   npyFile("<f4", "(4294967296, 4294967296)"),
		"12 bytes of data, the file has 8": npyFile("<f4", "(3,)", float32(1), float32(2)),
		"the file has 12":                  npyFile("<f4", "(2,)", float32(1), float32(2), float32(3)),
		"no header as NumPy writes it":     slices.Concat([]byte("\x93NUMPY\x01\x00\x10\x00"), bytes.Repeat([]byte("x"), 16)),
		"invalid dictionary":               slices.Concat([]byte("\x93NUMPY\x01\x00\x10\x00"), bytes.Repeat([]byte("x"), 15), []byte("\n")),
	} {
		if _, err := header(b); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "a.npy: ") {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if _, err := Header("a.safetensors", object.Version{Size: 20}, make([]byte, 20)); err == nil || !strings.Contains(err.Error(), "flbench eval --partial") {
		t.Error(err)
	}
}

// FuzzHeader: no header panics, or claims more than there is.
func FuzzHeader(f *testing.F) {
	for _, b := range [][]byte{npyFile("<f4", "(2, 3)", make([]float32, 6)), npyFile("|b1", "(3,)", make([]uint8, 3)), npyFile("<i8", "(0, 7)"), []byte("\x93NUMPY\x02\x00\x00\x00\x00\x00"), []byte("PK\x03\x04")} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := header(b)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Fatalf("%q", err)
			}
			return
		}
		if a.Offset+int64(a.Len()*a.Size) != int64(len(b)) || a.DType == "" || len(a.Shape) == 0 {
			t.Fatalf("%+v of %d bytes", a, len(b))
		}
	})
}

// FuzzPair: any two files go together, or are refused, and what is read of them is evaluated, or
// refused for an element of one of them.
func FuzzPair(f *testing.F) {
	f.Add(npyFile("<f4", "(2, 3)", make([]float32, 6)), npyFile("<i4", "(2,)", []int32{0, -1}), "", false, uint8(0))
	f.Add(npyFile("<f2", "(2, 3)", make([]uint16, 6)), npyFile("|u1", "(2, 3)", []uint8{0, 1, 255, 0, 0, 7}), "binary", false, uint8(1))
	f.Add(npyFile("<f8", "(3,)", make([]float64, 3)), npyFile("<f4", "(3,)", []float32{0, 0.5, -1}), "", true, uint8(2))
	f.Add(npyFile("<f4", "(3, 1)", make([]float32, 3)), npyFile("<i8", "(3,)", []int64{0, -2, 1 << 40}), "class", false, uint8(4))
	f.Add(npyFile("<f4", "(1, 2, 2)", make([]float32, 4)), npyFile("<f2", "(2, 2)", []uint16{0, 0x3c00, 0x3800, 1}), "soft", false, uint8(8))
	dir := f.TempDir()
	e, err := engine.New(engine.Focal(0.25, 2), engine.WithWorkers(1))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, logits, labels []byte, targets string, probs bool, flags uint8) {
		o := &Options{Targets: targets, Probs: probs}
		if flags&1 != 0 {
			o.Ignored = []int32{7, int32(flags)}
		}
		if flags&2 != 0 {
			o.Background = []int32{int32(flags >> 4)}
		}
		if flags&4 != 0 {
			o.Rows = []string{"softmaxce"}
		}
		if o.Check() != nil {
			return
		}
		var store object.Store
		var arrays [2]Array
		for i, b := range [][]byte{logits, labels} {
			path := filepath.Join(dir, fmt.Sprintf("%d-%d.npy", os.Getpid(), i))
			if err := os.WriteFile(path, b, 0o666); err != nil {
				t.Fatal(err)
			}
			v, err := store.Stat(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			if arrays[i], err = Header(path, v, b[:min(len(b), HeaderBytes)]); err != nil {
				return
			}
		}
		p, err := New(arrays[0], arrays[1], o)
		if err == nil {
			err = p.Settle(t.Context(), &store, o)
		}
		if err != nil {
			if !strings.HasPrefix(err.Error(), dir) {
				t.Fatalf("no file is named: %v", err)
			}
			return
		}
		var s Scratch
		n := p.Logits.Len()
		from := int(flags) % (n + 1)
		b, err := p.Batch(t.Context(), &store, o, from, n, &s)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Sum(b); err != nil {
			if text := p.Locate(err, o, from, &s).Error(); !strings.HasPrefix(text, dir) {
				t.Fatalf("no file is named: %v", text)
			}
		}
	})
}
