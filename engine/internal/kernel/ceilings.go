package kernel

import "github.com/flengine/flengine/generic"

// Ceilings is what measures the machine's limits with one instruction set: loops of
// one kind of work each; package generic documents them.
type Ceilings struct {
	Name     string   // that of the loss kernels with the same vectors
	Lanes    int      // float32 of a vector
	Missing  []string // extensions that the machine lacks
	FMA      func(turns int) (ops int)
	Add      func(turns int) (ops int)
	FMAAdd   func(turns int) (ops int)
	Integer  func(turns int) (ops int)
	Division func(turns int) (ops int)
	Read     func(x []float32, passes int)
	Update   func(x []float32, passes int)
	Copy     func(dst, src []float32, passes int)
}

var genericCeilings = Ceilings{
	Name: "generic", Lanes: 1,
	FMA: generic.FMAPeak, Add: generic.AddPeak, FMAAdd: generic.FMAAddPeak, Integer: generic.IntegerPeak, Division: generic.DivPeak,
	Read: generic.Read, Update: generic.Update, Copy: generic.Copy,
}

// AllCeilings returns the sets of this build, widest vectors first; the last is
// generic.
func AllCeilings() []Ceilings { return append(simdCeilings(), genericCeilings) }
