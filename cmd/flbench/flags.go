package main

import (
	"runtime"
	"slices"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
)

func checkCPU(cpu int, workers []int) (int, error) {
	switch {
	case cpu < 0:
		return 0, cli.Usagef("--cpu: %d: want the number of a CPU", cpu)
	case !canPin:
		return 0, cli.Usagef("--cpu: pinning a thread works on Linux, this is %s", runtime.GOOS)
	case slices.Max(workers) > 1:
		return 0, cli.Usagef("--cpu: pins one thread: want --workers 1")
	}
	return cpu, nil
}
