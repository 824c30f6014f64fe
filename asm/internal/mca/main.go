// Mca predicts what the kernels' inner loops cost, with llvm-mca: cycles per score
// as simulated, and the bound that the execution ports alone set.
//
//	go run ./asm/internal/mca -goarch arm64 -cpu neoverse-v1,apple-m1
//
// It builds the kernels, takes each loop from the disassembly on the path that
// a call for the sum or the gradients without weights takes, and needs llvm-objdump and llvm-mca on PATH.
// A line is a kernel as package asm lists them, with the passes that it calls, or a loop of
// another function of an instruction set's package; functions without loops are named below.
//
// It works for every CPU that llvm-mca has a model of; the pipes come with it. A set that a
// CPU lacks is left out, and a line says so.
package main

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/flengine/flengine/asm"
	"github.com/flengine/flengine/asm/internal/listing"
)

// set is one instruction set's kernels: a package of asm. Probe is an instruction that CPUs
// without the set lack.
type set struct {
	name, isa, triple, probe string
}

var sets = map[string][]set{
	"arm64": {{"neon", "NEON", "aarch64", "fmla v0.4s, v1.4s, v2.4s"}},
	"amd64": {
		{"avx2", "AVX2", "x86_64", "vpaddd %ymm0, %ymm1, %ymm2"},
		{"avx512", "AVX-512", "x86_64", "vpaddd %zmm0, %zmm1, %zmm2"},
	},
}

var defaultCPUs = map[string]string{
	"arm64": "neoverse-n1,neoverse-v2,apple-m1",
	"amd64": "znver3,znver4,sapphirerapids",
}

// ceilings are functions that measure what a machine can do, not kernels.
var ceilings = []string{"FMAPeak", "AddPeak", "FMAAddPeak", "IntegerPeak", "DivPeak", "Read", "Update", "Copy"}

const module = listing.Module + "/asm/"

// loop is an inner loop: its instructions for llvm-mca.
type loop struct {
	listing.Loop
	body string
}

// row is a line of the table: a kernel, what the kernels of a sweep have in common, or a
// loop of another function. Passes are its parts.
type row struct {
	name   string
	passes []pass
}

// pass is a function, all of whose inner loops a row's work is made of.
type pass struct {
	name  string
	loops []loop
}

// rows returns all lines of a set: those of kernels, those of the loops of other functions, and
// the names of functions that have none. What no kernel's line includes is one of the latter
// two. Text returns the instructions of parts of a function.
func rows(in listing.Functions, text func(function string, spans []listing.Span) (string, error)) (kernels, others []row, rest []string, err error) {
	loops := func(function string) (all []loop, err error) {
		found, err := in.Loops(function)
		if err != nil {
			return nil, err
		}
		for _, l := range found {
			body, err := text(function, l.Spans)
			if err != nil {
				return nil, err
			}
			all = append(all, loop{l, body})
		}
		return all, nil
	}
	shown := map[string]bool{}
	add := func(name string, functions ...string) error {
		r := row{name: name}
		for _, f := range functions {
			l, err := loops(f)
			if err != nil {
				return err
			}
			if l == nil {
				return fmt.Errorf("%s: no loop in %s", name, f)
			}
			shown[f] = true
			r.passes = append(r.passes, pass{f, l})
		}
		kernels = append(kernels, r)
		return nil
	}
	kernel := func(name string) error {
		parts, err := in.Parts(name)
		if err != nil {
			return err
		}
		return add(name, append(parts[1:], name)...)
	}
	for k := range asm.NumKernels {
		if err := kernel(k.String()); err != nil {
			return nil, nil, nil, err
		}
	}
	for input := range asm.NumInputs {
		if err := add(listing.TermsName(input), listing.Terms(input)...); err != nil {
			return nil, nil, nil, err
		}
	}
	for k := range asm.NumSweepKernels {
		if err := kernel(k.String()); err != nil {
			return nil, nil, nil, err
		}
	}
	for _, name := range in.Names() {
		if shown[name] || slices.Contains(ceilings, name) {
			continue
		}
		found, err := loops(name)
		if err != nil {
			return nil, nil, nil, err
		}
		for i, l := range found {
			r := row{name, []pass{{name, []loop{l}}}}
			if len(found) > 1 {
				r.name = fmt.Sprintf("%s %d", name, i+1)
			}
			others = append(others, r)
		}
		if found == nil {
			rest = append(rest, name)
		}
	}
	return kernels, others, rest, nil
}

// build disassembles a program that holds the set's functions, and those of no other set: the
// symbols of kernels are the same in all.
func (s set) build(in listing.Functions, goarch, objdump string) (disassembly, error) {
	dir, err := os.MkdirTemp("", "mca")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	source, bin := filepath.Join(dir, "main.go"), filepath.Join(dir, "main")
	var text strings.Builder
	fmt.Fprintf(&text, "package main\n\nimport %q\n\nfunc main() {\n", module+s.name)
	for _, name := range in.Names() {
		if name[0] >= 'A' && name[0] <= 'Z' {
			fmt.Fprintf(&text, "\tprintln(%s.%s)\n", s.name, name)
		}
	}
	text.WriteString("}\n")
	if err := os.WriteFile(source, []byte(text.String()), 0o666); err != nil {
		return nil, err
	}
	build := exec.Command("go", "build", "-o", bin, source)
	build.Env = append(os.Environ(), "GOOS=linux", "GOARCH="+goarch, "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%v: %s", err, out)
	}
	dump, err := exec.Command(objdump, "-d", "--no-show-raw-insn", bin).Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", objdump, err)
	}
	return split(string(dump), module+s.name), nil
}

var (
	verbose = flag.Bool("v", false, "show each pass")
	only    = flag.String("only", "", "show lines whose name matches the `pattern`")
)

func main() {
	goarch := flag.String("goarch", "arm64", "`architecture`: arm64 or amd64")
	cpus := flag.String("cpu", "", "`names` that llvm-mca knows, separated by commas (default "+defaultCPUs["arm64"]+"; for amd64 "+defaultCPUs["amd64"]+")")
	objdump := flag.String("objdump", "llvm-objdump", "llvm-objdump's `path`")
	mca := flag.String("mca", "llvm-mca", "llvm-mca's `path`")
	flag.Parse()
	if err := run(*goarch, *cpus, *objdump, *mca); err != nil {
		fmt.Fprintln(os.Stderr, "mca:", err)
		os.Exit(1)
	}
}

func run(goarch, names, objdump, mca string) error {
	if sets[goarch] == nil {
		return fmt.Errorf("-goarch %q: want amd64 or arm64", goarch)
	}
	cpus := strings.Split(cmp.Or(names, defaultCPUs[goarch]), ",")
	for _, cpu := range cpus {
		if _, err := (&simulator{mca: mca, triple: sets[goarch][0].triple, cpu: cpu}).call("nop", "-instruction-tables"); err != nil {
			return fmt.Errorf("-cpu %q: want names that llvm-mca has a model of for %s: %w", cpu, goarch, err)
		}
	}
	for _, set := range sets[goarch] {
		in, err := listing.Read(module+set.name, goarch)
		if err != nil {
			return err
		}
		code, err := set.build(in, goarch, objdump)
		if err != nil {
			return err
		}
		var has []*simulator
		for _, cpu := range cpus {
			s := &simulator{mca: mca, triple: set.triple, cpu: cpu}
			if _, err := s.call(set.probe, "-instruction-tables"); err != nil {
				fmt.Printf("%s: not of %s, which has no %s\n", set.name, cpu, set.isa)
				continue
			}
			has = append(has, s)
		}
		if has == nil {
			continue
		}
		if err := set.print(in, code, has); err != nil {
			return fmt.Errorf("%s: %w", set.name, err)
		}
	}
	return nil
}

func (s set) print(in listing.Functions, code disassembly, cpus []*simulator) error {
	kernels, others, rest, err := rows(in, code.text)
	if err != nil {
		return err
	}
	var text strings.Builder
	for _, r := range slices.Concat(kernels, others) {
		for _, p := range r.passes {
			for _, l := range p.loops {
				text.WriteString(l.body)
			}
		}
	}
	for _, c := range cpus {
		if err := c.learn(text.String()); err != nil {
			return err
		}
	}
	title := s.name + ", cycles per score (and their ratio to the port bound), without stores of losses"
	if err := table(title, "kernel", kernels, cpus); err != nil {
		return err
	}
	title = s.name + ", other loops, cycles per score, row, value or label"
	if err := table(title, "loop of", others, cpus); err != nil {
		return err
	}
	fmt.Printf("* Some turns take other ways: groups that are not plain and easy, special values, and so on.\n")
	fmt.Printf("Without loops: %s. Not of kernels: %s.\n\n", strings.Join(rest, " "), strings.Join(ceilings, " "))
	return nil
}

func table(title, first string, rows []row, cpus []*simulator) error {
	wanted, err := regexp.Compile(*only)
	if err != nil {
		return fmt.Errorf("-only: %w", err)
	}
	rows = slices.DeleteFunc(slices.Clone(rows), func(r row) bool { return !wanted.MatchString(r.name) })
	if len(rows) == 0 {
		return nil
	}
	fmt.Printf("%s\n%-22s %12s", title, first, "instructions")
	for _, c := range cpus {
		fmt.Printf(" %17s", c.cpu)
	}
	fmt.Println()
	for _, r := range rows {
		if err := r.print(r.name, r.passes, cpus); err != nil {
			return err
		}
		if !*verbose || len(r.passes) == 1 && len(r.passes[0].loops) == 1 {
			continue
		}
		for _, p := range r.passes {
			for i, l := range p.loops {
				name := "  " + p.name
				if len(p.loops) > 1 {
					name = fmt.Sprintf("%s %d", name, i+1)
				}
				if err := r.print(name, []pass{{p.name, []loop{l}}}, cpus); err != nil {
					return err
				}
			}
		}
	}
	fmt.Println()
	return nil
}

// print prints a line of the sums of the passes.
func (r row) print(name string, passes []pass, cpus []*simulator) error {
	var instructions float64
	var all []loop
	for _, p := range passes {
		all = append(all, p.loops...)
	}
	mark := ""
	for _, l := range all {
		instructions += float64(strings.Count(l.body, "\n")) / float64(l.Scores)
		if l.Ways {
			mark = "*"
		}
	}
	fmt.Printf("%-22s %12.1f", name+mark, instructions)
	for _, c := range cpus {
		var cycles, bound float64
		for _, l := range all {
			cost, err := c.run(l.body)
			if err != nil {
				return fmt.Errorf("%s: %w", r.name, err)
			}
			cycles += cost.cycles / float64(l.Scores)
			bound += cost.bound / float64(l.Scores)
		}
		fmt.Printf(" %10.2f %6s", cycles, fmt.Sprintf("(%.2f)", cycles/bound))
	}
	fmt.Println()
	return nil
}
