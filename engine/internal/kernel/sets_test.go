package kernel

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/cpu"
)

// TestEveryUsableKernelIsListed asks a second library what the CPU can do: a
// kernel that this machine can run must not go untested.
func TestEveryUsableKernelIsListed(t *testing.T) {
	want := []string{"generic"}
	switch {
	case purego:
	case runtime.GOARCH == "amd64" && cpu.X86.HasAVX2 && cpu.X86.HasFMA && cpu.X86.HasF16C:
		want = []string{"avx2", "generic"}
		// The order where AVX-512 is slower is TestSlowAVX512's.
		if x := cpu.X86; x.HasAVX512F && x.HasAVX512DQ && x.HasAVX512VL {
			want = []string{"avx512", "avx2", "generic"}
		}
	case runtime.GOARCH == "arm64":
		want = []string{"neon", "generic"}
	}
	got := Names()
	if len(got) > 2 && got[0] == "avx2" {
		got[0], got[1] = got[1], got[0]
	}
	if !slices.Equal(got, want) {
		t.Fatalf("usable kernels %v, want %v", got, want)
	}
	t.Logf("kernels: %s", strings.Join(want, ", "))
	for _, c := range candidates {
		if !slices.Contains(everySet, c.Name) {
			t.Errorf("everySet lacks %s", c.Name)
		}
	}
}

// TestSetsUnderTest: what FLENGINE_ONLY and FLENGINE_REQUIRE name is there, and tested.
func TestSetsUnderTest(t *testing.T) {
	if list := os.Getenv("FLENGINE_ONLY"); list != "" {
		t.Logf("under test by FLENGINE_ONLY: %s", list)
		for _, name := range strings.Split(list, ",") {
			if why := notUnderTest(name); why != "" {
				t.Errorf("FLENGINE_ONLY names %q, which cannot be tested: %s", name, why)
			}
		}
	}
	if list := os.Getenv("FLENGINE_REQUIRE"); list != "" {
		for _, name := range strings.Split(list, ",") {
			if why := notUnderTest(name); why != "" {
				t.Errorf("FLENGINE_REQUIRE names %q, which is not tested: %s", name, why)
			}
		}
	}
}

// notUnderTest says why a set is not tested in this run, "" if it is.
func notUnderTest(name string) string {
	i := slices.IndexFunc(candidates, func(c Candidate) bool { return c.Name == name })
	switch {
	case !slices.Contains(everySet, name):
		return "there is no such set"
	case i < 0 && purego:
		return "this build has no assembly"
	case i < 0:
		return "it is another architecture's"
	case !candidates[i].Usable():
		return "the CPU or OS lacks " + strings.Join(candidates[i].Missing, " ")
	case !slices.Contains(onlySets(), name):
		return "FLENGINE_ONLY leaves it out"
	}
	return ""
}

func TestNotUnderTest(t *testing.T) {
	t.Setenv("FLENGINE_ONLY", "generic")
	defer func(saved []Candidate) { candidates = saved }(candidates)
	candidates = []Candidate{
		{Set: &Set{Name: "neon"}},
		{Set: &Set{Name: "avx2"}, Missing: []string{"FMA9", "AVX9"}},
		{Set: &genericSet},
	}
	for name, want := range map[string]string{
		"generic": "",
		"sse9":    "there is no such set",
		"neon":    "FLENGINE_ONLY leaves it out",
		"avx2":    "the CPU or OS lacks FMA9 AVX9",
		"avx512":  map[bool]string{true: "this build has no assembly", false: "it is another architecture's"}[purego],
	} {
		if got := notUnderTest(name); got != want {
			t.Errorf("%s is not tested because %q, want %q", name, got, want)
		}
	}
}

// TestReport: the line of a run names every set once, and calls none tested that has not
// been through all comparisons.
func TestReport(t *testing.T) {
	defer func(c []Candidate, m map[string]map[string]bool) { candidates, compared = c, m }(candidates, compared)
	t.Setenv("FLENGINE_ONLY", "")
	candidates = []Candidate{{Set: &Set{Name: "avx512"}, Missing: []string{"AVX9"}}, {Set: &Set{Name: "avx2"}}, {Set: &genericSet}}
	compared = map[string]map[string]bool{}
	if line := report(); line != "" {
		t.Errorf("nothing was compared, and the line is %q", line)
	}
	for _, what := range comparisons {
		markCompared(&subject{Set: &genericSet}, what)
	}
	markCompared(&subject{Set: candidates[1].Set}, comparisons[0])
	there := map[bool]string{true: "this build has no assembly", false: "it is another architecture's"}[purego]
	want := fmt.Sprintf("%s/%s: kernels tested: generic; not run here: avx512 (the CPU or OS lacks AVX9), avx2 (not compared: %s), neon (%s)",
		runtime.GOOS, runtime.GOARCH, comparisons[1], there)
	if line := report(); line != want {
		t.Errorf("the line is %q, want %q", line, want)
	}
}

func TestFind(t *testing.T) {
	if set, err := Find(""); err != nil || set.Name != Names()[0] {
		t.Errorf("Find(\"\") = %v, %v, want the fastest", set, err)
	}
	for _, name := range Names() {
		if set, err := Find(name); err != nil || set.Name != name {
			t.Errorf("Find(%q) = %v, %v", name, set, err)
		}
	}
	_, err := Find("sse9")
	if want := `unknown kernel "sse9"; usable here: ` + strings.Join(Names(), ", "); err == nil || err.Error() != want {
		t.Errorf("Find(sse9): %v, want %s", err, want)
	}
	defer func(saved []Candidate) { candidates = saved }(candidates)
	candidates = append([]Candidate{{Set: &Set{Name: "far"}, Missing: []string{"FMA9", "AVX9"}}}, candidates...)
	_, err = Find("far")
	if want := `kernel "far" cannot run here: the CPU or OS lacks FMA9, AVX9; usable: ` + strings.Join(Names(), ", "); err == nil || err.Error() != want {
		t.Errorf("Find(far): %v, want %s", err, want)
	}
	if set, err := Find(""); err != nil || set.Name == "far" {
		t.Errorf("Find(\"\") = %v, %v, chose a kernel that cannot run", set, err)
	}
}
