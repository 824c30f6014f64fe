// Package cli is what flbench's commands share: how they are run and fail, flags for losses
// and names, tables and JSON, what results depend on, progress, and a pool of workers. It
// knows no command.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// KernelVariable is the environment variable that names the kernel of engines that do not
// name their own.
const KernelVariable = "FLENGINE_KERNEL"

// Execute runs a command, or that of its subcommands which the arguments name, and returns
// the exit code: 0, 1 for a failure, 2 for wrong usage. Errors are printed to stderr, in one
// line that no path can break. Output that stdout does not take is a failure, whoever
// wrote it.
func Execute(ctx context.Context, root *cobra.Command, args []string, stdout, stderr io.Writer) int {
	out := &checkedWriter{w: stdout}
	root.SilenceUsage, root.SilenceErrors = true, true
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(stderr)
	furnish(root)
	setUsageErrors(root)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil && out.err != nil {
		err = printingFailed(out.err)
	}
	if err == nil {
		return 0
	}
	fmt.Fprintf(stderr, "flbench: %s\n", oneLine(err.Error()))
	if usage := (usageError{}); errors.As(err, &usage) {
		fmt.Fprintf(stderr, "Run '%s --help' for usage.\n", cmd.CommandPath())
		return 2
	}
	return 1
}

// checkedWriter remembers the first error of a writer.
type checkedWriter struct {
	w   io.Writer
	err error
}

func (c *checkedWriter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	if err != nil && c.err == nil {
		c.err = err
	}
	return n, err
}

// errPrinting is what errors of writing what is printed are.
var errPrinting = errors.New("printing the results")

// printingFailed says so once.
func printingFailed(err error) error {
	if errors.Is(err, errPrinting) {
		return err
	}
	return fmt.Errorf("%w: %w", errPrinting, err)
}

// Print writes text in one piece.
func Print(to io.Writer, text string) error {
	if _, err := io.WriteString(to, text); err != nil {
		return printingFailed(err)
	}
	return nil
}

// Printable returns a path as people may read it: quoted where it would break a line or act
// on a terminal.
func Printable(path string) string {
	if !utf8.ValidString(path) || strings.ContainsFunc(path, func(c rune) bool { return !strconv.IsPrint(c) }) {
		return strconv.Quote(path)
	}
	return path
}

// oneLine is what stands for a message: what is not printable is escaped.
func oneLine(message string) string {
	var b strings.Builder
	for len(message) > 0 {
		c, n := utf8.DecodeRuneInString(message)
		switch {
		case c == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, message[0])
		case strconv.IsPrint(c):
			b.WriteRune(c)
		default:
			b.WriteString(strings.Trim(strconv.QuoteRune(c), "'"))
		}
		message = message[n:]
	}
	return b.String()
}

// OrList spells "a, b or c".
func OrList(names []string) string {
	last := len(names) - 1
	if last == 0 {
		return names[0]
	}
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// Count is a number of things that have a regular plural.
func Count(n int, thing string) string {
	switch {
	case n == 1:
	case strings.HasSuffix(thing, "s"):
		thing += "es"
	default:
		thing += "s"
	}
	return fmt.Sprintf("%d %s", n, thing)
}

// Short writes a float32 with the digits that tell it from others.
func Short[T ~float32](v T) string { return strconv.FormatFloat(float64(v), 'g', -1, 32) }
