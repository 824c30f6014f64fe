package cli

import (
	"bufio"
	"io"
	"slices"

	"github.com/spf13/cobra"
)

// Format is one that reports of a type are printed in.
type Format[R any] struct {
	Name  string
	Print func(R, io.Writer) error // errors of writing come back from PrintAs
}

// FormatNames are those of formats.
func FormatNames[R any](formats []Format[R]) (names []string) {
	for _, f := range formats {
		names = append(names, f.Name)
	}
	return names
}

// PrintAs prints a report in the format of a name, in chunks, as it can be long.
func PrintAs[R any](to io.Writer, r R, formats []Format[R], name string) error {
	w := bufio.NewWriterSize(chunks{to}, 1<<16)
	if err := formats[slices.Index(FormatNames(formats), name)].Print(r, w); err != nil {
		return err
	}
	return w.Flush()
}

// chunks hands on what it is given as Print does.
type chunks struct{ to io.Writer }

func (c chunks) Write(b []byte) (int, error) {
	if err := Print(c.to, string(b)); err != nil {
		return 0, err
	}
	return len(b), nil
}

// FormatFlags are --format, and --json for its short.
type FormatFlags struct {
	Name  string
	json  bool
	names []string
}

// Add adds the flags; the first name is the default.
func (f *FormatFlags) Add(cmd *cobra.Command, names []string) {
	f.names = names
	cmd.Flags().StringVar(&f.Name, "format", names[0], "print as `FORMAT`: "+OrList(names))
	cmd.Flags().BoolVar(&f.json, "json", false, "short for --format json")
	CompleteNames(cmd, "format", names)
}

// Check refuses what is no format, and two of them, and sets Name to the one that is meant.
func (f *FormatFlags) Check(cmd *cobra.Command) error {
	switch {
	case f.json && cmd.Flags().Changed("format") && f.Name != "json":
		return Usagef("--json beside --format %s: want one or the other", f.Name)
	case f.json:
		f.Name = "json"
	case !slices.Contains(f.names, f.Name):
		return Usagef("--format is %q: want %s", f.Name, OrList(f.names))
	}
	return nil
}
