package main

import (
	"encoding/json"
	"fmt"
	"math"
	"math/bits"
	"os/exec"
	"regexp"
	"strings"
)

// cost is that of a turn in cycles: as simulated, and as bound by ports.
type cost struct{ cycles, bound float64 }

// simulator runs llvm-mca for a CPU.
type simulator struct {
	mca, triple, cpu string
	pipes            map[string]bool // of vectors, by name
	waits            bool            // for what was in a register that is set to 0
	known            map[string]cost // by body
}

// report is what llvm-mca prints of a block of code.
type report struct {
	CodeRegions []region
	TargetInfo  struct{ Resources []string }
}

type region struct {
	Instructions         []string
	InstructionInfoView  struct{ InstructionList []operation }
	ResourcePressureView struct{ ResourcePressureInfo []pressure }
	SummaryView          struct{ BlockRThroughput, Iterations, TotalCycles float64 }
}

type operation struct{ MayLoad, MayStore bool }

// pressure is the cycles that an instruction takes of a resource; the index behind those of
// instructions is of their sum.
type pressure struct {
	InstructionIndex, ResourceIndex int
	ResourceUsage                   float64
}

// run returns what a turn of a loop costs, whose instructions are lines.
//
// The bound is llvm-mca's block throughput, the most that one kind of port allows, or what the
// pipes allow together, if that is more: block throughput counts an operation that may go to
// several pipes for that choice of pipes only, not for others that share some of them.
func (s *simulator) run(body string) (cost, error) {
	if c, ok := s.known[body]; ok {
		return c, nil
	}
	known := body
	if s.waits {
		body = zeroed.ReplaceAllStringFunc(body, loadZero)
	}
	simulated, err := s.call(body, "-iterations=200")
	if err != nil {
		return cost{}, err
	}
	table, err := s.call(body, "-instruction-tables")
	if err != nil {
		return cost{}, err
	}
	summary := simulated.CodeRegions[0].SummaryView
	c := cost{
		summary.TotalCycles / summary.Iterations,
		max(summary.BlockRThroughput, pipesBound(table.uses(s.pipes))),
	}
	if s.known == nil {
		s.known = map[string]cost{}
	}
	s.known[known] = c
	return c, nil
}

// zeroed matches x86's exclusive or, and loadZero puts a load in its place if it is of a register
// with itself.
var zeroed = regexp.MustCompile(`(?m)^vp?xor[pdq]?[sd]?\s+(%[xyz]mm\d+), (%[xyz]mm\d+), (%[xyz]mm\d+)$`)

func loadZero(instruction string) string {
	m := zeroed.FindStringSubmatch(instruction)
	if m[1] != m[2] || m[1] != m[3] {
		return instruction
	}
	return "vmovups (%rsp), " + m[1]
}

// learn finds the vector pipes, from all the code, and whether the model knows that x86
// CPUs do not wait for a register that they set to 0. That of Sapphire Rapids does not.
func (s *simulator) learn(code string) error {
	if s.triple == "x86_64" {
		r, err := s.call("vxorps %ymm0, %ymm0, %ymm0\nvaddps %ymm0, %ymm0, %ymm0", "-iterations=200")
		if err != nil {
			return err
		}
		s.waits = r.CodeRegions[0].SummaryView.TotalCycles > 2*r.CodeRegions[0].SummaryView.Iterations
	}
	r, err := s.call(code, "-instruction-tables")
	if err != nil {
		return err
	}
	load, err := s.call(loads[s.triple], "-instruction-tables")
	if err != nil {
		return err
	}
	s.pipes = vectorPipes(r, load)
	return nil
}

func (s *simulator) call(body, mode string) (*report, error) {
	cmd := exec.Command(s.mca, "-mtriple="+s.triple, "-mcpu="+s.cpu, "-json", mode)
	cmd.Stdin = strings.NewReader(body + "\n")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	raw, err := cmd.Output()
	if err != nil {
		said, _, _ := strings.Cut(stderr.String(), "\n") // it repeats itself
		return nil, fmt.Errorf("%s: %w: %s", s.mca, err, said)
	}
	var r report
	if err := json.Unmarshal(raw, &r); err != nil {
		return nil, fmt.Errorf("%s: %w", s.mca, err)
	}
	if len(r.CodeRegions) != 1 {
		return nil, fmt.Errorf("%s: %d regions of code in its output, want 1", s.mca, len(r.CodeRegions))
	}
	return &r, nil
}

// vectors matches instructions on vector registers.
var vectors = regexp.MustCompile(`%[xyz]mm|\b[vqds][0-9]`)

// loads are those of a vector.
var loads = map[string]string{"aarch64": "ldr q0, [x0]", "x86_64": "vmovups (%rax), %ymm0"}

// vectorPipes returns the names of the pipes that code takes for instructions on vector
// registers without memory, whatever a CPU calls them, and not for a load: where values come
// from memory is where some go to general registers, too.
func vectorPipes(code, load *report) map[string]bool {
	pipes := map[string]bool{}
	region := code.CodeRegions[0]
	instructions := region.InstructionInfoView.InstructionList
	for _, p := range region.ResourcePressureView.ResourcePressureInfo {
		i := p.InstructionIndex
		if i < len(instructions) && !instructions[i].MayLoad && !instructions[i].MayStore && p.ResourceUsage > 0 && vectors.MatchString(region.Instructions[i]) {
			pipes[code.TargetInfo.Resources[p.ResourceIndex]] = true
		}
	}
	for _, p := range load.CodeRegions[0].ResourcePressureView.ResourcePressureInfo {
		delete(pipes, load.TargetInfo.Resources[p.ResourceIndex])
	}
	return pipes
}

// uses returns how many cycles of the vector pipes instructions on vectors take, by the set of pipes that they
// may go to, a bit each, from what llvm-mca -instruction-tables says: there an operation has
// an equal share of all that it may go to.
//
// Of an instruction of several operations it is not said which of them goes where. Units of
// a kind, "CyUnitV.0" and so on, are taken for one operation's if their share is no other's.
// Of the rest the least share counts for all, and so on with what remains, so that no set is
// smaller than it is.
func (r *report) uses(pipes map[string]bool) map[uint32]float64 {
	region := r.CodeRegions[0]
	number := map[string]int{}
	for _, name := range r.TargetInfo.Resources {
		if pipes[name] && len(number) < 32 {
			number[name] = len(number)
		}
	}
	shares := make([]map[string]float64, len(region.InstructionInfoView.InstructionList))
	for _, p := range region.ResourcePressureView.ResourcePressureInfo {
		name := r.TargetInfo.Resources[p.ResourceIndex]
		if _, ok := number[name]; !ok || p.InstructionIndex >= len(shares) || !vectors.MatchString(region.Instructions[p.InstructionIndex]) {
			continue
		}
		if shares[p.InstructionIndex] == nil {
			shares[p.InstructionIndex] = map[string]float64{}
		}
		shares[p.InstructionIndex][name] = p.ResourceUsage
	}
	uses := map[uint32]float64{}
	for _, share := range shares {
		alone := map[string]map[string]float64{} // by kind
		rest := map[string]float64{}
		for name, v := range share {
			kind, _, several := strings.Cut(name, ".")
			for other, w := range share {
				several = several && (strings.HasPrefix(other, kind+".") || math.Abs(v-w) > 1e-3)
			}
			if !several {
				rest[name] = v
				continue
			}
			if alone[kind] == nil {
				alone[kind] = map[string]float64{}
			}
			alone[kind][name] = v
		}
		alone[""] = rest
		for _, share := range alone {
			for len(share) > 0 {
				var set uint32
				least := math.Inf(1)
				for name, v := range share {
					set |= 1 << number[name]
					least = min(least, v)
				}
				uses[set] += least * float64(len(share))
				for name := range share {
					if share[name] -= least; share[name] < 1e-3 {
						delete(share, name)
					}
				}
			}
		}
	}
	return uses
}

// pipesBound returns the cycles that the most loaded pipes take: of all sets of pipes the most of
// the work that must go to the set, by the number of its pipes.
func pipesBound(uses map[uint32]float64) float64 {
	sets := map[uint32]bool{0: true}
	for u := range uses { // unions of what there is
		for s := range sets {
			sets[s|u] = true
		}
	}
	var bound float64
	for s := range sets {
		var work float64
		for u, cycles := range uses {
			if u&^s == 0 {
				work += cycles
			}
		}
		if s != 0 {
			bound = max(bound, work/float64(bits.OnesCount32(s)))
		}
	}
	return bound
}
