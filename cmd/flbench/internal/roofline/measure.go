package roofline

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"time"

	"github.com/klauspost/cpuid/v2"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/measure"
	"github.com/flengine/flengine/cmd/flbench/internal/roofline/limits"
	"github.com/flengine/flengine/engine"
	"github.com/flengine/flengine/engine/vecmath"
)

// seed is that of the batches, like bench's default.
const seed = 1

// ceilingKey names a ceiling. Those of bandwidth have bytes, but no set: the best of
// all sets counts.
type ceilingKey struct {
	set     string
	kind    limits.Kind
	workers int
	bytes   int // of all workers
}

// minSamples are those of every ceiling, however little time there is: a ceiling that
// was disturbed each time makes kernels seem to exceed it.
const minSamples = 5

// ceiling is a limit and what measures it; each sample takes the next probe.
type ceiling struct {
	probes  []*limits.Probe
	samples int
	best    float64
}

func (c *ceiling) sample(d time.Duration) {
	c.best = max(c.best, c.probes[c.samples%len(c.probes)].Sample(d))
	c.samples++
}

// cell is a cell of one batch.
type cell struct {
	measure.Cell
	input  string
	opKind limits.Op
}

// measurement is a plan that was carried out.
type measurement struct {
	*plan
	sets     []limits.Set // whose peaks are measured
	levels   []memoryLevel
	keys     []ceilingKey // in the order of measuring
	ceilings map[ceilingKey]*ceiling
	cells    []*cell
	took     time.Duration
	partial  bool // as it was interrupted
}

// memoryLevel is a part of the hierarchy, and how much of it a worker uses.
type memoryLevel struct {
	name   string
	bytes  int
	shared bool // by all workers
}

// memoryLevels returns half of each cache that the CPU tells of, and a size beyond
// them. Where it tells of none, sizes stand in that caches are likely to hold.
func memoryLevels() []memoryLevel {
	cache := cpuid.CPU.Cache
	var levels []memoryLevel
	last := 0
	for _, l := range []memoryLevel{{"L1", cache.L1D, false}, {"L2", cache.L2, false}, {"L3", cache.L3, true}} {
		if l.bytes > 2*last {
			last = l.bytes
			levels = append(levels, memoryLevel{l.name, l.bytes / 2, l.shared})
		}
	}
	if last == 0 {
		levels = []memoryLevel{{"cache", 16 << 10, false}, {"cache", 256 << 10, false}}
	}
	return append(levels, memoryLevel{levelMemory, min(max(4*last, 64<<20), 256<<20), true})
}

func (l memoryLevel) total(workers int) int {
	if l.shared {
		return max(l.bytes, workers*limits.MinBytes)
	}
	return l.bytes * workers
}

// opKinds are the operations in package roofline's terms.
var opKinds = map[string]limits.Op{
	measure.OpSum: limits.Sum, measure.OpLosses: limits.Losses, measure.OpGradients: limits.Gradients, measure.OpBoth: limits.LossesAndGradients,
	measure.OpHessians: limits.GradientsAndHessians,
}

// bytes are what must be read and written for a score.
func (c *cell) bytes() (read, written float64) { return c.opKind.Bytes(c.input == inputTargets) }

// workingSet is the bytes that a cell reads and writes.
func (c *cell) workingSet() int {
	read, written := c.bytes()
	return int(read+written) * c.Scores
}

// measure carries out the plan. The time since start counts, but every cell is
// measured once, and every ceiling minSamples times, however long it takes. With
// cli.ErrInterrupted it returns what was measured.
func (p *plan) measure(ctx context.Context, start time.Time, stderr io.Writer) (*measurement, error) {
	clock := measure.NewClock(ctx, start, p.budget, stderr)
	defer clock.Clear()
	m := &measurement{plan: p, levels: memoryLevels(), ceilings: map[ceilingKey]*ceiling{}}
	if err := m.prepareCells(); err != nil {
		return nil, err
	}
	if err := m.prepareCeilings(); err != nil {
		return nil, err
	}
	repeat := clock.RepeatOf(len(m.cells) + len(m.keys))
	for _, c := range m.cells {
		if err := c.Warm(repeat); err != nil {
			return nil, err
		}
		if err := clock.Tick(); err != nil {
			return m, err
		}
	}
	for _, k := range m.keys {
		for _, probe := range m.ceilings[k].probes {
			probe.Sample(repeat)
			if err := clock.Tick(); err != nil {
				return m, err
			}
		}
	}
	sample := func() error {
		for _, k := range m.keys {
			m.ceilings[k].sample(repeat)
			if err := clock.Tick(); err != nil {
				return err
			}
		}
		return nil
	}
	runtime.GC()
	err := clock.Rounds(func() error {
		if err := sample(); err != nil {
			return err
		}
		for _, c := range m.cells {
			if err := c.Repeat(); err != nil {
				return err
			}
			if err := clock.Tick(); err != nil {
				return err
			}
		}
		return nil
	})
	// Turn by turn here, too, so that a disturbance does not hit all samples of one.
	for err == nil && m.samples() < minSamples {
		err = sample()
	}
	m.took = clock.Took()
	return m, err
}

// samples are those that each ceiling has at least.
func (m *measurement) samples() int {
	least := m.ceilings[m.keys[0]].samples
	for _, c := range m.ceilings {
		least = min(least, c.samples)
	}
	return least
}

// finish prints the report, if there is anything in it, and returns it with what it comes
// to, an interrupt among others.
func (m *measurement) finish(to, stderr io.Writer, asJSON bool, interrupted error) (*report, error) {
	m.partial = interrupted != nil
	m.cells = slices.DeleteFunc(m.cells, func(c *cell) bool { return len(c.Repeats) == 0 })
	if m.partial && (m.samples() == 0 || len(m.cells) == 0) {
		return nil, fmt.Errorf("roofline: %w before anything was measured", interrupted)
	}
	r := m.report()
	var err error
	if asJSON {
		err = cli.WriteJSON(to, r)
	} else {
		r.warn(stderr)
		err = r.print(to)
	}
	if err == nil && m.partial {
		err = fmt.Errorf("roofline: %w; what is printed is partial", interrupted)
	}
	return r, err
}

// prepareCells makes the cells: kernels innermost, so that what is compared runs in
// turns. All share the largest batch and outputs.
func (m *measurement) prepareCells() error {
	most := 0
	for _, s := range m.settings {
		most = max(most, s.scores)
	}
	b := measure.NewBatch(seed, (most+measure.ImageClasses-1)/measure.ImageClasses, measure.ImageClasses).
		As(measure.Form{Labels: measure.LabelsUint8}, false)
	scores := map[string][]float32{}
	if slices.Contains(m.inputs, inputProbs) {
		scores[inputProbs] = make([]float32, most)
		vecmath.Sigmoid(scores[inputProbs], b.Logits[:most])
	}
	targets := make([]float32, most)
	for i, y := range b.Labels[:most] {
		if targets[i] = float32(y); y == engine.IgnoredLabel {
			targets[i] = engine.IgnoredTarget
		}
	}
	dst, grad := make([]float32, most), make([]float32, most)
	for _, s := range m.settings {
		for _, input := range m.inputs {
			for _, loss := range m.losses {
				for _, op := range m.ops {
					if op == measure.OpHessians && input != inputTargets {
						continue // which are evaluated as targets
					}
					for _, kernel := range m.kernels {
						e, err := engine.New(loss.Loss, engine.WithKernel(kernel), engine.WithWorkers(s.workers))
						if err != nil {
							return err
						}
						batch, labels := engine.Batch{Labels: b.Labels[:s.scores]}, measure.LabelsUint8
						switch input {
						case inputProbs:
							batch.Probs = scores[input][:s.scores]
						case inputTargets:
							batch.Labels, batch.Targets, labels = nil, targets[:s.scores], measure.LabelsTargets
							fallthrough
						default:
							batch.Logits = b.Logits[:s.scores]
						}
						m.cells = append(m.cells, &cell{
							Cell: measure.Cell{
								Work:   measure.Work{Loss: loss, Op: op, Form: measure.Form{Labels: labels}},
								Kernel: kernel, Workers: s.workers,
								Scores: s.scores, Pass: measure.Operation(e, op, batch, dst[:s.scores], grad[:s.scores]),
							},
							input: input, opKind: opKinds[op],
						})
					}
				}
			}
		}
	}
	return nil
}

// prepareCeilings makes the probes: of every set with vectors, and of Go's scalars
// where there is none or their kernel is measured.
func (m *measurement) prepareCeilings() error {
	all := limits.Sets()
	for _, set := range all {
		if set.Lanes > 1 || len(all) == 1 || slices.Contains(m.kernels, set.Name) {
			m.sets = append(m.sets, set)
		}
	}
	var workers []int
	for _, s := range m.settings {
		if !slices.Contains(workers, s.workers) {
			workers = append(workers, s.workers)
		}
	}
	for _, w := range workers {
		for _, set := range m.sets {
			for kind := limits.FMA; !kind.Memory(); kind++ {
				m.keys = append(m.keys, ceilingKey{set: set.Name, kind: kind, workers: w})
			}
		}
		for _, l := range m.levels {
			for _, kind := range []limits.Kind{limits.Read, limits.Update, limits.Copy} {
				m.keys = append(m.keys, ceilingKey{kind: kind, workers: w, bytes: l.total(w)})
			}
		}
	}
	for _, c := range m.cells {
		for _, kind := range []limits.Kind{limits.Read, limits.Copy} {
			if _, written := c.bytes(); kind == limits.Read || written > 0 {
				m.keys = append(m.keys, c.memoryKey(kind))
			}
		}
	}
	seen := map[ceilingKey]bool{}
	most := 0
	m.keys = slices.DeleteFunc(m.keys, func(k ceilingKey) bool {
		again := seen[k]
		seen[k] = true
		most = max(most, k.bytes)
		return again
	})
	memory := limits.Buffer(most)
	for _, k := range m.keys {
		c := &ceiling{}
		for _, set := range m.sets {
			// Scalars are no measure of the memory where there are vectors.
			if k.kind.Memory() && set.Lanes == 1 && m.sets[0].Lanes > 1 || !k.kind.Memory() && set.Name != k.set {
				continue
			}
			probe, err := limits.NewProbe(set.Name, k.kind, k.workers, memory[:min(len(memory), k.bytes/4)])
			if err != nil {
				return err
			}
			c.probes = append(c.probes, probe)
		}
		m.ceilings[k] = c
	}
	return nil
}

// memoryKey is the bandwidth that bounds a cell.
func (c *cell) memoryKey(kind limits.Kind) ceilingKey {
	return ceilingKey{kind: kind, workers: c.Workers, bytes: max(c.workingSet(), c.Workers*limits.MinBytes)}
}
