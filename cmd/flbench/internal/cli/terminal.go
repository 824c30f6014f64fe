package cli

import (
	"io"
	"os"

	"golang.org/x/term"
)

// Colored tells whether what is printed may have colours: on a terminal, unless NO_COLOR or the
// terminal's kind says otherwise.
func Colored(w io.Writer) bool {
	f := terminal(w)
	return f != nil && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// Width returns how many characters a line of what is printed may have: as many as the terminal
// has, or 80.
func Width(w io.Writer) int {
	if f := terminal(w); f != nil {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			return width
		}
	}
	return 80
}

// terminal returns the terminal that w is, or nil.
func terminal(w io.Writer) *os.File {
	if c, ok := w.(*checkedWriter); ok {
		w = c.w
	}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return f
	}
	return nil
}
