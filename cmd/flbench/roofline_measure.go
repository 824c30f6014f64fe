package main

import (
	"io"
	"runtime"
	"slices"
	"time"

	"github.com/klauspost/cpuid/v2"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/roofline"
	"github.com/flengine/flengine/engine"
	"github.com/flengine/flengine/engine/vecmath"
)

// rooflineSeed is that of the batches, like bench's default.
const rooflineSeed = 1

// ceilingKey names a ceiling. Those of bandwidth have bytes, but no set: the best of
// all sets counts.
type ceilingKey struct {
	set     string
	kind    roofline.Kind
	workers int
	bytes   int // of all workers
}

// minSamples are those of every ceiling, however little time there is: a ceiling that
// was disturbed each time makes kernels seem to exceed it.
const minSamples = 5

// ceiling is a limit and what measures it; each sample takes the next probe.
type ceiling struct {
	probes  []*roofline.Probe
	samples int
	best    float64
}

func (c *ceiling) sample(d time.Duration) {
	c.best = max(c.best, c.probes[c.samples%len(c.probes)].Sample(d))
	c.samples++
}

// roofCell is a cell of one batch.
type roofCell struct {
	cell
	input  string
	opKind roofline.Op
	scores int
}

// rooflineMeasurement is a plan that was carried out.
type rooflineMeasurement struct {
	*rooflinePlan
	sets     []roofline.Set // whose peaks are measured
	levels   []memoryLevel
	keys     []ceilingKey // in the order of measuring
	ceilings map[ceilingKey]*ceiling
	cells    []*roofCell
	took     time.Duration
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
		return max(l.bytes, workers*roofline.MinBytes)
	}
	return l.bytes * workers
}

// opKinds are the operations in package roofline's terms.
var opKinds = map[string]roofline.Op{
	opSum: roofline.Sum, opLosses: roofline.Losses, opGradients: roofline.Gradients, opBoth: roofline.LossesAndGradients,
}

// workingSet is the bytes that an operation on a batch reads and writes.
func workingSet(op roofline.Op, scores int) int {
	read, written := op.Bytes()
	return int(read+written) * scores
}

// measure carries out the plan. The time since start counts, but every cell is
// measured once, and every ceiling minSamples times, however long it takes.
func (p *rooflinePlan) measure(start time.Time, stderr io.Writer) (*rooflineMeasurement, error) {
	bar, shown := cli.NewProgress(stderr), start
	bar.StartTime("measuring", p.budget)
	defer bar.Clear()
	tick := func() {
		now := time.Now()
		bar.Add(int64(now.Sub(shown)))
		shown = now
	}
	m := &rooflineMeasurement{rooflinePlan: p, levels: memoryLevels(), ceilings: map[ceilingKey]*ceiling{}}
	if err := m.prepareCells(); err != nil {
		return nil, err
	}
	if err := m.prepareCeilings(); err != nil {
		return nil, err
	}
	repeat := min(maxRepeat, p.budget/time.Duration(8*(len(m.cells)+len(m.keys))))
	for _, c := range m.cells {
		if err := c.warm(repeat); err != nil {
			return nil, err
		}
		tick()
	}
	for _, k := range m.keys {
		for _, probe := range m.ceilings[k].probes {
			probe.Sample(repeat)
			tick()
		}
	}
	runtime.GC()
	var longest time.Duration
	for first := true; first || time.Since(start)+longest <= p.budget; first = false {
		round := time.Now()
		for _, k := range m.keys {
			m.ceilings[k].sample(repeat)
			tick()
		}
		for _, c := range m.cells {
			t, err := c.time()
			if err != nil {
				return nil, err
			}
			c.repeats = append(c.repeats, float64(t.Nanoseconds())/float64(c.passes)/float64(c.scores))
			tick()
		}
		longest = max(longest, time.Since(round))
	}
	// Turn by turn here, too, so that a disturbance does not hit all samples of one.
	for m.samples() < minSamples {
		for _, k := range m.keys {
			m.ceilings[k].sample(repeat)
			tick()
		}
	}
	m.took = time.Since(start)
	return m, nil
}

// samples are those of each ceiling; all have as many.
func (m *rooflineMeasurement) samples() int { return m.ceilings[m.keys[0]].samples }

// prepareCells makes the cells: kernels innermost, so that what is compared runs in
// turns. All share the largest batch and outputs.
func (m *rooflineMeasurement) prepareCells() error {
	most := 0
	for _, s := range m.settings {
		most = max(most, s.scores)
	}
	b := newSyntheticBatch(rooflineSeed, (most+imageClasses-1)/imageClasses, imageClasses, true)
	scores := map[string][]float32{inputLogits: b.logits}
	if slices.Contains(m.inputs, inputProbs) {
		scores[inputProbs] = make([]float32, most)
		vecmath.Sigmoid(scores[inputProbs], b.logits[:most])
	}
	dst, grad := make([]float32, most), make([]float32, most)
	for _, s := range m.settings {
		for _, input := range m.inputs {
			for _, loss := range m.losses {
				for _, op := range m.ops {
					for _, kernel := range m.kernels {
						e, err := engine.New(loss.Loss, engine.WithKernel(kernel), engine.WithWorkers(s.workers))
						if err != nil {
							return err
						}
						batch := engine.Batch{Labels: b.labels[:s.scores]}
						if input == inputLogits {
							batch.Logits = scores[input][:s.scores]
						} else {
							batch.Probs = scores[input][:s.scores]
						}
						m.cells = append(m.cells, &roofCell{
							cell: cell{
								kernel: kernel, loss: loss, op: op, labels: labelsUint8, workers: s.workers,
								pass: operation(e, op, batch, dst[:s.scores], grad[:s.scores]),
							},
							input: input, opKind: opKinds[op], scores: s.scores,
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
func (m *rooflineMeasurement) prepareCeilings() error {
	all := roofline.Sets()
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
			for kind := roofline.FMA; !kind.Memory(); kind++ {
				m.keys = append(m.keys, ceilingKey{set: set.Name, kind: kind, workers: w})
			}
		}
		for _, l := range m.levels {
			for _, kind := range []roofline.Kind{roofline.Read, roofline.Update, roofline.Copy} {
				m.keys = append(m.keys, ceilingKey{kind: kind, workers: w, bytes: l.total(w)})
			}
		}
	}
	for _, c := range m.cells {
		for _, kind := range []roofline.Kind{roofline.Read, roofline.Copy} {
			if _, written := c.opKind.Bytes(); kind == roofline.Read || written > 0 {
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
	memory := roofline.Buffer(most)
	for _, k := range m.keys {
		c := &ceiling{}
		for _, set := range m.sets {
			// Scalars are no measure of the memory where there are vectors.
			if k.kind.Memory() && set.Lanes == 1 && m.sets[0].Lanes > 1 || !k.kind.Memory() && set.Name != k.set {
				continue
			}
			probe, err := roofline.NewProbe(set.Name, k.kind, k.workers, memory[:min(len(memory), k.bytes/4)])
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
func (c *roofCell) memoryKey(kind roofline.Kind) ceilingKey {
	return ceilingKey{kind: kind, workers: c.workers, bytes: max(workingSet(c.opKind, c.scores), c.workers*roofline.MinBytes)}
}
