package main

import (
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/flengine/flengine/engine"
)

// What several commands have flags for.

// checkList refuses an empty list, and a name that comes twice or is not known; nil
// stands for any.
func checkList(flag string, got, known []string) error {
	if len(got) == 0 {
		return usagef("--%s: want at least one name", flag)
	}
	for i, name := range got {
		if known != nil && !slices.Contains(known, name) {
			return usagef("--%s: unknown %q: want %s", flag, name, strings.Join(known, ", "))
		}
		if slices.Contains(got[:i], name) {
			return usagef("--%s: %s twice", flag, name)
		}
	}
	return nil
}

// checkKernels refuses kernels that cannot run here.
func checkKernels(names []string) error {
	if err := checkList("kernels", names, nil); err != nil {
		return err
	}
	for _, name := range names {
		if name == "" { // the engine's default, but no name
			return usagef("--kernels: an empty name")
		}
		if _, err := engine.New(engine.CrossEntropy(), engine.WithKernel(name)); err != nil {
			return usagef("--kernels: %w", err)
		}
	}
	return nil
}

func checkWorkers(numbers []int) error {
	if len(numbers) == 0 {
		return usagef("--workers: want at least one")
	}
	for i, n := range numbers {
		if n < 1 {
			return usagef("--workers: %d: want at least 1", n)
		}
		if slices.Contains(numbers[:i], n) {
			return usagef("--workers: %d twice", n)
		}
	}
	return nil
}

// checkTime takes up to a day, which is beyond any use, and within time.Duration.
func checkTime(seconds float64) (time.Duration, error) {
	if !(seconds > 0 && seconds <= 86400) {
		return 0, usagef("--time: %g: want seconds, more than 0 and at most 86400", seconds)
	}
	return time.Duration(seconds * float64(time.Second)), nil
}

func checkCPU(cpu int, workers []int) (int, error) {
	switch {
	case cpu < 0:
		return 0, usagef("--cpu: %d: want the number of a CPU", cpu)
	case !canPin:
		return 0, usagef("--cpu: pinning a thread works on Linux, this is %s", runtime.GOOS)
	case slices.Max(workers) > 1:
		return 0, usagef("--cpu: pins one thread: want --workers 1")
	}
	return cpu, nil
}
