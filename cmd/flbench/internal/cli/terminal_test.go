package cli

import (
	"bytes"
	"os"
	"testing"
)

// TestNoTerminal: what is no terminal has no colours, and 80 columns.
func TestNoTerminal(t *testing.T) {
	file, err := os.Create(t.TempDir() + "/out")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, w := range []interface{ Write([]byte) (int, error) }{&bytes.Buffer{}, file, &checkedWriter{w: file}} {
		if Colored(w) || Width(w) != 80 {
			t.Errorf("%T: colours %t, %d columns", w, Colored(w), Width(w))
		}
	}
}
