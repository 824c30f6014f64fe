package cli

import (
	"bytes"
	"slices"
	"testing"
)

// TestPrintRemarks: a line each, also where a text names a path with a line's end, and the same
// of many inputs a few times.
func TestPrintRemarks(t *testing.T) {
	var got bytes.Buffer
	PrintRemarks(&got, []Remark{{"a\nb", "of a\nb/classes.txt\x1b[2J"}}, slices.Repeat([]Remark{{"c", "of d\xff"}}, 5))
	want := `flbench: warning: "a\nb": of a\nb/classes.txt\x1b[2J
flbench: note: c: of d\xff
flbench: note: c: of d\xff
flbench: note: c: of d\xff
flbench: note: 2 inputs more: of d\xff
`
	if got.String() != want {
		t.Errorf("got\n%swant\n%s", &got, want)
	}
}
