package limits

import (
	"slices"
	"testing"

	"github.com/flengine/flengine/engine"
	"github.com/flengine/flengine/generic"
)

// TestCeilings: every loop runs, counts as many operations for as many turns, and
// moves what it should.
func TestCeilings(t *testing.T) {
	var names []string
	for _, c := range usable() {
		names = append(names, c.name)
		for i, peak := range []func(int) int{c.fma, c.add, c.fmaAdd, c.integer, c.division} {
			if one, many := peak(1), peak(1000); one < 1 || many != 1000*one {
				t.Errorf("%s, loop %d: %d operations in a turn, %d in 1000", c.name, i, one, many)
			}
		}
		for _, n := range []int{generic.CeilingGroup, 5 * generic.CeilingGroup} {
			src, dst := make([]float32, n), make([]float32, n+1)
			for i := range src {
				src[i] = float32(i + 1)
			}
			want := slices.Clone(src)
			c.copy(dst[:n], src, 2)
			c.read(src, 3)
			if !slices.Equal(dst[:n], want) || dst[n] != 0 || !slices.Equal(src, want) {
				t.Errorf("%s: Copy or Read of %d elements gave %v", c.name, n, dst)
			}
			c.update(src, 2)
			if !slices.Equal(src, want) {
				t.Errorf("%s: two passes of Update changed %d elements to %v", c.name, n, src)
			}
		}
	}
	// A set that loss kernels exist for has ceilings to hold them against.
	for _, name := range engine.Kernels() {
		if !slices.Contains(names, name) {
			t.Errorf("kernel %s has no ceilings; there are %v", name, names)
		}
	}
}
