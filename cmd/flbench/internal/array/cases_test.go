package array

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A fileCase is a file and what the library that it belongs to makes of it; see
// testdata/generate.py.
type fileCase struct {
	Name       string
	File       []byte
	Error      string
	Unreadable []string // names of arrays of no DType
	Arrays     map[string]struct {
		DType  string
		Shape  []int
		Values []string
	}
}

// stricter names the cases that NumPy or safetensors reads and we refuse, and why.
var stricter = map[string]string{
	"header: bytes after the data":    "a second array, or another file's end: either way not what was meant",
	"header: bytes after no data":     "likewise",
	"header: key twice":               "one of them is wrong",
	"header: backslash and newline":   "no program writes it; likewise what follows",
	"header: dict in parentheses":     "",
	"header: fortran_order (False)":   "",
	"header: descr r'<f4'":            "",
	"header: descr '<' 'f4'":          "",
	"header: descr '''<f4'''":         "",
	`header: descr '\x3cf4'`:          "",
	"header: descr ('<f4')":           "",
	"header: descr ('<f4', ())":       "",
	"header: descr '<f04'":            "",
	"header: descr 'V02'":             "",
	"header: descr '<i+4'":            "",
	"header: shape ((1,))":            "",
	"header: shape ((1),)":            "",
	"header: descr 'int'":             "its size depends on the machine that wrote it",
	"header: descr 'uint'":            "likewise",
	"header: descr 'l'":               "likewise",
	"header: descr 'p'":               "likewise",
	"header: descr '1f4'":             "its elements are structures",
	"header: descr '<f4,'":            "likewise",
	"header: descr '(1,)f4'":          "likewise",
	"header: descr [('', '<f4')]":     "likewise",
	"safetensors: same tensor twice":  "one of them is wrong",
	"safetensors: fields as an array": "no program writes it",
}

func readCases(t testing.TB) (cases []fileCase) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "cases.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	return cases
}

// readAll returns the arrays of a file.
func readAll(t *testing.T, path string) ([]*Array, error) {
	t.Helper()
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	var arrays []*Array
	for _, name := range f.Names() {
		dtype, shape, err := f.Describe(name)
		a, again := f.Array(name)
		if err != nil || again != nil {
			if again == nil {
				t.Errorf("Describe gives %v, Array nothing", err)
			}
			return nil, again
		}
		if dtype != a.DType() || !slices.Equal(shape, a.Shape()) {
			t.Errorf("described as %v %v, is %v %v", dtype, shape, a.DType(), a.Shape())
		}
		arrays = append(arrays, a)
	}
	return arrays, nil
}

// TestCases: what NumPy, ml_dtypes and safetensors read we read, and what they refuse we
// refuse.
func TestCases(t *testing.T) {
	used := 0
	for _, c := range readCases(t) {
		t.Run(c.Name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "file")
			if err := os.WriteFile(path, c.File, 0o666); err != nil {
				t.Fatal(err)
			}
			if c.Unreadable != nil {
				wantUnreadable(t, path, c)
				return
			}
			arrays, err := readAll(t, path)
			why, strict := stricter[c.Name]
			if strict {
				used++
			}
			switch {
			case err != nil && !strings.HasPrefix(err.Error(), path+": "):
				t.Errorf("error %v does not name the file", err)
			case c.Error != "" && err == nil:
				t.Errorf("no error, where the library has: %s", c.Error)
			case c.Error == "" && strict && err == nil:
				t.Errorf("no error, though %s", why)
			case c.Error == "" && !strict && err != nil:
				t.Errorf("error %v, where the library has none", err)
			}
			if err != nil || c.Error != "" {
				return
			}
			if len(arrays) != len(c.Arrays) {
				t.Fatalf("%d arrays, want %d", len(arrays), len(c.Arrays))
			}
			for _, a := range arrays {
				name := strings.TrimPrefix(strings.TrimPrefix(a.Label(), path), ": ")
				want, ok := c.Arrays[name]
				if !ok || a.DType().String() != want.DType || !slices.Equal(a.Shape(), want.Shape) || a.Len() != len(want.Values) {
					t.Fatalf("array %q: %v %v, want %v", a.Label(), a.DType(), a.Shape(), want)
				}
				checkValues(t, a, want.Values)
			}
		})
	}
	if used != len(stricter) {
		t.Errorf("%d cases are stricter, want %d", used, len(stricter))
	}
}

// wantUnreadable wants arrays that are there and not to be had.
func wantUnreadable(t *testing.T, path string, c fileCase) {
	t.Helper()
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if !slices.Equal(f.Names(), c.Unreadable) {
		t.Errorf("arrays %q, want %q", f.Names(), c.Unreadable)
	}
	for _, name := range c.Unreadable {
		_, dtype, _ := strings.Cut(c.Name, "dtype ")
		want := fmt.Sprintf("dtype %q, want %s", dtype, wanted)
		_, err := f.Array(name)
		wantError(t, err, path+": "+name, want)
		_, _, err = f.Describe(name)
		wantError(t, err, path+": "+name, want)
	}
}

// checkValues reads all elements in every way that the dtype has.
func checkValues(t *testing.T, a *Array, want []string) {
	t.Helper()
	n := a.Len()
	doubles, err := a.Float64s(nil, 0, n)
	if err != nil {
		t.Fatal(err)
	}
	floats, err := a.Float32s(nil, 0, n)
	if (err == nil) != a.DType().IsFloat() {
		t.Fatalf("%v as float32: %v", a.DType(), err)
	}
	ints, bad, err := a.Int32s(nil, 0, n)
	if (err != nil) != a.DType().IsFloat() {
		t.Fatalf("%v as int32: %v", a.DType(), err)
	}
	octets, err := a.Uint8s(nil, 0, n)
	if (err == nil) != (a.DType() == Bool || a.DType() == Uint8) {
		t.Fatalf("%v as uint8: %v", a.DType(), err)
	}
	firstBad := -1
	for i, text := range want {
		exact, err := strconv.ParseFloat(text, 64)
		if a.DType().IsInteger() {
			if n, err := strconv.ParseInt(text, 10, 64); err == nil {
				exact = float64(n)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		if math.Float64bits(doubles[i]) != math.Float64bits(exact) && !(math.IsNaN(exact) && math.IsNaN(doubles[i])) {
			t.Errorf("element %d: %v, want %v (%s)", i, doubles[i], exact, text)
		}
		if floats != nil {
			near := float32(exact)
			if math.Float32bits(floats[i]) != math.Float32bits(near) && !(near != near && floats[i] != floats[i]) {
				t.Errorf("element %d as float32: %v, want %v (%s)", i, floats[i], near, text)
			}
		}
		if ints != nil {
			n, err := strconv.ParseInt(text, 10, 32)
			if err != nil && firstBad < 0 {
				firstBad = i
			}
			if err == nil && ints[i] != int32(n) {
				t.Errorf("element %d as int32: %v, want %s", i, ints[i], text)
			}
		}
		if octets != nil && strconv.Itoa(int(octets[i])) != text && a.DType() != Bool {
			t.Errorf("element %d as uint8: %v, want %s", i, octets[i], text)
		}
		if at := a.At(i); a.DType().IsInteger() && at != text {
			t.Errorf("element %d as text: %s, want %s", i, at, text)
		}
	}
	if bad != firstBad {
		t.Errorf("the first that is no int32: %d, want %d", bad, firstBad)
	}
}
