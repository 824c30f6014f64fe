package cli

import (
	"io"
	"os"

	"golang.org/x/term"
)

// Colored tells whether what is printed may have colours: on a terminal, unless NO_COLOR or the
// terminal's kind says otherwise.
func Colored(w io.Writer) bool {
	if c, ok := w.(*checkedWriter); ok {
		w = c.w
	}
	f, ok := w.(*os.File)
	return ok && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(f.Fd()))
}
