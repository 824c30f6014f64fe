package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	beamlog "github.com/apache/beam/sdks/v2/go/pkg/beam/log"
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/runners/prism"     // --runner prism
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/runners/universal" // --runner universal
	"github.com/spf13/cobra"

	flbeam "github.com/flengine/flengine/engine/beam"
	"github.com/flengine/flengine/engine/beam/internal/object"
)

var errInterrupted = errors.New("interrupted")

// run checks the flags, runs the pipeline and prints what it gave.
func (f *flags) run(cmd *cobra.Command, paths []string) error {
	globs, err := f.globs(paths)
	if err != nil {
		return err
	}
	o, err := f.options()
	if err != nil {
		return err
	}
	results, cleanup, err := f.prepare(cmd.Context(), cmd.Flags().Changed)
	defer cleanup()
	if err != nil {
		return err
	}
	p := beam.NewPipeline()
	s := p.Root()
	out, err := flbeam.Evaluate(s, flbeam.Shards(s, globs...), o)
	if err != nil {
		return usageError{err}
	}
	id := rand.Text()
	collect(s, out, results, id)

	ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	f.log(cmd.ErrOrStderr())
	if err := execute(ctx, f.runner, p); err != nil {
		switch fault := flbeam.Fault(err); {
		case ctx.Err() != nil && f.runner == "prism":
			return errInterrupted
		case ctx.Err() != nil:
			return fmt.Errorf("%w: the job service may go on with the job", errInterrupted)
		case fault != nil:
			return fault
		}
		return err
	}
	records, err := readBack(ctx, results, id)
	if err != nil {
		return err
	}
	r, err := newReport(f, o, records)
	if err != nil {
		return err
	}
	for _, n := range r.Warnings {
		fmt.Fprintf(cmd.ErrOrStderr(), "flbeam: warning: %s: %s\n", object.Printable(string(n.Path)), n.Text)
	}
	for _, n := range r.Notes {
		fmt.Fprintf(cmd.ErrOrStderr(), "flbeam: note: %s: %s\n", object.Printable(string(n.Path)), n.Text)
	}
	return r.print(cmd.OutOrStdout(), f.json)
}

// log has what Beam logs printed, or thrown away.
func (f *flags) log(stderr io.Writer) {
	if !beam.Initialized() {
		beam.Init()
	}
	to := io.Discard
	if f.verbose {
		to = stderr
	}
	slog.SetDefault(slog.New(slog.NewTextHandler(to, nil)))
	beamlog.SetLogger(&beamlog.Structural{})
}

// execute runs the pipeline. Where Beam panics, as on options that it cannot read, that is an
// error.
func execute(ctx context.Context, runner string, p *beam.Pipeline) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("Beam: %v", r)
		}
	}()
	_, err = beam.Run(ctx, runner, p)
	return err
}
