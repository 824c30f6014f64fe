package dump

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/flengine/flengine/cmd/flbench/internal/array"
)

// descrs are NumPy's names of what slices of Go's types have.
var descrs = map[reflect.Kind]string{
	reflect.Float32: "<f4", reflect.Float64: "<f8", reflect.Int8: "|i1", reflect.Int16: "<i2", reflect.Int32: "<i4",
	reflect.Int64: "<i8", reflect.Uint8: "|u1", reflect.Uint16: "<u2", reflect.Uint32: "<u4", reflect.Uint64: "<u8", reflect.Bool: "|b1",
}

// npy returns a file with a slice, as NumPy writes it.
func npy(data any, shape ...int) []byte {
	descr := descrs[reflect.TypeOf(data).Elem().Kind()]
	dict := fmt.Appendf(nil, "{'descr': '%s', 'fortran_order': False, 'shape': %s, }", descr, array.ShapeText(shape))
	for (10+len(dict)+1)%64 != 0 {
		dict = append(dict, ' ')
	}
	dict = append(dict, '\n')
	var b bytes.Buffer
	b.WriteString("\x93NUMPY\x01\x00")
	for _, part := range []any{uint16(len(dict)), dict, data} {
		if err := binary.Write(&b, binary.LittleEndian, part); err != nil {
			panic(err)
		}
	}
	return b.Bytes()
}

// write writes files, by their names in a new folder, and returns that.
func write(t testing.TB, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// image is a folder of three anchors and two classes.
func image(t testing.TB) string {
	t.Helper()
	return write(t, map[string][]byte{
		"logits.npy": npy([]float32{-2, 1.5, 0, 3, -1, 2}, 3, 2),
		"labels.npy": npy([]int32{-1, 1, 0}, 3),
	})
}

// open opens the only input of options and PATHs.
func open(t testing.TB, o *Options, paths ...string) *Dump {
	t.Helper()
	sources, err := o.Sources(paths)
	if err != nil {
		t.Fatal(err)
	}
	if len(sources) != 1 {
		t.Fatalf("%d inputs", len(sources))
	}
	d, err := sources[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}
