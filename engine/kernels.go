package engine

import (
	"slices"

	"github.com/flengine/flengine/engine/internal/kernel"
)

// KernelInfo describes one kernel of this build.
type KernelInfo struct {
	Name    string   // what [WithKernel] and FLENGINE_KERNEL call it
	Needs   string   // the instruction set extensions it uses, for people
	Missing []string // those that the CPU or the operating system lacks
	Usable  bool     // whether this machine can run it: nothing is missing
}

// KernelTable returns all kernels of this build, fastest first, with those that
// this machine cannot run; [Kernels] names the others. The last is "generic",
// which runs everywhere.
func KernelTable() []KernelInfo {
	var table []KernelInfo
	for _, c := range kernel.Candidates() {
		table = append(table, KernelInfo{
			Name:    c.Name,
			Needs:   c.Needs,
			Missing: slices.Clone(c.Missing),
			Usable:  c.Usable(),
		})
	}
	return table
}
