//go:build unix

package dump

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// TestPipes: scores and labels from two pipes at a time, as a shell's <(…) makes them.
func TestPipes(t *testing.T) {
	done := make(chan error, 2)
	o := new(Options)
	for file, path := range map[string]*string{"plain.npy": &o.Logits, "labels.npy": &o.Labels} {
		data, err := os.ReadFile(filepath.Join(dumps, file))
		if err != nil {
			t.Fatal(err)
		}
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		*path = fmt.Sprintf("/dev/fd/%d", r.Fd())
		go func() {
			_, err := w.Write(data)
			done <- errors.Join(err, w.Close())
		}()
	}
	all, err := evaluate(o)
	if err != nil || all.Scores != 175 || all.Positives != 10 {
		t.Errorf("%+v, %v", all, err)
	}
	if err := errors.Join(<-done, <-done); err != nil {
		t.Error(err)
	}
}
