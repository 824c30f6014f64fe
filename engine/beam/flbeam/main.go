// Flbeam evaluates losses over many files by Apache Beam.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

func main() {
	if isWorker(os.Args[1:]) {
		os.Exit(work(context.Background(), os.Args[1:], os.Stderr))
	}
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// usageError is an error in how the command was called, not in what it did.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// run is main with its surroundings as arguments; it returns the exit code: 0, 1 for a failure, 2
// for wrong usage.
func run(args []string, stdout, stderr io.Writer) int {
	cmd := newCommand()
	cmd.SetArgs(append([]string{}, args...)) // not nil, which stands for os.Args
	cmd.SetOut(stdout)
	cmd.SetErr(stderr)
	err := cmd.ExecuteContext(context.Background())
	if err == nil {
		return 0
	}
	fmt.Fprintf(stderr, "flbeam: %s\n", oneLine(err.Error()))
	if usage := (usageError{}); errors.As(err, &usage) {
		fmt.Fprintln(stderr, "Run 'flbeam --help' for usage.")
		return 2
	}
	return 1
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

// newCommand returns the command.
func newCommand() *cobra.Command {
	var f flags
	cmd := &cobra.Command{
		Use: "flbeam PATH... | --logits GLOB --labels TEMPLATE", Short: "Evaluate losses over many files by Apache Beam",
		Long: long, Example: example,
		Args: cobra.ArbitraryArgs, DisableFlagsInUseLine: true, SilenceUsage: true, SilenceErrors: true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		RunE:              f.run,
	}
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	f.add(cmd)
	cmd.AddCommand(newPool(&f))
	return cmd
}
