package limits

import (
	"slices"

	"github.com/flengine/flengine/engine"
	"github.com/flengine/flengine/generic"
)

// ceilings is what measures the machine's limits with one instruction set: loops of one kind
// of work each; package generic documents them.
type ceilings struct {
	name     string // that of the loss kernels with the same vectors
	lanes    int    // float32 per vector
	fma      func(turns int) (ops int)
	add      func(turns int) (ops int)
	fmaAdd   func(turns int) (ops int)
	integer  func(turns int) (ops int)
	division func(turns int) (ops int)
	read     func(x []float32, passes int)
	update   func(x []float32, passes int)
	copy     func(dst, src []float32, passes int)
}

var genericCeilings = ceilings{
	name: "generic", lanes: 1,
	fma: generic.FMAPeak, add: generic.AddPeak, fmaAdd: generic.FMAAddPeak, integer: generic.IntegerPeak, division: generic.DivPeak,
	read: generic.Read, update: generic.Update, copy: generic.Copy,
}

// usable returns the sets that this machine can run, widest vectors first; the last is
// generic.
func usable() []ceilings {
	all := append(simdCeilings(), genericCeilings)
	table := engine.KernelTable()
	return slices.DeleteFunc(all, func(c ceilings) bool {
		return !slices.ContainsFunc(table, func(k engine.KernelInfo) bool { return k.Name == c.name && k.Usable })
	})
}
