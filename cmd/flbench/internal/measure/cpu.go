package measure

import (
	"fmt"
	"runtime"
	"slices"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
)

// CheckCPU refuses a --cpu that no thread can be pinned to, or several threads.
func CheckCPU(cpu int, workers []int) error {
	switch {
	case cpu < 0:
		return cli.Usagef("--cpu: %d: want the number of a CPU", cpu)
	case !canPin:
		return cli.Usagef("--cpu: pinning a thread works on Linux, this is %s", runtime.GOOS)
	case slices.Max(workers) > 1:
		return cli.Usagef("--cpu: pins one thread: want --workers 1")
	}
	return nil
}

// OnCPU does f on one CPU, or on any for -1.
func OnCPU(cpu int, f func() error) error {
	if cpu < 0 {
		return f()
	}
	unpin, err := pin(cpu)
	if err != nil {
		return fmt.Errorf("cannot pin to CPU %d: %w", cpu, err)
	}
	defer unpin()
	return f()
}
