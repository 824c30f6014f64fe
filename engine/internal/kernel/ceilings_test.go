package kernel

import (
	"slices"
	"testing"

	"github.com/flengine/flengine/generic"
)

// TestCeilings: every loop runs, counts as many operations for as many turns, and
// moves what it should.
func TestCeilings(t *testing.T) {
	var names []string
	for _, c := range AllCeilings() {
		if len(c.Missing) > 0 {
			t.Logf("%s: the machine lacks %v", c.Name, c.Missing)
			continue
		}
		names = append(names, c.Name)
		for i, peak := range []func(int) int{c.FMA, c.Add, c.FMAAdd, c.Integer, c.Division} {
			if one, many := peak(1), peak(1000); one < 1 || many != 1000*one {
				t.Errorf("%s, loop %d: %d operations in a turn, %d in 1000", c.Name, i, one, many)
			}
		}
		for _, n := range []int{generic.CeilingGroup, 5 * generic.CeilingGroup} {
			src, dst := make([]float32, n), make([]float32, n+1)
			for i := range src {
				src[i] = float32(i + 1)
			}
			want := slices.Clone(src)
			c.Copy(dst[:n], src, 2)
			c.Read(src, 3)
			if !slices.Equal(dst[:n], want) || dst[n] != 0 || !slices.Equal(src, want) {
				t.Errorf("%s: Copy or Read of %d elements gave %v", c.Name, n, dst)
			}
			c.Update(src, 2)
			if !slices.Equal(src, want) {
				t.Errorf("%s: two passes of Update changed %d elements to %v", c.Name, n, src)
			}
		}
	}
	// A set that loss kernels exist for has ceilings to hold them against.
	for _, name := range Names() {
		if !slices.Contains(names, name) {
			t.Errorf("kernel %s has no ceilings; there are %v", name, names)
		}
	}
}
