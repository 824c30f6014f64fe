//go:build (amd64 || arm64) && !purego

package kernel

import (
	"math/rand/v2"
	"testing"

	"github.com/flengine/flengine/engine/internal/fpenv"
)

// TestVecEnvironment: the thread's floating-point environment changes no bit of the
// elementwise kernels in assembly, and they leave it as it was.
func TestVecEnvironment(t *testing.T) {
	// Lengths with whole chunks and others, values special to some function or not.
	rng := rand.New(rand.NewPCG(11, 12))
	values := vecValues(rng, 1024+3*VecGroup)
	inputs := [][]float32{values, ordinary(values), values[:5*VecGroup], nil}
	got, want := make([]float32, len(values)), make([]float32, len(values))
	for _, c := range candidates {
		if !c.Usable() || c.Name == "generic" {
			continue
		}
		names, funcs := vecFuncs(c.Set)
		for k, f := range funcs {
			for _, x := range inputs {
				f(want[:len(x)], x)
				for name, env := range fpenv.Others {
					var back bool
					fpenv.Under(env, func() {
						f(got[:len(x)], x)
						back = fpenv.Holds(env)
					})
					if !back {
						t.Errorf("%s, %s: the environment is another after %s of %d values", c.Name, name, names[k], len(x))
					}
					if at := vecDiff(got[:len(x)], want); at >= 0 {
						t.Errorf("%s, %s: %s(%g) = %g, want %g", c.Name, name, names[k], x[at], got[at], want[at])
					}
				}
			}
		}
	}
}
