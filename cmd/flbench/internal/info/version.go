package info

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
)

// NewVersion returns the command that shows which build this is.
func NewVersion() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Show the version, the commit, and what the build runs on",
		Long: `Version shows flengine's version, the commit that this program was built from and
whether files differed from it, Go's version, the CPU and the kernels that it can run. The
commit is what 'go build' stamps into programs that are built inside the repository, unless
-buildvcs=false forbids it; 'go run' does not.`,
		Example: `  flbench version
  flbench version --json`,
		RunE: func(cmd *cobra.Command, _ []string) error { return PrintVersion(cmd.OutOrStdout(), asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// PrintVersion prints what the command version does.
func PrintVersion(to io.Writer, asJSON bool) error {
	env := cli.NewEnvironment()
	if asJSON {
		return cli.WriteJSON(to, env)
	}
	return cli.Print(to, versionText(env))
}

func versionText(env cli.Environment) string {
	table := cli.NewTable("ll")
	table.Row("flengine", env.Version)
	table.Row("commit", commit(env.Build))
	table.Row("Go", fmt.Sprintf("%s, %s/%s", env.Go, env.OS, env.Arch))
	table.Row("CPU", fmt.Sprintf("%s, %s", env.CPU, cli.Count(env.Cores, "core")))
	table.Row("kernels", strings.Join(env.Kernels, ", "))
	return table.String()
}

// commit says from which commit a build is.
func commit(b cli.Build) string {
	if b.Revision == "" {
		return "unknown: this build has no stamp"
	}
	text := b.Revision
	if b.Time != "" {
		text += " of " + b.Time
	}
	if b.Modified {
		text += ", and changes since"
	}
	return text
}
