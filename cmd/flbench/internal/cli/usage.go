package cli

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// usageError is an error in how the command was called, not in what it did.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// Usagef returns an error in how the command was called, which exits with 2 and says where
// help is.
func Usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// flagError makes a wrong flag of a command a usage error. It says which flag may have been
// meant, and what a flag wants whose value cannot be read, not which function of Go's could
// not.
func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) {
		if meant := meantFlags(cmd, unknown); len(meant) > 0 {
			return Usagef("%w: did you mean %s?", err, OrList(meant))
		}
	}
	var invalid *pflag.InvalidValueError
	if !errors.As(err, &invalid) {
		return usageError{err}
	}
	flag := invalid.GetFlag()
	want := map[string]string{
		"int": "a whole number", "uint64": "a whole number, 0 or more", "intSlice": "whole numbers, separated by commas",
		"int32": "a whole number", "int32Slice": "whole numbers, separated by commas",
		"float64": "a number", "bool": "true or false",
	}[flag.Value.Type()]
	switch {
	case want == "": // a type of our own, which says itself what it wants
		return Usagef("--%s: %q: %w", flag.Name, invalid.GetValue(), invalid.Unwrap())
	case outOfRange(flag.Value.Type(), invalid.GetValue()):
		want += ", in the range of Go's " + strings.TrimSuffix(flag.Value.Type(), "Slice")
	}
	return Usagef("--%s: %q: want %s", flag.Name, invalid.GetValue(), want)
}

// meantFlags are the flags that a name which is none is like, one that was given with a
// single dash among them.
func meantFlags(cmd *cobra.Command, unknown *pflag.NotExistError) (meant []string) {
	name := unknown.GetSpecifiedName()
	if together := unknown.GetSpecifiedShortnames(); len(together) > 1 {
		name, _, _ = strings.Cut(together, "=")
	}
	like := cobra.Command{SuggestionsMinimumDistance: 2}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		like.AddCommand(&cobra.Command{Use: f.Name, Run: func(*cobra.Command, []string) {}})
	})
	for _, name := range like.SuggestionsFor(name) {
		meant = append(meant, "--"+name)
	}
	return meant
}

// noArgs refuses arguments of a command that has none.
func noArgs(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return Usagef("unexpected %q: want nothing but flags", args[0])
}

// outOfRange tells whether a flag's value is, or a list with, a number that its type cannot
// hold.
func outOfRange(kind, value string) bool {
	if one, list := strings.CutSuffix(kind, "Slice"); list {
		return slices.ContainsFunc(strings.Split(value, ","), func(v string) bool { return outOfRange(one, v) })
	}
	var err error
	switch kind {
	case "int":
		_, err = strconv.ParseInt(value, 0, 0)
	case "int32":
		_, err = strconv.ParseInt(value, 0, 32)
	case "uint64":
		_, err = strconv.ParseUint(value, 0, 64)
	case "float64":
		_, err = strconv.ParseFloat(value, 64)
	}
	return errors.Is(err, strconv.ErrRange)
}

// setUsageErrors makes wrong flags and arguments usage errors, in all commands.
func setUsageErrors(cmd *cobra.Command) {
	cmd.SetFlagErrorFunc(flagError)
	args := cmd.Args
	if args == nil {
		args = noArgs
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

// CompleteNames makes shells complete a flag with names.
func CompleteNames(cmd *cobra.Command, flag string, names []string) {
	if err := cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err) // only for a flag that does not exist
	}
}

// CompleteFiles makes shells complete flags with the names of files that end so.
func CompleteFiles(cmd *cobra.Command, flags []string, extensions ...string) {
	for _, flag := range flags {
		if err := cmd.MarkFlagFilename(flag, extensions...); err != nil {
			panic(err) // only for a flag that does not exist
		}
	}
}
