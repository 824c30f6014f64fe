package outcome

import (
	"fmt"
	"sync"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/ranking"
	"github.com/flengine/flengine/engine"
)

// Settings are what a report says of the whole evaluation, and what it shows.
type Settings struct {
	Losses   []engine.Loss // at least one
	Kernel   string
	Workers  int
	Top      int  // so many of the hardest scores of each input, and of all; 0: none
	Max      bool // the largest loss of each input
	Weighted bool // anchors have weights
}

// Builder builds a report from inputs, which may come in any order, and from several goroutines.
// It keeps what is printed of them, and no tallies.
type Builder struct {
	set Settings

	mu       sync.Mutex
	entries  [][]Entry // of each loss those of the inputs
	totals   []Tally   // of each loss
	warnings [][]string
	notes    [][]string
}

// NewBuilder returns one for so many inputs, or for more.
func NewBuilder(set Settings, inputs int) *Builder {
	b := &Builder{set: set, totals: make([]Tally, len(set.Losses)), warnings: make([][]string, inputs), notes: make([][]string, inputs)}
	for range set.Losses {
		b.entries = append(b.entries, make([]Entry, inputs))
	}
	return b
}

// Add takes what the i-th input came to, once. It fails where the counts are what no evaluation
// gives.
func (b *Builder) Add(i int, in Input) error {
	entries := make([]Entry, len(b.set.Losses))
	for k, l := range b.set.Losses {
		m := &in.Losses[k]
		e, err := newEntry(in.Path, l, b.set.Weighted, &m.Tally)
		if err != nil {
			return fmt.Errorf("%s: %w", in.Path, err)
		}
		if b.set.Max {
			largest := cli.Float32(m.Max)
			e.Max = &largest
		}
		if b.set.Top > 0 {
			e.Top = &ranking.Ranking{Limit: b.set.Top, Lists: m.Hardest}
		}
		entries[k] = e
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.reach(i + 1)
	for k, e := range entries {
		b.entries[k][i] = e
		b.totals[k].Merge(&in.Losses[k].Tally)
	}
	b.warnings[i], b.notes[i] = in.Warnings, in.Notes
	return nil
}

// reach makes room for so many inputs, where their number was not known.
func (b *Builder) reach(inputs int) {
	more := inputs - len(b.notes)
	if more <= 0 {
		return
	}
	for k := range b.entries {
		b.entries[k] = append(b.entries[k], make([]Entry, more)...)
	}
	b.warnings, b.notes = append(b.warnings, make([][]string, more)...), append(b.notes, make([][]string, more)...)
}

// Report returns the report, once all inputs were added.
func (b *Builder) Report() (*Report, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r := &Report{Kernel: b.set.Kernel, Workers: b.set.Workers, Warnings: []cli.Remark{}, Notes: []cli.Remark{}}
	for k, l := range b.set.Losses {
		total, err := newEntry("total", l, b.set.Weighted, &b.totals[k])
		if err != nil {
			return nil, fmt.Errorf("the total: %w", err)
		}
		if b.set.Max {
			largest := cli.Float32(0)
			for _, e := range b.entries[k] {
				largest = max(largest, *e.Max)
			}
			total.Max = &largest
		}
		if b.set.Top > 0 && len(b.entries[k]) > 1 {
			all := &ranking.Ranking{Limit: b.set.Top, Paths: true}
			for _, e := range b.entries[k] {
				all.Lists = append(all.Lists, e.Top.Lists...)
			}
			total.Top = all
		}
		r.Losses = append(r.Losses, ByLoss{Loss: cli.LossInfo{Loss: l}, Results: b.entries[k], Total: total})
	}
	for i, e := range b.entries[0] {
		for _, text := range b.warnings[i] {
			r.Warnings = append(r.Warnings, cli.Remark{Path: e.Path, Text: text})
		}
		for _, text := range b.notes[i] {
			r.Notes = append(r.Notes, cli.Remark{Path: e.Path, Text: text})
		}
	}
	return r, nil
}
