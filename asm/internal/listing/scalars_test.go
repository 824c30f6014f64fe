package listing

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/flengine/flengine/generic"
)

// TestScalarPeaks: Go's compiler leaves as many operations in the loops of package
// generic as they say they do; it merges chains that are equal.
func TestScalarPeaks(t *testing.T) {
	names := map[string][2][]string{ // on amd64 and arm64
		"FMAPeak":     {{"VFMADD231SD"}, {"FMADDD"}},
		"AddPeak":     {{"ADDSS", "SUBSS"}, {"FADDS", "FSUBS"}},
		"FMAAddPeak":  {{"VFMADD231SD", "ADDSS"}, {"FMADDD", "FADDS"}},
		"IntegerPeak": {{"ADDL", "LEAL", "XORL"}, {"ADD", "EOR"}},
		"DivPeak":     {{"DIVSS"}, {"FDIVS"}},
	}
	overhead := map[string]int{"IntegerPeak": 1} // arm64 counts turns with an ADD, too
	ops := map[string]int{
		"FMAPeak": generic.FMAPeak(1), "AddPeak": generic.AddPeak(1), "FMAAddPeak": generic.FMAAddPeak(1),
		"IntegerPeak": generic.IntegerPeak(1), "DivPeak": generic.DivPeak(1),
	}
	for i, goarch := range []string{"amd64", "arm64"} {
		cmd := exec.Command("go", "build", "-gcflags=-S", "github.com/flengine/flengine/generic")
		// v3 has FMA without a test whether the CPU has it.
		cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH="+goarch, "GOAMD64=v3", "GOFLAGS=")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		all := Functions{}
		if err := all.parse(string(out)); err != nil {
			t.Fatal(err)
		}
		for name, want := range ops {
			f := all[name]
			if f == nil {
				t.Errorf("%s: no %s in\n%s", goarch, name, out)
				continue
			}
			loops := f.loops()
			if len(loops) != 1 {
				t.Errorf("%s %s: %d loops, want one", goarch, name, len(loops))
				continue
			}
			if goarch == "arm64" {
				want += overhead[name]
			}
			got := 0
			var body []string
			for _, in := range f.code[loops[0].first : loops[0].last+1] {
				body = append(body, in.name)
				if slices.Contains(names[name][i], in.name) {
					got++
				}
			}
			if got != want {
				t.Errorf("%s %s: %d operations per turn, want %d: %s", goarch, name, got, want, strings.Join(body, " "))
			}
		}
	}
}
