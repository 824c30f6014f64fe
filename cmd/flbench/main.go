// Flbench measures flengine's throughput and evaluates detector logits.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run is main with its surroundings as arguments; it returns the exit code: 0,
// 1 for a failure, 2 for wrong usage.
func run(args []string, stdout, stderr io.Writer) int {
	return execute(newRootCommand(), args, stdout, stderr)
}

// execute runs a command and its subcommands as run does.
func execute(root *cobra.Command, args []string, stdout, stderr io.Writer) int {
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	cmd, err := root.ExecuteC()
	var usage usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &usage):
		fmt.Fprintf(stderr, "flbench: %v\nRun '%s --help' for usage.\n", err, cmd.CommandPath())
		return 2
	}
	fmt.Fprintf(stderr, "flbench: %v\n", err)
	return 1
}

// usageError is an error in how the command was called, not in what it did.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

func newRootCommand() *cobra.Command {
	root := newBenchCommand()
	root.Use = "flbench"
	root.Short = "Measure flengine's throughput and evaluate detector logits"
	root.Long = `flbench measures the throughput of flengine's loss kernels on this machine, and
evaluates cross-entropy and focal loss over real detector logits.

Without a command it is 'flbench bench'.`
	root.SilenceUsage = true
	root.SilenceErrors = true
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(newBenchCommand(), newEvalCommand(), newInfoCommand(), newRooflineCommand(), newScenariosCommand(), newVerifyCommand(subjects))
	setUsageErrors(root)
	return root
}

// flagError makes a wrong flag a usage error, and says what a flag wants whose value
// cannot be read, not which function of Go's could not.
func flagError(err error) error {
	var invalid *pflag.InvalidValueError
	if !errors.As(err, &invalid) {
		return usageError{err}
	}
	flag := invalid.GetFlag()
	want := map[string]string{
		"int": "a whole number", "uint64": "a whole number, 0 or more", "intSlice": "whole numbers, separated by commas",
		"float64": "a number", "bool": "true or false",
	}[flag.Value.Type()]
	switch {
	case want == "":
		return usageError{err}
	case outOfRange(flag.Value.Type(), invalid.GetValue()):
		want += ", in the range of Go's " + flag.Value.Type()
	}
	return usagef("--%s: %q: want %s", flag.Name, invalid.GetValue(), want)
}

// outOfRange tells whether a flag's value is a number that its type cannot hold.
func outOfRange(kind, value string) bool {
	var err error
	switch kind {
	case "int":
		_, err = strconv.ParseInt(value, 0, 0)
	case "uint64":
		_, err = strconv.ParseUint(value, 0, 64)
	case "float64":
		_, err = strconv.ParseFloat(value, 64)
	}
	return errors.Is(err, strconv.ErrRange)
}

// setUsageErrors makes wrong flags and arguments usage errors, in all commands.
func setUsageErrors(cmd *cobra.Command) {
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return flagError(err) })
	args := cmd.Args
	if args == nil {
		args = cobra.NoArgs
	}
	cmd.Args = func(cmd *cobra.Command, a []string) error {
		if err := args(cmd, a); err != nil {
			return usageError{err}
		}
		return nil
	}
	for _, sub := range cmd.Commands() {
		setUsageErrors(sub)
	}
}
