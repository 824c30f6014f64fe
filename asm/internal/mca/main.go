// Mca predicts what the kernels' inner loops cost, with llvm-mca: cycles per score
// as simulated, and the bound that the execution ports alone set.
//
//	go run ./asm/internal/mca -goarch arm64 -cpu neoverse-v1,apple-m1
//
// It builds the kernels, takes each loop from the disassembly on the path that
// a call for the sum or the gradients without weights takes, and needs llvm-objdump and llvm-mca on PATH.
//
// The vector pipes of neoverse-v1, apple-m1 and znver4 are known. Of other CPUs the
// bound is llvm-mca's block throughput alone, which may be too low where operations
// go to several pipes.
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
	"strconv"
	"strings"

	"github.com/flengine/flengine/asm"
	"github.com/flengine/flengine/asm/internal/listing"
)

// pass is a function, all of whose inner loops a kernel runs.
type pass struct {
	symbol string
	scores int // per turn of its loops
}

// set is one instruction set's kernels: a package of asm. Its passes take so many scores per
// turn.
type set struct {
	name, triple string
	turn         int
}

var sets = map[string][]set{
	"arm64": {{"neon", "aarch64", 16}},
	"amd64": {{"avx2", "x86_64", 32}, {"avx512", "x86_64", 32}},
}

// defaultCPUs are those whose vector pipes are known.
var defaultCPUs = map[string]string{"arm64": "neoverse-v1,apple-m1", "amd64": "znver4"}

const module = "github.com/flengine/flengine/asm/"

// passes returns a kernel's loops: those of the passes that it calls, and its own.
func (s set) passes(functions map[string][]line, kernel string) ([]pass, error) {
	f := functions[kernel]
	if f == nil {
		return nil, fmt.Errorf("%s has no kernel %s", s.name, kernel)
	}
	var all []pass
	for _, in := range f {
		if m := call.FindStringSubmatch(in.text); m != nil {
			all = append(all, pass{m[1], s.turn})
		}
	}
	return append(all, pass{kernel, 32}), nil
}

// row is a line of the table: a kernel, or what the kernels of a sweep have in common.
type row struct {
	name   string
	passes []pass
}

// symbol returns that of a pass of the set, which Go's calling convention is part of.
func (s set) symbol(name string) string { return module + s.name + "." + name + ".abi0" }

// rows returns all lines of the set.
func (s set) rows(functions map[string][]line) (all []row, err error) {
	add := func(kernel string) {
		p, e := s.passes(functions, kernel)
		err = cmp.Or(err, e)
		all = append(all, row{kernel, p})
	}
	for k := range asm.NumKernels {
		add(k.String())
	}
	for in := range asm.NumInputs {
		r := row{name: listing.TermsName(in)}
		for _, name := range listing.Terms(in) {
			turn := s.turn
			if name == "classify" {
				turn = 32
			}
			r.passes = append(r.passes, pass{s.symbol(name), turn})
		}
		all = append(all, r)
	}
	for k := range asm.NumSweepKernels {
		add(k.String())
	}
	return all, err
}

// build disassembles a program that holds the set's kernels and no others: the symbols of
// kernels are the same in all sets.
func (s set) build(goarch, objdump string) (map[string][]line, error) {
	dir, err := os.MkdirTemp("", "mca")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	source, bin := filepath.Join(dir, "main.go"), filepath.Join(dir, "main")
	text := fmt.Sprintf("package main\n\nimport %[1]q\n\nfunc main() { println(%[2]s.Entries(), %[2]s.Run, %[2]s.Sweep) }\n", module+s.name, s.name)
	if err := os.WriteFile(source, []byte(text), 0o666); err != nil {
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
	return split(string(dump)), nil
}

var verbose = flag.Bool("v", false, "show each pass")

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
		if _, _, err := simulate(mca, sets[goarch][0].triple, cpu, []string{"nop"}); err != nil {
			return fmt.Errorf("-cpu %q: want names that llvm-mca has a model of for %s: %w", cpu, goarch, err)
		}
	}
	for _, set := range sets[goarch] {
		functions, err := set.build(goarch, objdump)
		if err != nil {
			return err
		}
		for _, cpu := range cpus {
			if err := set.print(functions, mca, cpu); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s set) print(functions map[string][]line, mca, cpu string) error {
	fmt.Printf("%s, %s, without stores of losses\n%-22s %14s %14s %8s %14s\n", cpu, s.name, "kernel", "cycles/score", "port bound", "ratio", "instructions")
	rows, err := s.rows(functions)
	if err != nil {
		return err
	}
	for _, row := range rows {
		var cycles, bound, count float64
		for _, p := range row.passes {
			bodies, err := loops(functions[p.symbol])
			if err != nil {
				return fmt.Errorf("%s: %w", p.symbol, err)
			}
			for _, body := range bodies {
				c, b, err := simulate(mca, s.triple, cpu, body)
				if err != nil {
					return err
				}
				if *verbose {
					fmt.Printf("  %-20s %14.2f %14.2f %8.2f\n", p.symbol[strings.LastIndexByte(p.symbol, '/')+1:], c/float64(p.scores), b/float64(p.scores), c/b)
				}
				cycles += c / float64(p.scores)
				bound += b / float64(p.scores)
				count += float64(len(body)) / float64(p.scores)
			}
		}
		fmt.Printf("%-22s %14.2f %14.2f %8.2f %14.1f\n", row.name, cycles, bound, cycles/bound, count)
	}
	return nil
}

// line is one instruction.
type line struct {
	addr   uint64
	text   string
	target uint64 // of a branch, else 0
}

var (
	header      = regexp.MustCompile(`^[0-9a-f]+ <(.+)>:$`)
	instruction = regexp.MustCompile(`^\s*([0-9a-f]+):\s+(.+)$`)
	nilTest     = regexp.MustCompile(`^(?:je|cbz)\s`)
	always      = regexp.MustCompile(`^(?:jmp|b)\s`)
	call        = regexp.MustCompile(`^(?:callq?|bl)\s.*<(\S+?)(?:\+0x[0-9a-f]+)?>$`)
	branch      = regexp.MustCompile(`^(?:j[a-z]+|b(?:\.[a-z]+)?|[ct]bn?z)\s.*0x([0-9a-f]+)(?: <.*>)?$`)
)

// split returns the instructions of each function of a disassembly.
func split(dump string) map[string][]line {
	functions := map[string][]line{}
	var name string
	for _, s := range strings.Split(dump, "\n") {
		if m := header.FindStringSubmatch(s); m != nil {
			name = m[1]
		} else if m := instruction.FindStringSubmatch(s); m != nil {
			l := line{text: strings.TrimSpace(m[2])}
			l.addr, _ = strconv.ParseUint(m[1], 16, 64)
			if b := branch.FindStringSubmatch(l.text); b != nil {
				l.target, _ = strconv.ParseUint(b[1], 16, 64)
			}
			functions[name] = append(functions[name], l)
		}
	}
	return functions
}

// loops returns the inner loops as executed without weights and stores of losses, which are
// the parts behind a forward branch that tests a pointer for nil; and those of sweeps in groups
// of easy scores, behind which there is a branch without a condition.
func loops(f []line) ([][]string, error) {
	var all [][]string
	for last, in := range f {
		if in.target == 0 || in.target >= in.addr {
			continue
		}
		first := slices.IndexFunc(f, func(o line) bool { return o.addr == in.target })
		if first < 0 || slices.ContainsFunc(f[first:last], func(o line) bool { return o.target != 0 && o.target < o.addr }) {
			continue // a loop within
		}
		all = append(all, body(f, first, last))
	}
	if all == nil {
		return nil, fmt.Errorf("no loop in %d instructions", len(f))
	}
	return all, nil
}

// body is what the loop f[first:last] executes.
func body(f []line, first, last int) (body []string) {
	for i := first; i < last; i++ {
		in := f[i]
		if in.target > in.addr && (nilTest.MatchString(in.text) || always.MatchString(in.text)) {
			i = slices.IndexFunc(f, func(o line) bool { return o.addr == in.target }) - 1
		}
		if in.target == 0 {
			body = append(body, in.text)
		}
	}
	return body
}

var (
	number   = regexp.MustCompile(`(?m)^(Total Cycles|Block RThroughput|Iterations):\s+([0-9.]+)$`)
	resource = regexp.MustCompile(`(?m)^\[([0-9.]+)\]\s+- (\S+)$`)
	pressure = regexp.MustCompile(`(?m)^Resource pressure per iteration:\n(.+)\n(.+)$`)
	vector   = regexp.MustCompile(`^(V1UnitV[0-3]|CyUnitV|Zn4FP[0-3])$`)
)

// simulate returns cycles per iteration: as simulated, and as bound by ports.
//
// The bound is llvm-mca's block throughput, the most that one kind of port
// allows, or the work of all vector pipes shared out evenly, if that is more:
// operations that may go to several of the pipes count in the second only.
func simulate(mca, triple, cpu string, body []string) (cycles, bound float64, err error) {
	cmd := exec.Command(mca, "-mtriple="+triple, "-mcpu="+cpu, "-iterations=200")
	cmd.Stdin = strings.NewReader(strings.Join(body, "\n") + "\n")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	raw, err := cmd.Output()
	if err != nil {
		said, _, _ := strings.Cut(stderr.String(), "\n") // it repeats itself
		return 0, 0, fmt.Errorf("%s: %w: %s", mca, err, said)
	}
	out := string(raw)
	values := map[string]float64{}
	for _, m := range number.FindAllStringSubmatch(out, -1) {
		values[m[1]], _ = strconv.ParseFloat(m[2], 64)
	}
	row := pressure.FindStringSubmatch(out)
	if row == nil {
		return 0, 0, fmt.Errorf("%s: no resource pressure in its output", mca)
	}
	var work, pipes float64
	columns, cells := strings.Fields(row[1]), strings.Fields(row[2])
	for _, m := range resource.FindAllStringSubmatch(out, -1) {
		if i := slices.Index(columns, "["+m[1]+"]"); i >= 0 && vector.MatchString(m[2]) {
			v, _ := strconv.ParseFloat(cells[i], 64) // "-" is 0
			work += v
			pipes++
		}
	}
	bound = values["Block RThroughput"]
	if pipes > 0 {
		bound = max(bound, work/pipes)
	}
	return values["Total Cycles"] / values["Iterations"], bound, nil
}
