package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/runtime"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/runtime/harness"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/util/grpcx"
)

// isWorker tells whether the arguments are those of a worker of Beam's.
func isWorker(args []string) bool {
	for _, arg := range args {
		name, value, given := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		if on, err := strconv.ParseBool(value); strings.HasPrefix(arg, "-") && name == "worker" && (!given || err == nil && on) {
			return true
		}
	}
	return false
}

// work is the worker that a runner's container or process starts this program as. Beam has one in
// beam.Init, too, which stays when its runner is gone; this one ends with it.
func work(ctx context.Context, args []string, stderr io.Writer) int {
	if err := flag.CommandLine.Parse(args); err != nil {
		fmt.Fprintf(stderr, "flbeam: %s\n", oneLine(err.Error()))
		return 2
	}
	text := func(name string) string { return flag.Lookup(name).Value.String() }
	err := flag.Set("worker", "false")
	if err == nil {
		err = importOptions(text("options"))
	}
	if err == nil {
		if !beam.Initialized() {
			beam.Init()
		}
		err = harness.MainWithOptions(grpcx.WriteWorkerID(ctx, text("id")), text("logging_endpoint"), text("control_endpoint"), harness.Options{
			StatusEndpoint: os.Getenv("STATUS_ENDPOINT"), RunnerCapabilities: strings.Fields(os.Getenv("RUNNER_CAPABILITIES")),
		})
	}
	if err != nil {
		fmt.Fprintf(stderr, "flbeam: worker: %s\n", oneLine(err.Error()))
		return 1
	}
	return 0
}

// importOptions reads the pipeline's options, in JSON, or in the file that a container names.
func importOptions(text string) error {
	if path := os.Getenv("PIPELINE_OPTIONS_FILE"); path != "" {
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		text = string(content)
	}
	if text == "" {
		return nil
	}
	var o runtime.RawOptionsWrapper
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return fmt.Errorf("pipeline options: %w", err)
	}
	runtime.GlobalOptions.Import(o.Options)
	return nil
}
