package cli

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

// failing takes so many bytes.
type failing struct{ room int }

func (f *failing) Write(b []byte) (int, error) {
	if f.room -= len(b); f.room < 0 {
		return 0, errors.New("no room")
	}
	return len(b), nil
}

// TestPrintAs: all of a report is printed by the format that is named, and what cannot be is an
// error that says so once.
func TestPrintAs(t *testing.T) {
	formats := []Format[string]{
		{Name: "plain", Print: func(r string, w io.Writer) error { return Print(w, r) }},
		{Name: "loud", Print: func(r string, w io.Writer) error { return Print(w, strings.ToUpper(r)) }},
	}
	if names := FormatNames(formats); strings.Join(names, " ") != "plain loud" {
		t.Errorf("%v", names)
	}
	long := strings.Repeat("word ", 1<<16)
	var all bytes.Buffer
	if err := PrintAs(&all, long, formats, "loud"); err != nil || all.String() != strings.ToUpper(long) {
		t.Errorf("%v, %d bytes", err, all.Len())
	}
	for _, text := range []string{"word", long} {
		err := PrintAs(&failing{room: 3}, text, formats, "plain")
		if err == nil || err.Error() != "printing the results: no room" {
			t.Errorf("%d bytes: %v", len(text), err)
		}
	}
}
