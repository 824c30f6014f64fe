package kernel

import (
	"flag"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// The harness reads flags of the test binary, or from the environment:
//
//	-seed N    FLENGINE_SEED      the seed of the randomised tests, instead of a new one
//	-repeat N  FLENGINE_REPEAT    how many times they run, with as many seeds
//	           FLENGINE_ONLY      the sets under test, by name with commas between; they are
//	                              compared with generic all the same
//	           FLENGINE_REQUIRE   the sets that must be under test
//	           FLENGINE_REPORT    a file to which a line is added that names the sets that
//	                              were tested, and those that were not
var (
	seed   = flag.Uint64("seed", environment("FLENGINE_SEED", 1+rand.Uint64N(1<<32)), "seed of the randomised tests")
	repeat = flag.Uint64("repeat", environment("FLENGINE_REPEAT", 1), "how many times the randomised tests run")
)

func environment(name string, value uint64) uint64 {
	s := os.Getenv(name)
	if s == "" {
		return value
	}
	value, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s is %q: want a number\n", name, s)
		os.Exit(2)
	}
	return value
}

func TestMain(m *testing.M) {
	flag.Parse()
	fmt.Printf("seed %d\n", *seed) // in case the tests do not come to an end
	code := m.Run()
	if line := report(); line != "" {
		fmt.Println(line)
		if name := os.Getenv("FLENGINE_REPORT"); name != "" {
			if err := appendLine(name, line); err != nil {
				fmt.Fprintln(os.Stderr, err)
				code = 1
			}
		}
	}
	os.Exit(code)
}

func appendLine(name, line string) error {
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(f, line); err != nil {
		return err
	}
	return f.Close()
}

// purego is set by a file that only exists under that build tag.
var purego bool

// everySet are the sets that there are on any architecture.
var everySet = []string{"avx512", "avx2", "neon", "generic"}

// comparisons are the tests that a set has to have been through.
var comparisons = []string{"losses", "sweeps", "elementwise functions", "labels", "classes", "16-bit values", "targets", "weights", "rows"}

// compared has what the sets have been through.
var compared = map[string]map[string]bool{}

func markCompared(set *subject, what string) {
	if compared[set.Name] == nil {
		compared[set.Name] = map[string]bool{}
	}
	compared[set.Name][what] = true
}

// report is the line that says what was tested; "" where nothing was asked to be.
func report() string {
	if len(compared) == 0 {
		return ""
	}
	var tested, not []string
	for _, name := range everySet {
		why := notUnderTest(name)
		for _, what := range comparisons {
			if why == "" && !compared[name][what] {
				why = "not compared: " + what
			}
		}
		if why != "" {
			not = append(not, fmt.Sprintf("%s (%s)", name, why))
		} else {
			tested = append(tested, name)
		}
	}
	list := func(names []string) string {
		if len(names) == 0 {
			return "none"
		}
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s/%s: kernels tested: %s; not run here: %s", runtime.GOOS, runtime.GOARCH, list(tested), list(not))
}

// source is where the random inputs of a test come from.
type source struct {
	*rand.Rand
	seed uint64
	name string
}

func newSource(seed uint64, name string) *source {
	h := fnv.New64a()
	h.Write([]byte(name))
	return &source{rand.New(rand.NewPCG(seed, h.Sum64())), seed, name}
}

// of returns the source of a part of a test, which does not depend on what other parts took.
func (s *source) of(part string) *source { return newSource(s.seed, s.name+"/"+part) }

func (s *source) String() string { return fmt.Sprintf("seed %d (-seed or FLENGINE_SEED)", s.seed) }

// random runs a randomised test, as many times as asked for, with a seed each.
func random(t *testing.T, f func(t *testing.T, rng *source)) {
	t.Helper()
	for i := range *repeat {
		rng := newSource(*seed+i, t.Name())
		t.Log(rng)
		f(t, rng)
		if t.Failed() {
			return
		}
	}
}

// TestSettings names what the harness is told by its environment. That it is read within a
// test makes go test run the tests anew where it changed, and not show an old result: what
// TestMain reads does not count.
func TestSettings(t *testing.T) {
	for _, name := range []string{"FLENGINE_SEED", "FLENGINE_REPEAT", "FLENGINE_ONLY", "FLENGINE_REQUIRE", "FLENGINE_REPORT"} {
		if value, set := os.LookupEnv(name); set {
			t.Logf("%s=%s", name, value)
		}
	}
}
