package cli

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/flengine/flengine/engine"
)

// CheckList refuses an empty list, and a name that comes twice or is not known; nil
// stands for any.
func CheckList(flag string, got, known []string) error {
	if len(got) == 0 {
		return Usagef("--%s: want at least one name", flag)
	}
	for i, name := range got {
		if known != nil && !slices.Contains(known, name) {
			return Usagef("--%s: unknown %q: want %s", flag, name, strings.Join(known, ", "))
		}
		if slices.Contains(got[:i], name) {
			return Usagef("--%s: %s twice: want it once", flag, name)
		}
	}
	return nil
}

// CheckKernels refuses kernels that cannot run here.
func CheckKernels(names []string) error {
	if err := CheckList("kernels", names, nil); err != nil {
		return err
	}
	for _, name := range names {
		if name == "" { // the engine's default, but no name
			return Usagef("--kernels: an empty name")
		}
		if _, err := engine.New(engine.CrossEntropy(), engine.WithKernel(name)); err != nil {
			return Usagef("--kernels: %w", err)
		}
	}
	return nil
}

// CheckWorkers refuses numbers of workers that cannot be, or come twice.
func CheckWorkers(numbers []int) error {
	return CheckNumbers("workers", numbers, 1, math.MaxInt)
}

// CheckNumbers refuses an empty list, and numbers that are out of range or come twice.
func CheckNumbers(flag string, numbers []int, least, most int) error {
	if len(numbers) == 0 {
		return Usagef("--%s: want at least one", flag)
	}
	for i, n := range numbers {
		switch {
		case n < least && most == math.MaxInt:
			return Usagef("--%s: %d: want at least %d", flag, n, least)
		case n < least || n > most:
			return Usagef("--%s: %d: want %d to %d", flag, n, least, most)
		case slices.Contains(numbers[:i], n):
			return Usagef("--%s: %d twice: want it once", flag, n)
		}
	}
	return nil
}

// CheckTime takes up to a day, which is beyond any use, and within time.Duration.
func CheckTime(seconds float64) (time.Duration, error) {
	if !(seconds > 0 && seconds <= 86400) {
		return 0, Usagef("--time: %g: want seconds, more than 0 and at most 86400", seconds)
	}
	return time.Duration(seconds * float64(time.Second)), nil
}
