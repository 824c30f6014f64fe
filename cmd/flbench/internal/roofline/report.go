package roofline

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/measure"
	"github.com/flengine/flengine/cmd/flbench/internal/roofline/limits"
	"github.com/flengine/flengine/cmd/flbench/internal/roofline/roofplot"
)

// report is a measurement as the output has it; its JSON form is for
// machines.
type report struct {
	Environment environment    `json:"environment"`
	Peaks       []peakRow      `json:"peaks"`
	Bandwidth   []bandwidthRow `json:"bandwidth"`
	Rows        []row          `json:"rows"`
	Partial     bool           `json:"partial,omitempty"` // rows, repeats and samples are missing: it was interrupted
}

// environment is what the numbers depend on.
type environment struct {
	measure.Environment
	Samples int `json:"ceiling_samples"` // of each ceiling, the best of which counts
}

// peakRow has the rates of one instruction set, in vector instructions per nanosecond.
type peakRow struct {
	Set      string  `json:"set"`
	Lanes    int     `json:"lanes"` // float32 of a vector
	Workers  int     `json:"workers"`
	FMA      float64 `json:"fma_per_ns"`
	Add      float64 `json:"add_per_ns"`
	FMAAdd   float64 `json:"fma_add_per_ns"`
	Integer  float64 `json:"integer_per_ns"`
	Division float64 `json:"division_per_ns"`
	Vector   float64 `json:"vector_per_ns"` // the highest of them
}

// bandwidthRow has rates in GB/s, 0 for those that were not measured.
type bandwidthRow struct {
	Level     string  `json:"level"` // L1, L2, L3 (cache where unknown), memory; batch for the size of one
	Bytes     int     `json:"bytes"` // of all workers
	Workers   int     `json:"workers"`
	Read      float64 `json:"read_gbps"`
	ReadWrite float64 `json:"read_write_gbps,omitempty"`
	Copy      float64 `json:"copy_gbps,omitempty"`
}

// row is one kernel's work; times are in ns per score.
type row struct {
	Kernel  string  `json:"kernel"`
	Input   string  `json:"input"` // logits, probs or targets
	Loss    string  `json:"loss"`
	Gamma   float32 `json:"gamma"` // 0 for losses without
	Op      string  `json:"op"`
	Scores  int     `json:"scores"`
	Workers int     `json:"workers"`

	NsPerScore float64    `json:"ns_per_score"` // the median
	Min        float64    `json:"min_ns_per_score"`
	Spread     float64    `json:"spread"` // half the interquartile range / median
	Work       *workRow   `json:"work"`   // null: not counted
	Port       *timeBound `json:"port_bound"`
	Bandwidth  timeBound  `json:"bandwidth_bound"`
	BytesRead  float64    `json:"bytes_read_per_score"`
	BytesWrite float64    `json:"bytes_written_per_score"`
	WorkingSet int        `json:"working_set"` // bytes
	Binds      string     `json:"binds"`       // ports or bandwidth
}

// workRow is a kernel's instructions per score.
type workRow struct {
	Instructions float64 `json:"instructions_per_score"`
	Vector       float64 `json:"vector_per_score"`
	FMA          float64 `json:"fma_per_score"`
	Add          float64 `json:"add_per_score"`
	Division     float64 `json:"division_per_score"`
	Loads        float64 `json:"loads_per_score"`
	Stores       float64 `json:"stores_per_score"`
}

// timeBound is a time that a score takes at least.
type timeBound struct {
	NsPerScore float64 `json:"ns_per_score"`
	Share      float64 `json:"share"` // of the least time measured
	By         string  `json:"by"`
}

const (
	bindsPorts     = "ports"
	bindsBandwidth = "bandwidth"
	levelBatch     = "batch"
	levelMemory    = "memory"
)

func (m *measurement) report() *report {
	r := &report{Environment: environment{
		Environment: measure.NewEnvironment(m.cpu, len(m.cells[0].Repeats), m.took), Samples: m.samples(),
	}, Partial: m.partial}
	for _, k := range m.keys {
		switch k.kind {
		case limits.FMA: // one row for all kinds
			rate := func(kind limits.Kind) float64 {
				return m.ceilings[ceilingKey{set: k.set, kind: kind, workers: k.workers}].best
			}
			set := m.sets[slices.IndexFunc(m.sets, func(s limits.Set) bool { return s.Name == k.set })]
			p := peakRow{Set: set.Name, Lanes: set.Lanes, Workers: k.workers, FMA: rate(limits.FMA), Add: rate(limits.Add),
				FMAAdd: rate(limits.FMAAdd), Integer: rate(limits.Integer), Division: rate(limits.Division)}
			p.Vector = max(p.FMA, p.Add, p.FMAAdd, p.Integer)
			r.Peaks = append(r.Peaks, p)
		case limits.Read:
			b := bandwidthRow{Level: levelBatch, Bytes: k.bytes, Workers: k.workers, Read: m.ceilings[k].best}
			for _, l := range m.levels {
				if l.total(k.workers) == k.bytes {
					b.Level = l.name
				}
			}
			k.kind = limits.Update
			if c := m.ceilings[k]; c != nil {
				b.ReadWrite = c.best
			}
			k.kind = limits.Copy
			if c := m.ceilings[k]; c != nil {
				b.Copy = c.best
			}
			r.Bandwidth = append(r.Bandwidth, b)
		}
	}
	slices.SortStableFunc(r.Bandwidth, func(a, b bandwidthRow) int {
		if a.Workers != b.Workers {
			return a.Workers - b.Workers
		}
		return a.Bytes - b.Bytes
	})
	for _, c := range m.cells {
		r.Rows = append(r.Rows, m.row(c, r))
	}
	return r
}

// row holds a cell against its ceilings.
func (m *measurement) row(c *cell, r *report) row {
	times := measure.TimesOf(c.Repeats)
	read, written := c.bytes()
	gamma, _ := c.Loss.Parameter("gamma")
	row := row{
		Kernel: c.Kernel, Input: c.input, Loss: c.Loss.Name, Gamma: gamma, Op: c.Op, Scores: c.Scores, Workers: c.Workers,
		NsPerScore: times.Median, Min: times.Min, Spread: times.Spread,
		BytesRead: read, BytesWrite: written, WorkingSet: c.workingSet(), Binds: bindsBandwidth,
	}
	bound := func(ns float64, by string) timeBound { return timeBound{ns, ns / times.Min, by} }
	if written > 0 {
		row.Bandwidth = bound(limits.MemoryBound(read, written, m.ceilings[c.memoryKey(limits.Read)].best, m.ceilings[c.memoryKey(limits.Copy)].best), "copy")
	} else {
		row.Bandwidth = bound(limits.MemoryBound(read, written, m.ceilings[c.memoryKey(limits.Read)].best, 1), "read")
	}
	p := slices.IndexFunc(r.Peaks, func(p peakRow) bool { return p.Set == c.Kernel && p.Workers == c.Workers })
	formula := c.Loss.Formula()
	if c.input == inputTargets {
		formula = c.Loss.TargetFormula()
	}
	w, counted := limits.WorkOf(c.Kernel, formula, c.input == inputProbs, c.opKind)
	if counted && p >= 0 {
		work := workRow(w)
		peak := r.Peaks[p]
		port := bound(w.PortBound(limits.Peaks{FMA: peak.FMA, Add: peak.Add, Vector: peak.Vector, Division: peak.Division}))
		row.Work, row.Port = &work, &port
		if port.NsPerScore >= row.Bandwidth.NsPerScore {
			row.Binds = bindsPorts
		}
	}
	return row
}

func (r *report) print(to io.Writer) error {
	env := r.Environment
	var b strings.Builder
	b.WriteString(env.String())
	if r.Partial {
		b.WriteString("\nINTERRUPTED: these results are partial")
	}
	fmt.Fprintf(&b, "\n%s, %.1f s in all; ceilings are the best of %s\n", cli.Count(env.Repeats, "repeat"), env.Seconds, cli.Count(env.Samples, "sample"))

	b.WriteString("\nPeaks, in vector instructions a ns\n\n")
	table := cli.NewTable("lrrrrrrrr", "set", "lanes", "workers", "FMA", "add", "FMA+add", "integer", "division", "GFLOP/s")
	for _, p := range r.Peaks {
		table.Row(p.Set, fmt.Sprint(p.Lanes), fmt.Sprint(p.Workers), fmt.Sprintf("%.2f", p.FMA), fmt.Sprintf("%.2f", p.Add),
			fmt.Sprintf("%.2f", p.FMAAdd), fmt.Sprintf("%.2f", p.Integer), fmt.Sprintf("%.3f", p.Division), fmt.Sprintf("%.0f", p.gflops()))
	}
	b.WriteString(table.String())

	b.WriteString("\nBandwidth, in GB/s\n\n")
	table = cli.NewTable("lrrrrr", "level", "size", "workers", "read", "read+write", "copy")
	for i, w := range r.Bandwidth {
		if i > 0 && w.Workers != r.Bandwidth[i-1].Workers {
			table.Gap()
		}
		table.Row(w.Level, memorySize(w.Bytes), fmt.Sprint(w.Workers), gbps(w.Read), gbps(w.ReadWrite), gbps(w.Copy))
	}
	b.WriteString(table.String())

	for i, row := range r.Rows {
		if i == 0 || row.setting() != r.Rows[i-1].setting() {
			fmt.Fprintf(&b, "\nKernels on %s, workers: %d; times in ns per score\n\n", cli.Count(row.Scores, "score"), row.Workers)
			b.WriteString(r.kernelTable(row.setting()))
		}
	}
	b.WriteString("\nA share is how much of the least time measured the bound explains. 'flbench roofline --help' says\nhow both are found.\n")
	return cli.Print(to, b.String())
}

// plausible is the most that a share is where nothing disturbed the ceilings.
const plausible = 1.05

// warn says if a kernel seems to be faster than it can be.
func (r *report) warn(to io.Writer) {
	most := 0.
	for _, row := range r.Rows {
		most = max(most, row.Bandwidth.Share)
		if row.Port != nil {
			most = max(most, row.Port.Share)
		}
	}
	if most > plausible {
		fmt.Fprintf(to, "flbench: a share is %s: a ceiling was measured while something disturbed it; "+
			"measure again, or for longer (--time)\n", percentOf(most))
	}
}

func (r row) setting() setting { return setting{r.Scores, r.Workers} }

// gflops counts two for a fused multiply-add; Go's scalars have but one lane.
func (p peakRow) gflops() float64 { return 2 * float64(p.Lanes) * p.FMA }

// memorySize writes a number of bytes in binary units, to a tenth.
func memorySize(bytes int) string {
	if bytes < 1<<20 {
		return fmt.Sprintf("%d KiB", bytes>>10)
	}
	return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20))
}

func gbps(v float64) string {
	if v == 0 {
		return "–"
	}
	return fmt.Sprintf("%.1f", v)
}

// kernelTable shows the rows of one setting.
func (r *report) kernelTable(s setting) string {
	table := cli.NewTable("lllllrrrrrrr", "scores", "loss", "operation", "kernel", "binds", "median", "least", "instructions", "port bound", "share", "bandwidth", "share")
	last := row{}
	for _, row := range r.Rows {
		if row.setting() != s {
			continue
		}
		if last.Loss != "" && (row.Loss != last.Loss || row.Input != last.Input) {
			table.Gap()
		}
		last = row
		line := []string{row.Input, row.Loss, row.Op, row.Kernel}
		times := [2]string{fmt.Sprintf("%.3f", row.NsPerScore), fmt.Sprintf("%.3f", row.Min)}
		if row.Port != nil {
			binds := row.Binds
			if binds == bindsPorts {
				binds += " (" + row.Port.By + ")"
			}
			line = append(line, binds, times[0], times[1], fmt.Sprintf("%.2f", row.Work.Instructions),
				fmt.Sprintf("%.3f", row.Port.NsPerScore), percentOf(row.Port.Share))
		} else {
			line = append(line, "–", times[0], times[1], "–", "–", "–")
		}
		table.Row(append(line, fmt.Sprintf("%.3f", row.Bandwidth.NsPerScore), percentOf(row.Bandwidth.Share))...)
	}
	return table.String()
}

func percentOf(share float64) string { return fmt.Sprintf("%.0f%%", 100*share) }

// workers returns the numbers of workers, in order.
func (r *report) workers() []int {
	var numbers []int
	for _, p := range r.Peaks {
		if !slices.Contains(numbers, p.Workers) {
			numbers = append(numbers, p.Workers)
		}
	}
	return numbers
}

// panels makes the picture: a row for each set that a kernel was measured with, and a
// column for each number of workers. Batches larger than the smallest are hollow.
func (r *report) panels() []roofplot.Panel {
	var kernels []string
	for _, row := range r.Rows {
		if !slices.Contains(kernels, row.Kernel) {
			kernels = append(kernels, row.Kernel)
		}
	}
	var panels []roofplot.Panel
	for _, kernel := range kernels {
		for _, workers := range r.workers() {
			panels = append(panels, r.panel(kernel, workers))
		}
	}
	return panels
}

func (r *report) panel(kernel string, workers int) roofplot.Panel {
	p := roofplot.Panel{Title: fmt.Sprintf("%s, %s, workers: %d", r.Environment.CPU, kernel, workers)}
	for _, k := range r.Peaks {
		if k.Set == kernel && k.Workers == workers {
			p.Peaks = []roofplot.Ceiling{
				{Label: fmt.Sprintf("all vector operations %.1f", k.Vector), Rate: k.Vector},
				{Label: fmt.Sprintf("FMA alone %.1f", k.FMA), Rate: k.FMA, Dashed: true},
			}
		}
	}
	slope := func(level, what string, rate float64, dashed bool) {
		p.Slopes = append(p.Slopes, roofplot.Ceiling{Label: fmt.Sprintf("%s %s %.3g GB/s", level, what, rate), Rate: rate, Dashed: dashed})
	}
	for _, b := range r.Bandwidth {
		if b.Workers != workers || b.Level == levelBatch {
			continue
		}
		slope(b.Level, "read", b.Read, false)
		if b.Level == levelMemory {
			slope(b.Level, "copy", b.Copy, true)
		}
	}
	least := 0
	for _, row := range r.Rows {
		if row.Workers == workers && (least == 0 || row.Scores < least) {
			least = row.Scores
		}
	}
	for _, row := range r.Rows {
		if row.Kernel != kernel || row.Workers != workers || row.Work == nil {
			continue
		}
		q := roofplot.Point{Color: row.Input + ", " + row.Loss, Shape: row.Op, Work: row.Work.Vector, Bytes: row.BytesRead + row.BytesWrite, Time: row.Min}
		if row.Scores > least {
			q.Hollow = "more than " + cli.Count(least, "score")
		}
		p.Points = append(p.Points, q)
	}
	return p
}
