package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"

	"github.com/klauspost/cpuid/v2"

	"github.com/flengine/flengine/engine"
)

// suite is a package's tests, or some of them.
type suite struct {
	name, dir string
	args      []string
	named     bool // a test's name says that it took AVX-512
}

var suites = []suite{
	{name: "kernel", dir: "engine/internal/kernel", named: true},
	{name: "vecmath", dir: "engine/vecmath"},
	{name: "hash", dir: "engine", args: []string{"-test.run=^TestPinned(Short|Probs)Hash$/^avx512$"}, named: true},
}

func (s suite) binary() string { return path.Join(s.dir, s.name+".test") }

// environment makes AVX-512 what tests without a choice of their own take, even on CPUs
// where AVX2 is preferred; wants it tested; and lets tests of every kernel leave out
// the others, which need no emulation.
var environment = []string{"FLENGINE_KERNEL=avx512", "FLENGINE_REQUIRE=avx512", "FLENGINE_ONLY=avx512"}

// usable returns why the AVX-512 kernels cannot run here, or nil.
func usable() error {
	for _, k := range engine.KernelTable() {
		if k.Name == "avx512" {
			if !k.Usable {
				return fmt.Errorf("avx512 is not usable on %s, which lacks %s", cpuid.CPU.BrandName, strings.Join(k.Missing, ", "))
			}
			return nil
		}
	}
	return fmt.Errorf("this build has no avx512 kernels")
}

// run runs all suites under root, and fails if any is not all it should be.
func run(ctx context.Context, root string, say func(string)) error {
	say("CPU: " + cpuid.CPU.BrandName)
	if err := usable(); err != nil {
		return err
	}
	for _, v := range environment {
		name, value, _ := strings.Cut(v, "=")
		os.Setenv(name, value)
	}
	e, err := engine.New(engine.CrossEntropy())
	if err != nil {
		return err
	}
	if e.Kernel() != "avx512" {
		return fmt.Errorf("the kernel in use is %s", e.Kernel())
	}
	var failed []string
	for _, s := range suites {
		c := exec.CommandContext(ctx, filepath.Join(root, s.binary()), append([]string{"-test.short", "-test.v"}, s.args...)...)
		c.Dir = filepath.Join(root, s.dir)
		out, err := c.CombinedOutput()
		passed, faults := s.judge(out, err)
		if len(faults) == 0 {
			say(fmt.Sprintf("%s: %d tests and subtests passed", s.name, passed))
			continue
		}
		failed = append(failed, s.name)
		for _, line := range remarks(out) {
			say(line)
		}
		if most := 5; len(faults) > most {
			faults = append(faults[:most], fmt.Sprintf("and %d more", len(faults)-most))
		}
		say(s.name + ": " + strings.Join(faults, ", "))
	}
	if failed != nil {
		return fmt.Errorf("in the tests of %s", strings.Join(failed, ", "))
	}
	return nil
}

// judge counts the passes in the verbose output of a test binary that ended so, and
// returns what is wrong with it, if anything.
func (s suite) judge(out []byte, end error) (passed int, faults []string) {
	if end != nil {
		faults = append(faults, end.Error())
	}
	named := false
	for line := range bytes.Lines(out) {
		result, test, _ := strings.Cut(strings.TrimSpace(string(line)), ": ")
		test, _, _ = strings.Cut(test, " ")
		switch result {
		case "--- PASS":
			passed++
			named = named || strings.Contains(test, "avx512")
		case "--- FAIL":
			faults = append(faults, test+" failed")
		case "--- SKIP":
			faults = append(faults, test+" was skipped")
		}
	}
	if passed == 0 {
		faults = append(faults, "no test ran")
	} else if s.named && !named {
		faults = append(faults, "no test ran avx512")
	}
	return passed, faults
}

// remarks returns what verbose output has beside the tests that passed, each test's under
// its name, as far as some lines: a wrong kernel fails hundreds of tests.
func remarks(out []byte) []string {
	const most, width = 40, 500
	var lines []string
	heading := ""
	for line := range strings.Lines(string(out)) {
		line = strings.TrimRight(line, "\r\n")
		line = line[:min(len(line), width)]
		switch text := strings.TrimSpace(line); {
		case strings.HasPrefix(text, "=== "):
			heading = text
			continue
		case text == "", text == "FAIL", strings.HasPrefix(text, "--- "):
			continue
		case heading != "":
			lines = append(lines, heading)
			heading = ""
		}
		if lines = append(lines, line); len(lines) >= most {
			return append(lines, "…")
		}
	}
	return lines
}
