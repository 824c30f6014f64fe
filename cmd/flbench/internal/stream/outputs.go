package stream

import (
	"io"
	"os"
	"path/filepath"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/outfile"
)

// CheckOutput refuses a file to write, which a flag names, that is what is printed to.
func CheckOutput(flag, path string, printed ...io.Writer) error {
	for _, w := range printed {
		if to, ok := w.(*os.File); ok && outfile.SameAs(path, to) {
			return cli.Usagef("--%s %s is where %s goes: want another file", flag, path, streamName(to))
		}
	}
	return nil
}

// streamName is what a message calls one of the files that eval prints to.
func streamName(f *os.File) string {
	switch f {
	case os.Stdout:
		return "standard output"
	case os.Stderr:
		return "standard error"
	}
	return f.Name()
}

// SameFile tells whether two names stand for one file, which need not exist.
func SameFile(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	if errX == nil && errY == nil {
		return os.SameFile(x, y)
	}
	return (errX == nil) == (errY == nil) && location(a) == location(b)
}

// location is a file's name with its folder's links followed, where it exists.
func location(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	dir, base := filepath.Split(filepath.Clean(path))
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	return filepath.Join(dir, base)
}
