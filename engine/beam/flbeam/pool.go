package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/universal/extworker"
	"github.com/spf13/cobra"
)

// newPool returns the command that is a pool of workers.
func newPool(f *flags) *cobra.Command {
	port := 0
	cmd := &cobra.Command{
		Use: "pool --port PORT", Short: "Be a pool of workers, for --environment_type EXTERNAL",
		Long: `flbeam pool starts workers in its process for job services that ask it to, at a port of this
machine, until it is ended. Jobs come by 'flbeam --environment_type EXTERNAL
--environment_config localhost:PORT --results NAME', from the same version of flbeam.`,
		Args: cobra.NoArgs, DisableFlagsInUseLine: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if port < 1 || port > 65535 {
				return usagef("--port is %d: want 1 to 65535", port)
			}
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			f.log(cmd.ErrOrStderr())
			pool, err := extworker.StartLoopback(ctx, port)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "flbeam: workers at %s\n", pool.EnvironmentConfig(ctx))
			<-ctx.Done()
			return pool.Stop(context.WithoutCancel(ctx))
		},
	}
	cmd.Flags().IntVar(&port, "port", 0, "listen at `PORT` of this machine")
	cmd.Flags().BoolVarP(&f.verbose, "verbose", "v", false, "print what Beam logs on stderr")
	return cmd
}
