package cli

import (
	"bytes"
	"slices"

	"github.com/spf13/cobra"
)

// furnish gives a command with subcommands what all of them share: an error for a name that
// is none, with what may have been meant, and the commands help and completion, which fail
// on such names, too.
func furnish(root *cobra.Command) {
	wholeHelp(root)
	if !root.HasSubCommands() {
		return
	}
	root.SuggestionsMinimumDistance = 2
	root.SetHelpCommand(newHelpCommand())
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	root.Args = func(_ *cobra.Command, args []string) error { return noSuchCommand(root, args) }
	for _, cmd := range root.Commands() {
		if cmd.Name() != "completion" {
			continue
		}
		cmd.Example = "  source <(" + root.Name() + " completion bash)"
		Group(cmd, "completion of which shell?")
	}
}

// Group makes a command that is nothing without its subcommands ask for one, and refuse what is
// none.
func Group(cmd *cobra.Command, question string) {
	cmd.Args = func(cmd *cobra.Command, args []string) error { return noSuchCommand(cmd, args) }
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return Usagef("%s want %s", question, OrList(commandNames(cmd)))
	}
}

// noSuchCommand is the error about the first argument, if there is one.
func noSuchCommand(parent *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	parent.SuggestionsMinimumDistance = 2
	if meant := parent.SuggestionsFor(args[0]); len(meant) > 0 {
		return Usagef("unknown command %q: did you mean %s?", args[0], OrList(meant))
	}
	return Usagef("unknown command %q: want %s", args[0], OrList(commandNames(parent)))
}

// commandNames are those of the subcommands that help shows.
func commandNames(parent *cobra.Command) (names []string) {
	for _, cmd := range parent.Commands() {
		if cmd.IsAvailableCommand() {
			names = append(names, cmd.Name())
		}
	}
	slices.Sort(names)
	return names
}

func newHelpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [command]",
		Short: "Show the help of a command",
		Args:  cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			of, rest, err := cmd.Root().Find(args)
			if err != nil {
				return err
			}
			if len(rest) > 0 && !of.HasAvailableSubCommands() {
				return Usagef("unknown command %q for %q", rest[0], of.CommandPath())
			}
			if err := noSuchCommand(of, rest); err != nil {
				return err
			}
			of.InitDefaultHelpFlag()
			return of.Help()
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if of, rest, err := cmd.Root().Find(args); err == nil && len(rest) == 0 {
				return commandNames(of), cobra.ShellCompDirectiveNoFileComp
			}
			return nil, cobra.ShellCompDirectiveNoFileComp
		},
	}
}

// wholeHelp makes help one write, and leaves its failure to Execute, where cobra would print
// it and go on.
func wholeHelp(root *cobra.Command) {
	help := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		to := cmd.OutOrStdout()
		var text bytes.Buffer
		cmd.SetOut(&text)
		help(cmd, args)
		cmd.SetOut(to)
		_, _ = to.Write(text.Bytes())
	})
}
