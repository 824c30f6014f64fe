package array

import (
	"context"
	"strings"
	"testing"
)

// FuzzFile takes files of all kinds as they come. None may panic, or make more of itself
// than there is; what can be opened can be read.
func FuzzFile(f *testing.F) {
	for _, c := range readCases(f) {
		f.Add(c.File)
	}
	f.Add([]byte("\x93NUMPY\x02\x00\xff\xff\xff\xff{}"))
	f.Add(fileV1(dict("'|b1'", "False", "(-1, 4294967296, 4294967296)"), 0))
	f.Add(fileV23(3, dict(`[('a', "<f4", (2,))]`, "False", "(1,)"), make([]byte, 8)...))
	f.Fuzz(func(t *testing.T, content []byte) {
		if len(content) == 0 {
			return // which open refuses
		}
		file := &File{path: "x", ctx: context.Background(), mem: &memory{data: content}}
		defer file.Close()
		if err := file.parse(); err != nil {
			checkMessage(t, err)
			return
		}
		for i, name := range file.Names() {
			dtype, shape, err := file.Describe(name)
			if err != nil {
				checkMessage(t, err)
			}
			if i > 3 || len(content) > 1<<16 {
				break
			}
			a, again := file.Array(name)
			if again != nil {
				checkMessage(t, again)
				continue
			}
			if err != nil || dtype != a.DType() {
				t.Fatalf("described as %v, %v, is %v", dtype, err, a.DType())
			}
			count := 1
			for _, d := range shape {
				count *= d
			}
			if count != a.Len() || a.Len()*a.DType().Size() > 1100*len(content) {
				t.Fatalf("%d elements of %v for shape %v in %d bytes", a.Len(), a.DType(), shape, len(content))
			}
			n := min(a.Len(), 1<<10)
			if n == 0 {
				continue
			}
			checkElements(t, a, 0, n)
			checkElements(t, a, a.Len()-n, a.Len())
			axes := make([]int, len(shape))
			for i := range axes {
				axes[i] = (i + 1) % len(axes)
			}
			checkElements(t, a.Permute(axes...), a.Len()-n, a.Len())
		}
	})
}

// checkMessage wants no message to repeat a file.
func checkMessage(t *testing.T, err error) {
	t.Helper()
	if text := err.Error(); len(text) > 4000 || strings.ContainsAny(text, "\x00\n") {
		t.Fatalf("message %q", text)
	}
}

// FuzzHeader is FuzzFile for the dict of an .npy file alone.
func FuzzHeader(f *testing.F) {
	for _, text := range []string{
		"", "{}", dict("'<f4'", "False", "(2, 1)"), dict("u'<f4'", "True", "(2L, 0x1,)") + " # more", dict(`[('é]', '<f4'), ("it's", [('b\'', '<i4', (2,))])]`, "False", "(1_0,)"),
	} {
		f.Add([]byte(text), byte(1))
		f.Add([]byte(text), byte(3))
	}
	f.Fuzz(func(t *testing.T, text []byte, version byte) {
		h, err := parseDict(text, version)
		if err != nil {
			checkMessage(t, err)
			return
		}
		// What was understood is understood again, as we would write it.
		again, err := parseDict([]byte(dict("'"+h.descr+"'", map[bool]string{false: "False", true: "True"}[h.fortran], ShapeText(h.shape))), 1)
		if strings.ContainsAny(h.descr, `'\[(`) {
			return // a structure, or escapes
		}
		if err != nil || again.descr != h.descr || again.fortran != h.fortran || ShapeText(again.shape) != ShapeText(h.shape) {
			t.Fatalf("%q: %+v, written again %+v, %v", text, h, again, err)
		}
	})
}

// FuzzTensors is FuzzFile for the JSON of a .safetensors file alone.
func FuzzTensors(f *testing.F) {
	for _, c := range readCases(f) {
		if strings.HasPrefix(c.Name, "safetensors") && len(c.File) > 8 {
			f.Add(c.File[8:], uint64(4))
		}
	}
	f.Add([]byte(`"`+strings.Repeat("long", 2000)+`"`), uint64(0)) // which was repeated in full
	f.Fuzz(func(t *testing.T, text []byte, size uint64) {
		tensors, err := parseTensors(text)
		if err != nil {
			checkMessage(t, err)
			return
		}
		for _, tensor := range tensors {
			h, err := tensor.header(size)
			if err != nil {
				checkMessage(t, err)
				return
			}
			if tensor.end > size || h.count < 0 {
				t.Fatalf("%+v in %d bytes", tensor, size)
			}
		}
		if err := covers(tensors, size); err != nil {
			checkMessage(t, err)
		}
	})
}
