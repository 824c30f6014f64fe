package merge

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/outcome"
	"github.com/flengine/flengine/cmd/flbench/internal/partial"
	"github.com/flengine/flengine/cmd/flbench/internal/ranking"
	"github.com/flengine/flengine/engine"
)

// merger takes lines. What it keeps of an input that is whole is what is printed.
type merger struct {
	expect   int  // so many inputs, -1 for any
	top      int  // so many of the hardest scores, -1 for as many as the lines keep
	needsMax bool // the largest losses are sorted by
	noLists  bool // the format has no hardest scores

	first   *partial.Line // whose settings all have
	firstAt place
	builder *outcome.Builder

	inputs  []*input // in the order of their first lines
	byName  map[string]*input
	tasks   map[string]*task
	kernels map[string]bool
	workers int
	room    int // for the hardest scores
}

// place is where a line is.
type place struct {
	file string
	line int
}

func (p place) String() string { return fmt.Sprintf("%s: line %d", p.file, p.line) }

// task counts the lines of one evaluation.
type task struct {
	seen, of int
	at       place // of a line of it
}

// add takes a line.
func (m *merger) add(l *partial.Line, at place) error {
	if m.first == nil {
		if err := m.begin(l, at); err != nil {
			return err
		}
	}
	if err := m.compare(l, at); err != nil {
		return err
	}
	in, err := m.input(l, at)
	if err != nil {
		return err
	}
	measured, err := m.measured(l)
	if err != nil {
		return fmt.Errorf("%v: %w", at, err)
	}
	if err := in.add(m, l, measured, at); err != nil {
		return err
	}
	m.kernels[l.Kernel] = true
	m.workers = max(m.workers, l.Workers)
	id := fmt.Sprintf("%s/%d", l.Task.ID, l.Task.Of)
	if m.tasks[id] == nil {
		m.tasks[id] = &task{of: l.Task.Of, at: at}
	}
	m.tasks[id].seen++
	return nil
}

// begin takes the settings of the first line for those of all.
func (m *merger) begin(l *partial.Line, at place) error {
	one := *l
	one.Losses = slices.Clone(l.Losses)
	for i := range one.Losses {
		one.Losses[i].Top = nil // so that no more of it is kept than is needed
	}
	m.first, m.firstAt = &one, at
	m.byName, m.tasks, m.kernels = map[string]*input{}, map[string]*task{}, map[string]bool{}
	switch {
	case m.needsMax && !l.Max:
		return cli.Usagef("--sort max: %v has no largest loss, want lines of eval --partial --max", at)
	case m.top < 0 && m.noLists && l.Top > 0:
		return cli.Usagef("--format csv: its lines have no lists, and %v has the %d hardest scores, want --top 0 or another format", at, l.Top)
	}
	set := outcome.Settings{Top: m.shown(), Max: l.Max, Weighted: l.Weighted()}
	for _, loss := range l.Losses {
		set.Losses = append(set.Losses, loss.Loss)
	}
	m.builder = outcome.NewBuilder(set, 0)
	return nil
}

func tooMany(top int, l *partial.Line, at place) error {
	if l.Top == 0 {
		return cli.Usagef("--top is %d: %v keeps none of the hardest scores, want lines of eval --partial --top %[1]d", top, at)
	}
	return cli.Usagef("--top is %d: %v keeps the %d hardest scores, want --top %[3]d or less, or lines of eval --partial --top %[1]d", top, at, l.Top)
}

// shown is how many of the hardest scores are listed.
func (m *merger) shown() int {
	if m.top >= 0 {
		return m.top
	}
	return m.first.Top
}

// compare refuses a line of other settings than the first.
func (m *merger) compare(l *partial.Line, at place) error {
	f := m.first
	differs := func(what, have, had, want string) error {
		return fmt.Errorf("%v: %s was evaluated %s %s, and %s (%v) %s %s: want lines of the same %s", at, l.Path, what, have, f.Path, m.firstAt, what, had, want)
	}
	switch {
	case losses(l) != losses(f):
		return differs("by", losses(l), losses(f), "losses, in the same order")
	case !l.Input.Equal(f.Input):
		return differs("with", l.Input.String(), f.Input.String(), "flags")
	case l.Max != f.Max:
		return differs("with", maxFlag(l), maxFlag(f), "flags")
	case m.top > l.Top:
		return tooMany(m.top, l, at)
	case m.top < 0 && l.Top != f.Top:
		return fmt.Errorf("%v: keeps the %d hardest scores of %s, and %v the %d of %s: want --top %d or less",
			at, l.Top, l.Path, m.firstAt, f.Top, f.Path, min(l.Top, f.Top))
	}
	return nil
}

// losses are the names of a line's losses.
func losses(l *partial.Line) string {
	var names []string
	for _, loss := range l.Losses {
		names = append(names, loss.Loss.String())
	}
	return strings.Join(names, ", ")
}

func maxFlag(l *partial.Line) string {
	if l.Max {
		return "--max"
	}
	return "no --max"
}

// input returns the input of a line, a new one unless it is another range of one.
func (m *merger) input(l *partial.Line, at place) (*input, error) {
	names := l.Names()
	var in *input
	for _, name := range names {
		if had := m.byName[name]; had != nil {
			in = had
			break
		}
	}
	switch {
	case in == nil:
		in = &input{index: len(m.inputs), path: l.Path, file: l.File(), first: at}
		m.inputs = append(m.inputs, in)
	case in.path != l.Path:
		return nil, fmt.Errorf("%v: %s is %s of %v, under another name: want each PATH once, and of ranges one name for all", at, l.Path, in.path, in.first)
	}
	for _, name := range names {
		m.byName[name] = in
	}
	return in, nil
}

// measured returns what the losses of a line came to.
func (m *merger) measured(l *partial.Line) ([]outcome.Measured, error) {
	var list []outcome.Measured
	for i := range l.Losses {
		loss := &l.Losses[i]
		one := outcome.Measured{Tally: outcome.Tally{Loss: engine.Result(loss.Sum)}}
		if loss.Easy != nil {
			one.Easy, one.CE, one.EasyCE = engine.Result(*loss.Easy), engine.Result(*l.CE), engine.Result(*l.EasyCE)
		}
		if loss.Largest != nil {
			one.Max = float32(*loss.Largest)
		}
		if top := m.shown(); top > 0 {
			loss.Top = loss.Top[:min(len(loss.Top), top)]
			if m.room -= len(loss.Top); m.room < 0 {
				return nil, fmt.Errorf("the lines up to here keep more than %d of the hardest scores: want a smaller --top", outcome.MaxKept)
			}
			hardest, err := l.List(loss)
			if err != nil {
				return nil, err
			}
			one.Hardest = []ranking.List{hardest}
		}
		list = append(list, one)
	}
	return list, nil
}

// report returns the report on all lines, unless something is missing.
func (m *merger) report() (*outcome.Report, error) {
	if err := m.missing(); err != nil {
		return nil, err
	}
	rep, err := m.builder.Report()
	if err != nil {
		return nil, err
	}
	rep.Kernel, rep.Workers = strings.Join(slices.Sorted(maps.Keys(m.kernels)), "+"), m.workers
	return rep, nil
}

// missing says what is not there.
func (m *merger) missing() error {
	var first error
	more := 0
	for _, in := range m.inputs {
		switch err := in.missing(); {
		case err != nil && first != nil:
			more++
		case err != nil:
			first = err
		}
	}
	switch {
	case more > 0:
		return fmt.Errorf("%w (so are ranges of %s more; those of one file want one PATH in all tasks)", first, cli.Count(more, "PATH"))
	case first != nil:
		return first
	}
	for _, id := range slices.Sorted(maps.Keys(m.tasks)) {
		if t := m.tasks[id]; t.seen < t.of {
			return fmt.Errorf("%v: its task wrote %s, of which %d are here: want all of them, or the task anew", t.at, cli.Count(t.of, "line"), t.seen)
		}
	}
	if m.expect >= 0 && len(m.inputs) != m.expect {
		return fmt.Errorf("found %s: want %d by --expect, each evaluated by eval --partial, or another --expect", cli.Count(len(m.inputs), "PATH"), m.expect)
	}
	return nil
}
