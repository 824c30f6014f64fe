package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestProgress: a bar shows only once the work has taken long.
func TestProgress(t *testing.T) {
	var none *Progress
	none.StartBytes("evaluating", 1)
	none.Add(1)
	none.Clear()
	if NewProgress(&bytes.Buffer{}) != nil {
		t.Error("a progress without a terminal")
	}
	file, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if NewProgress(file) != nil {
		t.Error("a progress in a file")
	}

	var text bytes.Buffer
	p := &Progress{w: &text}
	p.StartBytes("evaluating", 4<<20)
	p.begun = time.Now().Add(time.Hour) // whatever the machine does, no second passes
	p.Add(1 << 20)
	p.Clear()
	if text.Len() > 0 {
		t.Errorf("%q at once", &text)
	}
	p.begun = time.Now().Add(-2 * patience)
	p.Add(1 << 20)
	if got := text.String(); !strings.Contains(got, "evaluating  50%") || !strings.Contains(got, "2.1/4.2 MB") || strings.Contains(got, "\x1b") {
		t.Errorf("bar %q", got)
	}
	text.Reset()
	p.Clear()
	if got := text.String(); strings.TrimSpace(got) != "" && !strings.HasPrefix(got, "\x1b[2K") || !strings.HasSuffix(got, "\r") {
		t.Errorf("cleared with %q", got)
	}
}
