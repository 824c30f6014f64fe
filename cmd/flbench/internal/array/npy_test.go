package array

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/flengine/flengine/cmd/flbench/internal/outfile"
)

// fileV1 returns the bytes of a version 1.0 file.
func fileV1(dict string, data ...byte) []byte {
	b := []byte("\x93NUMPY\x01\x00")
	b = binary.LittleEndian.AppendUint16(b, uint16(len(dict)))
	return append(append(b, dict...), data...)
}

// fileV23 returns the bytes of a version 2.0 or 3.0 file.
func fileV23(major byte, dict string, data ...byte) []byte {
	b := []byte{0x93, 'N', 'U', 'M', 'P', 'Y', major, 0}
	b = binary.LittleEndian.AppendUint32(b, uint32(len(dict)))
	return append(append(b, dict...), data...)
}

// dict returns a header dict as NumPy spells it, without its padding.
func dict(descr, order, shape string) string {
	return "{'descr': " + descr + ", 'fortran_order': " + order + ", 'shape': " + shape + ", }"
}

func save(t *testing.T, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "in.npy")
	if err := os.WriteFile(path, content, 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func mustOpen(t *testing.T, path string) *File {
	t.Helper()
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

// wantError checks for the exact message after "PATH: ".
func wantError(t *testing.T, err error, path, message string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %q", message)
	}
	if got, want := err.Error(), path+": "+message; got != want {
		t.Errorf("error\n got %s\nwant %s", got, want)
	}
}

func TestOpenRefuses(t *testing.T) {
	const badDict = "header is not the expected dict: "
	const root = 1 << (strconv.IntSize / 2) // its square is beyond int
	many := "(" + strings.Repeat("1, ", maxDims+1) + ")"
	for _, c := range []struct {
		name    string
		content []byte
		want    string
	}{
		{"empty", nil, "an empty file, want an .npy, .npz or .safetensors file"},
		{"text", []byte("1,2,3\n"), `CSV or other text (starts with "1,2,3"), want an .npy, .npz or .safetensors file`},
		{"archive", []byte("PK\x03\x04\x14\x00\x00\x00"), "a broken zip file (zip: not a valid zip file), want an .npz file with all its bytes"},
		{"short magic", []byte("\x93NUM"), "the first bytes of an .npy file and no more, want an .npy, .npz or .safetensors file"},
		{"only magic", []byte("\x93NUMPY"), "truncated header: the file has 6 bytes, want at least 10 (12 from version 2.0 on)"},
		{"no length", []byte("\x93NUMPY\x01\x00\x10"), "truncated header: the file has 9 bytes, want at least 10 (12 from version 2.0 on)"},
		{"no length in 2.0", []byte("\x93NUMPY\x02\x00\x10\x00\x00"), "truncated header: the file has 11 bytes, want at least 10 (12 from version 2.0 on)"},
		{"version 0.1", []byte("\x93NUMPY\x00\x01\x00\x00"), "format version 0.1, want 1.0, 2.0 or 3.0"},
		{"version 1.1", []byte("\x93NUMPY\x01\x01\x00\x00"), "format version 1.1, want 1.0, 2.0 or 3.0"},
		{"version 4.0", []byte("\x93NUMPY\x04\x00\x00\x00"), "format version 4.0, want 1.0, 2.0 or 3.0"},
		{"truncated", []byte("\x93NUMPY\x01\x00\x76\x00{'descr'"), "truncated header: it claims 118 bytes, the file has 8"},
		{"4 GiB header", []byte("\x93NUMPY\x02\x00\xff\xff\xff\xff{}"), "truncated header: it claims 4294967295 bytes, the file has 2"},
		{"long header", fileV23(2, strings.Repeat(" ", maxHeader+1)), "header of 10001 bytes, want at most 10000"},

		{"no dict", fileV1(""), badDict + "found its end at byte 0, want {"},
		{"list", fileV1("['descr']"), badDict + `found "['descr']" at byte 0, want {`},
		{"open dict", fileV1("{'descr': '<f4', "), badDict + "found its end at byte 17, want a quoted key or }"},
		{"number key", fileV1("{1: 2}"), badDict + `found "1: 2}" at byte 1, want a quoted key or }`},
		{"open key", fileV1(`{'descr\'`), badDict + `found "'descr\\'" at byte 1, want a quoted key or }`},
		{"no colon", fileV1("{'descr' '<f4'}"), badDict + `found "'<f4'}" at byte 9, want :`},
		{"no comma", fileV1("{'descr': '<f4' 'shape': ()}"), badDict + `found "'shape': ()}" at byte 16, want , or }`},
		{"text after dict", fileV1(dict("'<f4'", "False", "(0,)") + " x"), badDict + `found "x" at byte 58, want only spaces after the dict`},
		{"zeros after dict", fileV1(dict("'<f4'", "False", "(0,)") + "\x00"), badDict + `found "\x00" at byte 57, want only spaces after the dict`},
		{"long quote", fileV1(strings.Repeat("x", 99)), badDict + `found "` + strings.Repeat("x", 40) + `"… at byte 0, want {`},

		{"missing key", fileV1("{'descr': '<f4', 'fortran_order': False}"), `header lacks the key "shape", want 'descr', 'fortran_order' and 'shape'`},
		{"empty dict", fileV1("{}"), `header lacks the key "descr", want 'descr', 'fortran_order' and 'shape'`},
		{"duplicate key", fileV1("{'shape': (1,), 'shape': (2,)}"), `header has the key "shape" twice, want it once`},
		{"unknown key", fileV1("{'shapes': (1,)}"), `header has the unknown key "shapes", want 'descr', 'fortran_order' and 'shape'`},

		{"descr None", fileV1(dict("None", "False", "(1,)")), badDict + `found "None, 'fortran_order': False, 'shape': ("… at byte 10, want a dtype string`},
		{"descr open list", fileV1("{'descr': [('a', '<f4')"), badDict + "found its end at byte 23, want a closed dtype list"},
		{"descr open string", fileV1("{'descr': [('a"), badDict + `found "'a" at byte 12, want a closed string`},
		{"order 0", fileV1(dict("'<f4'", "0", "(1,)")), badDict + `found "0, 'shape': (1,), }" at byte 34, want True or False`},
		{"order false", fileV1(dict("'<f4'", "false", "(1,)")), badDict + `found "false, 'shape': (1,), }" at byte 34, want True or False`},
		{"order Falsehood", fileV1(dict("'<f4'", "Falsehood", "(1,)")), badDict + `found "hood, 'shape': (1,), }" at byte 39, want , or }`},
		{"shape number", fileV1(dict("'<f4'", "False", "1")), badDict + `found "1, }" at byte 50, want a tuple of integers`},
		{"shape list", fileV1(dict("'<f4'", "False", "[1]")), badDict + `found "[1], }" at byte 50, want a tuple of integers`},
		{"shape no tuple", fileV1(dict("'<f4'", "False", "(1)")), badDict + `found "), }" at byte 52, want a comma in the shape`},
		{"shape no comma", fileV1(dict("'<f4'", "False", "(1, 2 3)")), badDict + `found "3), }" at byte 56, want a comma in the shape`},
		{"shape only comma", fileV1(dict("'<f4'", "False", "(,)")), badDict + `found ",), }" at byte 51, want an integer`},
		{"shape float", fileV1(dict("'<f4'", "False", "(1.5,)")), badDict + `found ".5,), }" at byte 52, want a comma in the shape`},
		{"shape minus", fileV1(dict("'<f4'", "False", "(-,)")), badDict + `found "-,), }" at byte 51, want an integer`},
		{"shape open", fileV1("{'shape': (3,"), badDict + "found its end at byte 13, want an integer"},
		{"shape too deep", fileV1(dict("'<f4'", "False", many), 0, 0, 0, 0), "shape has more than 64 dimensions, want at most 64"},

		{"negative", fileV1(dict("'<f4'", "False", "(-1, 80)")), "shape (-1, 80) has a negative dimension, want 0 or more"},
		{"huge dimension", fileV1(dict("'<f4'", "False", "(99999999999999999999,)")), fmt.Sprintf(`shape has the dimension "99999999999999999999", want 0 to %d`, math.MaxInt)},
		{"dimension above int", fileV1(dict("'<f4'", "False", "(9223372036854775808,)")), fmt.Sprintf(`shape has the dimension "9223372036854775808", want 0 to %d`, math.MaxInt)},
		{"overflow", fileV1(dict("'<f4'", "False", ShapeText([]int{root, root}))), fmt.Sprintf("shape (%d, %[1]d) is too large, want at most %d bytes of data", root, math.MaxInt)},
		{"overflow by item size", fileV1(dict("'<f4'", "False", ShapeText([]int{math.MaxInt/2 + 1}))), fmt.Sprintf("shape (%d,) is too large, want at most %d bytes of data", math.MaxInt/2+1, math.MaxInt)},
		{"overflow beside zero", fileV1(dict("'<f4'", "False", ShapeText([]int{0, root, root}))), fmt.Sprintf("shape (0, %d, %[1]d) is too large, want at most %d bytes of data", root, math.MaxInt)},
		{"too little data", fileV1(dict("'<f4'", "False", "(4,)"), make([]byte, 12)...), "header claims 16 bytes of data, the file has 12, want the whole file"},
		{"absurd claim", fileV1(dict("'<f4'", "False", ShapeText([]int{math.MaxInt / 320, 80}))), fmt.Sprintf("header claims %d bytes of data, the file has 0, want the whole file", math.MaxInt/320*320)},
		{"too little float64", fileV1(dict("'<f8'", "False", "(4,)"), make([]byte, 12)...), "header claims 32 bytes of data, the file has 12, want the whole file"},
		{"trailing bytes", fileV1(dict("'<f4'", "False", "(4,)"), make([]byte, 20)...), "header claims 16 bytes of data, the file has 20, want no trailing bytes"},
		{"trailing after nothing", fileV1(dict("'<f4'", "False", "(0, 80)"), 0), "header claims 0 bytes of data, the file has 1, want no trailing bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := save(t, c.content)
			f, err := Open(path)
			if f != nil {
				t.Error("a file beside the error")
			}
			wantError(t, err, path, c.want)
		})
	}
}

func TestOpenNoFile(t *testing.T) {
	dir := t.TempDir()
	_, err := Open(dir)
	wantError(t, err, dir, "a directory, want an .npy, .npz or .safetensors file")

	missing := filepath.Join(dir, "missing.npy")
	_, err = Open(missing)
	if !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("%v is not fs.ErrNotExist", err)
	}
	wantError(t, err, missing, outfile.Cause(err2(os.Open(missing))).Error()+", want a readable .npy, .npz or .safetensors file")

	// A user who may read everything gets the file, all others the reason.
	secret := save(t, fileV1(dict("'|u1'", "False", "(1,)"), 7))
	if err := os.Chmod(secret, 0); err != nil {
		t.Fatal(err)
	}
	want := err2(os.ReadFile(secret))
	f, err := Open(secret)
	if want == nil && err == nil {
		f.Close()
		return
	}
	if want == nil || !errors.Is(err, fs.ErrPermission) {
		t.Fatalf("error %v, want as from os.ReadFile: %v", err, want)
	}
	wantError(t, err, secret, outfile.Cause(want).Error()+", want a readable .npy, .npz or .safetensors file")
}

func err2[T any](_ T, err error) error { return err }
