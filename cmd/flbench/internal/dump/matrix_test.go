package dump

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flengine/flengine/cmd/flbench/internal/array"
)

// elementTypes are NumPy's names of types, how .npy and .safetensors files spell them, the
// bytes of an element, and those of −1, where there is one.
var elementTypes = []struct {
	name, descr, safe string
	size              int
	minusOne          uint64
}{
	{"float16", "<f2", "F16", 2, 0xbc00}, {"bfloat16", "<V2", "BF16", 2, 0xbf80},
	{"float32", "<f4", "F32", 4, uint64(math.Float32bits(-1))}, {"float64", "<f8", "F64", 8, math.Float64bits(-1)},
	{"bool", "|b1", "BOOL", 1, 0},
	{"int8", "|i1", "I8", 1, math.MaxUint64}, {"int16", "<i2", "I16", 2, math.MaxUint64}, {"int32", "<i4", "I32", 4, math.MaxUint64}, {"int64", "<i8", "I64", 8, math.MaxUint64},
	{"uint8", "|u1", "U8", 1, 0}, {"uint16", "<u2", "U16", 2, 0}, {"uint32", "<u4", "U32", 4, 0}, {"uint64", "<u8", "U64", 8, 0},
}

// elements returns count elements of 0, of which the first is −1 if that is asked.
func elements(kind, count int, minusOne bool) []byte {
	e := elementTypes[kind]
	data := make([]byte, e.size*count)
	if minusOne {
		word := binary.LittleEndian.AppendUint64(nil, e.minusOne)
		copy(data[:e.size], word)
	}
	return data
}

// rawNPY returns an .npy file of elements.
func rawNPY(kind int, data []byte, shape ...int) []byte {
	file := npy(data, len(data))
	dict := fmt.Appendf(nil, "{'descr': '%s', 'fortran_order': False, 'shape': %s, }", elementTypes[kind].descr, array.ShapeText(shape))
	dict = append(dict, bytes.Repeat([]byte(" "), 128-10-1-len(dict))...)
	file = append(binary.LittleEndian.AppendUint16(file[:8:8], uint16(len(dict)+1)), dict...)
	return append(append(file, '\n'), data...)
}

// rawNPZ returns an archive of .npy files: logits, labels, and anchors where these are given.
func rawNPZ(t *testing.T, method uint16, files ...[]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i, data := range files {
		w, err := z.CreateHeader(&zip.FileHeader{Name: []string{"logits.npy", "labels.npy", "anchors.npy"}[i], Method: method})
		if err == nil {
			_, err = w.Write(data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// rawSafetensors returns a .safetensors file of scores of a type, with int32 labels.
func rawSafetensors(t *testing.T, kind int, logits, labels []byte, shape, labelShape []int) []byte {
	t.Helper()
	type tensor struct {
		DType   string `json:"dtype"`
		Shape   []int  `json:"shape"`
		Offsets [2]int `json:"data_offsets"`
	}
	head, err := json.Marshal(map[string]tensor{
		"labels": {"I32", labelShape, [2]int{0, len(labels)}},
		"logits": {elementTypes[kind].safe, shape, [2]int{len(labels), len(labels) + len(logits)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for len(head)%8 != 0 {
		head = append(head, ' ')
	}
	file := binary.LittleEndian.AppendUint64(nil, uint64(len(head)))
	return append(append(append(file, head...), labels...), logits...)
}

// verdict says in a word how an input is taken.
func verdict(t *testing.T, o *Options, path string) string {
	t.Helper()
	sources, err := o.Sources([]string{path})
	if err != nil {
		t.Fatal(err)
	}
	_, checked := sources[0].Check()
	d, err := sources[0].Open()
	switch {
	case err != nil && strings.Contains(err.Error(), "--targets=binary"):
		return "refused without --targets"
	case err != nil:
		return "refused"
	case checked != nil:
		t.Errorf("%s: Check: %v, and yet it opens", path, checked)
	}
	defer d.Close()
	if d.kind == perScore {
		return "a label a score"
	}
	return "class indices"
}

// matrices are tables of how every kind of scores and labels is taken.
func matrices(t *testing.T) string {
	const rows, columns = 6, 3
	var doc strings.Builder
	none := make([]byte, 4*rows)
	for i := range none {
		none[i] = 0xff
	}
	int32s := 7
	if elementTypes[int32s].name != "int32" {
		t.Fatal(elementTypes[int32s])
	}

	doc.WriteString("\n## Scores of every type in every file\n\"As it is\" is without a copy: the engine reads the file's memory. With --probs, 16 bits are widened to float32.\n\n")
	doc.WriteString("| type | .npy | .npz | .npz, compressed | .safetensors |\n| --- | --- | --- | --- | --- |\n")
	for kind, e := range elementTypes {
		scores := elements(kind, rows*columns, false)
		x, y := rawNPY(kind, scores, rows, columns), rawNPY(int32s, none, rows)
		cells := []string{e.name}
		for i, files := range []map[string][]byte{
			{"image/logits.npy": x, "image/labels.npy": y},
			{"image": rawNPZ(t, zip.Store, x, y)},
			{"image": rawNPZ(t, zip.Deflate, x, y)},
			{"image": rawSafetensors(t, kind, scores, none, []int{rows, columns}, []int{rows})},
		} {
			path := filepath.Join(write(t, files), "image")
			cell := verdict(t, new(Options), path)
			if cell == "class indices" {
				d := open(t, new(Options), path)
				b, err := d.Batch(0, d.Scores(), new(Scratch))
				if err != nil {
					t.Fatal(err)
				}
				switch {
				case e.name == "float64":
					cell = "rounded to float32"
				case !d.scores.Direct() && b.Logits != nil:
					cell = "widened to float32"
				case i == 2:
					cell = "unpacked"
				default:
					cell = "as it is"
				}
			}
			cells = append(cells, cell)
		}
		fmt.Fprintf(&doc, "| %s |\n", strings.Join(cells, " | "))
	}

	doc.WriteString("\n## Labels of every type\nOf scores (A, C) and of scores of one column, (A,) or (A, 1); without flags.\n\n")
	doc.WriteString("| type | (A,) of (A, C) | (A, C) | (A,) of one column, none negative | (A,) of one column with a -1 |\n| --- | --- | --- | --- | --- |\n")
	float32s := 2
	for kind, e := range elementTypes {
		cells := []string{e.name}
		for _, c := range []struct {
			scores, labels []int
			minusOne       bool
		}{
			{[]int{rows, columns}, []int{rows}, false},
			{[]int{rows, columns}, []int{rows, columns}, false},
			{[]int{rows}, []int{rows}, false},
			{[]int{rows, 1}, []int{rows}, true},
		} {
			if c.minusOne && e.minusOne == 0 {
				cells = append(cells, "")
				continue
			}
			dir := write(t, map[string][]byte{
				"logits.npy": rawNPY(float32s, elements(float32s, product(c.scores), false), c.scores...),
				"labels.npy": rawNPY(kind, elements(kind, product(c.labels), c.minusOne), c.labels...),
			})
			cells = append(cells, verdict(t, new(Options), dir))
		}
		fmt.Fprintf(&doc, "| %s |\n", strings.Join(cells, " | "))
	}

	doc.WriteString("\n## Scores of every shape under every layout\nThe anchors × classes that they are taken for; A = 6, C = 3, N = 2, H × W = 3 × 2.\n\n")
	layouts := []string{"", "ac", "nac", "ca", "nca", "chw"}
	doc.WriteString("| shape | without | --layout=ac | --layout=nac | --layout=ca | --layout=nca | --layout=chw |\n| --- | --- | --- | --- | --- | --- | --- |\n")
	for _, s := range []struct {
		name  string
		shape []int
	}{
		{"(A,)", []int{6}}, {"(A, 1)", []int{6, 1}}, {"(A, C)", []int{6, 3}}, {"(C, A)", []int{3, 6}}, {"(N, A, C)", []int{2, 6, 3}}, {"(N, C, A)", []int{2, 3, 6}}, {"(C, H, W)", []int{3, 3, 2}},
		{"(N, H, W, C)", []int{2, 3, 2, 3}}, {"(N, C, H, W)", []int{2, 3, 3, 2}}, {"()", []int{}}, {"(A, 0)", []int{6, 0}}, {"(0, C)", []int{0, 3}},
	} {
		cells := []string{s.name}
		for _, layout := range layouts {
			cell := "refused"
			if g, err := scoreGrid(&head{shape: s.shape}, layout, &settings{Options: Options{Layout: layout}}); err == nil {
				cell = fmt.Sprintf("%d × %d", product(g.anchors()), g.count)
			}
			cells = append(cells, cell)
		}
		fmt.Fprintf(&doc, "| %s |\n", strings.Join(cells, " | "))
	}
	return doc.String()
}

// TestRawFiles holds the files that matrices makes against one of NumPy's.
func TestRawFiles(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(dumps, "labels.npy"))
	if err != nil {
		t.Fatal(err)
	}
	got := rawNPY(7, data[128:], len(data[128:])/4)
	if !bytes.Equal(got, data) {
		t.Errorf("%q, want %q", got, data)
	}
}
