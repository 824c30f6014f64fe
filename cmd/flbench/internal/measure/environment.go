package measure

import (
	"fmt"
	"time"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
)

// Environment is what measured times depend on.
type Environment struct {
	cli.Environment
	PinnedCPU *int    `json:"pinned_cpu"` // null: not pinned
	Repeats   int     `json:"repeats"`
	Seconds   float64 `json:"seconds"` // all took
}

// NewEnvironment returns that of a measurement on a CPU, or any for -1.
func NewEnvironment(cpu, repeats int, took time.Duration) Environment {
	e := Environment{Environment: cli.NewEnvironment(), Repeats: repeats, Seconds: took.Seconds()}
	if cpu >= 0 {
		e.PinnedCPU = &cpu
	}
	return e
}

// String is the machine in a line, for the head of a table.
func (e Environment) String() string {
	if e.PinnedCPU == nil {
		return e.Environment.String()
	}
	return fmt.Sprintf("%v, pinned to CPU %d", e.Environment, *e.PinnedCPU)
}
